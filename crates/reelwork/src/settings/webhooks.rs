//! What calls the URLs of clients.

use std::fmt::Display;
use std::str::FromStr;

use daemon::{Config, ConfigError, Problem, Source};
use webhooks::{Guard, Limits, Sender, Signer};

/// `None`: no client is called. Everything that is wrong is reported at once.
pub(crate) fn webhooks(config: &Config) -> Result<Option<Sender>, ConfigError> {
    let webhooks = &config.webhooks;
    let mut problems = Vec::new();
    let signer = Signer::new(&webhooks.secrets);
    let signer = signer.map_err(|error| problems.push(problem("webhooks.secrets", error)));
    let guard = Guard {
        allow_networks: each("webhooks.allow_networks", &webhooks.allow_networks, &mut problems),
        allow_http: webhooks.allow_http,
        allow_ports: each("webhooks.allow_ports", &webhooks.allow_ports, &mut problems),
    };
    match signer {
        Ok(signer) if problems.is_empty() => sender(signer, guard),
        Ok(_) | Err(()) => Err(ConfigError { problems }),
    }
}

fn sender(signer: Option<Signer>, guard: Guard) -> Result<Option<Sender>, ConfigError> {
    let sender = signer.map(|signer| Sender::new(signer, guard, Limits::default())).transpose();
    sender.map_err(|error| ConfigError { problems: vec![problem("webhooks.secrets", error)] })
}

fn each<T: FromStr<Err: Display>>(
    key: &str,
    texts: &[String],
    problems: &mut Vec<Problem>,
) -> Vec<T> {
    let mut read = |text: &String| match text.trim().parse() {
        Ok(read) => Some(read),
        Err(error) => {
            problems.push(problem(key, format!("{text:?}: {error}")));
            None
        }
    };
    texts.iter().filter_map(&mut read).collect()
}

fn problem(key: &str, message: impl Display) -> Problem {
    let (key, message) = (Some(key.to_owned()), message.to_string());
    Problem { key, source: Source::Default, message, hint: None }
}

#[cfg(test)]
mod tests {
    use daemon::Sources;

    use super::*;

    fn of(overrides: &[(&str, &str)]) -> Result<bool, Vec<Option<String>>> {
        let set = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        let overrides = overrides.iter().map(set).collect();
        let config = Config::load(&Sources { overrides, ..Sources::default() }).unwrap().config;
        let keys = |error: ConfigError| error.problems.into_iter().map(|problem| problem.key);
        webhooks(&config).map(|sender| sender.is_some()).map_err(|error| keys(error).collect())
    }

    #[test]
    fn all_that_is_wrong_is_told_at_once() {
        assert_eq!(of(&[]), Ok(false));
        let secret = ("webhooks.secrets", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        assert_eq!(of(&[secret]), Ok(true));
        let wrong = [
            ("webhooks.secrets", "whsec_no-base64-at-all"),
            ("webhooks.allow_networks", "10.0.0.0/8,here"),
            ("webhooks.allow_ports", "80,http"),
        ];
        let keys = wrong.map(|(key, _)| Some(key.to_owned()));
        assert_eq!(of(&wrong), Err(keys.to_vec()));
    }
}
