//! Accepts a job and publishes it.

use std::sync::Arc;

use job::{Acceptance, Asked, Job, Reason, Record, Standing, Timestamp, asked_again};
use ports::PublishError;
use producer::ProduceError;
use tokio::sync::OwnedSemaphorePermit;
use tracing::Instrument;

use super::allowance::{Counted, RateLeft};
use super::{Jobs, Known};
use crate::callers::Caller;
use crate::refusal::Refusal;

/// The room of a body, until its jobs are published.
pub(crate) type Held = Arc<OwnedSemaphorePermit>;

/// A job that a client asks for.
pub(crate) struct Asking {
    pub(crate) job: Job,
    pub(crate) caller: Caller,
    /// Where the client has given the job its id: then it may have asked before. `None`: the id is new.
    pub(crate) named_in: Option<&'static str>,
    /// What the API calls an id.
    pub(crate) name: &'static str,
}

/// What is known of an earlier request for the same job.
enum Before {
    Nothing,
    /// It may be published. `counted`: for a key.
    Begun {
        counted: bool,
    },
    Accepted(Accepted),
}

/// The broker has it, or a worker has recorded it.
#[derive(Debug)]
pub(crate) struct Accepted {
    pub(crate) known: Known,
    /// It was accepted before.
    pub(crate) again: bool,
    /// `None`: its client has no rate, or nothing was counted.
    pub(crate) rate: Option<RateLeft>,
}

impl Asking {
    fn conflict(&self) -> Refusal {
        let name = self.named_in.unwrap_or(self.name);
        Refusal::Conflict { name, id: self.job.key.id.clone() }
    }

    fn unknown(&self) -> Refusal {
        Refusal::Unknown { name: self.name, id: self.job.key.id.clone() }
    }

    fn known(&self, kept: Acceptance, again: bool) -> Accepted {
        let known = Known::of_acceptance(self.job.key.clone(), kept);
        Accepted { known, again, rate: None }
    }

    /// What an acceptance says of it. `None`: it is not published for certain.
    fn standing(&self, kept: &Acceptance, own: bool) -> Result<Option<Accepted>, Refusal> {
        match kept.standing(&self.job) {
            Standing::Other => Err(self.conflict()),
            Standing::Published => Ok(Some(self.known(kept.clone(), !own))),
            Standing::Unconfirmed => Ok(None),
        }
    }
}

impl Jobs {
    /// Returns once the broker has the job. The same request again, under the id that the client has
    /// given it, is answered with the state of the job.
    pub(crate) async fn accept(
        self: &Arc<Self>,
        asking: Asking,
        room: Held,
    ) -> Result<Accepted, Refusal> {
        let record = match asking.named_in {
            None => None,
            Some(_) => self.ask(self.ledger.load(&asking.job.key)).await?.map(|one| one.record),
        };
        let since = record.as_ref().map_or(Timestamp::EPOCH, Record::accepted_since);
        match asked_again(record.as_ref(), &asking.job) {
            Asked::New => {}
            Asked::Conflict => return Err(asking.conflict()),
            Asked::Known(record) => {
                let known = Known::Record(Box::new(record.clone()));
                return Ok(Accepted { known, again: true, rate: None });
            }
        }
        self.is_complete()?;
        let counted = match self.accepted_before(&asking, since).await? {
            Before::Accepted(accepted) => return Ok(accepted),
            Before::Begun { counted } => counted,
            Before::Nothing => false,
        };
        self.names_the_providers(&asking.job).await?;
        match self.broker.takes_messages() {
            true => self.accept_whole(asking, since, counted, room).await,
            false => Err(Refusal::Closed),
        }
    }

    /// A repeated request is counted for nothing.
    async fn accepted_before(&self, asking: &Asking, since: Timestamp) -> Result<Before, Refusal> {
        // Where nothing is counted, the acceptance is met when this one is written.
        let is_met_later = self.broker.takes_messages() && !asking.caller.is_limited();
        if asking.named_in.is_none() || is_met_later {
            return Ok(Before::Nothing);
        }
        let kept = self.ask(self.ledger.acceptance(&asking.job.key)).await?;
        let Some(kept) = kept.filter(|kept| kept.accepted_at >= since) else {
            return Ok(Before::Nothing);
        };
        match (asking.standing(&kept, false)?, self.broker.takes_messages()) {
            (None, false) => Err(asking.unknown()),
            (None, true) => Ok(Before::Begun { counted: kept.counted }),
            (Some(accepted), _) => Ok(Before::Accepted(accepted)),
        }
    }

