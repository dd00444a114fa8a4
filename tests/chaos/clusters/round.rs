//! What happens to the servers in one round.

use std::fmt;
use std::time::Duration;

use crate::chance::Chance;

/// How long a node is down: shorter and longer than heartbeats and failovers take.
const SHORTEST: u64 = 3;
const LONGEST: u64 = 25;

/// How long RabbitMQ has no majority.
const NO_MAJORITY: Duration = Duration::from_secs(30);

/// Of so many rounds the last two harm several nodes of RabbitMQ.
const CYCLE: usize = 5;

#[derive(Clone, Copy, Debug)]
pub(super) enum Node {
    Rabbitmq(usize),
    Redis(usize),
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Harm {
    Kill,
    Freeze,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Round {
    One {
        node: Node,
        harm: Harm,
        lasts: Duration,
    },
    /// Only this node of RabbitMQ is left: no queue accepts or delivers anything.
    Minority {
        left: usize,
        harm: Harm,
        lasts: Duration,
    },
    /// Each node of RabbitMQ is killed and started again, one after the other.
    InTurn,
}

impl Round {
    /// `number` from 0 on.
    pub(super) fn drawn(number: usize, chance: &mut Chance, rabbitmq: usize, redis: usize) -> Self {
        match CYCLE - number % CYCLE {
            1 => Self::InTurn,
            2 => {
                let (left, harm) = (chance.below(rabbitmq), Harm::drawn(chance));
                Self::Minority { left, harm, lasts: NO_MAJORITY }
            }
            _ => Self::of_one(chance, rabbitmq, redis),
        }
    }

    fn of_one(chance: &mut Chance, rabbitmq: usize, redis: usize) -> Self {
        let number = chance.below(rabbitmq + redis);
        let node = match number.checked_sub(rabbitmq) {
            None => Node::Rabbitmq(number),
            Some(number) => Node::Redis(number),
        };
        let harm = Harm::drawn(chance);
        let seconds = SHORTEST + chance.next() % (LONGEST - SHORTEST + 1);
        Self::One { node, harm, lasts: Duration::from_secs(seconds) }
    }
}

impl Harm {
    fn drawn(chance: &mut Chance) -> Self {
        if chance.below(2) == 0 { Self::Kill } else { Self::Freeze }
    }
}

impl fmt::Display for Round {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One { node, harm, lasts } => {
                write!(f, "{harm:?} {node:?} for {} s", lasts.as_secs())
            }
            Self::Minority { left, harm, lasts } => {
                write!(f, "{harm:?} all of Rabbitmq but {left} for {} s", lasts.as_secs())
            }
            Self::InTurn => write!(f, "Kill each of Rabbitmq in turn"),
        }
    }
}
