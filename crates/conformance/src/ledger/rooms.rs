//! Random calls to two ledgers, which must answer alike.

use std::sync::Arc;
use std::time::Duration;

use job::{JobId, JobKey, Priority, SlotLimit, SlotRange, Tenant};
use ports::{Fence, GrantTerms, Ledger, Limits, Permit, PermitReturn, TenantTerms, Waiter};

use super::fixture::*;

const POOL: &str = "default:images";
const TENANTS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];
const STEPS: u32 = 250;

/// A ledger, and this test's part in it.
struct Side {
    ledger: Arc<dyn Ledger>,
    fence: Fence,
}

/// A ledger serves waiting jobs in exactly the order in which the model does.
pub async fn serves_like(model: Arc<dyn Ledger>, ledger: Arc<dyn Ledger>) {
    let sides = [
        Side { fence: member(&*model).await, ledger: model },
        Side { fence: member(&*ledger).await, ledger },
    ];
    let (mut granted, mut grants, mut wide) = (Vec::new(), 0, 0);
    for seed in 1..=3 {
        let mut dice = Dice(seed);
        let terms = terms(&mut dice);
        for step in 0..STEPS {
            let [one, other] = &sides;
            let call =
                Call::random(&mut dice, &mut granted, &terms, seed * 1_000 + u64::from(step));
            let answers = [one.answer(&call).await, other.answer(&call).await];
            assert_eq!(answers[1], answers[0], "seed {seed}, step {step}: {call:?}");
            let answer = answers.into_iter().next().unwrap_or_default();
            wide += usize::from(answer.words.contains("too wide"));
            grants += answer.granted.len();
            granted.extend(answer.granted);
            assert_eq!(
                other.state().await,
                one.state().await,
                "seed {seed}, step {step}: {call:?}"
            );
        }
    }
    assert!(grants > 100 && wide > 3, "{grants} grants, {wide} calls with jobs that never fit");
}

#[derive(Debug)]
enum Call {
    Enter(Vec<Waiter>),
    Grant(GrantTerms, usize),
    End(Waiter),
    Take(Permit, GrantTerms),
    Confirm(Permit),
    Withdraw(Permit),
    Change(SlotLimit),
}

#[derive(Debug, Default, PartialEq)]
struct Answer {
    words: String,
    granted: Vec<Waiter>,
}

impl Call {
    fn random(dice: &mut Dice, granted: &mut Vec<Waiter>, terms: &GrantTerms, nth: u64) -> Self {
        match dice.below(16) {
            0..2 => {
                let waiters = (0..dice.below(4) as u64).map(|n| waiter(dice, nth * 10 + n));
                Self::Enter(waiters.collect())
            }
            2..6 => Self::Grant(terms.clone(), dice.below(6)),
            6 => {
                let before = nth.saturating_sub(dice.below(9) as u64) * 10;
                Self::Withdraw(waiter(dice, before).permit)
            }
            15 => Self::Change(limit(dice)),
            _ if granted.is_empty() => Self::Grant(terms.clone(), 3),
            kind => Self::of_granted(kind, dice, granted, terms),
        }
    }

    /// One of them ends or comes back, or one of its calls is late.
    fn of_granted(
        kind: usize,
        dice: &mut Dice,
        granted: &mut Vec<Waiter>,
        terms: &GrantTerms,
    ) -> Self {
        let place = dice.below(granted.len() as u64);
        let mut waiter = granted[place].clone();
        waiter.permit.revision += dice.below(3) as u64;
        match kind {
            7 => Self::Enter(vec![waiter]),
            8 => Self::Confirm(waiter.permit),
            9 => {
                let limits = Limits { concurrency: 6, ..terms.limits };
                Self::Take(waiter.permit, GrantTerms { limits, ..terms.clone() })
            }
            10 => {
                waiter.permit.round += 1;
                Self::Take(waiter.permit, terms.clone())
            }
            11 => Self::End(waiter),
            _ => {
                granted.swap_remove(place);
                waiter.permit.revision += 9;
                Self::End(waiter)
            }
        }
    }
}

