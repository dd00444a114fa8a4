//! Which account a job is bound to by its messages, and what that promises.

use std::collections::BTreeSet;

use job::JobKey;

use crate::accounts::Name;
use crate::provider::Books;
use crate::script::Publication;
use crate::world::World;

/// Jobs that were paid for with an account that none of their messages allows.
pub(crate) fn strayed(world: &World, books: &Books) -> Vec<String> {
    let mut wrong = Vec::new();
    for key in world.keys() {
        let asked = asked(world, key);
        let mut used = tasks(books, key);
        let strays = |used: &Name| !asked.contains(&None) && !asked.contains(&Some(*used));
        if let Some(stray) = used.find(strays) {
            wrong.push(format!("{key} ran on account {stray}, and is bound to another"));
        }
    }
    wrong
}

/// Called before the account is whole again: jobs that cannot have been sent with it need not wait
/// for it.
pub(crate) fn must_have_ended(world: &World, account: Name) {
    for key in world.keys() {
        let is_bound = asked(world, key).iter().any(Option::is_some);
        let was_sent = tasks(&world.provider.books(), key).any(|used| used == account);
        if !is_bound && !was_sent && waits(world, key) {
            world.judge.accuse(format!("{key} waited for account {account}"));
        }
    }
}

fn waits(world: &World, key: &JobKey) -> bool {
    let contents = world.ledger.contents();
    let record = contents.records.get(key).map(|row| &row.record);
    record.is_none_or(|record| !record.state.is_final() && !record.may_have_been_paid())
}

/// The accounts that its messages name; `None`: one names none.
fn asked(world: &World, key: &JobKey) -> BTreeSet<Option<Name>> {
    world.script.iter().filter(|line| line.key == *key).map(|line| line.account).collect()
}

/// The account of each of its tasks.
fn tasks<'a>(books: &'a Books, key: &JobKey) -> impl Iterator<Item = Name> + use<'a> {
    let ids = books.by_marker.get(&Publication::marker(key)).into_iter().flatten();
    ids.filter_map(|id| books.tasks.get(id)).map(|task| task.account)
}
