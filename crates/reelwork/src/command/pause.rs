//! Pauses by hand. Only the ledger is needed for them.

use daemon::{Config, ExitCode};
use job::{ManualPause, PauseScope};
use operator::{NewPause, PauseError, Pauses};
use ports::{Clock, SystemClock};
use serde_json::json;

use crate::backends::Backends;
use crate::cli::{Pause, Scope};
use crate::error::Error;
use crate::output::Output;
use crate::settings::account_rules;
use crate::view::PauseView;

/// Who runs the command, as far as the environment shows.
const USERS: [&str; 3] = ["USER", "LOGNAME", "USERNAME"];

/// Without a scope: lists what is paused.
pub(crate) async fn run(
    config: &Config,
    options: Pause,
    output: &Output,
) -> Result<ExitCode, Error> {
    match options.scope.scope() {
        Some(scope) => pause(config, options, scope, output).await,
        None => list(config, output).await,
    }
}

async fn pause(
    config: &Config,
    options: Pause,
    scope: PauseScope,
    output: &Output,
) -> Result<ExitCode, Error> {
    let Pause { scope: named, reason, lasts, until } = options;
    let reason = reason.ok_or_else(|| {
        Error::Usage("--reason TEXT is missing: it is shown wherever something waits".to_owned())
    })?;
    let now = SystemClock.now();
    let until = until.or_else(|| lasts.map(|time| now + time));
    let by = USERS.into_iter().find_map(|name| std::env::var(name).ok());
    let by = by.filter(|by| !by.is_empty());
    let accounts = accounts(config, &named);
    let new = NewPause { scope, reason, until, by };
    pause_each(config, &accounts, &new, output).await?;
    complain_of_unknown(config, &accounts, output);
    Ok(ExitCode::Ok)
}

/// One that cannot be paused does not keep the others going.
async fn pause_each(
    config: &Config,
    accounts: &[String],
    new: &NewPause,
    output: &Output,
) -> Result<(), Error> {
    let (ledger, now) = (Backends::open_ledger(config).await?, SystemClock.now());
    let mut failed = None;
    for account in accounts {
        let pauses = Pauses::new(ledger.clone(), account.clone());
        match pauses.pause(new.clone(), now).await {
            Ok(paused) => print(config, account, &paused, output),
            Err(error) => {
                failed.get_or_insert(error);
            }
        }
    }
    failed.map_or(Ok(()), |error| Err(error.into()))
}

fn complain_of_unknown(config: &Config, accounts: &[String], output: &Output) {
    for account in accounts.iter().filter(|name| config.of_account(name).is_none()) {
        let own = account_rules(config).names.join(", ");
        output.complain(&format!(
            "only processes with an account {account} stop; configured here: {own}"
        ));
    }
}

async fn list(config: &Config, output: &Output) -> Result<ExitCode, Error> {
    let ledger = Backends::look_at_ledger(config).await?;
    let (names, mut found) = (account_rules(config).names, false);
    for account in &names {
        let paused = Pauses::new(ledger.clone(), account.clone()).in_force().await?;
        found |= !paused.is_empty();
        paused.iter().for_each(|pause| print(config, account, pause, output));
    }
    if !found && !output.json {
        let whose = if names.len() == 1 { "account" } else { "accounts" };
        output.message(&format!("nothing of {whose} {} is paused by hand", names.join(", ")));
    }
    Ok(ExitCode::Ok)
}

/// Of several accounts, those where it is paused.
pub(crate) async fn resume(
    config: &Config,
    named: &Scope,
    output: &Output,
) -> Result<ExitCode, Error> {
    let Some(scope) = named.scope() else {
        let what = "--account, --pool, --tenant or --operation is missing: `reelwork pause` lists";
        return Err(Error::Usage(format!("{what} what is paused")));
    };
    let ledger = Backends::open_ledger(config).await?;
    let (mut resumed, mut not_paused) = (false, None);
    for account in accounts(config, named) {
        match Pauses::new(ledger.clone(), account.clone()).resume(&scope).await {
            Ok(()) => resumed = true,
            Err(error @ PauseError::NotPaused { .. }) => {
                not_paused.get_or_insert(error);
                continue;
            }
            Err(error) => return Err(error.into()),
        }
        tell(&account, &scope, output);
    }
    match not_paused {
        Some(error) if !resumed => Err(error.into()),
        Some(_) | None => Ok(ExitCode::Ok),
    }
}

fn tell(account: &str, scope: &PauseScope, output: &Output) {
    let value = json!({
        "account": account, "scope": scope.kind(), "name": scope.name(), "resumed": true,
    });
    output.result(&value, || match scope {
        PauseScope::Account => format!("account {account} is resumed"),
        PauseScope::Pool(_) | PauseScope::Tenant(_) | PauseScope::Operation(_) => {
            format!("{scope} of account {account} is resumed")
        }
    });
}

/// A pool, tenant or operation is that of every account.
fn accounts(config: &Config, named: &Scope) -> Vec<String> {
    match (named.account(), named.scope()) {
        (Some(name), _) => vec![name.to_owned()],
        (None, Some(PauseScope::Account)) => vec![config.kling.account.clone()],
        (None, _) => account_rules(config).names,
    }
}

fn print(config: &Config, account: &str, pause: &ManualPause, output: &Output) {
    let since = pause.since;
    let several = !config.accounts.key_files.is_empty();
    let name = if several { format!("account {account}: ") } else { String::new() };
    let words = || format!("{name}{} (since {since})", pause.words());
    output.result(&PauseView::of(account, pause), words);
}
