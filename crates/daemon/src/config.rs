//! The configuration as the program reads it: one struct a section.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use crate::choice::{ContentMode, DoubtPolicy, HeaderPrefix, LogFormat, LookUp, TraceMode};
use crate::endpoint::Endpoint;
use crate::problem::Problem;
use crate::sources::Source;
use crate::value::Values;

/// Everything that can be set. Secrets in it are redacted in `Debug`.
#[derive(Clone, Debug)]
pub struct Config {
    pub kling: Kling,
    pub broker: Broker,
    pub ledger: Ledger,
    pub embedded: Embedded,
    pub limits: Limits,
    pub doubt: Doubt,
    pub poll: Poll,
    pub events: Events,
    pub worker: Worker,
    pub gateway: Gateway,
    pub admin: Admin,
    pub telemetry: Telemetry,
}

#[derive(Clone, Debug)]
pub struct Kling {
    /// http or https, without user, query or fragment.
    pub base_url: Url,
    pub api_key: Option<SecretString>,
    /// Name of the account behind the key.
    pub account: String,
    pub connect_timeout: Duration,
    /// A POST's deadline.
    pub timeout: Duration,
    pub look_up: LookUp,
    pub trust_denials: bool,
    /// Error codes that prove, even with a 5xx status, that no task was created.
    pub refusal_codes: Vec<String>,
    /// Error codes and HTTP statuses that mean "later, nothing was created".
    pub busy_codes: Vec<String>,
}

#[derive(Clone, Debug)]
pub struct Broker {
    pub url: Endpoint,
    pub namespace: String,
    pub manage_topology: bool,
}

#[derive(Clone, Debug)]
pub struct Ledger {
    pub url: Endpoint,
    pub namespace: String,
    pub retention: Duration,
    pub allow_unsafe: bool,
}

#[derive(Clone, Debug)]
pub struct Embedded {
    pub path: PathBuf,
}

#[derive(Clone, Debug)]
pub struct Limits {
    /// Slots at the provider; 0 = no limit.
    pub videos: u32,
    /// Slots at the provider; 0 = no limit.
    pub images: u32,
    /// Slots at the provider; 0 = no limit.
    pub audio: u32,
    /// Per UTC day; 0 = no limit.
    pub max_submissions_per_day: u64,
    pub max_attempts: u32,
    /// Submissions that one worker works on at once.
    pub max_in_progress: u32,
}

#[derive(Clone, Debug)]
pub struct Doubt {
    pub policy: DoubtPolicy,
    /// Wait after a submission's deadline before a denial counts.
    pub settling: Duration,
    pub give_up: Duration,
    /// Longest wait for a callback after `settling`.
    pub callback_wait: Duration,
}

#[derive(Clone, Debug)]
pub struct Poll {
    /// Factor on the waits between looks at a task and on its deadlines.
    pub pace: f64,
    /// When a task is overdue; scaled by the pace.
    pub give_up: Duration,
    pub sweep: Duration,
    pub concurrency: u32,
    pub batch: u32,
}

#[derive(Clone, Debug)]
pub struct Events {
    pub submitted: bool,
    pub content_mode: ContentMode,
    /// Of events in binary mode.
    pub header_prefix: HeaderPrefix,
}

#[derive(Clone, Debug)]
pub struct Worker {
    pub prefetch: u16,
    pub drain: Duration,
    pub max_deliveries: u32,
    /// How wrong a producer's clock may be.
    pub producer_skew: Duration,
}

#[derive(Clone, Debug)]
pub struct Gateway {
    pub listen: SocketAddr,
    /// http or https, without user, query or fragment.
    pub callback_url: Option<Url>,
    /// None to two; the first signs, all are accepted.
    pub callback_secrets: Vec<SecretString>,
}

#[derive(Clone, Debug)]
pub struct Admin {
    /// `None`: nowhere.
    pub listen: Option<SocketAddr>,
}

#[derive(Clone, Debug)]
pub struct Telemetry {
    pub log_format: LogFormat,
    /// A level or filters, such as `info,lapin=warn`.
    pub log: String,
    /// In front of `/v1/traces`.
    pub otlp_endpoint: Option<Url>,
    pub trace_mode: TraceMode,
}

impl Kling {
    /// The key, for a process that calls the provider.
    pub fn require_api_key(&self) -> Result<&SecretString, Problem> {
        self.api_key.as_ref().ok_or_else(|| {
            Problem::of_key("kling.api_key", Source::Default, "is not set and is needed here")
                .hint("set REELWORK_KLING__API_KEY, or REELWORK_KLING__API_KEY_FILE to a path")
        })
    }
}

