//! State that is stored in a file. Dropping a simulator has the effect of a kill: nothing more is
//! written.

use std::io::Write;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use serde_json::json;
use simulator::{Fault, FaultKind, Settings, Simulator};
use tempfile::TempDir;

use crate::bench::{Bench, IMAGES, T2V, clip, clip_as, endless};

struct Books {
    _directory: TempDir,
    path: PathBuf,
}

impl Books {
    fn new() -> Books {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("below/books.jsonl");
        Books { _directory: directory, path }
    }

    async fn open(&self, settings: Settings) -> Bench {
        let listen = (Ipv4Addr::LOCALHOST, 0).into();
        let simulator = Simulator::start_with_books(settings, &self.path, listen).await.unwrap();
        Bench::of(simulator)
    }

    fn lines(&self) -> usize {
        std::fs::read_to_string(&self.path).unwrap().lines().count()
    }
}

fn append(path: &Path, text: &[u8]) {
    std::fs::OpenOptions::new().append(true).open(path).unwrap().write_all(text).unwrap();
}

fn moderated() -> Settings {
    let faults = vec![Fault { first_n: Some(1), ..Fault::always(FaultKind::FailModeration) }];
    Settings { life_ms: Some(0), faults, ..Settings::default() }
}

#[tokio::test]
async fn tasks_ids_and_accounts_are_found_again() {
    let books = Books::new();
    let first = books.open(endless()).await;
    let id = first.task("plain").await;
    first.create(T2V, clip_as("named", "ext-1")).await;
    first.create(IMAGES, json!({"prompt": "x [job:wide]", "n": 3})).await;
    assert_eq!(first.create(T2V, json!({})).await.0, 400);
    let before = first.simulator.accounts_with_tasks();
    drop(first);

    let second = books.open(endless()).await;
    assert_eq!(second.simulator.accounts_with_tasks(), before);
    let (status, body) = second.get(&format!("{T2V}/{id}")).await;
    assert_eq!((status.as_u16(), &body["data"]["task_status"]), (200, &json!("submitted")));
    assert_eq!(second.get(&format!("{T2V}/ext-1")).await.0, 200);
    let (_, repeat) = second.create(T2V, clip_as("named", "ext-1")).await;
    assert_eq!(repeat["code"], 1201, "an external id is known for ever");
    second.task("plain").await;
    assert_eq!(second.accounts().double_paid, 1);
}

#[tokio::test]
async fn what_ended_is_refunded_once_and_the_next_attempt_is_the_second() {
    let books = Books::new();
    let first = books.open(moderated()).await;
    first.task("a").await;
    let before = first.accounts();
    assert_eq!((before.failed, before.unfinished), (1, 0));
    drop(first);

    let second = books.open(moderated()).await;
    assert_eq!(second.accounts().refunded_usd, before.refunded_usd);
    second.task("a").await;
    let accounts = second.accounts();
    assert_eq!((accounts.failed, accounts.succeeded), (1, 1));
    assert_eq!((accounts.double_paid, accounts.double_charged), (1, 0));
}

#[tokio::test]
async fn the_beginning_of_a_line_is_cut_off() {
    let halves = [&b"{\"at_us\":17,\"wh"[..], b"\x00\x00\x00", b"{\"at_us\":17}\n"];
    for half in halves {
        let books = Books::new();
        let id = books.open(endless()).await.task("a").await;
        append(&books.path, half);
        let second = books.open(endless()).await;
        second.task("b").await;
        drop(second);
        let third = books.open(endless()).await;
        assert_eq!(third.accounts().accepted, 2, "after {half:?}");
        assert_eq!(third.get(&format!("{T2V}/{id}")).await.0, 200);
    }
}

#[tokio::test]
async fn a_line_that_is_wrong_in_the_middle_is_named() {
    let books = Books::new();
    let bench = books.open(endless()).await;
    bench.task("a").await;
    append(&books.path, b"what is this\n");
    bench.task("b").await;
    drop(bench);
    let listen = (Ipv4Addr::LOCALHOST, 0).into();
    let refused = Simulator::start_with_books(endless(), &books.path, listen).await.unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::InvalidData);
    assert!(refused.to_string().contains("books.jsonl: line 2: "), "{refused}");
}

#[tokio::test]
async fn a_task_of_a_lost_submission_and_a_session_are_on_paper_too() {
    let books = Books::new();
    let late = Fault { value: Some(0), ..Fault::always(FaultKind::CreatedLate) };
    let first = books.open(Settings { faults: vec![late], ..endless() }).await;
    assert!(first.post(T2V, &clip("late")).send().await.is_err());
    while first.accounts_as_they_are().accepted == 0 {
        tokio::task::yield_now().await;
    }
    let (_, opened) =
        first.create("videos/multi-elements/init-selection", json!({"video_id": "1"})).await;
    let session = opened["data"]["session_id"].clone();
    drop(first);

    let second = books.open(endless()).await;
    assert_eq!((second.accounts().accepted, second.accounts().helpers.calls), (1, 1));
    let edit = json!({"session_id": session, "edit_mode": "removal", "prompt": "x [job:e]"});
    assert_eq!(second.create("videos/multi-elements", edit).await.0, 200);
}

#[tokio::test]
async fn a_reset_and_a_clean_stop_are_written() {
    let books = Books::new();
    let first = books.open(endless()).await;
    first.task("a").await;
    first.simulator.reset();
    assert_eq!(books.lines(), 0);
    let id = first.task("b").await;
    first.get(&format!("{T2V}/{id}")).await;
    let before = first.accounts();
    first.simulator.stop().await;
    assert_eq!(books.open(endless()).await.accounts(), before, "the look is counted as well");
}

#[cfg(unix)]
#[tokio::test]
async fn the_file_is_for_its_owner_only() {
    let books = Books::new();
    drop(books.open(endless()).await);
    let mode = std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(&books.path).unwrap());
    assert_eq!(mode & 0o777, 0o600);
}
