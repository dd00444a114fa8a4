use daemon::{Config, ExitCode};
use job::{HistoryEntry, Problem, Record, State, Timestamp, Watch};
use ports::{Clock, SystemClock};
use serde::Serialize;
use serde_json::json;

use super::around::Around;
use super::named::Named;
use super::place::PlaceView;
use super::uncompared;
use crate::backends::Backends;
use crate::error::Error;
use crate::output::Output;
use crate::view::{PauseView, PrintedJob};

pub(crate) async fn run(
    config: &Config,
    named: &Named,
    output: &Output,
) -> Result<ExitCode, Error> {
    let ledger = Backends::look_at_ledger(config).await?;
    let uncompared = uncompared::report(ledger.as_ref(), output).await?;
    let now = SystemClock.now();
    let Some(stored) = named.load_whole(ledger.as_ref()).await? else {
        let around = Around::everywhere(config, ledger.as_ref(), now).await?;
        return Err(Error::NotFound(format!("{}{around}", named.unseen())));
    };
    let record = stored.record;
    let around = Around::of(config, ledger.as_ref(), Some(&record), now).await?;
    let mut why = explain(&record, stored.owner_alive, now);
    let place = PlaceView::of(config, ledger.as_ref(), &record).await?;
    if waits(&record.state) {
        why.extend(place.map(|place| format!("; {}", place.words())));
        why.push_str(&around.sentence());
    }
    let account = &record.account;
    let by_hand: Vec<_> = around.by_hand.iter().filter(|_| waits(&record.state)).collect();
    let by_hand: Vec<_> = by_hand.iter().map(|pause| PauseView::of(account, pause)).collect();
    if let Some(held) = &around.held {
        why.push_str(&format!("; {held}"));
    }
    let job = PrintedJob { place, ..PrintedJob::in_detail(&record) };
    let value = json!({
        "job": job, "why": why, "history": record.history.iter().map(LineView::of).collect::<Vec<_>>(),
        "account": account,
        "other_accounts": record.other_accounts,
        "paused_by_hand": by_hand,
        "account_paused": around.paused.as_ref().map(|pause| &pause.reason),
        "uncompared": uncompared,
    });
    output.result(&value, || {
        let mut lines = timeline(&record);
        lines.extend(job.detail_lines());
        lines.push(format!("now: {why}"));
        let paused = around.paused.filter(|_| !waits(&record.state));
        lines.extend(paused.map(|pause| format!("the account is paused: {}", pause.reason)));
        lines
    });
    Ok(ExitCode::Ok)
}

/// A line of the timeline, with times as RFC 3339.
#[derive(Serialize)]
struct LineView<'a> {
    at: String,
    round: u32,
    what: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    repeated: Option<RepeatedView>,
}

#[derive(Serialize)]
struct RepeatedView {
    times: u32,
    since: String,
}

impl<'a> LineView<'a> {
    fn of(entry: &'a HistoryEntry) -> Self {
        let HistoryEntry { at, round, what, repeated } = entry;
        let repeated =
            repeated.map(|r| RepeatedView { times: r.times, since: r.since.to_string() });
        Self { at: at.to_string(), round: *round, what, repeated }
    }
}

/// The lane and the account concern only a job that waits to be sent.
fn waits(state: &State) -> bool {
    matches!(state, State::Queued { .. } | State::Waiting { .. })
}

fn timeline(record: &Record) -> Vec<String> {
    let mut lines = vec![format!("{}  {}", record.key, record.operation)];
    lines.extend(record.enqueued_at.map(|enqueued| format!("{enqueued}  enqueued")));
    lines.extend(record.history.iter().map(line));
    lines
}

fn line(entry: &HistoryEntry) -> String {
    let again = entry.repeated.map(|r| format!(" ({} times since {})", r.times, r.since));
    format!("{}  {}{}", entry.at, entry.what, again.unwrap_or_default())
}

