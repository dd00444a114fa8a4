use std::time::Duration;

use job::Rules;
use kling::LookUp;
use spans::Spans;

/// How to ask the provider for a task by our external id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookUpBy {
    /// It cannot be asked.
    None,
    /// By the form that is seen to tell the truth.
    Auto,
    /// By this form; its denials are believed if the rules say so.
    Form(LookUp),
}

/// What a poller needs to know besides its doors.
#[derive(Clone, Debug)]
pub struct Settings {
    pub rules: Rules,
    /// The provider account whose tasks this poller can ask about.
    pub account: String,
    /// How to ask the provider for a task by external id.
    pub look_up: LookUpBy,
    /// The provider is asked to call back, so a callback may settle a doubt.
    pub callbacks: bool,
    /// Looks under way at once.
    pub concurrency: usize,
    /// Due records claimed at a time.
    pub batch: usize,
    /// How often to ask the ledger when nothing is known to become due sooner.
    pub sweep: Duration,
    /// A look that takes longer is given up; it says nothing about the task.
    pub look_timeout: Duration,
    /// How long an account rests after the provider refused it.
    pub account_rest: Duration,
    /// How often permits are compared with records.
    pub reconcile: Duration,
    /// The broker may give messages up by itself: what it gave up is adopted.
    pub adopts: bool,
    /// How the process names its spans to others, if it traces.
    pub spans: Spans,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            rules: Rules::default(),
            account: "default".to_owned(),
            look_up: LookUpBy::None,
            callbacks: false,
            concurrency: 64,
            batch: 256,
            sweep: Duration::from_millis(100),
            look_timeout: Duration::from_secs(8),
            account_rest: Duration::from_secs(60),
            reconcile: Duration::from_secs(30),
            adopts: false,
            spans: Spans::default(),
        }
    }
}
