//! Whose a task and its files are, as the recorder notes it.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use job::{
    Fact, JobKey, MessageFacts, Outcome, Output, OutputKind, Record, Rules, State, Timestamp,
    decode,
};
use memory::{MemoryBroker, MemoryLedger, StoreTime};
use ports::{AccountTask, Accounts, Fence, Ledger, LedgerError, LedgerLayer, SystemClock, Write};
use recorder::{Applied, Batcher, Recorder, Session, Writer};
use tokio_util::sync::CancellationToken;

/// Claims fail while `refuses`.
struct Claims {
    inner: Arc<dyn Ledger>,
    refuses: bool,
}

#[async_trait]
impl LedgerLayer for Claims {
    fn inner(&self) -> &dyn Ledger {
        self.inner.as_ref()
    }

    async fn claim_task(
        &self,
        fence: &Fence,
        task: &AccountTask,
        key: &JobKey,
        round: u32,
    ) -> Result<bool, LedgerError> {
        match self.refuses {
            true => Err(LedgerError::Unavailable("no answer".to_owned())),
            false => Accounts::claim_task(self.inner(), fence, task, key, round).await,
        }
    }
}

struct Fixture {
    ledger: Arc<dyn Ledger>,
    session: Arc<Session>,
}

impl Fixture {
    async fn set(refuses: bool) -> Self {
        let inner = Arc::new(MemoryLedger::new(StoreTime::of_wall(), Duration::from_secs(3600)));
        let ledger: Arc<dyn Ledger> = Arc::new(Claims { inner, refuses });
        let joined = Session::join(ledger.clone(), Arc::new(SystemClock), Timestamp::EPOCH).await;
        Self { ledger, session: Arc::new(joined.unwrap()) }
    }

    fn recorder(&self) -> Recorder {
        let writer = Writer::new(self.ledger.clone(), self.session.clone(), Rules::default());
        Recorder::new(writer, Arc::new(MemoryBroker::new().connect()), self.session.clone())
    }

    /// As a poller has it.
    fn announcing(&self) -> Recorder {
        let (batcher, writes) = Batcher::new(self.ledger.clone(), self.session.clone());
        tokio::spawn(writes);
        self.recorder().announcing(batcher, Duration::from_secs(5))
    }

    async fn write(&self, record: &Record) {
        let (outbox, outbox_lease) = (Vec::new(), Duration::ZERO);
        let write = Write { record: record.clone(), due: None, outbox, outbox_lease };
        self.ledger.create(&self.session.fence(), write).await.unwrap();
    }

    async fn present(&self) -> ports::Stored {
        self.ledger.load(&key()).await.unwrap().unwrap()
    }

    async fn owner(&self, account: &str, id: &str) -> Option<JobKey> {
        let task = AccountTask { account: account.to_owned(), id: id.to_owned() };
        self.ledger.task_owner(&task).await.unwrap()
    }
}

fn key() -> JobKey {
    JobKey::parse("default/a").unwrap()
}

fn record(account: &str, state: State) -> Record {
    let body = br#"{"id":"a","operation":"videos/text2video","request":{"prompt":"x"}}"#;
    let job = decode(body, MessageFacts::default()).unwrap();
    let record = Record::new(&job, account, "reelwork", Timestamp::EPOCH);
    Record { state, revision: 1, ..record }
}

fn pending() -> Record {
    let state = State::Pending { status: "x".into(), looks: 0, next_look: Timestamp::EPOCH };
    Record { task_id: Some("7".into()), ..record("b", state) }
}

fn succeeded() -> Fact {
    let file = |id: Option<&str>| Output {
        kind: OutputKind::Video,
        id: id.map(str::to_owned),
        url: "https://x/1.mp4".to_owned(),
        wav_url: None,
        watermark_url: None,
        duration: None,
        expires_at: None,
    };
    let outputs = vec![file(Some("file-1")), file(None), file(Some("file-2"))];
    Fact::Ended { outcome: Outcome::succeeded(outputs) }
}

async fn end(fixture: &Fixture, recorder: &Recorder) {
    fixture.write(&pending()).await;
    let stored = fixture.present().await;
    let done = recorder.apply(&fixture.session.fence(), stored, succeeded()).await.unwrap();
    assert!(matches!(done, Applied::Done(_)), "{done:?}");
}

#[tokio::test]
async fn the_files_of_a_task_belong_to_its_job() {
    for notes in [true, false] {
        let fixture = Fixture::set(false).await;
        end(&fixture, &fixture.announcing().noting_owners(notes)).await;
        let expected = notes.then(key);
        for id in ["7", "file-1", "file-2"] {
            assert_eq!(fixture.owner("b", id).await, expected, "{id}");
        }
        assert_eq!(fixture.owner("default", "file-1").await, None);
    }
}

#[tokio::test]
async fn an_outcome_is_announced_also_if_nobody_can_note_whose_the_files_are() {
    let fixture = Fixture::set(true).await;
    end(&fixture, &fixture.announcing().noting_owners(true)).await;
    let state = fixture.present().await.record.state;
    assert!(matches!(state, State::Settled { .. }), "{state:?}");
}

/// The ledger lost the intent, and another account was chosen since.
#[tokio::test]
async fn a_late_answer_takes_the_record_to_the_account_that_has_the_task() {
    let fixture = Fixture::set(false).await;
    let submitting = State::Submitting {
        owner: "o".into(),
        intent: "i".into(),
        post_deadline: Timestamp::EPOCH,
    };
    let intent = record("default", submitting);
    let since = Record { revision: 9, ..record("b", State::Queued { why: None }) };
    fixture.write(&since).await;
    let sent = recorder::Intent { record: intent, version: 7, fence: fixture.session.fence() };
    let accepted = Fact::Accepted { task_id: "7".into(), status: "submitted".into() };
    let never = CancellationToken::new();
    fixture.recorder().noting_owners(true).answer(sent, accepted, &never).await.unwrap();
    let there = fixture.present().await.record;
    assert_eq!((there.account.as_str(), there.task_id.as_deref()), ("default", Some("7")));
    assert_eq!(fixture.owner("default", "7").await, Some(key()));
    let held = fixture.ledger.permits("default:videos").await.unwrap();
    assert_eq!(held.len(), 1, "its slot is in use");
}