impl Side {
    async fn answer(&self, call: &Call) -> Answer {
        let (ledger, fence) = (&self.ledger, &self.fence);
        let mut granted = Vec::new();
        let words = match call {
            Call::Enter(waiters) => {
                format!("{:?}", ledger.enter(fence, waiters).await.unwrap())
            }
            Call::Grant(terms, most) => {
                let answer = ledger.grant(fence, POOL, terms, *most, LONG).await.unwrap();
                granted = answer.jobs;
                let wide = answer.too_wide;
                let wide = wide.first().map(|_| format!(" too wide {wide:?}")).unwrap_or_default();
                format!("{:?}{wide}", answer.left)
            }
            Call::End(waiter) => {
                let Permit { pool, key, round, revision, .. } = waiter.permit.clone();
                let revision = revision + 1;
                let back = PermitReturn { pool, key, round, revision, since: None, unspent: false };
                format!("{:?}", ledger.give_permits(fence, &[back]).await.unwrap())
            }
            Call::Take(permit, terms) => {
                format!("{:?}", ledger.take_permit(fence, permit, terms).await.unwrap())
            }
            Call::Confirm(permit) => {
                let one = std::slice::from_ref(permit);
                format!("{:?}", ledger.confirm(fence, one).await.unwrap())
            }
            Call::Change(limit) => {
                let found = ledger.pool_slots(POOL).await.unwrap();
                let changed = ledger.change_slot_limit(fence, POOL, limit, found.version).await;
                format!("{:?} {} {}", found.limit, found.used, changed.unwrap())
            }
            Call::Withdraw(permit) => {
                let one = std::slice::from_ref(permit);
                format!("{:?}", ledger.withdraw(fence, one).await.unwrap())
            }
        };
        Answer { words, granted }
    }

    async fn state(&self) -> String {
        let (waiting, used) = (self.ledger.waiting(POOL, 99).await, self.ledger.usage(POOL).await);
        let mut counts = Vec::new();
        for tenant in TENANTS {
            let tenant = Tenant::new(tenant).unwrap();
            counts.push(self.ledger.count_waiting(POOL, &tenant).await.unwrap());
        }
        format!("{waiting:?} {used:?} {counts:?}")
    }
}

fn terms(dice: &mut Dice) -> GrantTerms {
    let limits = Limits { begin: [0, 8][dice.below(2)], ..Limits::slots(12) };
    let of = |dice: &mut Dice| TenantTerms {
        weight: dice.below(5) as u32 + 1,
        concurrency: [0, 5, 3][dice.below(3)],
        per_minute: 0,
    };
    let tenants = ["a", "b", "c"].map(|name| (Tenant::new(name).unwrap(), of(dice)));
    let default = of(dice);
    let named = ["b", "d"].into_iter().filter(|_| dice.below(4) == 0);
    let paused = named.map(|name| Tenant::new(name).unwrap()).collect();
    GrantTerms { limits, default, tenants: tenants.into(), paused }
}

/// Of half of the slots and more, and sometimes of all.
fn limit(dice: &mut Dice) -> SlotLimit {
    let slots = dice.below(8) as u32 + 6;
    SlotLimit::begin(SlotRange::up_to(slots, 1), CREATED)
}

fn waiter(dice: &mut Dice, nth: u64) -> Waiter {
    let tenant = Tenant::new(TENANTS[dice.below(6)]).unwrap();
    let key = JobKey::new(tenant, JobId::new(format!("job-{nth}")).unwrap());
    let weight = dice.below(4) as u32 + 1;
    Waiter {
        permit: Permit { pool: POOL.to_owned(), key, round: 1, weight, revision: 1 },
        priority: Priority::ALL[dice.below(3)],
        // Some come at the same moment.
        since: CREATED + Duration::from_millis(nth / 3),
        cost: [700, 32_000, 319_000][dice.below(3)] * u64::from(weight),
    }
}
