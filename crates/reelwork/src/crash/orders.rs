//! When to die: the orders are in a file, so that the test decides when.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use rustix::process::{Signal, getpid, kill_process};

use super::effect::{Effect, Moment, point};

const VARIABLE: &str = "CRASH_POINTS_FILE";

/// Whether a test may order this process to die.
pub(super) fn expected() -> bool {
    file().is_some()
}

fn file() -> Option<&'static Path> {
    static FILE: OnceLock<Option<PathBuf>> = OnceLock::new();
    FILE.get_or_init(|| std::env::var_os(VARIABLE).map(PathBuf::from)).as_deref()
}

pub(super) fn reach(effect: Effect, moment: Moment) {
    let Some(file) = file() else { return };
    let Ok(orders) = std::fs::read_to_string(file) else { return };
    let name = point(effect, moment);
    follow(&orders);
    fail::fail_point!(&name, |_| die(file));
}

/// New orders replace the old ones; the same orders continue to count.
fn follow(orders: &str) {
    static FOLLOWED: Mutex<String> = Mutex::new(String::new());
    let mut followed = FOLLOWED.lock().unwrap_or_else(PoisonError::into_inner);
    if *followed == orders {
        return;
    }
    for (point, _) in fail::list() {
        fail::remove(point);
    }
    for (point, actions) in orders.lines().filter_map(|line| line.split_once('=')) {
        if let Err(problem) = fail::cfg(point, actions) {
            tracing::error!(point, problem, "a crash point cannot be set");
        }
    }
    orders.clone_into(&mut followed);
}

/// SIGKILL, as from outside: nothing is flushed, closed or unwound.
fn die(file: &Path) {
    if std::fs::remove_file(file).is_err() {
        return;
    }
    let _ = kill_process(getpid(), Signal::KILL);
    // Not one step further, even if the signal arrives late.
    loop {
        std::thread::park();
    }
}
