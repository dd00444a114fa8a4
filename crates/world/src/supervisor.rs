use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::time::sleep;

use crate::fault::Fault;
use crate::life::Life;
use crate::process::Process;
use crate::world::World;

/// Keeps one process running: starts a new one whenever it has ended.
pub(crate) struct Supervisor {
    world: Arc<World>,
    life: Mutex<Option<Arc<Life>>>,
    /// The present process must stop in order.
    stop: Notify,
}

impl Supervisor {
    pub(crate) fn start(world: Arc<World>) -> Arc<Self> {
        let supervisor = Arc::new(Self { world, life: Mutex::default(), stop: Notify::new() });
        tokio::spawn(supervisor.clone().keep());
        supervisor
    }

    fn life(&self) -> MutexGuard<'_, Option<Arc<Life>>> {
        self.life.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn keep(self: Arc<Self>) {
        loop {
            let life = self.world.life(self.world.census.next());
            *self.life() = Some(life.clone());
            tokio::select! {
                biased;
                () = life.ended() => {}
                () = self.run(&life) => {}
            }
            life.end();
            sleep(life.chance.millis(0, 5_000)).await;
        }
    }

    /// Returns when the process was stopped in order.
    async fn run(&self, life: &Arc<Life>) {
        let Some(process) = Process::start(&self.world, life).await else { return };
        self.stop.notified().await;
        self.world.front.leave(life);
        process.stop().await;
    }

    /// Applies a fault to the present process.
    pub(crate) fn strike(&self, fault: Fault) {
        let Some(life) = self.life().clone() else { return };
        match fault {
            Fault::Crash(_) | Fault::Blackout => life.end(),
            Fault::Freeze(_, wait) => life.freeze(wait),
            Fault::Cut(_) => life.cut(),
            Fault::Stop(_) => self.stop.notify_one(),
            _ => {}
        }
    }
}
