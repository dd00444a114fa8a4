use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use job::{Cadence, Lane, Operation, Resource};
use ports::{Broker, Clock, Ledger};
use recorder::{Recorder, Session, Writer};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::desk::Desk;
use crate::gate::Gate;
use crate::gatekeeper::Gatekeeper;
use crate::lane::LaneLoop;
use crate::lane_report::LaneReport;
use crate::notice;
use crate::rests::Held;
use crate::settings::Settings;
use crate::shared::Shared;
use crate::told::WrongClocks;
use crate::up::usual;

/// Submits jobs from every lane until it is drained.
pub struct Worker {
    shared: Arc<Shared>,
    gates: BTreeMap<Resource, Arc<Gate>>,
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
        let gate = |resource| (resource, Arc::new(gate(&shared.settings, resource)));
        let gates = Resource::ALL.into_iter().map(gate);
        let worker = Self {
            gates: gates.collect(),
            shared,
            stop: CancellationToken::new(),
            loops: TaskTracker::new(),
            tasks: TaskTracker::new(),
        };
        worker.start_lanes();
        worker
    }

    fn start_lanes(&self) {
        for (resource, gate) in &self.gates {
            let desks: Vec<Desk> = Lane::all()
                .filter(|lane| lane.resource == *resource)
                .map(|lane| self.desk(lane, gate))
                .collect();
            for desk in desks.clone() {
                self.loops.spawn(LaneLoop { desk }.run());
            }
            let (shared, gate, stop) = (self.shared.clone(), gate.clone(), self.stop.clone());
            self.loops.spawn(Gatekeeper::of(shared, gate, *resource, desks, stop).run());
        }
        self.loops.spawn(notice::run(self.shared.clone(), self.lanes(), self.stop.clone()));
        self.loops.close();
    }

    fn desk(&self, lane: Lane, gate: &Arc<Gate>) -> Desk {
        Desk {
            shared: self.shared.clone(),
            gate: gate.clone(),
            lane,
            queue: Arc::default(),
            stop: self.stop.clone(),
            tasks: self.tasks.clone(),
        }
    }

    /// Which lanes rest, for metrics and health pages.
    pub fn lanes(&self) -> LaneReport {
        LaneReport::new(self.gates.clone(), self.shared.clock.clone())
    }

    /// Takes nothing new, gives back what was not begun, finishes and records every POST that
    /// is under way. `true` when all was done within `patience`.
    pub async fn drain(self, patience: Duration) -> bool {
        self.stop.cancel();
        self.gates.values().for_each(|gate| gate.stop());
        let finish = async {
            self.loops.wait().await;
            self.tasks.close();
            self.tasks.wait().await;
        };
        if tokio::time::timeout(patience, finish).await.is_ok() {
            return true;
        }
        // Half-recorded work is journaled and given back rather than held for ever.
        self.shared.abandon.cancel();
        tokio::time::timeout(Duration::from_secs(2), self.tasks.wait()).await.is_ok()
    }
}

/// From when a lost answer may be looked for until its slot is surely given back.
const LOOKED_FOR: Duration = Duration::from_secs(10);

fn gate(settings: &Settings, resource: Resource) -> Gate {
    let held = Held {
        slots: settings.slots.of(resource),
        post_timeout: settings.post_timeout,
        tested: settings.post_timeout + settings.rules.settling + LOOKED_FOR,
        untested: lives(resource, settings.rules.pace),
    };
    Gate::new(widest(settings, resource), held)
}

/// As long as a task that nobody can see may hold its slot.
fn lives(resource: Resource, pace: f64) -> Duration {
    Cadence::of(&Operation::new(usual(resource).path()), pace).lives
}

/// Never more deliveries at a time than there are slots for them.
fn widest(settings: &Settings, resource: Resource) -> u16 {
    let slots = match settings.slots.of(resource) {
        0 => u16::MAX,
        slots => u16::try_from(slots).unwrap_or(u16::MAX),
    };
    settings.prefetch.min(slots).max(1)
}
