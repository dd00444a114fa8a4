//! The account, the lane and the slots of a job, as `why` shows them beside its record.

use daemon::Config;
use job::{ManualPause, Operation, Record, Resource, Timestamp};
use kling::Route;
use ports::{
    Accounts, Ledger, LedgerError, Limits, ManualPauses, NamedPause, Pause, Permit, Permits,
    PoolSlots, SlotLimits,
};

use crate::settings::{of_account, terms};
use crate::{by_hand, doubted};

#[derive(Debug, Default)]
pub(crate) struct Around {
    /// The pause of the account.
    pub(crate) paused: Option<Pause>,
    /// Pauses by hand that stop the job, or all if it is not known.
    pub(crate) by_hand: Vec<ManualPause>,
    /// The slot that the job itself holds because it is in doubt.
    pub(crate) held: Option<String>,
    /// Why its lane takes no jobs, and which slots are in use there.
    lanes: Vec<String>,
}

impl Around {
    /// Of a job that is not known: a sentence about every account and every lane.
    pub(crate) async fn everywhere(
        config: &Config,
        ledger: &dyn Ledger,
        now: Timestamp,
    ) -> Result<String, LedgerError> {
        let accounts = config.accounts();
        let mut sentences = String::new();
        for account in &accounts {
            let sentence = Self::of(account, ledger, None, now).await?.sentence();
            sentences.push_str(&match sentence.strip_prefix("; ") {
                Some(words) if accounts.len() > 1 => {
                    format!("; account {}: {words}", account.kling.account)
                }
                Some(_) | None => sentence,
            });
        }
        Ok(sentences)
    }

    /// Of every lane, if the lane of the job is not known.
    pub(crate) async fn of(
        config: &Config,
        ledger: &dyn Ledger,
        record: Option<&Record>,
        now: Timestamp,
    ) -> Result<Self, LedgerError> {
        let account = record.map_or(&config.kling.account, |record| &record.account);
        let config = &of_account(config, account);
        let pauses = Pauses::read(ledger, account, now).await?;
        let own = record.and_then(|record| record.operation.resource());
        let mut lanes = Vec::new();
        for resource in Resource::ALL.into_iter().filter(|r| own.is_none_or(|own| own == *r)) {
            let pool = Permit::pool_of(account, resource);
            lanes.extend(pauses.sentence(&pool, &format!("lane {resource}")));
            lanes.extend(full(ledger, &pool, terms(config, resource).limits).await?);
            lanes.extend(doubted::in_doubt(ledger, &pool).await);
        }
        for operation in operations(record) {
            let Some(resource) = operation.resource() else { continue };
            let name = Permit::rest_of(account, resource, &operation);
            lanes.extend(pauses.sentence(&name, operation.as_str()));
        }
        let held = match record {
            Some(record) => held(ledger, record).await?,
            None => None,
        };
        let by_hand = paused_by_hand(ledger, account, record).await?;
        Ok(Self { by_hand, paused: pauses.of(account).cloned(), held, lanes })
    }

    /// Appended to another sentence; empty when there is nothing to add.
    pub(crate) fn sentence(&self) -> String {
        let paused = self
            .paused
            .as_ref()
            .map(|pause| format!("the account is paused until {}: {}", pause.until, pause.reason));
        let by_hand = by_hand::sentences(&self.by_hand);
        by_hand.iter().chain(&paused).chain(&self.lanes).map(|words| format!("; {words}")).collect()
    }
}

/// The operation of the job, or all operations if it is not known.
fn operations(record: Option<&Record>) -> Vec<Operation> {
    match record {
        Some(record) => vec![record.operation.clone()],
        None => Route::ALL.iter().map(|route| Operation::new(route.path())).collect(),
    }
}

/// The pauses of an account that have not ended.
struct Pauses(Vec<NamedPause>);

impl Pauses {
    async fn read(
        ledger: &dyn Accounts,
        account: &str,
        now: Timestamp,
    ) -> Result<Self, LedgerError> {
        let mut pauses = ledger.pauses(account).await?;
        pauses.retain(|named| named.pause.until > now);
        Ok(Self(pauses))
    }

    fn of(&self, name: &str) -> Option<&Pause> {
        self.0.iter().find(|named| named.name == name).map(|named| &named.pause)
    }

    /// `what`: the lane or operation that has this name in the ledger.
    fn sentence(&self, name: &str, what: &str) -> Option<String> {
        let Pause { until, reason, .. } = self.of(name)?;
        Some(format!("{what} rests until {until}: {reason}"))
    }
}

async fn paused_by_hand(
    ledger: &dyn ManualPauses,
    account: &str,
    record: Option<&Record>,
) -> Result<Vec<ManualPause>, LedgerError> {
    let mut pauses = ledger.paused_by_hand(account).await?;
    if let Some(Record { key, operation, .. }) = record {
        pauses.retain(|pause| pause.stops(&key.tenant, operation));
    }
    Ok(pauses)
}

async fn full(
    ledger: &dyn SlotLimits,
    pool: &str,
    limits: Limits,
) -> Result<Option<String>, LedgerError> {
    let PoolSlots { limit, used, now, .. } = ledger.pool_slots(pool).await?;
    if let Some(limit) = limit.as_ref().filter(|limit| limit.is_paused(now)) {
        let until = limit.paused_until;
        return Ok(Some(format!("the provider asked for a pause of pool {pool} until {until}")));
    }
    let slots = limits.now(limit.as_ref());
    let full = slots > 0 && used >= slots;
    Ok(full.then(|| format!("{used} of {slots} slots of pool {pool} are taken")))
}

/// It is free again when the doubt is settled, or when no such task can run any more.
async fn held(ledger: &dyn Permits, record: &Record) -> Result<Option<String>, LedgerError> {
    let Some(resource) = record.operation.resource().filter(|_| record.is_in_doubt(record.round))
    else {
        return Ok(None);
    };
    let pool = Permit::pool_of(&record.account, resource);
    let permits = ledger.permits(&pool).await?;
    let own = permits.iter().map(|held| &held.permit).find(|permit| permit.key == record.key);
    Ok(own.map(|permit| match permit.weight {
        1 => format!("it holds 1 slot of pool {pool}"),
        slots => format!("it holds {slots} slots of pool {pool}"),
    }))
}
