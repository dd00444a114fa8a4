use daemon::{Config, ExitCode, Shutdown};
use job::CloudEvent;
use producer::{Producer, ResultEvent, Results};

use crate::cli::Events;
use crate::doors::Doors;
use crate::failure::Failure;
use crate::output::Output;

/// Prints results as they come, until told to stop, enough came, or it went quiet.
pub(crate) async fn run(
    options: Events,
    config: &Config,
    output: &Output,
) -> Result<ExitCode, Failure> {
    let shutdown = Shutdown::on_signals()?;
    let producer = Producer::new(Doors::open_broker(config).await?);
    let mut results = producer.results(options.name.as_deref(), &options.binding).await?;
    let followed = follow(&options, &mut results, &shutdown, output).await;
    results.close().await;
    followed.map(|()| ExitCode::Ok)
}

async fn follow(
    options: &Events,
    results: &mut Results,
    shutdown: &Shutdown,
    output: &Output,
) -> Result<(), Failure> {
    let mut left = options.count;
    while left != Some(0) {
        let next = tokio::select! {
            () = shutdown.requested() => return Ok(()),
            () = quiet(options.idle) => return Ok(()),
            next = results.next() => next,
        };
        let Some(result) = next else {
            return Err(Failure::Unavailable("the broker closed the subscription".to_owned()));
        };
        show(result, output).await?;
        left = left.map(|left| left - 1);
    }
    Ok(())
}

async fn quiet(idle: Option<std::time::Duration>) {
    match idle {
        Some(idle) => tokio::time::sleep(idle).await,
        None => std::future::pending().await,
    }
}

async fn show(result: ResultEvent, output: &Output) -> Result<(), Failure> {
    output.result(&result.event, || words(&result.event));
    Ok(result.ack().await?)
}

fn words(event: &CloudEvent) -> String {
    let kind = event.kind().map_or("?", job::EventKind::word);
    let mut words = format!("{}  {}  {kind}  {}", event.time, event.subject, event.data.operation);
    for output in &event.data.outputs {
        words.push_str(&format!("\n  {}", output.url));
    }
    if let Some(error) = &event.data.error {
        words.push_str(&format!("\n  {}: {}", error.kind, error.message));
    }
    words
}
