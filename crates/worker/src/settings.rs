use std::time::Duration;

use job::{CALLBACK_PATH, CallbackSigner, CallbackTo, Record, Resource, Rules};
use ports::Limits;
use validation::Slots;

/// What a worker needs besides its ports.
#[derive(Clone, Debug)]
pub struct Settings {
    pub rules: Rules,
    /// The provider account, pinned into every record.
    pub account: String,
    pub slots: Slots,
    /// Submissions per UTC day over all workers; 0 = no limit.
    pub submissions_per_day: u64,
    /// A POST that takes longer is in doubt.
    pub post_timeout: Duration,
    /// Deliveries taken ahead per lane.
    pub prefetch: u16,
    /// Deliveries worked on at once, over all lanes.
    pub in_progress: usize,
    /// A message delivered more often than this is parked, long before the broker drops it.
    pub max_deliveries: u32,
    /// How wrong a producer's clock may be. Publish times within it are no evidence.
    pub producer_skew: Duration,
    /// How long an account is paused after the provider refused it.
    pub account_rest: Duration,
    /// Where the provider sends callbacks; `None`: it sends none.
    pub callback: Option<Callback>,
}

/// The gateway, as the provider sees it.
#[derive(Clone, Debug)]
pub struct Callback {
    /// Without [`CALLBACK_PATH`]; a slash may end it.
    pub url: String,
    pub signer: CallbackSigner,
}

impl Callback {
    /// The address for this round of a job.
    pub fn address(&self, record: &Record) -> String {
        let to = CallbackTo { key: record.key.clone(), round: record.round };
        let base = self.url.trim_end_matches('/');
        format!("{base}{CALLBACK_PATH}{}", self.signer.sign(&to))
    }
}

impl Settings {
    pub fn limits(&self, resource: Resource) -> Limits {
        Limits {
            concurrency: self.slots.of(resource),
            submissions_per_day: self.submissions_per_day,
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            rules: Rules::default(),
            account: "default".to_owned(),
            slots: Slots { videos: 5, images: 9, audio: 5 },
            submissions_per_day: 0,
            post_timeout: Duration::from_secs(60),
            prefetch: 64,
            in_progress: 256,
            max_deliveries: 20,
            producer_skew: Duration::from_secs(300),
            account_rest: Duration::from_secs(60),
            callback: None,
        }
    }
}
