//! Which jobs name their account, in a world with several.

use std::collections::BTreeMap;

use job::JobKey;

use crate::accounts::{Account, Name};
use crate::chance::Chance;
use crate::script::{Kind, Publication};

/// One in so many names an account.
const BOUND: u64 = 4;

/// One in so many names an account that does not exist.
const STRAY: u64 = 40;

enum Binding {
    To(Option<Name>),
    Nowhere,
}

/// Repeats of a message name the same account; another request under the same id need not.
pub(crate) fn bind(chance: &Chance, lines: &mut [Publication], accounts: &[Account]) {
    let mut bindings: BTreeMap<(JobKey, bool), Binding> = BTreeMap::new();
    for line in lines {
        let of = (line.key.clone(), line.kind == Kind::Other);
        let binding = bindings.entry(of).or_insert_with(|| any(chance, line.kind, accounts));
        match binding {
            Binding::To(account) => line.account = *account,
            Binding::Nowhere => line.kind = Kind::Stray,
        }
    }
}

fn any(chance: &Chance, kind: Kind, accounts: &[Account]) -> Binding {
    match (kind, chance.below(STRAY)) {
        (Kind::Good, 0) => Binding::Nowhere,
        (_, n) if n % BOUND == 1 => {
            let at = chance.below(accounts.len() as u64);
            Binding::To(usize::try_from(at).ok().and_then(|at| accounts.get(at)).map(|of| of.name))
        }
        _ => Binding::To(None),
    }
}
