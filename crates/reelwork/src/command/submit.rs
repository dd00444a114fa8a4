use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use daemon::{Config, ExitCode};
use futures::StreamExt;
use job::{Job, JobKey};
use producer::{Draft, Invalid, ProduceError, Producer};
use serde::Serialize;
use serde_json::Value;
use tokio::sync::OnceCell;

use crate::cli::Submit;
use crate::command::wait;
use crate::doors::Doors;
use crate::failure::Failure;
use crate::output::Output;

/// Publishes under way at once.
const AT_ONCE: usize = 256;

/// What became of one job; the id is told even when the outcome is not known.
#[derive(Debug, Serialize)]
struct Receipt {
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    id: Option<String>,
    tenant: Option<String>,
    operation: Option<String>,
    status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip)]
    key: Option<JobKey>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    /// The broker has it.
    Queued,
    /// Nothing was published: change the job.
    Invalid,
    /// The broker refused it and has nothing.
    Refused,
    /// The broker may have it: submit again under the same id.
    Unknown,
}

/// A job as it was read, with its line number when it came from a file.
type Line = (Option<usize>, Result<Job, Invalid>);

pub(crate) async fn run(
    options: Submit,
    config: &Config,
    output: &Output,
) -> Result<ExitCode, Failure> {
    let jobs = match (&options.file, &options.operation) {
        (Some(file), _) => from_file(file)?,
        (None, Some(operation)) => vec![(None, from_flags(&options, operation))],
        (None, None) => return Err(Failure::Usage("an operation or --file is needed".to_owned())),
    };
    let receipts = publish_all(jobs, config, output).await?;
    let code = code(&receipts);
    if !options.wait || code != ExitCode::Ok {
        return Ok(code);
    }
    let keys = receipts.into_iter().filter_map(|receipt| receipt.key).map(Into::into).collect();
    wait::until_done(Doors::open_ledger(config).await?, keys, options.timeout, output).await
}

/// Each line is a job of its own: a bad one is reported and does not hold up the next.
fn from_file(path: &Path) -> Result<Vec<Line>, Failure> {
    let unreadable = |error| Failure::Usage(format!("{}: {error}", path.display()));
    let source: Box<dyn Read> = match path == Path::new("-") {
        true => Box::new(std::io::stdin()),
        false => Box::new(std::fs::File::open(path).map_err(unreadable)?),
    };
    let mut jobs = Vec::new();
    for (index, line) in BufReader::new(source).split(b'\n').enumerate() {
        let line = line.map_err(unreadable)?;
        if !line.trim_ascii().is_empty() {
            jobs.push((Some(index + 1), Producer::read(&line)));
        }
    }
    Ok(jobs)
}

fn from_flags(options: &Submit, operation: &str) -> Result<Job, Invalid> {
    let fields = options.set.iter().map(|(name, text)| (name.clone(), value(text)));
    let mut fields: Vec<(String, Value)> = fields.collect();
    let built = draft(options, operation, &fields).build();
    let Err(invalid) = built else { return built };
    // `--set duration=5` reads as a number, and the provider wants some of them as text.
    let complaint = invalid.reason.to_string();
    for (name, value) in &mut fields {
        if complaint.contains(&format!("{name}: ")) && value.is_number() {
            *value = Value::from(value.to_string());
        }
    }
    // Where that does not help, the first complaint is the true one.
    draft(options, operation, &fields).build().or(Err(invalid))
}

/// JSON where it is JSON, else text.
fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::from(text))
}

fn draft(options: &Submit, operation: &str, fields: &[(String, Value)]) -> Draft {
    let mut draft = Draft::new(operation).retries(options.retries);
    if let Some(prompt) = &options.prompt {
        draft = draft.prompt(prompt);
    }
    for (name, value) in fields {
        draft = draft.set(name, value.clone());
    }
    for (name, text) in &options.metadata {
        draft = draft.metadata(name, text.as_str());
    }
    if let Some(key) = &options.key {
        draft = draft.id(key);
    }
    if let Some(tenant) = &options.tenant {
        draft = draft.tenant(tenant);
    }
    if let Some(deadline) = options.deadline {
        draft = draft.deadline(deadline);
    }
    draft.priority(options.priority.unwrap_or_default())
}

async fn publish_all(
    jobs: Vec<Line>,
    config: &Config,
    output: &Output,
) -> Result<Vec<Receipt>, Failure> {
    let bar = output.progress(jobs.len() as u64, "submitting");
    // Connected by the first valid job: a file without one needs no broker.
    let producer = OnceCell::new();
    let publishing = futures::stream::iter(jobs)
        .map(|(line, job)| publish(&producer, config, line, job))
        .buffered(AT_ONCE);
    let mut publishing = std::pin::pin!(publishing);
    let mut receipts = Vec::new();
    while let Some(receipt) = publishing.next().await {
        let receipt = receipt?;
        bar.inc(1);
        bar.suspend(|| output.result(&receipt, || words(&receipt)));
        receipts.push(receipt);
    }
    bar.finish_and_clear();
    Ok(receipts)
}

async fn publish(
    producer: &OnceCell<Producer>,
    config: &Config,
    line: Option<usize>,
    job: Result<Job, Invalid>,
) -> Result<Receipt, Failure> {
    let job = match job {
        Ok(job) => job,
        Err(invalid) => return Ok(receipt(line, Err(invalid.into()))),
    };
    let connect = || async { Doors::open_broker(config).await.map(Producer::new) };
    let producer = producer.get_or_try_init(connect).await?;
    Ok(receipt(line, producer.publish(&job).await))
}

fn receipt(line: Option<usize>, outcome: Result<producer::Receipt, ProduceError>) -> Receipt {
    let (status, key, operation, error) = match outcome {
        Ok(receipt) => (Status::Queued, Some(receipt.key), Some(receipt.operation), None),
        Err(error) => {
            let status = match &error {
                ProduceError::Invalid(_) => Status::Invalid,
                ProduceError::Refused { .. } => Status::Refused,
                ProduceError::Unknown { .. } => Status::Unknown,
            };
            (status, error.key().cloned(), None, Some(error.to_string()))
        }
    };
    Receipt {
        line,
        id: key.as_ref().map(|key| key.id.to_string()),
        tenant: key.as_ref().map(|key| key.tenant.to_string()),
        operation,
        status,
        error,
        key,
    }
}

fn words(receipt: &Receipt) -> String {
    let id = receipt.id.as_deref().unwrap_or("-");
    match (&receipt.error, receipt.line) {
        (None, _) => format!("{id}  queued"),
        (Some(error), Some(line)) => format!("line {line}: {error}"),
        (Some(error), None) => error.clone(),
    }
}

/// The gravest of all: an unreachable broker, then a refused job.
fn code(receipts: &[Receipt]) -> ExitCode {
    let any = |status| receipts.iter().any(|receipt| receipt.status == status);
    if any(Status::Unknown) || any(Status::Refused) {
        ExitCode::Unavailable
    } else if any(Status::Invalid) {
        ExitCode::Failure
    } else {
        ExitCode::Ok
    }
}
