//! Pauses by hand, and what they mean for grants.

use std::sync::Arc;

use job::{ManualPause, PauseScope};
use ports::{Ledger, Left, MOST_MANUAL_PAUSES, Pause, TenantTerms, Usage};

use super::fixture::*;
use super::waiters::*;

fn scope(text: &str) -> PauseScope {
    PauseScope::parse(text).unwrap()
}

fn pause(text: &str) -> ManualPause {
    let by = Some("anna".to_owned());
    ManualPause {
        scope: scope(text),
        reason: "costs\nmuch".to_owned(),
        since: CREATED,
        until: None,
        by,
    }
}

pub async fn a_pause_by_hand_lasts_until_it_is_resumed(ledger: Arc<dyn Ledger>) {
    assert_eq!(ledger.paused_by_hand("default").await.unwrap(), []);
    let all = ["account", "pool audio", "tenant acme", "operation videos/text2video"].map(pause);
    for pause in all.iter().rev() {
        assert!(ledger.pause_by_hand("default", pause).await.unwrap());
    }
    assert_eq!(ledger.paused_by_hand("default").await.unwrap(), all, "in the order of scopes");
    for another in ["another", "default2", "defaul", "default:videos"] {
        assert_eq!(ledger.paused_by_hand(another).await.unwrap(), []);
        assert!(!ledger.resume_by_hand(another, &all[0].scope).await.unwrap());
    }
    let changed = ManualPause { reason: "other".to_owned(), until: Some(FUTURE), ..all[1].clone() };
    assert!(ledger.pause_by_hand("default", &changed).await.unwrap());
    assert!(ledger.resume_by_hand("default", &all[0].scope).await.unwrap());
    assert!(!ledger.resume_by_hand("default", &all[0].scope).await.unwrap(), "it is resumed");
    let [_, _, tenant, operation] = all;
    assert_eq!(ledger.paused_by_hand("default").await.unwrap(), [changed, tenant, operation]);
}

pub async fn a_pause_by_hand_ends_by_itself(ledger: Arc<dyn Ledger>) {
    let until = |until| ManualPause { until: Some(until), ..pause("account") };
    assert!(ledger.pause_by_hand("default", &until(PAST)).await.unwrap());
    assert_eq!(ledger.paused_by_hand("default").await.unwrap(), []);
    assert!(!ledger.resume_by_hand("default", &scope("account")).await.unwrap(), "it has ended");
    assert!(ledger.pause_by_hand("default", &until(FUTURE)).await.unwrap());
    assert_eq!(ledger.paused_by_hand("default").await.unwrap(), [until(FUTURE)]);
    assert!(ledger.pause_by_hand("default", &until(PAST)).await.unwrap());
    assert_eq!(ledger.paused_by_hand("default").await.unwrap(), [], "the later one holds");
}

pub async fn pauses_by_hand_are_counted(ledger: Arc<dyn Ledger>) {
    let nth = |n: usize| pause(&format!("tenant t{n}"));
    let ended = ManualPause { until: Some(PAST), ..pause("account") };
    assert!(ledger.pause_by_hand("default", &ended).await.unwrap());
    for n in 0..MOST_MANUAL_PAUSES {
        assert!(ledger.pause_by_hand("default", &nth(n)).await.unwrap(), "{n}");
    }
    assert!(!ledger.pause_by_hand("default", &pause("account")).await.unwrap());
    assert_eq!(ledger.paused_by_hand("default").await.unwrap().len(), MOST_MANUAL_PAUSES);
    assert!(ledger.pause_by_hand("default", &nth(3)).await.unwrap(), "it is there already");
    assert!(ledger.pause_by_hand("another", &pause("account")).await.unwrap());
    assert!(ledger.resume_by_hand("default", &nth(0).scope).await.unwrap());
    assert!(ledger.pause_by_hand("default", &pause("account")).await.unwrap());
}

pub async fn pauses_by_hand_and_automatic_ones_are_apart(ledger: Arc<dyn Ledger>) {
    let automatic = Pause { reason: "no balance".to_owned(), since: CREATED, until: FUTURE };
    let by_hand = pause("account");
    ledger.pause("default", &automatic).await.unwrap();
    assert!(ledger.pause_by_hand("default", &by_hand).await.unwrap());
    assert_eq!(ledger.pauses("default").await.unwrap().len(), 1);
    ledger.resume("default").await.unwrap();
    assert_eq!(ledger.paused_by_hand("default").await.unwrap(), [by_hand]);
    ledger.pause("default", &automatic).await.unwrap();
    assert!(ledger.resume_by_hand("default", &scope("account")).await.unwrap());
    assert_eq!(ledger.paused("default").await.unwrap(), Some(automatic));
}

pub async fn a_paused_tenant_is_passed_over(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let jobs = [wide(9, waiter("a", 0)), waiter("a", 1), waiter("b", 0), waiter("b", 1)];
    enter(&*ledger, &fence, &jobs).await;
    let mut terms = slots(3);
    terms
        .tenants
        .insert(tenant("a"), TenantTerms { weight: 100, concurrency: 1, ..TenantTerms::default() });
    terms.paused.extend([tenant("a"), tenant("nobody")]);
    let granted = grant(&*ledger, &fence, &terms, 9).await;
    assert_eq!(ids(&granted.jobs), ["b-0", "b-1"], "in their order");
    assert_eq!((granted.too_wide, granted.left), (vec![], Left::Nobody), "no job of it is judged");
    assert_eq!(ledger.usage(POOL).await.unwrap(), Usage { used: 2, waiting: 2 });
    terms.paused.clear();
    let granted = grant(&*ledger, &fence, &terms, 9).await;
    assert_eq!((ids(&granted.too_wide), ids(&granted.jobs)), (vec!["a-0"], vec!["a-1"]));
}

pub async fn many_paused_tenants_hide_nobody(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let names: Vec<String> = (0..120).map(|n| format!("a{n:03}")).collect();
    let jobs: Vec<_> = names.iter().map(|name| waiter(name, 0)).collect();
    enter(&*ledger, &fence, &jobs).await;
    enter(&*ledger, &fence, &[waiter("z", 0)]).await;
    let mut terms = slots(3);
    terms.paused.extend(names.iter().map(|name| tenant(name)));
    assert_eq!(ids(&grant(&*ledger, &fence, &terms, 9).await.jobs), ["z-0"]);
    terms.paused.remove(&tenant("a117"));
    assert_eq!(ids(&grant(&*ledger, &fence, &terms, 9).await.jobs), ["a117-0"]);
}
