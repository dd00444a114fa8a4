//! A consumer of results, and the events that it received.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use job::{CloudEvent, EventKind};
use producer::Producer;

use super::{Environment, Process, Python, until};

/// A consumer of all events of a test's namespace.
pub(crate) struct Consumer {
    received: Source,
}

enum Source {
    /// The consumer of this workspace, in this process.
    Here(Arc<Mutex<Vec<CloudEvent>>>),
    /// A plain AMQP client in Python that prints one JSON line per message.
    Python(Box<Process>),
}

/// The events received so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Received(pub(crate) Vec<CloudEvent>);

impl Consumer {
    /// Starts consuming; returns when it is subscribed.
    pub(crate) async fn subscribed(environment: &Environment) -> Self {
        let producer = Producer::new(environment.broker().await);
        let mut results = producer.results(Some("consumer"), "#").await.expect("results");
        let received = Arc::new(Mutex::new(Vec::new()));
        let events = received.clone();
        tokio::spawn(async move {
            while let Some(result) = results.next().await {
                events.lock().expect("no panic").push(result.event.clone());
                if result.ack().await.is_err() {
                    return;
                }
            }
        });
        Self { received: Source::Here(received) }
    }

    /// Starts the plain client, bound to all results.
    pub(crate) async fn plain(environment: &Environment) -> Self {
        let exchange = format!("{}.results", environment.namespace);
        let arguments = [environment.amqp.as_str(), exchange.as_str(), "#"];
        Self::python(Python::start(environment, "consumer.py", &arguments, "")).await
    }

    /// Uses a process that prints the events that it receives.
    pub(crate) async fn python(consumer: Process) -> Self {
        until("the consumer is bound", async || consumer.stdout().starts_with("ready")).await;
        Self { received: Source::Python(Box::new(consumer)) }
    }

    pub(crate) fn received(&self) -> Received {
        match &self.received {
            Source::Here(events) => Received(events.lock().expect("no panic").clone()),
            Source::Python(consumer) => Received(read(&consumer.stdout())),
        }
    }

    /// The lines that the plain client printed.
    pub(crate) fn lines(&self) -> Vec<serde_json::Value> {
        match &self.received {
            Source::Here(_) => Vec::new(),
            Source::Python(consumer) => whole(&consumer.stdout()),
        }
    }

    /// Waits until this many jobs have an outcome, for as long as more of them arrive.
    pub(crate) async fn receives_outcomes(&self, jobs: usize) -> Received {
        let mut known = 0;
        while known < jobs {
            let what = format!("more than {known} of {jobs} outcomes are announced");
            let before = known;
            until(&what, async || {
                known = self.received().outcomes().len();
                known > before
            })
            .await;
        }
        self.received()
    }

    /// Waits until this job has an outcome.
    pub(crate) async fn receives(&self, id: &str) -> CloudEvent {
        let mut outcome = None;
        until(&format!("the outcome of {id} is announced"), async || {
            outcome = self.received().outcome(id).cloned();
            outcome.is_some()
        })
        .await;
        outcome.expect("an outcome")
    }
}

/// A line that is still being written is read the next time.
fn whole(lines: &str) -> Vec<serde_json::Value> {
    let complete = lines.rsplit_once('\n').map_or("", |(complete, _)| complete);
    let message = |line: &str| serde_json::from_str(line).expect("a line of JSON");
    complete.lines().filter(|line| line.starts_with('{')).map(message).collect()
}

fn read(lines: &str) -> Vec<CloudEvent> {
    let event = |message: &serde_json::Value| {
        assert_eq!(message["content_type"], "application/cloudevents+json");
        assert_eq!(message["delivery_mode"], 2, "events are persistent");
        assert_eq!(message["app_id"], "reelwork");
        let body = message["body"].as_str().expect("a body");
        let event: CloudEvent = serde_json::from_str(body).expect("an event");
        assert_eq!(message["message_id"], event.id.as_str());
        assert_eq!(message["routing_key"], event.routing_key());
        event
    };
    whole(lines).iter().map(event).collect()
}

impl Received {
    /// Different events by job: a repeat of one event counts once.
    pub(crate) fn outcomes(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let mut outcomes: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for event in self.0.iter().filter(|event| is_outcome(event)) {
            outcomes.entry(&event.subject).or_default().insert(&event.id);
        }
        outcomes
    }

    pub(crate) fn outcome(&self, id: &str) -> Option<&CloudEvent> {
        self.0.iter().find(|event| event.subject == id && is_outcome(event))
    }

    pub(crate) fn distinct(&self) -> usize {
        self.0.iter().map(|event| event.id.as_str()).collect::<BTreeSet<_>>().len()
    }

    /// Deliveries beyond the first of each event.
    pub(crate) fn repeats(&self) -> usize {
        self.0.len() - self.distinct()
    }

    /// Jobs whose outcome is of this kind.
    pub(crate) fn count(&self, kind: EventKind) -> usize {
        let of_kind = self.0.iter().filter(|event| event.kind() == Some(kind));
        of_kind.map(|event| event.id.as_str()).collect::<BTreeSet<_>>().len()
    }

    /// Exactly one outcome for each of these jobs, and none for any other.
    #[track_caller]
    pub(crate) fn has_one_outcome_each<'a>(&self, ids: impl IntoIterator<Item = &'a str>) {
        let wanted: BTreeSet<&str> = ids.into_iter().collect();
        let outcomes = self.outcomes();
        let told: BTreeSet<&str> = outcomes.keys().copied().collect();
        let lost: Vec<_> = wanted.difference(&told).collect();
        let strange: Vec<_> = told.difference(&wanted).collect();
        assert!(
            lost.is_empty() && strange.is_empty(),
            "lost {lost:?}, never asked for {strange:?}"
        );
        let twice: Vec<_> = outcomes.iter().filter(|(_, events)| events.len() != 1).collect();
        assert!(twice.is_empty(), "more than one outcome: {twice:?}");
    }
}

fn is_outcome(event: &CloudEvent) -> bool {
    event.kind().is_some_and(EventKind::is_outcome)
}
