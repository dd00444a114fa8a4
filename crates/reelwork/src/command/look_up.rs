//! Whether a task can be found by its external id: tested with tasks from the ledger, free of
//! charge.

use daemon::{Config, LookUp};
use kling::{Client, KnownTask, QueryError, Route};
use ports::{Clock, SystemClock, Witness};

use crate::backends::Backends;
use crate::error::Error;
use crate::provider;

/// What is known about the look-up that settles doubts, of one account.
pub(crate) async fn tried(config: &Config) -> Result<String, Error> {
    match config.kling.look_up {
        LookUp::None => return Ok("none: what is in doubt waits for a callback or a person".into()),
        LookUp::Auto => {}
        fixed => return Ok(format!("{} as configured, not tried here", fixed.as_str())),
    }
    let client = provider::client(config, config.kling.require_api_key()?)?;
    let ledger = Backends::open_ledger(config).await?;
    let mut known = ledger.witnesses(&config.kling.account).await?;
    known.retain(|witness| witness.is_recent(SystemClock.now()));
    if known.is_empty() {
        return Ok("auto, and no task is known yet to try it on: while that is so, a lost answer \
                   holds its slot for as long as a task can live"
            .to_owned());
    }
    let mut found = Vec::new();
    for witness in known {
        // A newer version may have stored an operation that this one does not know.
        let Some(route) = Route::parse(witness.operation.as_str()) else { continue };
        found.push(format!("{} {}", route.path(), on_route(&client, route, &witness).await?));
    }
    Ok(format!("auto: {}", found.join(", ")))
}

async fn on_route(client: &Client, route: Route, witness: &Witness) -> Result<String, Error> {
    let impossible = uuid::Uuid::new_v4().to_string();
    let (task_id, external_id) = (witness.task_id.as_str(), witness.external_id.as_str());
    let known = KnownTask { task_id, external_id };
    match client.truthful_look_up(route, known, &impossible).await {
        Ok(Some(form)) => Ok(format!("by {form} finds and denies rightly")),
        Ok(None) => Ok("has no look-up that can be believed: doubts wait for a person".to_owned()),
        Err(QueryError::NotFound { .. }) => {
            Ok("cannot be tried: the provider denies the task that it had last".to_owned())
        }
        Err(error) => Err(Error::Unavailable(format!("{}: {error}", route.path()))),
    }
}
