//! One request to drain, by a signal or by code.

use std::io;
use std::process;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;

use tokio::sync::watch;

/// A request for the whole process, made once. Clones are the same request.
#[derive(Clone, Debug)]
pub struct Shutdown {
    requested: Arc<watch::Sender<bool>>,
}

impl Shutdown {
    /// Only [`trigger`](Self::trigger) makes the request.
    pub fn new() -> Self {
        Self { requested: Arc::new(watch::Sender::new(false)) }
    }

    /// The first SIGTERM, SIGINT or SIGHUP makes the request too (outside of Unix, Ctrl-C). Under
    /// `nohup`, SIGHUP stays ignored. The second signal ends the process at once, with 143, 130 or
    /// 129.
    ///
    /// Signals are handled from the return of this function on, in a thread of their own. So the
    /// second one works even if every thread of the runtime is stuck.
    pub fn on_signals() -> io::Result<Self> {
        let shutdown = Self::new();
        let (ready, started) = mpsc::channel();
        let raised = shutdown.clone();
        thread::Builder::new().name("signals".into()).spawn(move || listen(&raised, &ready))?;
        started.recv().map_err(io::Error::other)??;
        Ok(shutdown)
    }

    /// Calling it again changes nothing.
    pub fn trigger(&self) {
        self.requested.send_replace(true);
    }

    pub fn is_requested(&self) -> bool {
        *self.requested.borrow()
    }

    /// Waits for the request; returns at once if it was made. Safe to drop and call again.
    pub async fn requested(&self) {
        // The channel cannot close: `self` has the sender.
        let _ = self.requested.subscribe().wait_for(|raised| *raised).await;
    }
}

impl Default for Shutdown {
    fn default() -> Self {
        Self::new()
    }
}

type Ready = mpsc::Sender<io::Result<()>>;

fn listen(shutdown: &Shutdown, ready: &Ready) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(wait_for_signals(shutdown, ready)),
        Err(error) => Err(error),
    };
    if let Err(error) = outcome {
        // After the start, nothing waits for the error any more.
        let _ = ready.send(Err(error));
    }
}

async fn wait_for_signals(shutdown: &Shutdown, ready: &Ready) -> io::Result<()> {
    let mut signals = Signals::new()?;
    let _ = ready.send(Ok(()));
    let first = signals.next().await?;
    tracing::info!(signal = first.name(), "draining; a second signal ends the process at once");
    shutdown.trigger();
    let second = signals.next().await?;
    process::exit(second.exit_code())
}

#[derive(Clone, Copy)]
enum Signal {
    Interrupt,
    #[cfg(unix)]
    Terminate,
    #[cfg(unix)]
    HangUp,
}

impl Signal {
    const fn name(self) -> &'static str {
        match self {
            Self::Interrupt => "SIGINT",
            #[cfg(unix)]
            Self::Terminate => "SIGTERM",
            #[cfg(unix)]
            Self::HangUp => "SIGHUP",
        }
    }

    /// 128 plus the signal's number, as in a shell.
    const fn exit_code(self) -> i32 {
        match self {
            Self::Interrupt => 130,
            #[cfg(unix)]
            Self::Terminate => 143,
            #[cfg(unix)]
            Self::HangUp => 129,
        }
    }
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    /// `None` if the parent process ignored it.
    hang_up: Option<tokio::signal::unix::Signal>,
}

/// Linux shows which signals are ignored; the first bit is SIGHUP's.
#[cfg(unix)]
fn ignores_hang_up() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .is_some_and(|mask| mask & 1 == 1)
}

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: match ignores_hang_up() {
                true => None,
                false => Some(signal(SignalKind::hangup())?),
            },
        })
    }

    async fn next(&mut self) -> io::Result<Signal> {
        let (received, signal) = tokio::select! {
            received = self.interrupt.recv() => (received, Signal::Interrupt),
            received = self.terminate.recv() => (received, Signal::Terminate),
            received = hung_up(self.hang_up.as_mut()) => (received, Signal::HangUp),
        };
        received.map(|()| signal).ok_or_else(|| io::Error::other("no more signals"))
    }
}

#[cfg(unix)]
async fn hung_up(signal: Option<&mut tokio::signal::unix::Signal>) -> Option<()> {
    match signal {
        Some(signal) => signal.recv().await,
        None => std::future::pending().await,
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> io::Result<Signal> {
        tokio::signal::ctrl_c().await?;
        Ok(Signal::Interrupt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn code_can_request_it_and_every_clone_is_notified() {
        let shutdown = Shutdown::new();
        let clone = shutdown.clone();
        let waiting = tokio::spawn(async move { clone.requested().await });
        tokio::task::yield_now().await;
        assert!(!shutdown.is_requested() && !waiting.is_finished());
        shutdown.trigger();
        shutdown.trigger();
        waiting.await.unwrap();
        assert!(shutdown.is_requested());
        shutdown.requested().await;
    }
    #[tokio::test]
    async fn it_stays_requested_when_nothing_was_waiting() {
        let shutdown = Shutdown::new();
        shutdown.trigger();
        assert!(shutdown.is_requested());
        shutdown.requested().await;
    }
}
