use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use job::{EventKind, State, Timestamp};
use ports::{
    Call, Claimed, Created, Fence, Following, GrantTerms, Ledger, LedgerError, LedgerLayer, Method,
    Permit, Permitted, Standing, Stored, Summary, Swapped, Write,
};

use crate::Meter;
use crate::families::{Trace, took};
use crate::label::{NONE, Word, operation};
use crate::reading::Reading;

type Answer<T> = Result<T, LedgerError>;

impl Meter {
    /// Wraps a ledger to measure its calls.
    pub fn ledger(&self, inner: Arc<dyn Ledger>) -> Arc<dyn Ledger> {
        Arc::new(Metered { inner, meter: self.clone() })
    }
}

struct Metered {
    inner: Arc<dyn Ledger>,
    meter: Meter,
}

impl Metered {
    async fn measured<T>(
        &self,
        name: &'static str,
        calling: impl Future<Output = Answer<T>>,
    ) -> Answer<T> {
        let since = Instant::now();
        let answer = calling.await;
        let families = self.meter.families();
        took(&families.call_duration, "call", name.into(), since);
        let labels = [("call", name.into()), ("result", result(&answer).into())];
        families.calls.get_or_create(&labels).inc();
        answer
    }

    /// What the metrics need of a write, read before the write is moved.
    fn read(&self, write: &Write) -> Option<News> {
        let reading = Reading::of(write)?;
        let record = &write.record;
        let operation = operation(&record.operation);
        let model = record.model.as_deref();
        let model = model.map_or(NONE, |model| self.meter.inner().models.word(model));
        let trace = record.trace_id().map(|id| [("trace_id", id.to_owned())]);
        let account = record.account.clone().into();
        Some(News { reading, operation, model, account, trace })
    }

    fn count(&self, news: Option<News>) {
        let Some(News { reading, operation, model, account, trace }) = news else {
            return;
        };
        let families = self.meter.families();
        match reading {
            Reading::Submitted { queued, unpriced } => {
                families.unpriced.inc_by(unpriced.into());
                let labels = [("operation", operation), ("model", model)];
                families.submitted.get_or_create(&labels).inc();
                self.phase("queue", queued, trace);
            }
            Reading::InDoubt => {
                families.in_doubt.get_or_create(&[("operation", operation)]).inc();
            }
            Reading::Completed { outcome, whole, generating, units, usd } => {
                if let Some(usd) = usd {
                    families.spent.get_or_create(&[("account", account)]).inc_by(usd);
                }
                if let Some(units) = units {
                    let labels = [("operation", operation.clone()), ("model", model.clone())];
                    families.units.get_or_create(&labels).inc_by(units);
                }
                self.phase("generate", generating, trace.clone());
                self.completed(outcome, operation, model, whole, trace);
            }
        }
    }

    fn completed(
        &self,
        outcome: EventKind,
        operation: Word,
        model: Word,
        whole: Option<f64>,
        trace: Option<Trace>,
    ) {
        let families = self.meter.families();
        let outcome: Word = outcome.word().into();
        if let Some(seconds) = whole {
            let labels = [("operation", operation.clone()), ("outcome", outcome.clone())];
            families.duration.get_or_create(&labels).observe(seconds, trace, None);
        }
        let labels = [("operation", operation), ("model", model), ("outcome", outcome)];
        families.completed.get_or_create(&labels).inc();
    }

    fn phase(&self, phase: &'static str, seconds: Option<f64>, trace: Option<Trace>) {
        if let Some(seconds) = seconds {
            let labels = [("phase", phase.into())];
            self.meter.families().phase.get_or_create(&labels).observe(seconds, trace, None);
        }
    }

    fn claimed(&self, claimed: &Claimed<Stored>) {
        let families = self.meter.families();
        let since = |then: Timestamp| {
            let millis = claimed.now.as_millis() - then.as_millis();
            Duration::from_millis(u64::try_from(millis).unwrap_or(0)).as_secs_f64()
        };
        for Stored { record, .. } in &claimed.items {
            families.looks.get_or_create(&[("state", record.state.word().into())]).inc();
            let State::Pending { next_look, .. } = record.state else {
                continue;
            };
            families.due_lag.observe(since(next_look));
            families.task_age.observe(since(record.submitted_at.unwrap_or(record.created_at)));
        }
    }
}

/// What a write says about a job, as label values.
struct News {
    reading: Reading,
    operation: Word,
    model: Word,
    account: Word,
    trace: Option<Trace>,
}

fn result<T>(answer: &Result<T, LedgerError>) -> &'static str {
    answer.as_ref().map_or_else(LedgerError::word, |_| "ok")
}

fn permitted(answer: Permitted) -> &'static str {
    match answer {
        Permitted::Granted => "granted",
        Permitted::AtLimit { .. } => "at_limit",
        Permitted::DayOver { .. } => "day_over",
    }
}

#[async_trait]
impl LedgerLayer for Metered {
    fn inner(&self) -> &dyn Ledger {
        self.inner.as_ref()
    }

    fn around<'a, T: Summary + Send + 'a>(
        &'a self,
        call: Call<'a>,
        calling: impl Future<Output = Answer<T>> + Send + 'a,
    ) -> impl Future<Output = Answer<T>> + Send + 'a {
        self.measured(call.method.name(), calling)
    }

    async fn renew(&self, fence: &Fence, lease: Duration) -> Answer<Standing> {
        let call = Call::of(Method::Renew, Some(fence));
        let standing = self.around(call, self.inner.renew(fence, lease)).await;
        if let Ok(Standing { now, opens_at }) = &standing {
            let open = opens_at.is_some_and(|at| at <= *now);
            self.meter.families().open.set(open.into());
        }
        standing
    }

    async fn follow(&self, fence: &Fence) -> Answer<Option<Following>> {
        let call = Call::of(Method::Follow, Some(fence));
        let following = self.around(call, self.inner.follow(fence)).await;
        self.meter.lead(matches!(following, Ok(Some(_))));
        following
    }

    async fn create(&self, fence: &Fence, write: Write) -> Answer<Created> {
        let news = self.read(&write);
        let call = Call::of(Method::Create, Some(fence));
        let created = self.around(call, self.inner.create(fence, write)).await?;
        if matches!(created, Created::New) {
            self.count(news);
        }
        Ok(created)
    }

    async fn swap(&self, fence: &Fence, expected: u64, write: Write) -> Answer<Swapped> {
        let news = self.read(&write);
        let call = Call::of(Method::Swap, Some(fence));
        let swapped = self.around(call, self.inner.swap(fence, expected, write)).await?;
        if matches!(swapped, Swapped::Done(_)) {
            self.count(news);
        }
        Ok(swapped)
    }

    async fn claim_due(
        &self,
        fence: &Fence,
        limit: usize,
        lease: Duration,
    ) -> Answer<Claimed<Stored>> {
        let call = Call::of(Method::ClaimDue, Some(fence));
        let claimed = self.around(call, self.inner.claim_due(fence, limit, lease)).await?;
        self.claimed(&claimed);
        Ok(claimed)
    }

    async fn take_permit(
        &self,
        fence: &Fence,
        permit: &Permit,
        terms: &GrantTerms,
    ) -> Answer<Permitted> {
        let call = Call::of(Method::TakePermit, Some(fence));
        let answer = self.around(call, self.inner.take_permit(fence, permit, terms)).await?;
        let labels = [("pool", permit.pool.clone().into()), ("result", permitted(answer).into())];
        self.meter.families().permit_requests.get_or_create(&labels).inc();
        Ok(answer)
    }
}
