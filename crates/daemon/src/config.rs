//! Everything that can be set: the one table from which all else derives.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use url::{Host, Url};

use crate::choice::{
    ContentMode, DoubtPolicy, HeaderPrefix, LogFormat, LookUp, OverCap, TraceMode,
};
use crate::endpoint::Endpoint;
use crate::key::{Key, Preset};
use crate::kind::{
    AccountsOfTenants, Address, Bool, Count, EndpointUrl, Factor, FilePath, HttpUrl, LogFilter,
    MicroUsd, Name, OfAccounts, OfTenants, OneOf, Secret, SecretPath, Secrets, SlotCount,
    SlotsOrAuto, Span, Texts, Usd, UsdOfTenants,
};
use crate::problem::Problem;
use crate::provider_key::ProviderKey;
use crate::reader::Reader;
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
        api_key: ProviderKey = unset, Secret;
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
        /// Video tasks in flight at the provider; fewer while it refuses so many. 0 = no limit,
        /// auto = as many as it allows.
        videos: SlotCount = "5", SlotsOrAuto(0..=100_000);
        /// Images in flight at the provider, in the same way.
        images: SlotCount = "9", SlotsOrAuto(0..=100_000);
        /// Audio tasks in flight at the provider, in the same way.
        audio: SlotCount = "5", SlotsOrAuto(0..=100_000);
        /// The fewest slots of a pool that are used while the provider refuses more.
        floor: u32 = "1", Count(1..=100_000_u32);
        /// The most slots that auto may find.
        ceiling: u32 = "1000", Count(1..=100_000_u32);
        /// Submissions a minute over all pools, evenly spread; 0 = no limit.
        rate: u32 = "0", Count(0..=600_000_u32);
        /// The brake on spending: submissions per UTC day; 0 = no limit.
        max_submissions_per_day: u64 = "0", Count(0..=1_000_000_000_u64);
        /// Jobs that may wait in the ledger for slots of one pool; more wait in the broker. At least
        /// twice the slots; 0 = no limit.
        waiting: u32 = "20000", Count(0..=10_000_000_u32);
        /// Counted attempts to submit one job before it is parked.
        max_attempts: u32 = "20", Count(1..=10_000_u32);
        /// Submissions that one worker works on at once.
        max_in_progress: u32 = "256", Count(1..=100_000_u32);
    }

    accounts: Accounts {
        /// Further accounts beside kling.account, each with the file that holds its key in one line.
        key_files: BTreeMap<String, PathBuf> = unset, OfAccounts(SecretPath);
        /// Their addresses in front of /kling/v1/; of others, kling.base_url.
        base_urls: BTreeMap<String, Url> = unset, OfAccounts(HttpUrl);
        /// Tenants whose jobs use only these accounts, which serve no others. kling.account may be
        /// named, too.
        tenants: BTreeMap<String, Vec<String>> = unset, AccountsOfTenants;
        /// Video tasks of single accounts in flight at the provider; of others, limits.videos.
        videos: BTreeMap<String, SlotCount> = unset, OfAccounts(SlotsOrAuto(0..=100_000));
        /// Images in the same way; of others, limits.images.
        images: BTreeMap<String, SlotCount> = unset, OfAccounts(SlotsOrAuto(0..=100_000));
        /// Audio tasks in the same way; of others, limits.audio.
        audio: BTreeMap<String, SlotCount> = unset, OfAccounts(SlotsOrAuto(0..=100_000));
        /// Submissions a minute of single accounts, 0 = no limit; of others, limits.rate.
        rates: BTreeMap<String, u32> = unset, OfAccounts(Count(0..=600_000_u32));
        /// Submissions of single accounts per UTC day, 0 = no limit; of others,
        /// limits.max_submissions_per_day.
        max_submissions_per_day: BTreeMap<String, u64> = unset, OfAccounts(Count(0..=1_000_000_000_u64));
    }

    tenants: Tenants {
        /// The part of the service that a tenant gets while others wait too, beside theirs.
        weight: u32 = "1", Count(1..=1_000_u32);
        /// The same for single tenants.
        weights: BTreeMap<String, u32> = unset, OfTenants(1..=1_000);
        /// Slots that a tenant may use in each pool; 0 = no limit.
        concurrency: u32 = "0", Count(0..=100_000_u32);
        /// The same for single tenants.
        concurrencies: BTreeMap<String, u32> = unset, OfTenants(0..=100_000);
        /// Submissions of a tenant a minute over all pools, evenly spread; 0 = no limit.
        rate: u32 = "0", Count(0..=600_000_u32);
        /// The same for single tenants.
        rates: BTreeMap<String, u32> = unset, OfTenants(0..=600_000);
        /// Jobs of a tenant that may wait in the ledger for slots of one pool; more wait in the
        /// broker. At least twice the slots; 0 = no limit but that of limits.waiting.
        waiting: u32 = "1000", Count(0..=10_000_000_u32);
    }

    money: Money {
        /// Reserve and count in the ledger what jobs cost, and apply the caps. Unset: if a cap is set.
        enabled: Option<bool> = unset, Bool;
        /// A table of prices in place of the one that comes with this version, in the same form.
        prices: Option<PathBuf> = unset, FilePath;
        /// What each account may spend in a UTC day, by estimate. Unset: any amount.
        account_per_day: Option<MicroUsd> = unset, Usd;
        /// The same for a UTC month.
        account_per_month: Option<MicroUsd> = unset, Usd;
        /// What single accounts beside kling.account may spend in a UTC day.
        accounts_per_day: BTreeMap<String, MicroUsd> = unset, OfAccounts(Usd);
        /// The same for a UTC month.
        accounts_per_month: BTreeMap<String, MicroUsd> = unset, OfAccounts(Usd);
        /// What each tenant may spend in a UTC day. Unset: any amount.
        tenant_per_day: Option<MicroUsd> = unset, Usd;
        /// The same for a UTC month.
        tenant_per_month: Option<MicroUsd> = unset, Usd;
        /// What single tenants may spend in a UTC day.
        tenants_per_day: BTreeMap<String, MicroUsd> = unset, UsdOfTenants;
        /// The same for a UTC month.
        tenants_per_month: BTreeMap<String, MicroUsd> = unset, UsdOfTenants;
        /// What becomes of a job that would exceed a cap: hold = it waits for the next day or month,
        /// refuse = it is rejected.
        over_cap: OverCap = "hold", OneOf(OverCap::ALL);
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
        /// Where callbacks and clients' requests are received.
        listen: SocketAddr = "127.0.0.1:8081", Address;
        /// Open connections; of several too many, the one longest without a whole request is closed. Half
        /// of them may wait for jobs. Each needs an open file.
        connections: u32 = "512", Count(16..=100_000_u32);
        /// The gateway's address as the provider sees it, in front of /callbacks/. Unset: no callbacks.
        callback_url: Option<Url> = unset, HttpUrl;
        /// Keys of the callback tokens, 8 bytes or more: the first signs, all are accepted (for rotation).
        callback_secrets: Vec<SecretString> = unset, Secrets(2);
        /// Answer the provider's API to clients; what they send is paid for. Without gateway.keys_file:
        /// only to programs on this machine, which need no key.
        kling_api: bool = "false", Bool;
        /// Answer reelwork's own API, below /api/v1/, to the same clients.
        jobs_api: bool = "false", Bool;
        /// Show the queue to operators, at /console: to browsers on this machine, or, with gateway.keys_file,
        /// to whoever has a key with the scope view or operate.
        console: bool = "false", Bool;
        /// The file of the clients' keys, made by reelwork keys create; read again when it changes.
        keys_file: Option<PathBuf> = unset, FilePath;
    }

    webhooks: Webhooks {
        /// Secrets that sign the calls of clients' URLs: whsec_ and Base64 of 24 to 64 random bytes. Two, of
        /// which each signs, while one is replaced. Unset: no client is called.
        secrets: Vec<SecretString> = unset, Secrets(2);
        /// Networks that are called although they are not on the Internet, such as 10.0.0.0/8.
        allow_networks: Vec<String> = unset, Texts;
        /// Call also http URLs; what is sent can be read on its way.
        allow_http: bool = "false", Bool;
        /// Ports that are called beside 443 and 8443.
        allow_ports: Vec<String> = unset, Texts;
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

impl Gateway {
    /// Whether it has clients.
    pub fn has_clients(&self) -> bool {
        self.kling_api || self.jobs_api
    }

    /// Whether it serves anybody but the provider.
    pub fn serves(&self) -> bool {
        self.has_clients() || self.console
    }

    /// Whether only this machine reaches it: no proxy brings callbacks from outside.
    pub fn is_private(&self) -> bool {
        let is_here = |url: &Url| match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        self.listen.ip().is_loopback() && self.callback_url.as_ref().is_none_or(is_here)
    }
}

impl Money {
    /// Whether costs are counted, for all accounts.
    pub fn is_enabled(&self) -> bool {
        let caps = [
            self.account_per_day,
            self.account_per_month,
            self.tenant_per_day,
            self.tenant_per_month,
        ];
        let named = [
            &self.accounts_per_day,
            &self.accounts_per_month,
            &self.tenants_per_day,
            &self.tenants_per_month,
        ];
        let any = caps.iter().any(Option::is_some) || named.iter().any(|caps| !caps.is_empty());
        self.enabled.unwrap_or(any)
    }
}

impl Kling {
    /// The key, for a process that calls the provider. Blocking: that of a further account is read
    /// from its file.
    pub fn require_api_key(&self) -> Result<SecretString, Problem> {
        self.api_key.require()
    }
}
