//! The commands for dead letters, and which of them are meant.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::NonEmptyStringValueParser;
use clap::{ArgGroup, Args, Subcommand};
use job::{Operation, Tenant};
use operator::LetterFilter;

use super::selected::ago;
use super::value::{duration, field, operation, reason, tenant};

#[derive(Debug, Subcommand)]
pub(crate) enum Dead {
    /// What is there, oldest first
    List {
        #[command(flatten)]
        filters: Filters,
        #[arg(long, default_value_t = 100)]
        limit: usize,
    },
    /// How many there are, by reason and by tenant
    Count {
        #[command(flatten)]
        filters: Filters,
    },
    /// One message whole, with its original bytes
    Show {
        #[arg(value_parser = NonEmptyStringValueParser::new())]
        id: String,
    },
    /// Publish messages again, under their own keys: what is submitted is paid for
    Replay {
        #[command(flatten)]
        which: Which,
    },
    /// Publish a message in other words, after it was checked: what is submitted is paid for
    Edit(Edit),
    /// End the jobs that were parked with messages as failed, and delete these messages. The ids stay
    /// in use; a message without a parked job is left
    Fail {
        #[command(flatten)]
        which: Which,
        /// What the events say
        #[arg(long, value_name = "TEXT", default_value = "given up by a person")]
        why: String,
    },
    /// Delete messages, whatever they are. A job that was parked with one ends as failed; published
    /// again under its id, it is done if nothing was submitted
    Drop {
        #[command(flatten)]
        which: Which,
    },
}

/// How a letter is edited.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("how").required(true).multiple(true).args(["request", "set", "message", "new_id"])))]
pub(crate) struct Edit {
    /// A letter, message id or job id, as the list shows it
    #[arg(value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) letter: String,
    /// The whole request, a JSON object in a file; - reads stdin
    #[arg(long, value_name = "FILE")]
    pub(crate) request: Option<PathBuf>,
    /// A field of the request, as JSON or text (repeatable)
    #[arg(long = "set", value_name = "FIELD=VALUE", value_parser = field)]
    pub(crate) set: Vec<(String, String)>,
    /// The whole message, for one that cannot be read as a job; - reads stdin
    #[arg(long, value_name = "FILE", conflicts_with_all = ["request", "set"])]
    pub(crate) message: Option<PathBuf>,
    /// As another job with this id: needed if the id belongs to another request (conflict)
    #[arg(long = "id", value_name = "NEW")]
    pub(crate) new_id: Option<String>,
}

/// Which letters are meant.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("which").required(true).args(["ids", "file", "all"])))]
pub(crate) struct Which {
    /// Letters, message ids or job ids, as the list shows them
    #[arg(value_name = "ID", value_parser = NonEmptyStringValueParser::new(), conflicts_with = "Filters")]
    pub(crate) ids: Vec<String>,
    /// Those that this file names, one in each line; - reads stdin
    #[arg(long, value_name = "FILE", conflicts_with = "Filters")]
    pub(crate) file: Option<PathBuf>,
    /// All, or those of them that are selected
    #[arg(long)]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) filters: Filters,
    /// Do not ask, however many they are
    #[arg(long)]
    pub(crate) yes: bool,
    /// Show what would be done to each, and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Filters {
    /// Only those that are dead for this reason, as the list shows it (repeatable)
    #[arg(long = "reason", value_name = "WORD", value_parser = reason)]
    reasons: Vec<String>,
    /// Only those of this tenant; reelwork.unreadable if it cannot be read
    #[arg(long, value_name = "NAME", value_parser = tenant)]
    tenant: Option<Tenant>,
    /// The provider's path below /kling/v1/, such as videos/text2video
    #[arg(long, value_parser = operation)]
    operation: Option<Operation>,
    /// Dead-lettered longer ago than this, such as 90s or 2h; not those that do not tell when
    #[arg(long, value_name = "TIME", value_parser = duration)]
    older_than: Option<Duration>,
}

impl Filters {
    pub(crate) fn filter(self) -> LetterFilter {
        let Self { reasons, tenant, operation, older_than } = self;
        LetterFilter { reasons, tenant, operation, before: older_than.map(ago) }
    }
}
