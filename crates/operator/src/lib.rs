//! An operator's decisions about jobs, and pauses by hand, as actions for any user interface: the
//! command line, an HTTP page. `job` decides what each means for a job; `recorder` writes it.
//!
//! Every action can be repeated: what was written stays, and the rest is done.

// Each match must list a new state or fact.
#![warn(clippy::wildcard_enum_match_arm)]

mod actions;
mod cancel;
mod cancel_many;
mod doubt;
mod drop;
mod edit;
mod fail;
mod letter;
mod letter_filter;
mod letters;
mod overview;
mod pauses;
mod replay;
mod retry;
mod retry_plan;
mod selection;
mod view;

pub use actions::{Error, Operator};
pub use cancel::Cancelled;
pub use cancel_many::Tally;
pub use doubt::{Decision, account_of_task, in_question};
pub use drop::Dropped;
pub use edit::Edited;
pub use fail::Failed;
pub use letter::{Letter, Names};
pub use letter_filter::{LetterFilter, LetterSelection};
pub use letters::{
    Acted, LetterAction, LetterReader, LettersTally, Would, act_on_letters, find_letters,
    why_it_stays,
};
pub use overview::{
    AccountTerms, Ends, Hour, MOST_COUNTED, Overview, Phases, PoolStats, Share, TenantStats, Unseen,
};
pub use pauses::{NewPause, PauseError, Pauses};
pub use replay::Replayed;
pub use retry::Retried;
pub use retry_plan::RetryPlan;
pub use selection::Selection;
pub use view::{JobDetails, JobView, LookView};
