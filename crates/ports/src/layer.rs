//! A layer wraps a ledger or a broker, for example to observe it. It implements only the calls that
//! it looks at; every other call passes unchanged.

mod broker;
mod summary;

use std::time::Duration;

use async_trait::async_trait;
use job::{
    Acceptance, Allowance, Allowed, Caps, JobKey, ManualPause, Money, PauseScope, Period, Record,
    SlotLimit, Tenant, Timestamp, WaitingCount,
};

pub use self::broker::BrokerLayer;
pub use self::summary::Summary;
use crate::{
    Acceptances, AccountTask, Accounts, Activity, Allowances, Claimed, Created, Cursor, Due, Ended,
    Fence, Following, Generation, GrantTerms, Granted, HeldPermit, HeldReservation, Ledger,
    LedgerError, ListFilter, ManualPauses, Members, NamedPause, OutboxEntry, OutboxId, Page, Pause,
    Permit, PermitReturn, Permits, Permitted, Place, PoolSlots, Records, Reservation, Reserved,
    Settlement, SlotLimits, Spending, SpentBy, Standing, Stored, Swapped, TenantWaiting, Usage,
    Waiter, WaitingRoom, Witness, Write,
};

type Answer<T> = Result<T, LedgerError>;

/// A call to the ledger.
#[derive(Clone, Debug)]
pub struct Call<'a> {
    pub method: Method,
    /// The writer's fence; `None` for a call without one.
    pub fence: Option<&'a Fence>,
    /// Its arguments in a few words, if the layer [wants](LedgerLayer::wants_words) them.
    pub about: String,
}

impl<'a> Call<'a> {
    pub fn of(method: Method, fence: Option<&'a Fence>) -> Self {
        Self { method, fence, about: String::new() }
    }
}

/// The list of all methods, once.
macro_rules! calls {
    ($($port:ident {$(
        $method:ident $(@$fence:ident)? $name:ident($($arg:ident: $type:ty),*) -> $answer:ty;
    )*})*) => {
        /// A method of the ledger.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Method {
            $($($method,)*)*
        }

        impl Method {
            pub fn name(self) -> &'static str {
                match self {
                    $($(Self::$method => stringify!($name),)*)*
                }
            }
        }

        /// Makes its implementer a [`Ledger`]. A method that is not overridden calls the wrapped
        /// ledger, through [`around`](Self::around).
        #[async_trait]
        pub trait LedgerLayer: Send + Sync + 'static {
            /// The wrapped ledger.
            fn inner(&self) -> &dyn Ledger;

            /// Whether [`Call::about`] is filled, which costs time.
            fn wants_words(&self) -> bool {
                false
            }

            /// Around every call: `calling` has not begun, and never begins if it is dropped.
            fn around<'a, T: Summary + Send + 'a>(
                &'a self,
                call: Call<'a>,
                calling: impl Future<Output = Answer<T>> + Send + 'a,
            ) -> impl Future<Output = Answer<T>> + Send + 'a {
                let _ = call;
                calling
            }

            $($(
                async fn $name(&self, $($fence: &Fence,)? $($arg: $type),*) -> Answer<$answer> {
                    let mut call = Call::of(Method::$method, None$(.or(Some($fence)))?);
                    if self.wants_words() {
                        call.about = words(&[$(&$arg),*]);
                    }
                    let calling = $port::$name(self.inner(), $($fence,)? $($arg),*);
                    self.around(call, calling).await
                }
            )*)*
        }

        $(
            #[async_trait]
            impl<L: LedgerLayer> $port for L {
                $(
                    async fn $name(&self, $($fence: &Fence,)? $($arg: $type),*) -> Answer<$answer> {
                        LedgerLayer::$name(self, $($fence,)? $($arg),*).await
                    }
                )*
            }
        )*
    };
}

