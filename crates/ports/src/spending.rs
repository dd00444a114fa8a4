use job::{Effect, JobKey, Money, OverCap, Record, Settled, Step, Timestamp};

/// An amount to be held for one round until the round is settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reservation {
    pub account: String,
    pub key: JobKey,
    pub round: u32,
    pub model: Option<String>,
    /// The estimate. `None`: the job has no price, and is counted as such.
    pub amount: Option<Money>,
    /// An amount over a cap is counted as refused, since the job is not tried again.
    pub refuses: bool,
}

impl Reservation {
    /// Names of models come from requests: a longer one is counted with others, as is a job without
    /// a model.
    pub const LONGEST_MODEL: usize = 64;

    /// The name under which its model is counted.
    pub fn model_name(&self) -> &str {
        self.model.as_deref().filter(|name| name.len() <= Self::LONGEST_MODEL).unwrap_or_default()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reserved {
    /// Also if the round already had a reservation.
    Held,
    /// Nothing was reserved.
    Over(OverCap),
}

/// The end of a reservation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    pub key: JobKey,
    pub round: u32,
    pub settled: Settled,
    /// If set, only a reservation of this moment of the store or before.
    pub since: Option<Timestamp>,
}

impl Settlement {
    /// Those that follow from a step.
    pub fn of(step: &Step) -> Vec<Self> {
        let key = &step.record.key;
        let settled = |effect: &Effect| match *effect {
            Effect::SettleReservation { round, settled } => {
                Some(Self { key: key.clone(), round, settled, since: None })
            }
            Effect::Announce(_)
            | Effect::ReleasePermit { .. }
            | Effect::Requeue { .. }
            | Effect::Wait
            | Effect::Withdraw => None,
        };
        step.effects.iter().filter_map(settled).collect()
    }
}

impl HeldReservation {
    /// Ends the reservation as it is held now, not one that is renewed later.
    pub fn left_behind(&self, settled: Settled) -> Settlement {
        let Self { key, round, since, .. } = self.clone();
        Settlement { key, round, settled, since: Some(since) }
    }
}

/// A reservation that is not settled yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldReservation {
    pub key: JobKey,
    pub round: u32,
    pub amount: Money,
    /// When it was last asked for.
    pub since: Timestamp,
}

/// What was spent by one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Spender {
    Account,
    Tenant,
    Model,
}

impl Spender {
    pub const ALL: [Self; 3] = [Self::Account, Self::Tenant, Self::Model];

    pub fn word(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Tenant => "tenant",
            Self::Model => "model",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|spender| spender.word() == word)
    }
}

/// The sums of one account, tenant or model in a period.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    pub spent: Money,
    pub reserved: Money,
    /// How often a job was refused because of a cap: again if it is delivered again.
    pub refused: u64,
    /// Jobs without a price.
    /// Those that wait again are not counted.
    pub unpriced: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpentBy {
    pub spender: Spender,
    /// Empty for the account, and for those that are counted together.
    pub name: String,
    pub sums: Spent,
}

impl Reservation {
    /// For a record that is about to be submitted.
    pub fn of(record: &Record, amount: Option<Money>, refuses: bool) -> Self {
        Self {
            account: record.account.clone(),
            key: record.key.clone(),
            round: record.round,
            model: record.model.clone(),
            amount,
            refuses,
        }
    }
}
