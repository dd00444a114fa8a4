//! Finds out with one cheap paid task what the provider really supports.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use daemon::{Config, ExitCode};
use kling::{Client, LookUp, Route};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::error::Error;
use crate::output::{Output, Words};
use crate::provider;

/// The cheapest task: one picture of the oldest model (list price $0.0035).
const ROUTE: Route = Route::ImagesGenerations;

/// It may take some time until a task can be found.
const TRIES: u32 = 5;
const BETWEEN: Duration = Duration::from_secs(1);

#[derive(Debug, Serialize)]
struct Findings {
    account: String,
    task_id: String,
    external_id_echoed: bool,
    /// The result of each form of look-up: found, denied, or an error.
    look_up_path: String,
    look_up_query: String,
    look_up_list: String,
    /// The same form denies an id that was never used.
    unknown_id_denied: bool,
    /// This needs a public address.
    callbacks: &'static str,
    /// The settings to use.
    advice: Vec<String>,
}

/// One account after the other, each with its own key and address.
pub(crate) async fn run(config: &Config, yes: bool, output: &Output) -> Result<ExitCode, Error> {
    let accounts = config.accounts();
    let mut clients = Vec::new();
    for account in &accounts {
        let client = provider::client(account, account.kling.require_api_key()?)?;
        clients.push((account.kling.account.clone(), client));
    }
    consent(&accounts, yes, output)?;
    for (account, client) in clients {
        let findings = probe(account, &client).await?;
        let text = serde_json::to_string_pretty(&findings).unwrap_or_default();
        output.result(&findings, || Words::of_lines(&text));
    }
    Ok(ExitCode::Ok)
}

async fn probe(account: String, client: &Client) -> Result<Findings, Error> {
    let external_id = uuid::Uuid::new_v4().to_string();
    let created = client.submit(ROUTE, &request(&external_id)).await.map_err(|error| {
        Error::Unavailable(format!("the probe's task of account {account}: {error}"))
    })?;
    let [path, query, list] = [
        look(client, &external_id, LookUp::Path).await,
        look(client, &external_id, LookUp::Query).await,
        look(client, &external_id, LookUp::List).await,
    ];
    let works = [(LookUp::Path, &path), (LookUp::Query, &query), (LookUp::List, &list)]
        .into_iter()
        .find(|(_, found)| *found == FOUND)
        .map(|(form, _)| form);
    let unknown_id_denied = match works {
        Some(form) => look_once(client, &uuid::Uuid::new_v4().to_string(), form).await == DENIED,
        None => false,
    };
    Ok(Findings {
        account,
        task_id: created.task_id,
        external_id_echoed: created.external_task_id.as_deref() == Some(external_id.as_str()),
        look_up_path: path,
        look_up_query: query,
        look_up_list: list,
        unknown_id_denied,
        callbacks: "not probed",
        advice: advice(works, unknown_id_denied),
    })
}

/// Money is spent only after a confirmation.
fn consent(accounts: &[Config], yes: bool, output: &Output) -> Result<(), Error> {
    if yes {
        return Ok(());
    }
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return Err(Error::Usage(
            "--probe pays for one task of each account: add --yes to agree".to_owned(),
        ));
    }
    let at = |account: &Config| format!("{} ({})", account.kling.base_url, account.kling.account);
    let places: Vec<_> = accounts.iter().map(at).collect();
    output.message(&format!(
        "The probe pays for one picture (about $0.0035) at each of: {}. Go on? [y/N]",
        places.join(", ")
    ));
    std::io::stderr().flush()?;
    let mut answer = String::new();
    stdin.read_line(&mut answer)?;
    match answer.trim() {
        "y" | "Y" | "yes" => Ok(()),
        _ => Err(Error::Other("nothing was probed".to_owned())),
    }
}

fn request(external_id: &str) -> Map<String, Value> {
    let fields = serde_json::json!({
        "model_name": "kling-v1", "prompt": "A plain grey square", "n": 1,
        "external_task_id": external_id,
    });
    match fields {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

const FOUND: &str = "found";
const DENIED: &str = "denied";

async fn look(client: &Client, external_id: &str, form: LookUp) -> String {
    let mut answer = String::new();
    for _ in 0..TRIES {
        answer = look_once(client, external_id, form).await;
        if answer == FOUND {
            break;
        }
        tokio::time::sleep(BETWEEN).await;
    }
    answer
}

async fn look_once(client: &Client, external_id: &str, form: LookUp) -> String {
    match client.look_up(ROUTE, external_id, form).await {
        Ok(Some(_)) => FOUND.to_owned(),
        Ok(None) => DENIED.to_owned(),
        Err(error) => error.to_string(),
    }
}

fn advice(works: Option<LookUp>, unknown_id_denied: bool) -> Vec<String> {
    let form = match works {
        Some(LookUp::Path) => "path",
        Some(LookUp::Query) => "query",
        Some(LookUp::List) => "list",
        None => "none",
    };
    let mut advice = vec![format!("kling.look_up = \"{form}\"")];
    if unknown_id_denied {
        advice.push("kling.trust_denials = true".to_owned());
    }
    advice
}
