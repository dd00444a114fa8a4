use std::time::Duration;

use daemon::{Config, ExitCode, Shutdown};
use job::{CloudEvent, Timestamp};
use ports::{Clock, SystemClock};
use producer::{Producer, Replay, ResultEvent, Results};

use crate::backends::Backends;
use crate::cli::Events;
use crate::error::Error;
use crate::output::Output;
use crate::view::told_left_out;

/// Prints results as they arrive, until a signal, the count or the idle time ends it.
pub(crate) async fn run(
    options: Events,
    config: &Config,
    output: &Output,
) -> Result<ExitCode, Error> {
    let shutdown = Shutdown::on_signals()?;
    let producer = Producer::new(Backends::open_broker(config).await?);
    // Before the journal is read: results that are published meanwhile arrive here.
    let mut results = producer.results(options.name.as_deref(), &options.binding).await?;
    let mut shown = Shown { output, left: options.count, replay: None };
    let followed = tokio::select! {
        () = shutdown.requested() => Ok(()),
        followed = shown.follow(&options, &producer, &mut results) => followed,
    };
    results.close().await;
    followed.map(|()| ExitCode::Ok)
}

/// Longer than it takes to journal an event that was published.
const LATE: Duration = Duration::from_secs(30);

struct Shown<'a> {
    output: &'a Output,
    left: Option<u64>,
    replay: Option<Replay>,
}

impl Shown<'_> {
    async fn follow(
        &mut self,
        options: &Events,
        producer: &Producer,
        results: &mut Results,
    ) -> Result<(), Error> {
        if let Some(since) = options.since {
            let now = SystemClock.now().as_millis();
            let before = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
            let since = Timestamp::from_millis(now.saturating_sub(before).max(0));
            self.replay_events(producer.replay(since, &options.binding).await?).await?;
        }
        let late = tokio::time::sleep(LATE);
        tokio::pin!(late);
        while self.left != Some(0) {
            let next = tokio::select! {
                () = quiet(options.idle) => return Ok(()),
                () = &mut late, if self.replay.is_some() => {
                    self.replay = None;
                    continue;
                }
                event = journaled(self.replay.as_mut()) => {
                    self.show(&event);
                    continue;
                }
                next = results.next() => next,
            };
            let Some(result) = next else {
                return Err(Error::Unavailable("the broker closed the subscription".to_owned()));
            };
            self.print(result).await?;
        }
        Ok(())
    }

    async fn replay_events(&mut self, mut replay: Replay) -> Result<(), Error> {
        while self.left != Some(0) {
            let Some(event) = replay.next().await? else { break };
            self.show(&event);
        }
        self.replay = Some(replay);
        Ok(())
    }

    async fn print(&mut self, result: ResultEvent) -> Result<(), Error> {
        if self.replay.as_mut().is_none_or(|replay| replay.is_new(&result.event)) {
            self.show(&result.event);
        }
        Ok(result.ack().await?)
    }

    fn show(&mut self, event: &CloudEvent) {
        self.output.result(event, || words(event));
        self.left = self.left.map(|left| left - 1);
    }
}

async fn journaled(replay: Option<&mut Replay>) -> CloudEvent {
    match replay {
        Some(replay) => replay.late().await,
        None => std::future::pending().await,
    }
}

async fn quiet(idle: Option<Duration>) {
    match idle {
        Some(idle) => tokio::time::sleep(idle).await,
        None => std::future::pending().await,
    }
}

fn words(event: &CloudEvent) -> Vec<String> {
    let (kind, data) = (event.kind().map_or("?", job::EventKind::word), &event.data);
    let mut lines = vec![format!("{}  {}  {kind}  {}", event.time, event.subject, data.operation)];
    lines.extend(data.outputs.iter().map(|output| format!("  {}", output.url)));
    lines.extend(told_left_out(data.outputs_left_out));
    lines.extend(data.error.iter().map(|error| format!("  {}: {}", error.kind, error.message)));
    lines
}
