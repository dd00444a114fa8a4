//! A rebuild of jobs with files in their requests stays within the memory of a role.

use std::sync::Arc;
use std::time::Duration;

use embedded::{Embedded, Settings as FileSettings};
use follower::{Follower, Settings};
use job::{MessageFacts, Record, State, decode};
use ports::{Broker, Clock, Destination, Generation, Ledger, SystemClock};
use recorder::{Phase, Session, journal_message};

const JOBS: usize = 60;
const FILE: usize = 2 * 1024 * 1024;

/// Of the 512 MiB that the manifest allows.
const MOST: u64 = 200 * 1024 * 1024;

fn record(n: usize) -> Record {
    let file = "A".repeat(FILE);
    let body = format!(
        r#"{{"id":"{n}","operation":"videos/image2video","request":{{"image":"{file}"}},"retries":1}}"#
    );
    let job = decode(body.as_bytes(), MessageFacts::default()).unwrap();
    let mut record = Record::new(&job, "default", "reelwork", SystemClock.now());
    record.revision = 3;
    record.state =
        State::Pending { status: "submitted".into(), looks: 0, next_look: SystemClock.now() };
    record
}

/// The most memory that was resident since the last reset, in bytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

#[tokio::test]
async fn a_rebuild_of_large_jobs_is_bound_by_bytes() {
    let directory = tempfile::tempdir().unwrap();
    let open = |name: &str| {
        Embedded::open(FileSettings::new(directory.path().join(name), "follower")).unwrap()
    };
    let broker: Arc<dyn Broker> = open("journal.db").broker();
    let ledger: Arc<dyn Ledger> = open("ledger.db").ledger();
    let generation = Generation { id: "lost".into(), began_at: SystemClock.now() };
    for n in 0..JOBS {
        let line = journal_message(&generation, SystemClock.now(), &record(n), None).unwrap();
        broker.publish(&Destination::Journal, line).await.unwrap();
    }
    // Resets the peak.
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = peak();
    let clock = Arc::new(SystemClock);
    let joined = Session::join(ledger.clone(), clock.clone(), SystemClock.now()).await.unwrap();
    let session = Arc::new(joined);
    let settings = Settings { goes_on: false, ..Settings::default() };
    let follower = Follower::start(broker, ledger.clone(), session.clone(), clock, settings);
    tokio::time::timeout(Duration::from_secs(120), session.reached(Phase::Closed)).await.unwrap();
    assert!(follower.drain(Duration::from_secs(5)).await);
    assert!(ledger.load(&record(JOBS - 1).key).await.unwrap().is_some());
    let (mib, peak) = (1024 * 1024, peak());
    assert!(peak < MOST, "{} MiB for {JOBS} jobs, {} before", peak / mib, before / mib);
}
