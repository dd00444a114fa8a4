//! Label values from bounded vocabularies, so that text from producers does not create an unlimited
//! number of time series.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Mutex;

use job::{Operation, WebhookEnd};
use kling::Route;

pub(crate) type Word = Cow<'static, str>;

/// The labels of one series: names and values.
pub(crate) type Labels<const N: usize> = [(&'static str, Word); N];

/// The value for everything outside a vocabulary.
const OTHER: Word = Cow::Borrowed("other");

pub(crate) const NONE: Word = Cow::Borrowed("none");

/// What becomes of an attempt to call a client.
pub(crate) const WEBHOOK_OUTCOMES: [&str; 5] = [
    WEBHOOK_DELIVERED,
    WEBHOOK_AGAIN,
    WebhookEnd::Gone.word(),
    WebhookEnd::Exhausted.word(),
    WebhookEnd::Denied.word(),
];
pub(crate) const WEBHOOK_DELIVERED: &str = "delivered";
pub(crate) const WEBHOOK_AGAIN: &str = "again";

/// A documented operation, or [`OTHER`].
pub(crate) fn operation(operation: &Operation) -> Word {
    route(&operation.to_string()).unwrap_or(OTHER)
}

fn route(path: &str) -> Option<Word> {
    Route::parse(path).map(|route| Cow::Borrowed(route.path()))
}

/// The operation in the URL of a request: the same for a submission, a query and a look-up.
pub(crate) fn operation_of(url: &str) -> Word {
    let path = url.split_once("/kling/v1/").map_or("", |(_, path)| path);
    let below = |route: &Route| match path.strip_prefix(route.path()) {
        Some(rest) => rest.is_empty() || rest.starts_with(['/', '?']),
        None => false,
    };
    Route::ALL.iter().copied().find(below).map_or(OTHER, |route| Cow::Borrowed(route.path()))
}

/// The first values that occur, up to a limit.
#[derive(Debug, Default)]
pub(crate) struct Vocabulary {
    words: Mutex<BTreeSet<String>>,
}

/// Larger than the number of models, or of error codes, that the provider has.
const MOST_WORDS: usize = 64;
const LONGEST: usize = 64;

impl Vocabulary {
    pub(crate) fn word(&self, text: &str) -> Word {
        let Ok(mut words) = self.words.lock() else {
            return OTHER;
        };
        let known = words.contains(text);
        if !known && (words.len() >= MOST_WORDS || !is_word(text)) {
            return OTHER;
        }
        if !known {
            words.insert(text.to_owned());
        }
        Cow::Owned(text.to_owned())
    }
}

fn is_word(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._:/-".contains(&b);
    (1..=LONGEST).contains(&text.len()) && text.bytes().all(plain)
}

pub(crate) const PLACES: [&str; 6] = ["jobs", "later", "dead", "results", "webhooks", "journal"];

pub(crate) const OUTCOMES: [&str; 6] =
    ["confirmed", "unroutable", "refused", "denied", "too_large", "unknown"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_tells_its_operation() {
        for (url, expected) in [
            ("https://h/kling/v1/videos/text2video", "videos/text2video"),
            ("https://h/p/kling/v1/videos/text2video/t-1", "videos/text2video"),
            ("https://h/kling/v1/videos/text2video?external_task_id=x", "videos/text2video"),
            ("https://h/kling/v1/videos/avatar/image2video/t", "videos/avatar/image2video"),
            ("https://h/kling/v1/videos/text2videos", "other"),
            ("https://h/else", "other"),
        ] {
            assert_eq!(operation_of(url), expected, "{url}");
        }
        assert_eq!(operation(&Operation::new("images/generations")), "images/generations");
        assert_eq!(operation(&Operation::new("images/of-tomorrow")), "other");
    }

    #[test]
    fn words_that_producers_invent_come_to_an_end() {
        let models = Vocabulary::default();
        for n in 0..MOST_WORDS {
            assert_eq!(models.word(&n.to_string()), n.to_string());
        }
        assert_eq!(models.word("one more"), "other");
        assert_eq!(models.word("0"), "0", "known ones stay");
        for strange in ["", "a\"b", "a\nb", "a b", &"x".repeat(LONGEST + 1)] {
            assert_eq!(Vocabulary::default().word(strange), "other", "{strange}");
        }
    }
}
