//! Everything that can be set: the one table from which all else derives.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use crate::choice::{ContentMode, DoubtPolicy, HeaderPrefix, LogFormat, LookUp, TraceMode};
use crate::endpoint::Endpoint;
use crate::key::{Key, Preset};
use crate::kind::{
    Address, Bool, Count, EndpointUrl, Factor, FilePath, HttpUrl, LogFilter, Name, OneOf, Secret,
    Secrets, Span, Texts,
};
use crate::problem::Problem;
use crate::reader::Reader;
use crate::sources::Source;
use crate::table::{preset, read, settings};

const MILLISECOND: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

const AMQP: EndpointUrl = EndpointUrl(&["amqp", "amqps"]);
const REDIS: EndpointUrl = EndpointUrl(&[
    "redis",
    "rediss",
    "redis+sentinel",
    "rediss+sentinel",
    "redis+cluster",
    "rediss+cluster",
    "redis-sentinel",
    "rediss-sentinel",
    "redis-cluster",
    "rediss-cluster",
    "valkey",
    "valkeys",
    "valkey+sentinel",
    "valkeys+sentinel",
    "valkey+cluster",
    "valkeys+cluster",
    "redis+unix",
    "valkey+unix",
    "unix",
]);

settings! {
    kling: Kling {
        /// The provider's address, in front of /kling/v1/.
        base_url: Url = "https://api.cometapi.com", HttpUrl;
        /// The provider's key. Every process that calls the provider needs it.
        api_key: Option<SecretString> = unset, Secret;
        /// A PEM file with authorities to trust beside the system's, such as that of a company's proxy.
        ca_file: Option<PathBuf> = unset, FilePath;
        /// A name for the account behind the key: limits are counted per account.
        account: String = "default", Name;
        /// Longest wait for a connection, TLS included; never more than half of kling.timeout.
        connect_timeout: Duration = "5s", Span(MILLISECOND..=HOUR);
        /// Deadline of a submission, from connecting to the last byte of the answer.
        timeout: Duration = "60s", Span(MILLISECOND..=HOUR);
        /// How to ask for a task by its external id; auto = the form that is seen to tell the truth.
        look_up: LookUp = "auto", OneOf(LookUp::ALL);
        /// Believe look-ups that repeatedly find no such task, and submit again.
        trust_denials: bool = "false", Bool;
        /// Error codes that prove, even with a 5xx status, that no task was created.
        refusal_codes: Vec<String> = "invalid_request", Texts;
        /// Error codes and HTTP statuses (300 to 599) that mean: busy, no task was created, send again.
        busy_codes: Vec<String> = unset, Texts;
    }

    broker: Broker {
        /// RabbitMQ, or embedded for the SQLite file. Nodes of a cluster: host1:5672,host2:5672.
        url: Endpoint = "embedded", AMQP;
        /// A PEM file with authorities to trust beside the system's, for amqps.
        ca_file: Option<PathBuf> = unset, FilePath;
        /// A PEM file with a certificate to show to RabbitMQ, and those that lead to its authority.
        client_cert_file: Option<PathBuf> = unset, FilePath;
        /// A PEM file with the private key of that certificate, not encrypted.
        client_key_file: Option<PathBuf> = unset, FilePath;
        /// First word of every exchange and queue name.
        namespace: String = "reelwork", Name;
        /// Declare missing exchanges and queues at start.
        manage_topology: bool = "true", Bool;
    }

    ledger: Ledger {
        /// Redis, or embedded for the SQLite file. redis://host, redis+sentinel://host,host/master or
        /// redis+cluster://host,host; with TLS: rediss.
        url: Endpoint = "embedded", REDIS;
        /// First word of every ledger key.
        namespace: String = "reelwork", Name;
        /// How long settled jobs are remembered, for status and for refusing duplicates.
        retention: Duration = "7d", Span(SECOND..=DAY.saturating_mul(366));
        /// Accept a Redis whose settings can lose records silently.
        allow_unsafe: bool = "false", Bool;
        /// Parts into which records are divided, fixed when a ledger first starts. In a Redis
        /// Cluster: the number of masters, or a multiple of it.
        shards: u16 = "4", Count(1..=64_u16);
        /// The password of the sentinels, if they have one. That of Redis is in the URL.
        sentinel_password: Option<SecretString> = unset, Secret;
        /// With TLS: a PEM file of authorities to trust beside the system's.
        ca_file: Option<PathBuf> = unset, FilePath;
        /// With TLS: a PEM file of the certificate to show to Redis; needs ledger.client_key_file.
        client_cert_file: Option<PathBuf> = unset, FilePath;
        /// The PEM file of its private key.
        client_key_file: Option<PathBuf> = unset, FilePath;
    }

    embedded: Embedded {
        /// The SQLite file of the embedded broker and ledger.
        path: PathBuf = data_file, FilePath;
    }

    limits: Limits {
        /// Video tasks in flight at the provider; 0 = no limit.
        videos: u32 = "5", Count(0..=100_000_u32);
        /// Images in flight at the provider; 0 = no limit.
        images: u32 = "9", Count(0..=100_000_u32);
        /// Audio tasks in flight at the provider; 0 = no limit.
        audio: u32 = "5", Count(0..=100_000_u32);
        /// The brake on spending: submissions per UTC day; 0 = no limit.
        max_submissions_per_day: u64 = "0", Count(0..=1_000_000_000_u64);
        /// Counted attempts to submit one job before it is parked.
        max_attempts: u32 = "20", Count(1..=10_000_u32);
        /// Submissions that one worker works on at once.
        max_in_progress: u32 = "256", Count(1..=100_000_u32);
    }

    doubt: Doubt {
        /// What becomes of a submission whose fate cannot be known.
        policy: DoubtPolicy = "park", OneOf(DoubtPolicy::ALL);
        /// Wait after a submission's deadline before a denial counts.
        settling: Duration = "30s", Span(Duration::ZERO..=DAY);
        /// How long a doubt is looked into before the policy decides.
        give_up: Duration = "1h", Span(MILLISECOND..=DAY.saturating_mul(30));
        /// How much longer a doubt waits for a callback; scaled by poll.pace.
        callback_wait: Duration = "15m", Span(Duration::ZERO..=DAY);
    }

    poll: Poll {
        /// Factor on the waits between looks at a task and on its deadlines: 2 = half as often.
        pace: f64 = "1.0", Factor(0.0001..=100.0);
        /// A task at work for so long is announced as overdue and followed slowly; scaled by poll.pace.
        give_up: Duration = "2h", Span(SECOND..=DAY.saturating_mul(30));
        /// Longest rest between two searches for due tasks.
        sweep: Duration = "100ms", Span(MILLISECOND..=HOUR);
        /// Queries to the provider at once.
        concurrency: u32 = "64", Count(1..=10_000_u32);
        /// Due tasks claimed at once.
        batch: u32 = "256", Count(1..=10_000_u32);
    }

    events: Events {
        /// Also announce each submission, not only outcomes.
        submitted: bool = "false", Bool;
        /// How events look: the whole event in the body, or its data there and the rest in headers.
        content_mode: ContentMode = "structured", OneOf(ContentMode::ALL);
        /// What the headers of binary events begin with.
        header_prefix: HeaderPrefix = "cloudEvents_", OneOf(HeaderPrefix::ALL);
    }

    worker: Worker {
        /// Unacknowledged jobs that the broker hands to one lane of one worker.
        prefetch: u16 = "64", Count(1..=65_535_u16);
        /// How long work in hand may take to finish after SIGTERM; longer than kling.timeout.
        drain: Duration = "70s", Span(Duration::ZERO..=HOUR);
        /// Deliveries of one message before it is parked; the broker's own limit is 1000.
        max_deliveries: u32 = "20", Count(1..=900_u32);
        /// How wrong a producer's clock may be: its word is no evidence this near a ledger's loss.
        producer_skew: Duration = "5m", Span(Duration::ZERO..=DAY);
    }

    gateway: Gateway {
        /// Where callbacks are received.
        listen: SocketAddr = "127.0.0.1:8081", Address;
        /// The gateway's address as the provider sees it, in front of /callbacks/. Unset: no callbacks.
        callback_url: Option<Url> = unset, HttpUrl;
        /// Keys of the callback tokens, 8 bytes or more: the first signs, all are accepted (for rotation).
        callback_secrets: Vec<SecretString> = unset, Secrets(2);
    }

    admin: Admin {
        /// Where a role tells whether it is alive and ready: /livez, /readyz. Unset: nowhere.
        listen: Option<SocketAddr> = unset, Address;
    }

    telemetry: Telemetry {
        /// The log on stderr: json = nothing but JSON lines, pretty for eyes, auto = pretty on a terminal.
        log_format: LogFormat = "auto", OneOf(LogFormat::ALL);
        /// What is logged. The variable REELWORK_LOG is short for this key.
        log: String = "info", LogFilter;
        /// Where traces are exported to: OTLP over HTTP, in front of /v1/traces. Unset: nowhere.
        otlp_endpoint: Option<Url> = unset, HttpUrl;
        /// How a worker's trace goes on from the producer's: link = its own trace, parent = the same.
        trace_mode: TraceMode = "link", OneOf(TraceMode::ALL);
    }
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
