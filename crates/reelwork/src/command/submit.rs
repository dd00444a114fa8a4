//! Publishes jobs, and prints a receipt for each.

mod from_file;
mod lines;
mod warnings;

use daemon::{Config, ExitCode};
use futures::StreamExt;
use futures::stream::BoxStream;
use job::Job;
use kling::Route;
use producer::{Draft, Invalid, ProduceError, Producer, Spans};
use serde::Serialize;
use tokio::sync::OnceCell;

use self::from_file::Given;
use self::warnings::Warnings;
use crate::backends::Backends;
use crate::cli::Submit;
use crate::command::named::Named;
use crate::command::wait;
use crate::error::Error;
use crate::output::Output;
use crate::settings;

/// Maximum number of concurrent publishes: so many jobs, of megabytes each, are in memory.
const AT_ONCE: usize = 64;

/// The result for one job; it contains the id even if the outcome is not known.
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
type NumberedJob = (Option<usize>, Result<Job, Invalid>);

pub(crate) async fn run(
    options: Submit,
    config: &Config,
    output: &Output,
) -> Result<ExitCode, Error> {
    let jobs = match (&options.file, &options.operation) {
        (Some(file), _) => lines::of_file(file, settings::most_slots(config))?.boxed(),
        (None, Some(operation)) => {
            let draft =
                from_flags(&options, operation.as_str())?.within(settings::most_slots(config));
            let job: NumberedJob = (None, draft.build());
            futures::stream::iter([Ok(job)]).boxed()
        }
        (None, None) => return Err(Error::Usage("an operation or --file is needed".to_owned())),
    };
    let sum = publish_all(jobs, config, options.wait, output).await?;
    let code = sum.code(match options.file {
        // Other jobs of the file may have been published.
        Some(_) => ExitCode::Failure,
        None => ExitCode::Usage,
    });
    if sum.published.is_empty() {
        return Ok(code);
    }
    let ledger = Backends::open_ledger(config).await?;
    let waited = wait::until_done(ledger, sum.published, options.timeout, output).await?;
    // A job that could not be published decides the exit code, before the outcome of the others.
    Ok(if code == ExitCode::Ok { waited } else { code })
}

/// Values of `--set` keep their digits; where the provider requires text, a number becomes text.
fn from_flags(options: &Submit, operation: &str) -> Result<Draft, Error> {
    let mut draft = Draft::new(operation).retries(options.retries);
    if let Some(prompt) = &options.prompt {
        draft = draft.prompt(prompt);
    }
    let forms = Route::parse(operation).map(kling::fields).unwrap_or_default();
    for (name, text) in &options.set {
        draft = match from_file::value(&forms, name, text)? {
            Given::Text(text) => draft.set(name, text),
            Given::Json(text) => draft.set_json(name, text),
        };
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
    if let Some(account) = &options.account {
        draft = draft.account(account);
    }
    if let Some(deadline) = options.deadline {
        draft = draft.deadline(deadline);
    }
    Ok(draft.priority(options.priority.unwrap_or_default()))
}

/// The results of all jobs.
#[derive(Default)]
struct Sum {
    statuses: Vec<Status>,
    /// The jobs that the broker has, kept only for --wait.
    published: Vec<Named>,
}

/// Each receipt is printed as soon as it is known, and only a few jobs are in memory.
async fn publish_all(
    jobs: BoxStream<'_, Result<NumberedJob, Error>>,
    config: &Config,
    keep: bool,
    output: &Output,
) -> Result<Sum, Error> {
    // Connects for the first valid job: a file without one needs no broker.
    let producer = OnceCell::new();
    let (producer, warnings) = (&producer, &Warnings::default());
    let publishing = jobs
        .map(|line| async move {
            let (line, job) = line?;
            job.iter().for_each(|job| warnings.tell(line, job, output));
            publish(producer, config, line, job).await
        })
        .buffered(AT_ONCE);
    let mut publishing = std::pin::pin!(publishing);
    let mut sum = Sum::default();
    while let Some(done) = publishing.next().await {
        let (receipt, named) = done?;
        receipt.print(output);
        let is_in = receipt.status == Status::Queued;
        sum.add(receipt.status, named.filter(|_| keep && is_in));
    }
    Ok(sum)
}

impl Sum {
    fn add(&mut self, status: Status, published: Option<Named>) {
        if !self.statuses.contains(&status) {
            self.statuses.push(status);
        }
        self.published.extend(published);
    }

    /// The most severe of all: an unreachable broker, then an invalid job.
    fn code(&self, invalid: ExitCode) -> ExitCode {
        let any = |status| self.statuses.contains(&status);
        if any(Status::Unknown) || any(Status::Refused) {
            ExitCode::Unavailable
        } else if any(Status::Invalid) {
            invalid
        } else {
            ExitCode::Ok
        }
    }
}

async fn publish(
    producer: &OnceCell<Producer>,
    config: &Config,
    line: Option<usize>,
    job: Result<Job, Invalid>,
) -> Result<(Receipt, Option<Named>), Error> {
    let job = match job {
        Ok(job) => job,
        Err(invalid) => return Ok((receipt(line, Err(invalid.into())), None)),
    };
    let spans = Spans::named_by(callers_span);
    let connect = || async {
        let broker = Backends::open_broker_traced(config, spans).await?;
        Ok::<_, Error>(Producer::new(broker).within(settings::most_slots(config)))
    };
    let producer = producer.get_or_try_init(connect).await?;
    let receipt = receipt(line, producer.publish(&job).await);
    Ok((receipt, Some(Named::of_job(&job))))
}

/// OpenTelemetry's variable to pass a trace to a program.
fn callers_span() -> Option<String> {
    std::env::var("TRACEPARENT").ok().filter(|name| job::trace_id(name).is_some())
}

impl Receipt {
    /// Published jobs go to stdout, errors to stderr; with --json all go to stdout.
    fn print(&self, output: &Output) {
        match (&self.error, output.json) {
            (None, _) | (Some(_), true) => output.result(self, || words(self)),
            (Some(_), false) => output.complain(&words(self)),
        }
    }
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

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Flags {
        #[command(flatten)]
        submit: Submit,
    }

    #[test]
    fn numbers_on_the_command_line_keep_their_digits() {
        let line = [
            "submit",
            "videos/text2video",
            "--prompt=x",
            "--set=duration=5",
            "--set=seed=12345678901234567890123",
            "--set=cfg_scale=0.50",
        ];
        let options = Flags::parse_from(line).submit;
        let job = from_flags(&options, "videos/text2video").unwrap().build().unwrap();
        let sent = serde_json::to_string(&job.request).unwrap();
        let expected =
            r#"{"cfg_scale":0.50,"duration":"5","prompt":"x","seed":12345678901234567890123}"#;
        assert_eq!(sent, expected);
    }
}
