use std::sync::Arc;
use std::time::Duration;

use job::Operation;

use super::fixture::*;
use ports::{Ledger, NamedPause, Pause, Witness};

pub async fn a_pause_lasts_until_resumed(ledger: Arc<dyn Ledger>) {
    assert_eq!(ledger.paused("default").await.unwrap(), None);
    let pause =
        Pause { reason: "the account has no balance".to_owned(), since: CREATED, until: FUTURE };
    ledger.pause("default", &pause).await.unwrap();
    assert_eq!(ledger.paused("default").await.unwrap(), Some(pause.clone()));
    assert_eq!(ledger.paused("another").await.unwrap(), None);
    let longer = Pause { until: FUTURE + Duration::from_secs(1), ..pause };
    ledger.pause("default", &longer).await.unwrap();
    assert_eq!(ledger.paused("default").await.unwrap(), Some(longer));
    for _ in 0..2 {
        ledger.resume("default").await.unwrap();
        assert_eq!(ledger.paused("default").await.unwrap(), None);
    }
}

pub async fn pauses_are_listed_by_account(ledger: Arc<dyn Ledger>) {
    let pause = |reason: &str| Pause { reason: reason.to_owned(), since: CREATED, until: FUTURE };
    for name in ["default", "default:videos", "default:videos:a/b", "default2", "another:videos"] {
        ledger.pause(name, &pause(name)).await.unwrap();
    }
    ledger.resume("default:videos:a/b").await.unwrap();
    let found = ledger.pauses("default").await.unwrap();
    let expected = ["default", "default:videos"]
        .map(|name| NamedPause { name: name.to_owned(), pause: pause(name) });
    assert_eq!(found, expected);
    assert_eq!(ledger.pauses("nobody").await.unwrap(), []);
}

fn witness(operation: &str, task_id: &str) -> Witness {
    let external_id = record(task_id).external_id;
    let operation = Operation::new(operation);
    Witness { operation, task_id: task_id.to_owned(), external_id, seen_at: CREATED }
}

pub async fn the_newest_witness_of_each_operation_is_kept(ledger: Arc<dyn Ledger>) {
    assert_eq!(ledger.witnesses("default").await.unwrap(), []);
    let [old, new] = ["1", "2"].map(|task_id| witness("videos/text2video", task_id));
    let other = witness("videos/image2video", "3");
    for seen in [&old, &other, &new] {
        ledger.witness("default", seen).await.unwrap();
    }
    assert_eq!(ledger.witnesses("default").await.unwrap(), [other, new]);
    for another in ["another", "default2", "defaul"] {
        assert_eq!(ledger.witnesses(another).await.unwrap(), []);
    }
}

pub async fn a_good_ledger_passes_its_check(ledger: Arc<dyn Ledger>) {
    ledger.check().await.unwrap();
}
