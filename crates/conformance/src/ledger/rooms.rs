//! Random calls to two ledgers, which must answer alike.

use std::sync::Arc;
use std::time::Duration;

use job::{JobId, JobKey, Priority, Tenant};
use ports::{
    Fence, GrantTerms, Ledger, Limits, Permit, PermitReturn, RoomBounds, TenantTerms, Waiter,
};

use super::fixture::*;

const POOL: &str = "default:images";
const STEPS: u32 = 150;

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
    let (mut granted, mut grants) = (Vec::new(), 0);
    for seed in 1..=3 {
        let mut dice = Dice(seed);
        let terms = terms(&mut dice);
        for step in 0..STEPS {
            let [one, other] = &sides;
            let call =
                Call::random(&mut dice, &mut granted, &terms, seed * 1_000 + u64::from(step));
            let answers = [one.answer(&call).await, other.answer(&call).await];
            assert_eq!(answers[1], answers[0], "seed {seed}, step {step}: {call:?}");
            let jobs = answers.into_iter().next().unwrap_or_default().granted;
            grants += jobs.len();
            granted.extend(jobs);
            assert_eq!(
                other.state().await,
                one.state().await,
                "seed {seed}, step {step}: {call:?}"
            );
        }
    }
    assert!(grants > 100, "{grants} jobs were granted slots");
}

#[derive(Debug)]
enum Call {
    Enter(Vec<Waiter>, RoomBounds),
    Grant(GrantTerms, usize),
    End(Waiter),
    WaitAgain(Waiter),
    Withdraw(Waiter),
}

#[derive(Debug, Default, PartialEq)]
struct Answer {
    words: String,
    granted: Vec<Waiter>,
}

impl Call {
    fn random(dice: &mut Dice, granted: &mut Vec<Waiter>, terms: &GrantTerms, nth: u64) -> Self {
        let taken = |dice: &mut Dice, granted: &mut Vec<Waiter>| {
            let place = dice.below(granted.len().max(1) as u64);
            (place < granted.len()).then(|| granted.swap_remove(place))
        };
        match dice.below(10) {
            0..3 => {
                let waiters =
                    (0..dice.below(6) as u64).map(|n| waiter(dice, nth * 10 + n)).collect();
                let tenant = [0, 8][dice.below(2)];
                Self::Enter(waiters, RoomBounds { tenant, pool: 30 })
            }
            3..6 => Self::Grant(terms.clone(), dice.below(6)),
            6 => {
                let before = nth.saturating_sub(dice.below(9) as u64) * 10;
                Self::Withdraw(waiter(dice, before))
            }
            7 => match taken(dice, granted) {
                Some(waiter) => Self::WaitAgain(waiter),
                None => Self::Grant(terms.clone(), 3),
            },
            _ => match taken(dice, granted) {
                Some(waiter) => Self::End(waiter),
                None => Self::Grant(terms.clone(), 3),
            },
        }
    }
}

impl Side {
    async fn answer(&self, call: &Call) -> Answer {
        let (ledger, fence) = (&self.ledger, &self.fence);
        let mut granted = Vec::new();
        let words = match call {
            Call::Enter(waiters, bounds) => {
                format!("{:?}", ledger.enter(fence, waiters, bounds).await.unwrap())
            }
            Call::Grant(terms, most) => {
                let answer = ledger.grant(fence, POOL, terms, *most, LONG).await.unwrap();
                granted = answer.jobs;
                format!("{:?}", answer.left)
            }
            Call::End(waiter) => {
                let Permit { pool, key, round, revision, .. } = waiter.permit.clone();
                let revision = revision + 1;
                let back = PermitReturn { pool, key, round, revision, since: None, unspent: false };
                format!("{:?}", ledger.give_permits(fence, &[back]).await.unwrap())
            }
            Call::WaitAgain(waiter) => {
                let one = std::slice::from_ref(waiter);
                format!("{:?}", ledger.wait_again(fence, one).await.unwrap())
            }
            Call::Withdraw(waiter) => {
                let job = (waiter.permit.key.clone(), waiter.permit.round);
                format!("{:?}", ledger.withdraw(fence, POOL, &[job]).await.unwrap())
            }
        };
        Answer { words, granted }
    }

    async fn state(&self) -> String {
        let (waiting, used) = (self.ledger.waiting(POOL, 99).await, self.ledger.used(POOL).await);
        format!("{waiting:?} {used:?}")
    }
}

fn terms(dice: &mut Dice) -> GrantTerms {
    let limits = Limits { concurrency: 12, submissions_per_day: 0 };
    let of = |dice: &mut Dice| TenantTerms {
        weight: dice.below(5) as u32 + 1,
        concurrency: [0, 5][dice.below(2)],
    };
    let tenants = ["a", "b"].map(|name| (Tenant::new(name).unwrap(), of(dice)));
    GrantTerms { limits, default: of(dice), tenants: tenants.into() }
}

fn waiter(dice: &mut Dice, nth: u64) -> Waiter {
    let tenant = Tenant::new(["a", "b", "c", "d"][dice.below(4)]).unwrap();
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
