//! Chooses the account with which a job is submitted.

use futures::future::join_all;
use job::{Job, by_free_capacity};
use ports::{AccountTask, Delivery};

use crate::account::{AccountLane, AccountLanes};
use crate::attempt::may_be_known;
use crate::decode::Decoded;
use crate::error::Error;
use crate::queue_kind::QueueKind;

/// The account of a job.
pub(crate) struct Routed<'a> {
    pub(crate) lane: &'a AccountLane,
    /// The accounts that the job may have been sent with if its record is lost; empty: only that of
    /// its record, or this.
    pub(crate) possible: Vec<String>,
}

impl AccountLanes {
    /// The accounts that a job may be submitted with; the first, if there are none.
    pub(crate) fn allowed(&self, job: &Job) -> Vec<&AccountLane> {
        let names = self.rules.of(&job.key.tenant, job.account.as_deref()).unwrap_or_default();
        let lanes: Vec<_> = names.into_iter().filter_map(|name| self.named(name)).collect();
        if lanes.is_empty() { vec![self.first()] } else { lanes }
    }

    /// Whether each account that the job may use is paused for long, while another is not.
    pub(crate) fn are_paused_for(&self, job: &Job) -> bool {
        let all_are = self.all().all(AccountLane::is_paused_for_long);
        !all_are && self.allowed(job).into_iter().all(AccountLane::is_paused_for_long)
    }

    /// A job for which there is no account becomes one that cannot be done.
    pub(crate) async fn route(
        &self,
        delivery: &Delivery,
        queue: QueueKind,
        decoded: &mut Decoded,
    ) -> Result<Routed<'_>, Error> {
        let job = &decoded.job;
        let allowed = match self.rules.of(&job.key.tenant, job.account.as_deref()) {
            Ok(names) => names.into_iter().filter_map(|name| self.named(name)).collect(),
            Err(reason) => {
                decoded.fit = decoded.fit.clone().and(Err(reason));
                Vec::new()
            }
        };
        let possible = self.possible(&decoded.job);
        let routed = match allowed[..] {
            [] => Routed { lane: self.first(), possible },
            [lane] => Routed { lane, possible },
            _ => self.route_among(&allowed, possible, delivery, queue, decoded).await?,
        };
        routed.lane.fit(decoded);
        Ok(routed)
    }

    async fn route_among<'a>(
        &self,
        allowed: &[&'a AccountLane],
        possible: Vec<String>,
        delivery: &Delivery,
        queue: QueueKind,
        decoded: &mut Decoded,
    ) -> Result<Routed<'a>, Error> {
        if let Some(lane) = self.of_record(allowed, delivery, queue, decoded).await? {
            return Ok(Routed { lane, possible: Vec::new() });
        }
        let lane = match of_parents(allowed, decoded).await? {
            Some(lane) => {
                // Its record says so from the beginning: it never moves.
                decoded.job.account = Some(lane.name().to_owned());
                lane
            }
            None => least_busy(allowed, decoded).await,
        };
        Ok(Routed { lane, possible })
    }

    fn possible(&self, job: &Job) -> Vec<String> {
        match self.are_several() {
            true => self.rules.possible(&job.key.tenant, job.account.as_deref()),
            false => Vec::new(),
        }
    }

    /// A known job that may have been sent, or that asked for its account, stays there.
    async fn of_record<'a>(
        &self,
        allowed: &[&'a AccountLane],
        delivery: &Delivery,
        queue: QueueKind,
        decoded: &Decoded,
    ) -> Result<Option<&'a AccountLane>, Error> {
        if !may_be_known(delivery, queue) {
            return Ok(None);
        }
        let ledger = &self.first().shared.ledger;
        let Some(stored) = ledger.load(&decoded.job.key).await.map_err(Error::Untouched)? else {
            return Ok(None);
        };
        let names = self.rules.of_record(&stored.record);
        let of_name = |name: &str| allowed.iter().copied().find(|lane| lane.name() == name);
        Ok(match names[..] {
            [name] => of_name(name),
            _ => None,
        })
    }
}

/// The provider does a task that builds on another only with the account of that one. `None` also if
/// its account is not known: it may be older than the ledger remembers.
async fn of_parents<'a>(
    allowed: &[&'a AccountLane],
    decoded: &Decoded,
) -> Result<Option<&'a AccountLane>, Error> {
    for id in decoded.parents() {
        for lane in allowed {
            let task = AccountTask { account: lane.name().to_owned(), id: id.to_owned() };
            let owner = lane.shared.ledger.task_owner(&task).await;
            if owner.map_err(Error::Untouched)?.is_some() {
                return Ok(Some(lane));
            }
        }
    }
    Ok(None)
}

/// Of those whose pools are wide enough, if there are any.
async fn least_busy<'a>(allowed: &[&'a AccountLane], decoded: &Decoded) -> &'a AccountLane {
    let fitting: Vec<_> = allowed.iter().copied().filter(|lane| lane.fits(decoded)).collect();
    let among = if fitting.is_empty() { allowed } else { &fitting };
    let Some(resource) = decoded.job.operation.resource() else { return among[0] };
    let route = decoded.fit.as_ref().ok().map(|fit| fit.route);
    let loads = join_all(among.iter().map(|lane| lane.load(resource, route))).await;
    let best = by_free_capacity(&loads).first().copied().unwrap_or_default();
    let lane = among.iter().copied().find(|lane| lane.name() == best).unwrap_or(among[0]);
    lane.shared.pool_loads.chosen(resource, decoded.slots());
    lane
}
