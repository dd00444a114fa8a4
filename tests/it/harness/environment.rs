//! The environment of one test: a namespace on RabbitMQ and Redis, or a SQLite file.

use std::path::Path;
use std::sync::Arc;

use broker_rabbitmq::RabbitBroker;
use embedded::Embedded;
use ledger_redis::RedisLedger;
use ports::{Broker, Ledger};
use tempfile::TempDir;
use tokio::sync::OnceCell;

use super::{OwnRedis, Program, Provider};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Backend {
    Rabbitmq,
    Embedded,
}

/// The environment of one test. Declare it first: values declared later are dropped earlier, so
/// processes end before everything under the namespace is deleted.
pub(crate) struct Environment {
    pub(crate) backend: Backend,
    pub(crate) namespace: String,
    /// The addresses of the shared services.
    pub(crate) amqp: String,
    store: String,
    /// A private Redis instead of the shared one.
    redis: Option<OwnRedis>,
    directory: TempDir,
    doors: OnceCell<(Arc<dyn Broker>, Arc<dyn Ledger>)>,
}

/// The named subscriptions that tests use; they are deleted with the namespace.
const SUBSCRIPTIONS: [&str; 2] = ["consumer", "billing"];

impl Environment {
    pub(crate) fn on(backend: Backend) -> Self {
        Self::at(backend, amqp_url(), redis_url())
    }

    /// On private services of the test.
    pub(crate) fn at(backend: Backend, amqp: String, store: String) -> Self {
        let unique = uuid::Uuid::new_v4().simple().to_string();
        Self {
            backend,
            namespace: format!("test-{}", &unique[..12]),
            amqp,
            store,
            redis: None,
            directory: tempfile::tempdir().expect("a directory"),
            doors: OnceCell::new(),
        }
    }

    /// On the shared RabbitMQ and a private Redis, which the test may damage.
    pub(crate) async fn with_own_redis() -> Self {
        let mut environment = Self::on(Backend::Rabbitmq);
        environment.redis = Some(OwnRedis::start().await);
        environment
    }

    pub(crate) fn redis(&mut self) -> &mut OwnRedis {
        self.redis.as_mut().expect("a Redis of its own")
    }

    fn redis_url(&self) -> String {
        self.redis.as_ref().map_or_else(|| self.store.clone(), OwnRedis::url)
    }

    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Writes a file for this test; returns its path.
    pub(crate) fn file(&self, name: &str, text: &str) -> String {
        let path = self.directory().join(name);
        std::fs::write(&path, text).expect("a file");
        path.display().to_string()
    }

    /// The program on this backend, without the provider's address.
    pub(crate) fn program(&self) -> Program {
        let mut program = Program::bare(self.directory());
        program.set("broker.namespace", &self.namespace);
        program.set("ledger.namespace", &self.namespace);
        match self.backend {
            Backend::Rabbitmq => {
                program.set("broker.url", &self.amqp);
                program.set("ledger.url", &self.redis_url());
            }
            Backend::Embedded => {
                let path = self.directory().join("reelwork.db");
                program.set("embedded.path", &path.display().to_string());
            }
        }
        program
    }

    /// The program with everything that a role needs, at the pace of a simulated provider.
    pub(crate) fn program_for(&self, provider: &Provider) -> Program {
        let mut program = self.program();
        program.set("kling.base_url", &provider.url);
        program.set("kling.api_key", "test-key");
        program.set("kling.timeout", "5s");
        program.set("doubt.settling", "500ms");
        program.set("poll.pace", "0.01");
        program.set("poll.sweep", "20ms");
        for limit in ["limits.videos", "limits.images", "limits.audio"] {
            program.set(limit, "50");
        }
        program
    }

    pub(crate) async fn broker(&self) -> Arc<dyn Broker> {
        self.doors().await.0.clone()
    }

    pub(crate) async fn ledger(&self) -> Arc<dyn Ledger> {
        self.doors().await.1.clone()
    }

    async fn doors(&self) -> &(Arc<dyn Broker>, Arc<dyn Ledger>) {
        self.doors.get_or_init(|| self.open()).await
    }

    async fn open(&self) -> (Arc<dyn Broker>, Arc<dyn Ledger>) {
        match self.backend {
            Backend::Rabbitmq => {
                let broker = RabbitBroker::connect(self.broker_settings()).await;
                let ledger = RedisLedger::connect(self.ledger_settings()).await;
                (Arc::new(broker.expect("RabbitMQ")), Arc::new(ledger.expect("Redis")))
            }
            Backend::Embedded => {
                let path = self.directory().join("reelwork.db");
                let settings = embedded::Settings::new(path, &self.namespace);
                let embedded = Embedded::open(settings).expect("a file");
                (embedded.broker(), embedded.ledger())
            }
        }
    }

    pub(crate) fn broker_settings(&self) -> broker_rabbitmq::Settings {
        broker_rabbitmq::Settings::new(self.amqp.as_str(), &self.namespace)
    }

    pub(crate) fn ledger_settings(&self) -> ledger_redis::Settings {
        ledger_redis::Settings::new(self.redis_url(), &self.namespace)
    }
}

impl Drop for Environment {
    fn drop(&mut self) {
        if self.backend == Backend::Embedded {
            return;
        }
        let (broker, ledger) = (self.broker_settings(), self.ledger_settings());
        let shared = self.redis.is_none();
        // A separate thread, because a runtime may not block within another one.
        let erasing = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async {
                broker.topology().erase(&broker, &SUBSCRIPTIONS).await.expect("a clean broker");
                if shared {
                    let ledger = RedisLedger::connect(ledger).await.expect("Redis");
                    ledger.erase().await.expect("a clean ledger");
                }
            });
        });
        let erased = erasing.join();
        // A second panic would hide the first.
        if !std::thread::panicking() {
            erased.expect("the namespace was not cleaned up");
        }
    }
}

pub(crate) fn amqp_url() -> String {
    let default = || "amqp://guest:guest@127.0.0.1:5672".to_owned();
    std::env::var("REELWORK_TEST_AMQP_URL").unwrap_or_else(|_| default())
}

pub(crate) fn redis_url() -> String {
    let default = || "redis://127.0.0.1:6379".to_owned();
    std::env::var("REELWORK_TEST_REDIS_URL").unwrap_or_else(|_| default())
}
