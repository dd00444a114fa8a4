//! Jobs at a cap wait until the day is over, without work meanwhile.

use std::time::Duration;

use job::{Cap, JobKey, Money};
use ports::Ledger;
use tokio::time::sleep;
use worker::Budget;

use crate::installation::Installation;

/// Long enough to admit and to submit what can be.
const SOON: Duration = Duration::from_secs(5);

/// Then a held job tries again, on whichever worker.
const TRIED: Duration = Duration::from_secs(150);

/// Pays three pictures.
fn three() -> Cap {
    Cap { day: Money::parse("0.0105"), month: None }
}

/// Until the next midnight of the store, which is less than two hours away.
async fn until_midnight(installation: &Installation) -> Duration {
    let fence = installation.ledger.join(job::Timestamp::EPOCH, SOON).await.unwrap();
    let now = installation.ledger.renew(&fence, SOON).await.unwrap().now;
    let left = job::Period::day_of(now).end().since(now);
    assert!(left < Duration::from_secs(2 * 3600), "{left:?}");
    left
}

async fn versions(ledger: &dyn Ledger, ids: &[&str]) -> u64 {
    let mut sum = 0;
    for id in ids {
        let stored = ledger.load(&JobKey::parse(id).unwrap()).await.unwrap();
        sum += stored.unwrap().version;
    }
    sum
}

#[tokio::test(start_paused = true)]
async fn a_tenant_at_its_cap_waits_for_the_next_day_while_others_pass_it() {
    let budget = Budget { tenant: three(), ..Budget::default() };
    let installation = Installation::new().with_budget(budget);
    let _workers = [installation.worker().await, installation.worker().await];
    sleep(SOON).await;
    for n in 0..5 {
        installation.publish_of("acme", &format!("acme-{n}")).await;
        sleep(SOON).await;
    }
    installation.publish_of("other", "other-0").await;
    sleep(SOON).await;
    let first = ["acme-0", "acme-1", "acme-2", "other-0"];
    assert_eq!(installation.provider.accepted(), first);

    let left = until_midnight(&installation).await;
    sleep(left - SOON).await;
    assert_eq!(installation.provider.accepted(), first, "the day is not over");
    let written = versions(installation.ledger.as_ref(), &["acme/acme-3", "acme/acme-4"]).await;
    assert!(written < 600, "{written} writes in {left:?}: two workers try once a minute");
    sleep(SOON + TRIED).await;
    assert_eq!(installation.provider.accepted().len(), 6);
}

#[tokio::test(start_paused = true)]
async fn an_account_at_its_cap_waits_for_the_next_day() {
    let budget = Budget { account: three(), ..Budget::default() };
    let installation = Installation::new().with_budget(budget);
    let _workers = [installation.worker().await, installation.worker().await];
    sleep(SOON).await;
    for n in 0..5 {
        installation.publish(&format!("job-{n}"), 1).await;
        sleep(SOON).await;
    }
    let left = until_midnight(&installation).await;
    sleep(left - SOON).await;
    assert_eq!(installation.provider.accepted(), ["job-0", "job-1", "job-2"]);
    sleep(SOON + TRIED).await;
    assert_eq!(installation.provider.accepted().len(), 5);
}