/// Pure: the state, since when, and what happens next.
fn explain(record: &Record, owner_alive: bool, now: Timestamp) -> String {
    let since = record.last_change();
    match &record.state {
        State::Tombstone => format!("cancelled at {since}, before any worker had recorded it"),
        State::Queued { why: Some(why) } => {
            format!("queued since {since}: {why}; it waits in the broker for its next try")
        }
        State::Queued { why: None } => format!("queued since {since}"),
        State::Waiting { why, .. } => format!("waits for a slot since {since}: {why}"),
        State::Submitting { post_deadline, .. } if owner_alive => {
            format!("submitting since {since}; an answer is awaited until {post_deadline}")
        }
        State::Submitting { .. } => {
            format!("submitting since {since}, and its worker is gone: it is about to be in doubt")
        }
        State::InDoubt { doubt } => format!(
            "in doubt since {}: {}; next look-up {}",
            doubt.since,
            doubt.cause,
            when(doubt.next_look, now)
        ),
        State::Pending { status, looks, next_look } => format!(
            "the provider has it since {since} (last told: {status}, after {looks} looks){}; \
             next look {}",
            watched(&record.watch),
            when(*next_look, now)
        ),
        State::Settled { outcome, at } => match outcome.error() {
            Some(problem) => format!("{} at {at}: {}", outcome.word(), reason(problem)),
            None => format!("{} at {at}", outcome.word()),
        },
        State::Parked { why, at, .. } => format!("parked at {at}, for a person: {why}"),
    }
}

fn reason(problem: &Problem) -> String {
    let mut words = format!("{}: {}", problem.kind, problem.message);
    if let Some(field) = &problem.field {
        words.push_str(&format!(" (field {field})"));
    }
    if let Some(advice) = &problem.advice {
        words.push_str(&format!("; what to do: {advice}"));
    }
    words
}

/// What the queries have shown about the task besides its status.
fn watched(watch: &Watch) -> String {
    let mut words = String::new();
    if let Some(since) = watch.unread_since {
        words.push_str(&format!("; success without a readable file since {since}"));
    }
    if let Some(since) = watch.denied_since {
        let times = watch.denials;
        words.push_str(&format!("; the provider has denied it since {since}, {times} times"));
    }
    if watch.overdue {
        words.push_str("; overdue");
    }
    if let Some(failed) = &watch.failed_look {
        words.push_str(&format!("; the look at {} told nothing: {}", failed.at, failed.why));
    }
    words
}

fn when(at: Timestamp, now: Timestamp) -> String {
    match at <= now {
        true => "due now".to_owned(),
        false => format!("at {at}"),
    }
}

#[cfg(test)]
mod tests {
    use job::{Doubt, MessageFacts, Outcome, Repeated, decode};

    use super::*;

    fn record() -> Record {
        let body = br#"{"id":"a","operation":"videos/text2video","request":{"prompt":"x"}}"#;
        let job = decode(body, MessageFacts::default()).unwrap();
        Record::new(&job, "default", "reelwork", Timestamp::EPOCH)
    }

    #[test]
    fn every_end_that_has_a_reason_gives_it() {
        let error = Problem::new("policy", "not allowed").advice("change the prompt");
        let ends = [
            Outcome::Failed { error: error.clone() },
            Outcome::Rejected { error: error.clone() },
            Outcome::TimedOut { error },
        ];
        for outcome in ends {
            let word = outcome.word();
            let at = Timestamp::EPOCH;
            let record = Record { state: State::Settled { outcome, at }, ..record() };
            let expected = format!(
                "{word} at 1970-01-01T00:00:00.000Z: policy: not allowed; \
                 what to do: change the prompt"
            );
            assert_eq!(explain(&record, false, at), expected);
        }
    }

    #[test]
    fn a_repeated_line_has_its_count_and_its_first_time() {
        let mut entry = HistoryEntry::once(Timestamp::from_millis(2_000), 1, "look-up failed: 503");
        assert_eq!(line(&entry), "1970-01-01T00:00:02.000Z  look-up failed: 503");
        entry.repeated = Some(Repeated { times: 20, since: Timestamp::EPOCH });
        let expected = json!({
            "at": "1970-01-01T00:00:02.000Z", "round": 1, "what": "look-up failed: 503",
            "repeated": {"times": 20, "since": "1970-01-01T00:00:00.000Z"},
        });
        assert_eq!(json!(LineView::of(&entry)), expected);
        assert_eq!(
            line(&entry),
            "1970-01-01T00:00:02.000Z  look-up failed: 503 \
             (20 times since 1970-01-01T00:00:00.000Z)"
        );
    }

    #[test]
    fn a_doubt_has_its_start_its_cause_and_the_next_look() {
        let mut record = record();
        let doubt = Doubt {
            since: Timestamp::from_millis(1_000),
            cause: "answer lost".into(),
            settles_at: Timestamp::EPOCH,
            denials: 0,
            looks: 1,
            next_look: Timestamp::from_millis(61_000),
            evidence: Vec::new(),
            intent: None,
        };
        record.state = State::InDoubt { doubt };
        assert_eq!(
            explain(&record, false, Timestamp::from_millis(2_000)),
            "in doubt since 1970-01-01T00:00:01.000Z: answer lost; \
             next look-up at 1970-01-01T00:01:01.000Z"
        );
    }
}
