use std::time::Duration;

use crate::accounts::Name;
use crate::chance::Chance;

/// Something that fails at a given time, independent of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Crash(u32),
    /// An orderly stop, as for an upgrade.
    Stop(u32),
    Freeze(u32, Duration),
    /// The broker drops the connection of a living process.
    Cut(u32),
    /// Every process ends at once, and the ledger is emptied.
    Blackout,
    LedgerAway(Duration),
    BrokerAway(Duration),
    ProviderAway(Duration),
    AccountRefused(Duration),
    /// The provider refuses one of several accounts, and still shows its tasks.
    Arrears(Name, Duration),
    /// That account is whole again: jobs that may use another must have ended before.
    PaidUp(Name),
    /// Every POST is answered with a server error, whether it created a task or not.
    PostsBreak(Duration),
    /// A proxy answers everything in the provider's place.
    PathRefuses(Duration),
    /// The provider forgets the tasks that are in the journal.
    TasksForgotten,
    /// An operator uses the command line.
    Command(Command),
    /// The ledger is emptied.
    Forget,
    /// A snapshot of the ledger is taken; no fault by itself.
    Snapshot,
    /// The ledger is set back to its last snapshot.
    SetBack,
}

/// What an operator does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Cancel,
    /// Replays some dead letters, and then the same again.
    Replay,
    /// Drops a dead letter, and the job that was parked with it.
    Drop,
    /// Ends a doubt whose task is not running.
    Fail,
    /// Has a job that did not succeed done again, and repeats the command.
    Retry,
    /// Pauses something by hand, and resumes it later.
    Pause,
}

impl Command {
    fn any(chance: &Chance) -> Self {
        match chance.below(8) {
            0 | 1 => Self::Cancel,
            2 | 3 => Self::Replay,
            4 => Self::Drop,
            5 | 6 => Self::Retry,
            _ => Self::Fail,
        }
    }
}

impl Fault {
    /// The ledger must be rebuilt after it.
    pub(crate) fn loses(self) -> bool {
        matches!(self, Self::Blackout | Self::Forget | Self::SetBack)
    }

    /// Its name in the counts.
    pub(crate) fn kind(self) -> Option<&'static str> {
        Some(match self {
            Self::Crash(_) => "crash",
            Self::Stop(_) => "stop",
            Self::Freeze(..) => "freeze",
            Self::Cut(_) => "connection cut",
            Self::LedgerAway(_) => "ledger away",
            Self::BrokerAway(_) => "broker away",
            Self::ProviderAway(_) => "provider away",
            Self::AccountRefused(_) => "account refused",
            Self::Arrears(..) => "account in arrears",
            Self::PostsBreak(_) => "POSTs broken",
            Self::PathRefuses(_) => "way refuses",
            Self::TasksForgotten => "provider forgets",
            Self::Command(_) => "command",
            Self::Blackout => "all at once",
            Self::Forget => "ledger emptied",
            Self::SetBack => "ledger set back",
            Self::Snapshot | Self::PaidUp(_) => return None,
        })
    }
}

/// Faults begin while jobs are published, and for some time after.
pub(crate) const TROUBLE: u64 = 45_000;

/// How old a snapshot may be that the ledger is set back to.
const OLDEST: u64 = 15_000;

pub(crate) fn throw(chance: &Chance, processes: u32, may_freeze: bool) -> Vec<(Duration, Fault)> {
    let count = chance.below(3 * u64::from(processes) + 4);
    let one = |_| (chance.millis(0, TROUBLE), fault(chance, processes, may_freeze));
    let mut faults: Vec<(Duration, Fault)> = (0..count).map(one).collect();
    let set_back = |(at, fault): &(Duration, Fault)| (*fault == Fault::SetBack).then_some(*at);
    faults.extend(of_many(chance));
    let before: Vec<Duration> = faults.iter().filter_map(set_back).collect();
    let snapshot = |at: Duration| (at.saturating_sub(chance.millis(1, OLDEST)), Fault::Snapshot);
    faults.extend(before.into_iter().map(snapshot));
    faults.sort_by_key(|(at, _)| *at);
    faults
}

/// A frozen process may send a POST after its last check. Only a provider that enforces ids
/// prevents harm from that, so only there may a process freeze.
fn fault(chance: &Chance, processes: u32, may_freeze: bool) -> Fault {
    let slot = u32::try_from(chance.below(u64::from(processes))).unwrap_or(0);
    match chance.below(14) {
        0..=3 => Fault::Crash(slot),
        4 => Fault::Stop(slot),
        5 | 6 if may_freeze => Fault::Freeze(slot, chance.millis(500, 12_000)),
        5..=7 => Fault::Cut(slot),
        8 => Fault::LedgerAway(chance.millis(200, 8_000)),
        9 => Fault::BrokerAway(chance.millis(200, 8_000)),
        10 => Fault::ProviderAway(chance.millis(200, 8_000)),
        11 => Fault::AccountRefused(chance.millis(200, 4_000)),
        12 => Fault::Forget,
        _ => Fault::SetBack,
    }
}

/// Faults that affect all processes, or all that send.
fn of_many(chance: &Chance) -> Vec<(Duration, Fault)> {
    let mut faults = Vec::new();
    let blackouts = if chance.happens(0.3) { chance.between(1, 4) } else { 0 };
    faults.extend((0..blackouts).map(|_| Fault::Blackout));
    if chance.happens(0.25) {
        faults.push(Fault::PostsBreak(chance.millis(500, 8_000)));
    }
    faults.into_iter().map(|fault| (chance.millis(0, TROUBLE), fault)).collect()
}

/// Faults by proxies, the provider or an operator: in addition to all others, and also while a lost
/// ledger is rebuilt.
pub(crate) fn of_others(chance: &Chance, faults: &[(Duration, Fault)]) -> Vec<(Duration, Fault)> {
    let mut others = Vec::new();
    if chance.happens(0.25) {
        let wait = chance.millis(500, 8_000);
        others.push((chance.millis(0, TROUBLE), Fault::PathRefuses(wait)));
    }
    if chance.happens(0.2) {
        others.push((chance.millis(5_000, TROUBLE), Fault::TasksForgotten));
    }
    if chance.happens(0.4) {
        let command = |_| (chance.millis(0, TROUBLE), Fault::Command(Command::any(chance)));
        others.extend((0..chance.between(1, 6)).map(command));
    }
    for (at, _) in faults.iter().filter(|(_, fault)| fault.loses()) {
        if chance.happens(0.5) {
            let at = *at + chance.millis(50, 2_500);
            others.push((at, Fault::Command(Command::any(chance))));
        }
    }
    if chance.happens(0.5) {
        let pause = |_| (chance.millis(0, TROUBLE), Fault::Command(Command::Pause));
        others.extend((0..chance.between(1, 5)).map(pause));
    }
    others
}
