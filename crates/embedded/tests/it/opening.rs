//! What can be wrong with a file before and after it is opened.

use std::fs;
use std::path::Path;

use embedded::{Embedded, OpenError, Settings};
use rusqlite::Connection;

use crate::fixture::{message, open, to_lane};

fn refused(path: &Path) -> OpenError {
    match Embedded::open(Settings::new(path, "test")) {
        Ok(_) => panic!("{} was opened", path.display()),
        Err(error) => error,
    }
}

#[tokio::test]
async fn what_is_not_our_database_is_refused_untouched() {
    let dir = tempfile::tempdir().unwrap();
    let text = dir.path().join("notes.txt");
    let content = "not a database ".repeat(100);
    fs::write(&text, &content).unwrap();
    let error = refused(&text);
    assert!(matches!(error, OpenError::NotOurs { .. }), "{error:?}");
    assert!(error.to_string().contains("notes.txt"), "{error}");
    assert_eq!(fs::read_to_string(&text).unwrap(), content);

    let other = dir.path().join("other.db");
    Connection::open(&other).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
    let before = fs::read(&other).unwrap();
    let error = refused(&other);
    assert!(matches!(error, OpenError::NotOurs { .. }), "{error:?}");
    assert_eq!(fs::read(&other).unwrap(), before);
}

#[tokio::test]
async fn a_newer_schema_is_refused_with_both_versions() {
    let dir = tempfile::tempdir().unwrap();
    open(&dir).close().await;
    let path = dir.path().join("reelwork.db");
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let error = refused(&path);
    assert!(matches!(error, OpenError::Newer { found: 99, known: 18, .. }), "{error:?}");
}

#[tokio::test]
async fn a_file_that_is_locked_for_long_can_be_opened_later() {
    let dir = tempfile::tempdir().unwrap();
    open(&dir).close().await;
    let path = dir.path().join("reelwork.db");
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = refused(&path);
    assert!(matches!(error, OpenError::Busy { .. }), "{error:?}");
    other.execute_batch("ROLLBACK").unwrap();
    open(&dir).close().await;
}

#[tokio::test]
async fn an_impossible_place_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    // No user can create a file in /proc.
    for path in [dir.path(), &file.join("below"), Path::new("/proc/reelwork.db")] {
        let error = refused(path);
        assert!(matches!(error, OpenError::Unusable { .. }), "{error:?}");
        assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
    }
}

#[tokio::test]
async fn missing_directories_are_made_and_nobody_else_may_read() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a/b/reelwork.db");
    let embedded = Embedded::open(Settings::new(&path, "test")).unwrap();
    embedded.broker().publish(&to_lane(), message(1)).await.unwrap();
    let mode = |name: &str| {
        let path = dir.path().join("a/b").join(name);
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    };
    let modes = ["reelwork.db", "reelwork.db-wal", "reelwork.db-shm"].map(mode);
    assert_eq!(modes, [0o600; 3]);
    assert_eq!(mode("reelwork.db.locks"), 0o700);
}

#[tokio::test]
async fn many_may_open_a_new_file_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("reelwork.db");
    let opening = (0..8).map(|_| {
        let settings = Settings::new(&path, "test");
        tokio::task::spawn_blocking(move || Embedded::open(settings))
    });
    for opened in opening.collect::<Vec<_>>() {
        let embedded = opened.await.unwrap().unwrap();
        embedded.broker().publish(&to_lane(), message(1)).await.unwrap();
    }
}

#[tokio::test]
async fn a_file_that_is_removed_or_replaced_fails_the_check() {
    let dir = tempfile::tempdir().unwrap();
    let embedded = open(&dir);
    let (broker, ledger) = (embedded.broker(), embedded.ledger());
    broker.check().await.unwrap();
    ledger.check().await.unwrap();
    let path = dir.path().join("reelwork.db");
    fs::rename(&path, dir.path().join("moved.db")).unwrap();
    assert!(broker.check().await.unwrap_err().to_string().contains("reelwork.db"));
    fs::write(&path, "another").unwrap();
    assert!(ledger.check().await.unwrap_err().to_string().contains("replaced"));
}
