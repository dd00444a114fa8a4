//! Looks for a task whose response was lost: by the job's external id, and by the task ids that
//! callbacks named. A task that is found must not belong to another job.

use futures::future::join_all;
use job::{Fact, Kept, LookedUp, Proposals, Record, conclude, found_nowhere, waits_for_callbacks};
use ports::LedgerError;

use crate::accounts::Accounts;
use crate::ask;
use crate::doubt;
use crate::fit::{Judgement, judge};
use crate::look_up::{self, Form};
use crate::shared::Shared;
use crate::shared_witnesses;

/// Asks each account that may have the task. The record then names the one that has it.
pub(crate) async fn inquire(accounts: &Accounts, record: &mut Record) -> Result<Fact, LedgerError> {
    let mut facts = Vec::new();
    for account in record.all_possible_accounts() {
        let there = record.clone().with_account(&account);
        let fact = of_account(accounts.of(&account), &there).await?;
        if matches!(fact, Fact::Accepted { .. }) {
            *record = there;
            return Ok(fact);
        }
        facts.push(fact);
    }
    Ok(found_nowhere(&facts))
}

async fn of_account(shared: &Shared, record: &Record) -> Result<Fact, LedgerError> {
    let mut looked_up = look_up(shared, record).await;
    if let LookedUp::Found(candidate) = looked_up {
        if own(shared, record, &candidate.task_id).await? {
            return Ok(candidate.accepted());
        }
        looked_up = LookedUp::Unclear(format!("task {} is another job's", candidate.task_id));
    }
    // A task that was accepted and later denied may exist after all.
    let mut proposed = shared.ledger.proposals(&record.key, record.round).await?;
    proposed.extend(record.task_id.clone().filter(|id| !proposed.contains(id)));
    let asked = proposed
        .iter()
        .map(|id| async { judge(record, id, ask::for_task(shared, record, id).await) });
    let mut named = Proposals::default();
    for judgement in join_all(asked).await {
        match judgement {
            Judgement::Fits(candidate) => {
                if own(shared, record, &candidate.task_id).await? {
                    return Ok(candidate.accepted());
                }
                let why = format!("task {}: it is another job's", candidate.task_id);
                named.evidence.push(why);
            }
            Judgement::Refuted(why) => named.evidence.push(why),
            Judgement::Unanswered(why) => {
                named.silent = true;
                named.evidence.push(why);
            }
        }
    }
    let expects =
        waits_for_callbacks(&looked_up, &named) && expects_callback(shared, record).await?;
    Ok(conclude(looked_up, named, expects))
}

async fn own(shared: &Shared, record: &Record, task_id: &str) -> Result<bool, LedgerError> {
    shared.recorder.writer().own(&shared.session.fence(), record, task_id).await
}

/// If the request has its own `callback_url`, the callbacks go there.
async fn expects_callback(shared: &Shared, record: &Record) -> Result<bool, LedgerError> {
    if !shared.settings.callbacks {
        return Ok(false);
    }
    let there = match record.request.is_apart() {
        true => shared.ledger.load_whole(&record.key).await?.map(|there| there.record.request),
        false => Some(record.request.clone()),
    };
    let request = there.as_ref().and_then(Kept::here);
    let theirs = request.and_then(|request| request.fields().get("callback_url"));
    Ok(theirs.is_none_or(serde_json::Value::is_null))
}

async fn look_up(shared: &Shared, record: &Record) -> LookedUp {
    let form = match look_up::form(shared, record).await {
        Form::Use(form) => form,
        Form::Worthless(why) => return LookedUp::Worthless(why),
        Form::Unclear(why) => return LookedUp::Unclear(why),
    };
    let answer = ask::by_external_id(shared, record, form).await;
    let trusted = shared.settings.rules.denials_trusted;
    match doubt::read(record, answer, trusted) {
        LookedUp::Denied => cross_examined(shared, record, form).await,
        other @ (LookedUp::Found(_) | LookedUp::Worthless(_) | LookedUp::Unclear(_)) => other,
    }
}

/// A look-up that also denies an existing task proves nothing: the provider may not store external
/// ids, whatever the configuration states. Believing it would cause a second payment.
async fn cross_examined(shared: &Shared, record: &Record, form: kling::LookUp) -> LookedUp {
    let Ok(route) = ask::route(shared, record) else {
        return LookedUp::Denied;
    };
    let Some(known) = shared_witnesses::of(shared, route).await else {
        return LookedUp::Denied;
    };
    if known.external_id == record.external_id {
        return LookedUp::Unclear("no other task is known to test the look-up with".to_owned());
    }
    match ask::finds(shared, route, known.external_id.as_str(), form).await {
        Ok(true) => LookedUp::Denied,
        Ok(false) => {
            shared.trials.forget(route);
            LookedUp::Worthless(
                "denied by a look-up that also denies a task which exists".to_owned(),
            )
        }
        Err(error) => LookedUp::Unclear(error.to_string()),
    }
}