impl Config {
    pub(crate) fn of(values: &Values) -> Result<Self, Problem> {
        Ok(Self {
            kling: Kling::of(values)?,
            broker: Broker::of(values)?,
            ledger: Ledger::of(values)?,
            embedded: Embedded { path: values.take("embedded.path")? },
            limits: Limits::of(values)?,
            doubt: Doubt::of(values)?,
            poll: Poll::of(values)?,
            events: Events::of(values)?,
            worker: Worker::of(values)?,
            gateway: Gateway::of(values)?,
            admin: Admin { listen: values.take("admin.listen")? },
            telemetry: Telemetry::of(values)?,
        })
    }
}

impl Kling {
    fn of(values: &Values) -> Result<Self, Problem> {
        Ok(Self {
            base_url: values.take("kling.base_url")?,
            api_key: values.take("kling.api_key")?,
            account: values.take("kling.account")?,
            connect_timeout: values.take("kling.connect_timeout")?,
            timeout: values.take("kling.timeout")?,
            look_up: values.take("kling.look_up")?,
            trust_denials: values.take("kling.trust_denials")?,
            refusal_codes: values.take("kling.refusal_codes")?,
            busy_codes: values.take::<Option<_>>("kling.busy_codes")?.unwrap_or_default(),
        })
    }
}

impl Broker {
    fn of(values: &Values) -> Result<Self, Problem> {
        Ok(Self {
            url: values.take("broker.url")?,
            namespace: values.take("broker.namespace")?,
            manage_topology: values.take("broker.manage_topology")?,
        })
    }
}

impl Ledger {
    fn of(values: &Values) -> Result<Self, Problem> {
        Ok(Self {
            url: values.take("ledger.url")?,
            namespace: values.take("ledger.namespace")?,
            retention: values.take("ledger.retention")?,
            allow_unsafe: values.take("ledger.allow_unsafe")?,
        })
    }
}

impl Limits {
    fn of(values: &Values) -> Result<Self, Problem> {
        Ok(Self {
            videos: values.take("limits.videos")?,
            images: values.take("limits.images")?,
            audio: values.take("limits.audio")?,
            max_submissions_per_day: values.take("limits.max_submissions_per_day")?,
            max_attempts: values.take("limits.max_attempts")?,
            max_in_progress: values.take("limits.max_in_progress")?,
        })
    }
}

impl Doubt {
    fn of(values: &Values) -> Result<Self, Problem> {
        Ok(Self {
            policy: values.take("doubt.policy")?,
            settling: values.take("doubt.settling")?,
            give_up: values.take("doubt.give_up")?,
            callback_wait: values.take("doubt.callback_wait")?,
        })
    }
}

impl Poll {
    fn of(values: &Values) -> Result<Self, Problem> {
        Ok(Self {
            pace: values.take("poll.pace")?,
            give_up: values.take("poll.give_up")?,
            sweep: values.take("poll.sweep")?,
            concurrency: values.take("poll.concurrency")?,
            batch: values.take("poll.batch")?,
        })
    }
}

impl Events {
    fn of(values: &Values) -> Result<Self, Problem> {
        Ok(Self {
            submitted: values.take("events.submitted")?,
            content_mode: values.take("events.content_mode")?,
            header_prefix: values.take("events.header_prefix")?,
        })
    }
}

impl Worker {
    fn of(values: &Values) -> Result<Self, Problem> {
        Ok(Self {
            prefetch: values.take("worker.prefetch")?,
            drain: values.take("worker.drain")?,
            max_deliveries: values.take("worker.max_deliveries")?,
            producer_skew: values.take("worker.producer_skew")?,
        })
    }
}

impl Gateway {
    fn of(values: &Values) -> Result<Self, Problem> {
        let secrets: Option<_> = values.take("gateway.callback_secrets")?;
        Ok(Self {
            listen: values.take("gateway.listen")?,
            callback_url: values.take("gateway.callback_url")?,
            callback_secrets: secrets.unwrap_or_default(),
        })
    }
}

impl Telemetry {
    fn of(values: &Values) -> Result<Self, Problem> {
        Ok(Self {
            log_format: values.take("telemetry.log_format")?,
            log: values.take("telemetry.log")?,
            otlp_endpoint: values.take("telemetry.otlp_endpoint")?,
            trace_mode: values.take("telemetry.trace_mode")?,
        })
    }
}
