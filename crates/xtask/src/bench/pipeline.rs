//! Our side: all roles of the program in one process, through the public backends of the crates.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use broker_rabbitmq::RabbitBroker;
use futures::{StreamExt, TryStreamExt};
use job::{Rules, Timestamp};
use kling::{HttpSettings, HttpTransport, Transport};
use ledger_redis::RedisLedger;
use meter::About;
use poller::Poller;
use ports::{Broker, Ledger, SystemClock};
use producer::{Draft, Producer, Results};
use recorder::Session;
use spans::Spans;
use worker::{Slots, Worker};

use crate::measure::{Measured, Meter};
use crate::{Failed, Load};

/// The name of the consumer's subscription.
const AUDIENCE: &str = "bench";

/// If no event arrives for this long, the missing jobs are lost.
const SILENCE: Duration = Duration::from_secs(15);

/// Tasks end at once, so the first query comes at once too.
const PACE: f64 = 1e-6;
const SWEEP: Duration = Duration::from_millis(5);

const DRAIN: Duration = Duration::from_secs(20);

/// The external connections of the roles, measured or not.
struct Backends {
    broker: Arc<dyn Broker>,
    ledger: Arc<dyn Ledger>,
    transport: Arc<dyn Transport>,
}

impl Backends {
    /// With all metrics of a role with an admin port.
    fn metered(self) -> Self {
        let meter = meter::Meter::new(About { version: "bench", role: "both" });
        Self {
            broker: meter.broker(self.broker),
            ledger: meter.ledger(self.ledger),
            transport: meter.transport(self.transport),
        }
    }
}

/// With `metered`, all metrics of a role with an admin port are counted.
pub(crate) async fn run(
    load: &Load,
    provider: Option<u32>,
    metered: bool,
) -> Result<Measured, Failed> {
    let namespace = format!("bench-{:08x}", uuid::Uuid::new_v4().as_fields().0);
    let mut settings = broker_rabbitmq::Settings::new(load.amqp.clone(), &namespace);
    settings.spans = Spans::named_by(daemon::traces::traceparent);
    let broker = RabbitBroker::connect(settings.clone()).await?;
    let ledger = ledger_redis::Settings::new(load.redis.clone(), &namespace);
    let ledger = Arc::new(RedisLedger::connect(ledger).await?);
    let transport = Arc::new(HttpTransport::new(&HttpSettings::default())?);
    let backends = Backends { broker: Arc::new(broker.clone()), ledger: ledger.clone(), transport };
    let backends = if metered { backends.metered() } else { backends };
    let measured = measure(load, provider, backends).await;
    broker.close().await;
    ledger.erase().await?;
    settings.topology().erase(&settings, &[AUDIENCE]).await?;
    measured
}

async fn measure(
    load: &Load,
    provider: Option<u32>,
    backends: Backends,
) -> Result<Measured, Failed> {
    let producer = Producer::new(backends.broker.clone());
    let mut results = producer.results(Some(AUDIENCE), "#").await?;
    let clock = Arc::new(SystemClock);
    let session = Arc::new(Session::join(backends.ledger.clone(), clock, Timestamp::EPOCH).await?);
    let (worker, poller) = roles(load, backends, session.clone())?;

    let meter = Meter::start(load, provider).await?;
    let (published, heard) =
        tokio::join!(publish(&producer, load), listen(&mut results, load.jobs));
    let repeats = heard.as_ref().map_or(0, |heard| heard.values().sum::<usize>() - heard.len());
    let measured = meter.stop(load.jobs, repeats).await;
    published.and(heard.map(drop))?;

    if !(worker.drain(DRAIN).await && poller.drain(DRAIN).await) {
        return Err("the pipeline was not drained in time".into());
    }
    if let Some(session) = Arc::into_inner(session) {
        session.leave().await;
    }
    Ok(measured)
}

fn roles(
    load: &Load,
    backends: Backends,
    session: Arc<Session>,
) -> Result<(Worker, Poller), Failed> {
    let Backends { broker, ledger, transport } = backends;
    let kling = kling::Client::new(transport, &load.provider, "bench".into())?;
    let rules = Rules { pace: PACE, ..Rules::default() };
    let at_once = usize::from(load.at_once);
    let settings = worker::Settings {
        rules: rules.clone(),
        slots: Slots::default(),
        prefetch: load.at_once,
        in_progress: at_once,
        ..worker::Settings::default()
    };
    let clock = Arc::new(SystemClock);
    let worker = Worker::start(
        broker.clone(),
        ledger.clone(),
        session.clone(),
        kling.clone(),
        clock.clone(),
        settings,
    );
    let settings = poller::Settings {
        rules,
        concurrency: at_once,
        batch: at_once,
        sweep: SWEEP,
        spans: Spans::named_by(daemon::traces::traceparent),
        ..poller::Settings::default()
    };
    Ok((worker, Poller::start(broker, ledger, session, kling, clock, settings)))
}

async fn publish(producer: &Producer, load: &Load) -> Result<(), Failed> {
    let publishing = futures::stream::iter(0..load.jobs).map(|number| async move {
        let id = format!("job-{number:07}");
        let prompt = format!("A lighthouse at dusk over a calm sea [job:{id}]");
        let draft = Draft::new("videos/text2video").id(id).prompt(prompt);
        let job = draft.set("duration", "5").set("mode", "std").build()?;
        producer.publish(&job).await?;
        Ok::<_, Failed>(())
    });
    publishing.buffer_unordered(load.at_once.into()).try_collect().await
}

/// How often the outcome of each job was received, until each was received once.
async fn listen(results: &mut Results, jobs: usize) -> Result<HashMap<String, usize>, Failed> {
    let mut heard: HashMap<String, usize> = HashMap::with_capacity(jobs);
    while heard.len() < jobs {
        let next = tokio::time::timeout(SILENCE, results.next()).await;
        let Ok(Some(result)) = next else {
            return Err(
                format!("no figures: {} of {jobs} jobs are lost", jobs - heard.len()).into()
            );
        };
        if result.event.event_type != "dev.reelwork.task.succeeded.v1" {
            return Err(format!("no figures: a job ended as {}", result.event.event_type).into());
        }
        *heard.entry(result.event.subject.clone()).or_default() += 1;
        tokio::spawn(result.ack());
    }
    Ok(heard)
}
