use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use job::{Cadence, Lane, Operation, Resource};
use ports::{Broker, Clock, Ledger};
use recorder::{Recorder, Session, Writer};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::handler::Handler;
use crate::hold_times::HoldTimes;
use crate::intake::Intake;
use crate::intake_monitor::IntakeMonitor;
use crate::lane::LaneConsumer;
use crate::lane_report::LaneReport;
use crate::origin::WrongClocks;
use crate::pause_writer;
use crate::reachability::typical_route;
use crate::settings::Settings;
use crate::shared::Shared;

/// Submits jobs from every lane until it is drained.
pub struct Worker {
    shared: Arc<Shared>,
    intakes: BTreeMap<Resource, Arc<Intake>>,
    stop: CancellationToken,
    loops: TaskTracker,
    tasks: TaskTracker,
}

impl Worker {
    pub fn start(
        broker: Arc<dyn Broker>,
        ledger: Arc<dyn Ledger>,
        session: Arc<Session>,
        kling: kling::Client,
        clock: Arc<dyn Clock>,
        settings: Settings,
    ) -> Self {
        let writer = Writer::new(ledger.clone(), clock.clone(), settings.rules.clone());
        let recorder = Recorder::new(writer, broker.clone(), session.clone());
        let shared = Arc::new(Shared {
            in_progress: Arc::new(Semaphore::new(settings.in_progress.max(1))),
            recorder: recorder.noting_owners(settings.callback.is_some()),
            abandon: CancellationToken::new(),
            wrong_clocks: WrongClocks::default(),
            broker,
            ledger,
            session,
            kling,
            clock,
            settings,
        });
        let intake = |resource| (resource, Arc::new(intake(&shared.settings, resource)));
        let intakes = Resource::ALL.into_iter().map(intake);
        let worker = Self {
            intakes: intakes.collect(),
            shared,
            stop: CancellationToken::new(),
            loops: TaskTracker::new(),
            tasks: TaskTracker::new(),
        };
        worker.start_lanes();
        worker
    }

    fn start_lanes(&self) {
        for (resource, intake) in &self.intakes {
            let handlers: Vec<Handler> = Lane::all()
                .filter(|lane| lane.resource == *resource)
                .map(|lane| self.handler(lane, intake))
                .collect();
            for handler in handlers.clone() {
                self.loops.spawn(LaneConsumer { handler }.run());
            }
            let (shared, intake, stop) = (self.shared.clone(), intake.clone(), self.stop.clone());
            self.loops.spawn(IntakeMonitor::new(shared, intake, *resource, handlers, stop).run());
        }
        self.loops.spawn(pause_writer::run(self.shared.clone(), self.lanes(), self.stop.clone()));
        self.loops.close();
    }

    fn handler(&self, lane: Lane, intake: &Arc<Intake>) -> Handler {
        Handler {
            shared: self.shared.clone(),
            intake: intake.clone(),
            lane,
            order: Arc::default(),
            stop: self.stop.clone(),
            tasks: self.tasks.clone(),
        }
    }

    /// Which lanes are paused, for metrics and health pages.
    pub fn lanes(&self) -> LaneReport {
        LaneReport::new(self.intakes.clone(), self.shared.clock.clone())
    }

    /// Takes no more deliveries, gives back those that were not begun, finishes and records every
    /// POST that is under way. `true` when all was done within `patience`.
    pub async fn drain(self, patience: Duration) -> bool {
        self.stop.cancel();
        self.intakes.values().for_each(|intake| intake.stop());
        let finish = async {
            self.loops.wait().await;
            self.tasks.close();
            self.tasks.wait().await;
        };
        if tokio::time::timeout(patience, finish).await.is_ok() {
            return true;
        }
        // Answers that are half recorded are journaled and their deliveries given back.
        self.shared.abandon.cancel();
        tokio::time::timeout(Duration::from_secs(2), self.tasks.wait()).await.is_ok()
    }
}

/// From when a lost answer may be looked for until its slot is certainly given back.
const LOOK_UP: Duration = Duration::from_secs(10);

fn intake(settings: &Settings, resource: Resource) -> Intake {
    let hold = HoldTimes {
        slots: settings.slots.of(resource),
        post_timeout: settings.post_timeout,
        tested: settings.post_timeout + settings.rules.settling + LOOK_UP,
        untested: task_life(resource, settings.rules.pace),
    };
    Intake::new(widest(settings, resource), hold)
}

/// As long as a task whose id is not known may hold its slot.
fn task_life(resource: Resource, pace: f64) -> Duration {
    Cadence::of(&Operation::new(typical_route(resource).path()), pace).lives
}

/// Never more deliveries at a time than slots.
fn widest(settings: &Settings, resource: Resource) -> u16 {
    let slots = match settings.slots.of(resource) {
        0 => u16::MAX,
        slots => u16::try_from(slots).unwrap_or(u16::MAX),
    };
    settings.prefetch.min(slots).max(1)
}
