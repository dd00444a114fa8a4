//! An error as programs read it, on stderr.

use daemon::Problem;
use serde::Serialize;

use super::Error;

/// One JSON object on one line.
#[derive(Debug, Serialize)]
pub(crate) struct Report<'a> {
    error: Reported<'a>,
}

#[derive(Debug, Serialize)]
struct Reported<'a> {
    kind: &'static str,
    message: String,
    /// That of the process.
    exit_code: u8,
    /// What must be changed in the configuration, if it was read.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    problems: &'a [Problem],
}

impl<'a> Report<'a> {
    pub(crate) fn of(error: &'a Error) -> Self {
        let problems = match error {
            Error::Configuration(error) => error.problems.as_slice(),
            Error::Usage(_)
            | Error::Denied(_)
            | Error::Unavailable(_)
            | Error::NotFound(_)
            | Error::Other(_) => &[],
        };
        let (message, exit_code) = (error.to_string(), error.exit_code().code());
        Self { error: Reported { kind: kind(error), message, exit_code, problems } }
    }
}

fn kind(error: &Error) -> &'static str {
    match error {
        Error::Usage(_) => "usage",
        Error::Configuration(_) | Error::Denied(_) => "configuration",
        Error::Unavailable(_) => "unavailable",
        Error::NotFound(_) => "not_found",
        Error::Other(_) => "failure",
    }
}

#[cfg(test)]
mod tests {
    use daemon::{ConfigError, Source};
    use serde_json::{Value, json};

    use super::*;

    fn told(error: &Error) -> Value {
        serde_json::to_value(Report::of(error)).unwrap()
    }

    #[test]
    fn each_error_has_its_kind_and_the_exit_code_of_the_process() {
        let so = || "so".to_owned();
        let errors = [
            (Error::Usage(so()), "usage", 2),
            (Error::Denied(so()), "configuration", 78),
            (Error::Unavailable(so()), "unavailable", 69),
            (Error::NotFound(so()), "not_found", 4),
            (Error::Other(so()), "failure", 1),
        ];
        for (error, kind, exit_code) in errors {
            let expected = json!({"kind": kind, "message": "so", "exit_code": exit_code});
            assert_eq!(told(&error), json!({"error": expected}));
        }
    }

    #[test]
    fn problems_of_the_configuration_are_a_list() {
        let problem = Problem {
            key: Some("poll.sweep".to_owned()),
            source: Source::Flag,
            message: "no duration".to_owned(),
            hint: None,
        };
        let problems = vec![problem.clone(), problem];
        let told = told(&Error::Configuration(ConfigError { problems }));
        assert_eq!(
            (&told["error"]["kind"], &told["error"]["exit_code"]),
            (&json!("configuration"), &json!(78))
        );
        assert_eq!(told["error"]["problems"][1]["key"], "poll.sweep");
    }
}
