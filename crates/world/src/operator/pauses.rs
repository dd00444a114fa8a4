//! `pause` and `resume`.

use std::sync::Arc;

use job::{Operation, PauseScope, Resource, Tenant};
use operator::{NewPause, PauseError, Pauses};
use tokio::time::sleep;

use crate::accounts::Name;
use crate::chance::Chance;
use crate::pause_watch::Paused;
use crate::process::Backends;
use crate::world::World;

/// Pauses something for a while. It is resumed by hand also if it ends by itself, or if the command
/// seems to have failed.
pub(super) async fn visit(world: &Arc<World>) {
    let what = (world.any_account(), any_scope(&world.chance));
    if !world.pauses.take(&what) {
        return;
    }
    pause(world, what.clone()).await;
    sleep(world.chance.millis(1_500, 12_000)).await;
    resume(world, &what).await;
    world.pauses.give(&what);
}

async fn pause(world: &Arc<World>, (account, scope): Paused) {
    let ends = world.chance.happens(0.3).then(|| world.chance.millis(500, 10_000));
    let now = world.time.now();
    let (reason, by) = ("an operator wants it".to_owned(), None);
    let new = NewPause { scope, reason, until: ends.map(|time| now + time), by };
    let life = world.life(world.census.next());
    if let Some(backends) = Backends::of(world, &life) {
        let pauses = Pauses::new(backends.ledger, account.to_owned());
        let losses = world.pauses.losses();
        if let Ok(paused) = pauses.pause(new, now).await {
            world.trace.fault("paused by hand");
            world.trace.line("operator", format_args!("{}", paused.words()));
            world.pauses.paused(account, paused, losses);
        }
    }
    life.end();
}

/// Repeated until it is known that it is not paused any more.
async fn resume(world: &Arc<World>, what: &Paused) {
    world.pauses.resuming(what);
    let (account, scope) = what;
    let life = world.life(world.census.next());
    if let Some(backends) = Backends::of(world, &life) {
        let pauses = Pauses::new(backends.ledger, (*account).to_owned());
        while let Err(PauseError::Ledger(_)) = pauses.resume(scope).await {
            sleep(world.chance.millis(200, 1_000)).await;
        }
        world.trace.line("operator", format_args!("{scope} is resumed"));
    }
    life.end();
}

/// What came back with an old snapshot of the ledger: an operator looks at the list.
pub(crate) async fn resume_all(world: &Arc<World>) {
    for account in &world.plan.accounts {
        resume_all_of(world, account.name).await;
    }
}

async fn resume_all_of(world: &Arc<World>, account: Name) {
    let life = world.life(world.census.next());
    let Some(backends) = Backends::of(world, &life) else { return };
    let pauses = Pauses::new(backends.ledger, account.to_owned());
    loop {
        match pauses.in_force().await {
            Ok(none) if none.is_empty() => break,
            Ok(some) => {
                for pause in some {
                    resume(world, &(account, pause.scope)).await;
                }
            }
            Err(_) => sleep(world.chance.millis(200, 1_000)).await,
        }
    }
    life.end();
}

fn any_scope(chance: &Chance) -> PauseScope {
    let tenant = |name: &str| Tenant::new(name).unwrap_or_default();
    match chance.below(8) {
        0 => PauseScope::Account,
        1 => PauseScope::Pool(Resource::Videos),
        2 => PauseScope::Pool(Resource::Images),
        3 | 4 => PauseScope::Tenant(tenant("acme")),
        5 => PauseScope::Tenant(Tenant::default()),
        6 => PauseScope::Operation(Operation::new("videos/text2video")),
        _ => PauseScope::Operation(Operation::new("images/generations")),
    }
}
