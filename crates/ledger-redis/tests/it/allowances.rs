//! What the keys of the gateway have used, at times that a test sets.

use conformance::ledger::{TimedAllowances, allows_as_decided};
use job::{Allowance, Allowed, CapPeriod, Money, Period, Timestamp};
use ledger_redis::RedisLedger;
use ports::Allowances;
use servers::redis::{Reply, Server};

use crate::fixture::server::{Told, server};
use crate::fixture::settings;

/// With the time as the last argument, in place of `clock.lua`.
const SPEND: &str = concat!(
    "local now = tonumber(ARGV[6])\n",
    include_str!("../../src/scripts/rate.lua"),
    include_str!("../../src/scripts/date.lua"),
    include_str!("../../src/scripts/spend.lua"),
);
const GIVE_BACK: &str = include_str!("../../src/scripts/give_back.lua");

struct Scripts(Server);

fn micros(amount: Option<Money>) -> String {
    amount.map_or(String::new(), |amount| amount.as_micros().to_string())
}

fn number<T: std::str::FromStr>(reply: &Reply) -> T {
    reply.text().parse().unwrap_or_else(|_| panic!("{reply:?}"))
}

fn at(reply: &Reply) -> Timestamp {
    Timestamp::from_millis(number(reply))
}

fn allowed(reply: &Reply) -> Allowed {
    let Reply::List(values) = reply else { panic!("{reply:?}") };
    match (values[0].text(), &values[1..]) {
        ("yes", [now, Reply::Nothing]) => Allowed::Yes { left: None, at: at(now) },
        ("yes", [now, left]) => Allowed::Yes { left: Some(number(left)), at: at(now) },
        ("rate", [next]) => Allowed::RateUsedUp { next: at(next) },
        ("over", [period, cap, used]) => {
            let of = Period::parse(period.text()).unwrap();
            let period = if of.is_day() { CapPeriod::Day } else { CapPeriod::Month };
            let (cap, used) = (Money::from_micros(number(cap)), Money::from_micros(number(used)));
            Allowed::OverBudget { period, cap, used, until: of.end() }
        }
        other => panic!("{other:?}"),
    }
}

impl TimedAllowances for Scripts {
    fn spend(
        &mut self,
        key: &str,
        allowance: &Allowance,
        amount: Option<Money>,
        now: Timestamp,
    ) -> Allowed {
        let Allowance { per_minute, budget } = *allowance;
        let (per_minute, now) = (per_minute.to_string(), now.as_millis().to_string());
        let (amount, day, month) = (micros(amount), micros(budget.day), micros(budget.month));
        let args = [&*per_minute, &amount, &day, &month, "100000", &now];
        let words = [&["EVAL", SPEND, "1", key][..], &args].concat();
        allowed(&self.0.tell(&words))
    }

    fn give_back(&mut self, key: &str, amount: Money, at: Timestamp) {
        let [day, month] = Period::both_of(at).map(|period| period.to_string());
        self.0.tell(&["EVAL", GIVE_BACK, "1", key, &micros(Some(amount)), &day, &month]);
    }
}

#[tokio::test]
async fn keys_are_allowed_as_decided_at_any_time() {
    allows_as_decided(&mut Scripts(server(&[]).await));
}

#[tokio::test]
async fn what_a_key_has_used_expires_and_its_past_periods_are_removed() {
    let server = server(&[]).await;
    let settings = settings(&server.url());
    let ledger = RedisLedger::connect(settings.clone()).await.unwrap();
    let key = format!("{{{}:permits}}:allowance:a", settings.namespace);
    let periods = ["2020-02-29", "2020-02", "9999-12-31", "9999-12"];
    for period in periods {
        server.tell(&["HSET", &key, period, "5"]);
    }
    let (limited, amount) = (Allowance { per_minute: 1, ..Allowance::default() }, Money::ZERO);
    let answer = ledger.spend("a", &limited, Some(amount)).await.unwrap();
    assert!(matches!(answer, Allowed::Yes { left: Some(0), .. }), "{answer:?}");
    let kept = periods.map(|period| server.tell(&["HEXISTS", &key, period]));
    assert!(matches!(kept.each_ref().map(count), [0, 0, 1, 1]), "{kept:?}");
    assert_eq!(
        count(&server.tell(&["HLEN", &key])),
        5,
        "two later ones, two new ones, and its rate"
    );
    let left_ms = count(&server.tell(&["PTTL", &key]));
    let day_ms = 24 * 60 * 60 * 1_000;
    assert!((31 * day_ms..=32 * day_ms).contains(&left_ms), "{left_ms}");
}

fn count(reply: &Reply) -> i64 {
    match reply {
        Reply::Number(number) => *number,
        other => panic!("{other:?}"),
    }
}