calls! {
    Members {
        Join join(began_at: Timestamp, lease: Duration) -> Fence;
        Renew @fence renew(lease: Duration) -> Standing;
        Leave @fence leave() -> ();
        AnyAlive any_alive() -> bool;
        Generation generation() -> Option<Generation>;
        OpensAt opens_at() -> Option<Timestamp>;
        Distrust distrust() -> ();
        Follow @fence follow() -> Option<Following>;
        Followed @fence followed(next: u64) -> ();
        Lost @fence lost() -> ();
        Open @fence open(at: Timestamp) -> ();
    }
    Records {
        Revisions revisions(keys: &[JobKey]) -> Vec<Option<u64>>;
        Create @fence create(write: Write) -> Created;
        Load load(key: &JobKey) -> Option<Stored>;
        LoadWhole load_whole(key: &JobKey) -> Option<Stored>;
        Swap @fence swap(expected: u64, write: Write) -> Swapped;
        Page page(filter: &ListFilter, after: Option<&Cursor>) -> Page;
        Visit visit(
            filter: &ListFilter,
            visit: &mut (dyn for<'a> FnMut(&'a Record) + Send)
        ) -> ();
    }
    Due {
        ClaimDue @fence claim_due(limit: usize, lease: Duration) -> Claimed<Stored>;
        LookNow look_now(key: &JobKey) -> ();
        ClaimOutbox @fence claim_outbox(limit: usize, lease: Duration) -> Claimed<OutboxEntry>;
        Announced @fence announced(ids: &[OutboxId]) -> ();
        Postpone @fence postpone(id: &OutboxId, wait: Duration) -> ();
    }
    Permits {
        TakePermit @fence take_permit(permit: &Permit, terms: &GrantTerms) -> Permitted;
        GivePermits @fence give_permits(returns: &[PermitReturn]) -> ();
        TakeTurn @fence take_turn(pool: &str, lasts: Duration) -> bool;
        EndTurn @fence end_turn(pool: &str) -> ();
        Usage usage(pool: &str) -> Usage;
        Permits permits(pool: &str) -> Vec<HeldPermit>;
    }
    SlotLimits {
        PoolSlots pool_slots(pool: &str) -> PoolSlots;
        ChangeSlotLimit @fence change_slot_limit(
            pool: &str,
            limit: &SlotLimit,
            version: u64
        ) -> bool;
    }
    WaitingRoom {
        Enter @fence enter(waiters: &[Waiter]) -> ();
        Grant @fence grant(
            pool: &str,
            terms: &GrantTerms,
            most: usize,
            lease: Duration
        ) -> Granted;
        Confirm @fence confirm(permits: &[Permit]) -> ();
        Withdraw @fence withdraw(permits: &[Permit]) -> ();
        OverdueGrants overdue_grants(pool: &str) -> Vec<Waiter>;
        Place place(pool: &str, key: &JobKey, round: u32) -> Option<Place>;
        Waiting waiting(pool: &str, most: usize) -> Vec<TenantWaiting>;
        Waiters waiters(pool: &str, tenant: &Tenant, most: usize) -> Vec<Waiter>;
        CountWaiting count_waiting(pool: &str, tenant: &Tenant) -> WaitingCount;
        SlotsFreed slots_freed(seen: u64, most: Duration) -> u64;
    }
    Accounts {
        Pause pause(account: &str, pause: &Pause) -> ();
        Paused paused(account: &str) -> Option<Pause>;
        Pauses pauses(account: &str) -> Vec<NamedPause>;
        Resume resume(account: &str) -> ();
        Witness witness(account: &str, witness: &Witness) -> ();
        Witnesses witnesses(account: &str) -> Vec<Witness>;
        Propose propose(key: &JobKey, round: u32, task_id: &str, keep_for: Duration) -> ();
        Proposals proposals(key: &JobKey, round: u32) -> Vec<String>;
        ClaimTask @fence claim_task(task: &AccountTask, key: &JobKey, round: u32) -> bool;
        TaskOwner task_owner(task: &AccountTask) -> Option<JobKey>;
    }
    ManualPauses {
        PauseByHand pause_by_hand(account: &str, pause: &ManualPause) -> bool;
        ResumeByHand resume_by_hand(account: &str, scope: &PauseScope) -> bool;
        PausedByHand paused_by_hand(account: &str) -> Vec<ManualPause>;
    }
    Spending {
        Reserve @fence reserve(reservation: &Reservation, caps: &Caps) -> Reserved;
        SettleReservations @fence settle_reservations(
            account: &str,
            settlements: &[Settlement]
        ) -> ();
        Reservations reservations(account: &str) -> Vec<HeldReservation>;
        Spending spending(account: &str, period: &Period) -> Vec<SpentBy>;
    }
    Acceptances {
        Accept accept(
            key: &JobKey,
            acceptance: &Acceptance,
            since: Timestamp,
            keep_for: Duration
        ) -> Acceptance;
        Acceptance acceptance(key: &JobKey) -> Option<Acceptance>;
        MarkPublished mark_published(key: &JobKey, acceptance: &Acceptance) -> ();
    }
    Allowances {
        Spend spend(key: &str, allowance: &Allowance, amount: Option<Money>) -> Allowed;
        GiveBack give_back(key: &str, amount: Money, at: Timestamp) -> ();
    }
    Activity {
        Ended ended(since: Timestamp) -> Vec<Ended>;
    }
    Ledger {
        Check check() -> ();
        Warnings warnings() -> Vec<String>;
    }
}

fn words(arguments: &[&dyn Summary]) -> String {
    let words = arguments.iter().map(|argument| argument.summary());
    words.filter(|words| !words.is_empty()).collect::<Vec<_>>().join(" ")
}
