//! One price: which jobs it is for, and what they cost.

use jiff::civil::Date;
use job::Money;

use crate::asked::Asked;

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Price {
    pub(crate) terms: Terms,
    pub(crate) amount: Amount,
    pub(crate) per: Per,
}

/// Which jobs a price is for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Terms {
    pub(crate) operations: Vec<String>,
    /// Any, if none is named.
    pub(crate) models: Vec<String>,
    pub(crate) mode: Option<String>,
    pub(crate) sound: Option<bool>,
    pub(crate) voices: Option<bool>,
    pub(crate) image: Option<bool>,
    pub(crate) video: Option<bool>,
    /// Its first day; `None`: always.
    pub(crate) from: Option<Date>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Amount {
    Usd(Money),
    /// Millionths of the provider's units.
    Units(u64),
}

/// What the amount is paid for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Per {
    Task,
    Second,
    FiveSeconds,
    Picture,
}

impl Per {
    pub(crate) const WORDS: &str = "\"task\", \"second\", \"5s\" or \"picture\"";

    pub(crate) fn parse(word: &str) -> Option<Self> {
        match word {
            "task" => Some(Self::Task),
            "second" => Some(Self::Second),
            "5s" => Some(Self::FiveSeconds),
            "picture" => Some(Self::Picture),
            _ => None,
        }
    }

    fn times(self, asked: &Asked) -> u64 {
        match self {
            Self::Task => 1,
            Self::Second => asked.seconds,
            Self::FiveSeconds => asked.seconds.div_ceil(5),
            Self::Picture => asked.pictures,
        }
    }
}

impl Terms {
    fn fit(&self, asked: &Asked) -> bool {
        let same = |wanted: Option<bool>, is| wanted.is_none_or(|wanted| wanted == is);
        let of_model = |model: &String| self.models.contains(model);
        self.operations.contains(&asked.operation)
            && (self.models.is_empty() || asked.model.as_ref().is_some_and(of_model))
            && self.mode.as_ref().is_none_or(|mode| *mode == asked.mode)
            && same(self.sound, asked.sound)
            && same(self.voices, asked.voices)
            && same(self.image, asked.image)
            && same(self.video, asked.video)
    }

    fn began_by(&self, day: Date) -> bool {
        self.from.is_none_or(|from| from <= day)
    }
}

impl Price {
    pub(crate) fn applies(&self, asked: &Asked, day: Date) -> bool {
        self.terms.fit(asked) && self.terms.began_by(day)
    }

    /// `unit`: what a unit costs. `None`: it is not known.
    pub(crate) fn total(&self, asked: &Asked, unit: Option<Money>) -> Option<Money> {
        let one = match self.amount {
            Amount::Usd(amount) => amount,
            Amount::Units(micro_units) => unit?.of_units(micro_units),
        };
        Some(one.times(self.per.times(asked)))
    }
}