    /// In a task of its own: a client that goes away leaves nothing half done, and its job keeps its
    /// room.
    async fn accept_whole(
        self: &Arc<Self>,
        asking: Asking,
        since: Timestamp,
        counted_before: bool,
        room: Held,
    ) -> Result<Accepted, Refusal> {
        let (jobs, unknown) = (self.clone(), asking.unknown());
        let accepting = async move {
            let _room = room;
            let counted = match counted_before {
                true => None,
                false => jobs.count(&asking.caller, &asking.job).await?,
            };
            let nobody_s = counted.clone().filter(|_| asking.named_in.is_none());
            let accepted = jobs.accept_now(&asking, since, counted).await;
            if let (Err(Refusal::Closed), Some(counted)) = (&accepted, nobody_s) {
                jobs.give_back(counted).await;
            }
            accepted
        };
        let done = tokio::spawn(accepting.in_current_span()).await;
        done.unwrap_or(Err(unknown))
    }

    /// What was counted stays with the acceptance: whoever repeats the request under its id is not
    /// counted again. It is given back only if another request has counted the job, or nobody can repeat
    /// it.
    async fn accept_now(
        &self,
        asking: &Asking,
        since: Timestamp,
        counted: Option<Counted>,
    ) -> Result<Accepted, Refusal> {
        let own = self.acceptance(asking).counted(counted.is_some());
        let (key, keep_for) = (&asking.job.key, self.settings.keep_for);
        let kept = self.ask(self.ledger.accept(key, &own, since, keep_for)).await?;
        let is_own = kept == own;
        let rate = counted.as_ref().and_then(|counted| counted.rate);
        let superfluous = counted.filter(|_| !is_own && kept.counted);
        if let Some(counted) = superfluous {
            self.give_back(counted).await;
        }
        match asking.standing(&kept, is_own)? {
            Some(accepted) => Ok(accepted),
            None => {
                let accepted = self.publish(asking, kept, is_own).await?;
                Ok(Accepted { rate, ..accepted })
            }
        }
    }

    fn acceptance(&self, asking: &Asking) -> Acceptance {
        let attempt = self.clock.fresh_id().to_string();
        Acceptance::of(&asking.job, self.clock.now(), attempt)
    }

    async fn publish(
        &self,
        asking: &Asking,
        kept: Acceptance,
        is_own: bool,
    ) -> Result<Accepted, Refusal> {
        match self.producer.publish_again(&asking.job, kept.accepted_at).await {
            Ok(_) => {
                self.mark_published(&asking.job, &kept).await;
                Ok(asking.known(kept, !is_own))
            }
            Err(error) => Err(refusal(error, asking, is_own)),
        }
    }

    /// If this fails, a repeated request publishes a second message of the same job.
    async fn mark_published(&self, job: &Job, kept: &Acceptance) {
        if let Err(why) = self.ask(self.ledger.mark_published(&job.key, kept)).await {
            tracing::warn!(job = %job.key, %why, "a published job is not noted as such");
        }
    }
}

/// `first`: no earlier request can have published it.
fn refusal(error: ProduceError, asking: &Asking, first: bool) -> Refusal {
    let job = &asking.job.key;
    match error {
        ProduceError::Invalid(invalid) => Refusal::Invalid(invalid.reason),
        ProduceError::Refused { cause: PublishError::TooLarge { bytes, .. }, .. } => {
            Refusal::Invalid(Reason::TooLarge { bytes })
        }
        ProduceError::Refused { cause, .. } if first => {
            tracing::warn!(%job, %cause, "a client's job was not published");
            Refusal::Closed
        }
        ProduceError::Refused { cause, .. } | ProduceError::Unknown { cause, .. } => {
            tracing::warn!(%job, %cause, "a client's job may be published");
            asking.unknown()
        }
    }
}
