//! The parts of a demo: a simulated provider, a backend of its own, and all roles.

use std::sync::Arc;

use daemon::{Config, SecretString, SlotCount, Sources};
use embedded::Embedded;
use kling::{HttpSettings, HttpTransport, Transport};
use ports::Broker;
use simulator::{Accounts, PerPool, Settings, Simulator};

use crate::backends::{self, Backends, spans};
use crate::cli::{Backend, Demo, Sabotage};
use crate::demo::sabotage::{DoublePost, Dropping};
use crate::error::Error;
use crate::provider;
use crate::roles::{Roles, Which};

/// Tasks that take minutes take under a second.
const SPEED: f64 = 400.0;

/// The name of the demo's own subscription.
pub(crate) const SUBSCRIPTION: &str = "demo";

/// Slots at the provider for each resource: enough to keep it busy, and few enough to be used up.
const SLOTS: u32 = 100;

pub(crate) struct System {
    simulator: Simulator,
    backends: Backends,
    roles: Roles,
    backend: Own,
}

/// What belongs only to this demo and is deleted when it ends.
enum Own {
    Embedded(Embedded, tempfile::TempDir),
    Services(Box<Config>),
}

impl System {
    pub(crate) async fn start(options: &Demo, config: &Config) -> Result<Self, Error> {
        // Others may have an address of their own, where a task costs money.
        let mut config = config.of_first_account();
        let simulator = Simulator::start(provider(), ([127, 0, 0, 1], 0).into()).await?;
        config.kling.base_url = simulator
            .url()
            .parse()
            .map_err(|_| Error::Other("the simulator's address".to_owned()))?;
        config.poll.pace = 1.0 / SPEED;
        config.poll.sweep = std::time::Duration::from_millis(20);
        let slots = SlotCount::Number(SLOTS);
        (config.limits.videos, config.limits.images, config.limits.audio) = (slots, slots, slots);
        config.limits.max_submissions_per_day = 0;
        let (mut backends, backend) = match options.backend {
            Backend::Embedded => embedded_backend()?,
            Backend::Rabbitmq => services(&mut config).await?,
        };
        if let Some(what @ (Sabotage::DropEvent | Sabotage::DropJob)) = options.sabotage {
            backends.broker = Arc::new(Dropping::new(backends.broker, what));
        }
        let client = client(&config, options.sabotage)?;
        let (clients, watched) = (vec![client], |calls| calls);
        let (sources, which) = (Sources::default(), Which::Both);
        let roles = Roles::start(&config, &sources, &backends, clients, which, &watched).await?;
        Ok(Self { simulator, backends, roles, backend })
    }

    pub(crate) fn broker(&self) -> Arc<dyn Broker> {
        self.backends.broker.clone()
    }

    pub(crate) fn accounts(&self) -> Accounts {
        self.simulator.accounts()
    }

    pub(crate) async fn stop(self) -> Result<(), Error> {
        let drained = self.roles.drain().await;
        self.simulator.stop().await;
        self.backends.broker.close().await;
        drop(self.backends);
        match self.backend {
            Own::Embedded(embedded, directory) => {
                embedded.close().await;
                drop(directory);
            }
            Own::Services(config) => backends::erase(&config, &[SUBSCRIPTION]).await?,
        }
        drained
    }
}

fn provider() -> Settings {
    Settings {
        speed: SPEED,
        concurrency: PerPool { videos: SLOTS, images: SLOTS, audio: SLOTS },
        ..Settings::default()
    }
}

fn client(config: &Config, sabotage: Option<Sabotage>) -> Result<kling::Client, Error> {
    let transport = HttpTransport::new(&HttpSettings::default())
        .map_err(|error| Error::Other(error.to_string()))?;
    let transport: Arc<dyn Transport> = match sabotage {
        Some(Sabotage::DoublePost) => Arc::new(DoublePost::new(transport)),
        _ => Arc::new(transport),
    };
    provider::client_over(config, SecretString::from("demo"), transport)
}

fn embedded_backend() -> Result<(Backends, Own), Error> {
    let directory = tempfile::tempdir()?;
    let mut settings = embedded::Settings::new(directory.path().join("demo.db"), "demo");
    settings.spans = spans();
    let embedded = Embedded::open(settings)?;
    let backends = Backends { broker: embedded.broker(), ledger: embedded.ledger() };
    Ok((backends, Own::Embedded(embedded, directory)))
}

/// The configured services, with a namespace of its own.
async fn services(config: &mut Config) -> Result<(Backends, Own), Error> {
    let namespace = format!("demo-{:.8}", uuid::Uuid::new_v4().simple());
    (config.broker.namespace, config.ledger.namespace) = (namespace.clone(), namespace);
    let backends = Backends::open(config).await?;
    Ok((backends, Own::Services(Box::new(config.clone()))))
}
