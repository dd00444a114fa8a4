//! What is published, and its results.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::value::{duration, field, moment, operation, priority};

#[derive(Debug, Args)]
pub(crate) struct Submit {
    /// The provider's path below /kling/v1/, such as videos/text2video
    #[arg(required_unless_present = "file", conflicts_with = "file", value_parser = operation)]
    pub(crate) operation: Option<job::Operation>,
    #[arg(long)]
    pub(crate) prompt: Option<String>,
    /// A field of the request; may be given several times. @FILE is the content of a file: an image or
    /// a sound as Base64, a text as it is; @@ is a plain @
    #[arg(long = "set", value_name = "FIELD=VALUE", value_parser = field)]
    pub(crate) set: Vec<(String, String)>,
    /// Jobs as JSON Lines; - reads stdin
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// The idempotency key: the same key again is the same job
    #[arg(long, value_name = "KEY", conflicts_with = "file")]
    pub(crate) key: Option<String>,
    #[arg(long, conflicts_with = "file")]
    pub(crate) tenant: Option<String>,
    /// The only account of the workers that it may be submitted with
    #[arg(long, value_name = "NAME", conflicts_with = "file")]
    pub(crate) account: Option<String>,
    /// high, normal or low
    #[arg(long, conflicts_with = "file", value_parser = priority)]
    pub(crate) priority: Option<job::Priority>,
    /// Not submitted after this moment (RFC 3339)
    #[arg(long, conflicts_with = "file", value_parser = moment)]
    pub(crate) deadline: Option<job::Timestamp>,
    /// Comes back in events; may be given several times
    #[arg(long, value_name = "NAME=VALUE", conflicts_with = "file", value_parser = field)]
    pub(crate) metadata: Vec<(String, String)>,
    /// Further paid attempts, should the task end failed
    #[arg(long, default_value_t = 0, conflicts_with = "file")]
    pub(crate) retries: u32,
    /// Wait until the jobs have ended
    #[arg(long)]
    pub(crate) wait: bool,
    /// With --wait: give up after this (exit 5)
    #[arg(long, value_parser = duration, requires = "wait")]
    pub(crate) timeout: Option<Duration>,
}

#[derive(Debug, Args)]
pub(crate) struct Events {
    /// A subscription that is kept while nobody listens
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Which results: a topic pattern such as videos.*.succeeded
    #[arg(long, default_value = "#")]
    pub(crate) binding: String,
    /// First what was announced in so long a time before now, from the journal
    #[arg(long, value_parser = duration)]
    pub(crate) since: Option<Duration>,
    /// Stop after this many
    #[arg(long)]
    pub(crate) count: Option<u64>,
    /// Stop when nothing came for this long
    #[arg(long, value_parser = duration)]
    pub(crate) idle: Option<Duration>,
}
