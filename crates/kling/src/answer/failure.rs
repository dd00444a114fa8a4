//! Why a task failed. Derived from the provider's message, because the body has no error code.

use crate::error::FailureClass;

const MODERATION: &[&str] = &[
    "risk control",
    "moderation",
    "sensitive",
    "content safety",
    "content security",
    "unsafe",
    "nsfw",
    "policy",
    "prohibited",
    "violat",
    "风控",
    "审核",
    "敏感",
];

const INPUT: &[&str] = &[
    "resolution",
    "aspect ratio",
    "input image",
    "input video",
    "input audio",
    "invalid",
    "not supported",
    "unsupported",
    "too short",
    "too long",
    "too small",
    "too large",
    "no face",
    "face not",
    "download",
];

/// The class of a failed task. A message about neither content nor input means that the generation
/// itself failed.
pub fn classify_failure(status_message: &str) -> FailureClass {
    let said = status_message.to_lowercase();
    let names = |words: &[&str]| words.iter().any(|word| said.contains(word));
    if names(MODERATION) {
        FailureClass::Moderation
    } else if names(INPUT) {
        FailureClass::Input
    } else {
        FailureClass::Generation
    }
}
