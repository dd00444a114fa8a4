use std::time::Duration;

use job::Rules;
use kling::LookUp;
use spans::Spans;

/// How to look up a task at the provider by our external id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookUpBy {
    /// No look-up.
    None,
    /// By the form that answers correctly in tests.
    Auto,
    /// By this form. The rules decide whether its denials are believed.
    Form(LookUp),
}

/// The configuration of a poller.
#[derive(Clone, Debug)]
pub struct Settings {
    pub rules: Rules,
    /// The provider account whose tasks this poller can query.
    pub account: String,
    /// How to look up a task by external id.
    pub look_up: LookUpBy,
    /// The provider is asked for callbacks, so a callback may settle a doubt.
    pub callbacks: bool,
    /// Maximum number of concurrent queries.
    pub concurrency: usize,
    /// Maximum number of due records in one claim.
    pub batch: usize,
    /// Time between two claims if no record is known to become due sooner.
    pub sweep: Duration,
    /// A query that takes longer is given up; it shows nothing about the task.
    pub look_timeout: Duration,
    /// How long the account is paused after the provider refused it.
    pub account_rest: Duration,
    /// How often permits are compared with records.
    pub reconcile: Duration,
    /// Amounts are reserved for jobs: those that were left behind are settled.
    pub counts_spending: bool,
    /// Whether messages that RabbitMQ itself dead-lettered are adopted.
    pub adopts: bool,
    /// How spans are passed to other processes, if the process exports traces.
    pub spans: Spans,
}

/// One account at the provider. What concerns the whole poller is taken from the first account's
/// settings.
#[derive(Clone, Debug)]
pub struct Account {
    pub kling: kling::Client,
    pub settings: Settings,
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
            counts_spending: false,
            adopts: false,
            spans: Spans::default(),
        }
    }
}
