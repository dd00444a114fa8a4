//! Whether a task can be found by its external id: tried on tasks that the ledger knows, free of
//! charge.

use std::collections::BTreeMap;

use daemon::{Config, LookUp};
use job::{Record, StateKind};
use kling::{Client, KnownTask, Route};
use ports::ListFilter;

use crate::doors::Doors;
use crate::failure::Failure;
use crate::roles;

/// Tasks that exist, or did until lately.
const KNOWN: [StateKind; 2] = [StateKind::Pending, StateKind::Succeeded];
const MOST: usize = 200;

/// What is known about the look-up that doubts are settled by.
pub(crate) async fn tried(config: &Config) -> Result<String, Failure> {
    match config.kling.look_up {
        LookUp::None => return Ok("none: what is in doubt waits for a callback or a person".into()),
        LookUp::Auto => {}
        fixed => return Ok(format!("{} as configured, not tried here", fixed.as_str())),
    }
    let client = roles::client(config, config.kling.require_api_key()?.clone())?;
    let ledger = Doors::open_ledger(config).await?;
    let records = ledger.list(&ListFilter::of_states(&KNOWN, MOST)).await?;
    let known = one_of_each_route(&records, &config.kling.account);
    if known.is_empty() {
        return Ok("auto, and no task is known yet to try it on".to_owned());
    }
    let mut found = Vec::new();
    for (path, (route, record)) in known {
        found.push(format!("{path} {}", on_route(&client, route, record).await?));
    }
    Ok(format!("auto: {}", found.join(", ")))
}

fn one_of_each_route<'a>(
    records: &'a [Record],
    account: &str,
) -> BTreeMap<&'a str, (Route, &'a Record)> {
    // Newest first: of two on one route the newer stays.
    let of_account = records.iter().rev().filter(|record| record.account == account);
    let on_route = |record: &'a Record| {
        let path = record.operation.as_str();
        Some((path, (Route::parse(path)?, record)))
    };
    of_account.filter(|record| record.task_id.is_some()).filter_map(on_route).collect()
}

async fn on_route(client: &Client, route: Route, record: &Record) -> Result<String, Failure> {
    let impossible = uuid::Uuid::new_v4().to_string();
    let external_id = record.external_id.as_str();
    let known = KnownTask { task_id: record.task_id.as_deref().unwrap_or_default(), external_id };
    match client.truthful_look_up(route, known, &impossible).await {
        Ok(Some(form)) => Ok(format!("by {form} finds and denies rightly")),
        Ok(None) => Ok("has no look-up that can be believed: doubts wait for a person".to_owned()),
        Err(error) => Err(Failure::Unavailable(format!("{}: {error}", route.path()))),
    }
}
