//! What kind of value a key takes.

use std::time::Duration;

use crate::duration;

/// The kind of a value, with its limits.
#[derive(Debug)]
pub(crate) enum Kind {
    /// A part of queue and key names: `[A-Za-z0-9_.-]{1,32}`.
    Name,
    Bool,
    Count {
        least: u64,
        most: u64,
    },
    Factor {
        least: f64,
        most: f64,
    },
    Duration {
        least: Duration,
        most: Duration,
    },
    Word(&'static [&'static str]),
    /// Absolute, http or https, nothing in it that could be a secret.
    HttpUrl,
    /// The word `embedded`, or a URL that may hold a password.
    Endpoint {
        schemes: &'static [&'static str],
    },
    Address,
    Path,
    Texts,
    Secret,
    Secrets {
        most: usize,
    },
    LogFilter,
}

impl Kind {
    /// Whether a value may hold what must never be shown; such keys also have a `_FILE` variable.
    pub(crate) const fn is_secret(&self) -> bool {
        matches!(self, Self::Endpoint { .. } | Self::Secret | Self::Secrets { .. })
    }

    pub(crate) const fn is_list(&self) -> bool {
        matches!(self, Self::Texts | Self::Secrets { .. })
    }

    /// What a value looks like, in the words of a hint and of the example.
    pub(crate) fn wanted(&self) -> String {
        match self {
            Self::Name => "1 to 32 letters, digits, '_', '.' or '-'".into(),
            Self::Bool => "true or false".into(),
            Self::Count { least, most } => format!("a whole number from {least} to {most}"),
            Self::Factor { least, most } => format!("a number from {least} to {most}"),
            Self::Duration { least, most } => format!(
                "a duration from {} to {} (units ms, s, m, h, d)",
                duration::shown(*least),
                duration::shown(*most)
            ),
            Self::Word(words) => format!("one of {}", words.join(", ")),
            Self::HttpUrl => "an http or https URL without user, query or fragment".into(),
            Self::Endpoint { schemes } => {
                format!("the word embedded, or a URL of the scheme {}", schemes.join(", "))
            }
            Self::Address => "an IP address and a port, such as 127.0.0.1:8081".into(),
            Self::Path => "a path (~ is not expanded)".into(),
            Self::Texts => "a list of texts (in a variable, separated by commas)".into(),
            Self::Secret => "one word without spaces".into(),
            Self::Secrets { most } => format!(
                "a list of at most {most} words without spaces (in a variable, separated by commas)"
            ),
            Self::LogFilter => {
                "a level (off, error, warn, info, debug, trace) or filters such as info,lapin=warn"
                    .into()
            }
        }
    }
}
