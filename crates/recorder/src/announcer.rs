use std::time::Duration;

use job::{
    CloudEvent, Effect, EventKind, EventSource, Record, RetryDelay, State, Step, Timestamp,
    TraceContext,
};
use ports::{Destination, LedgerError, Message, OutboxEntry, Write, header};

use crate::session::LEASE;
use crate::whole::require_whole;

/// How long after its intent a POST is checked for whether its owner still lives.
const ORPHAN_CHECK: Duration = LEASE;

/// Turns steps into ledger writes: the record, its due time and its outbox entries.
#[derive(Clone, Debug)]
pub struct Announcer {
    pub source: EventSource,
}

impl Announcer {
    /// `outbox_lease`: how long new outbox entries are kept from others. `LeftApart` if the job's
    /// message must go out and its request is not loaded.
    pub fn write(
        &self,
        step: &Step,
        now: Timestamp,
        outbox_lease: Duration,
    ) -> Result<Write, LedgerError> {
        let mut outbox = Vec::new();
        for effect in &step.effects {
            match effect {
                Effect::Announce(kind) => outbox.push(self.announcement(&step.record, *kind, now)),
                Effect::Requeue { after } => outbox.extend(requeue(&step.record, *after, now)?),
                Effect::ReleasePermit { .. }
                | Effect::SettleReservation { .. }
                | Effect::Wait
                | Effect::Withdraw => {}
            }
        }
        Ok(self.write_with(step.record.clone(), outbox, outbox_lease))
    }

    /// A write that adds outbox entries and leaves the record as it is.
    pub fn write_with(
        &self,
        record: Record,
        outbox: Vec<OutboxEntry>,
        outbox_lease: Duration,
    ) -> Write {
        Write { due: record.due(ORPHAN_CHECK), record, outbox, outbox_lease }
    }

    fn announcement(&self, record: &Record, kind: EventKind, now: Timestamp) -> OutboxEntry {
        self.entry(record, &CloudEvent::about(record, kind, &self.source, now))
    }

    pub fn entry(&self, record: &Record, event: &CloudEvent) -> OutboxEntry {
        OutboxEntry {
            id: event.id.clone(),
            key: record.key.clone(),
            to: Destination::Results { routing_key: event.routing_key() },
            message: event_message(record, event),
            closes: event.kind().is_some_and(EventKind::ends_round) || is_settled(record),
            tries: 0,
        }
    }
}

/// The retention of a settled record begins with its last event.
fn is_settled(record: &Record) -> bool {
    matches!(record.state, State::Settled { .. })
}

fn event_message(record: &Record, event: &CloudEvent) -> Message {
    let body = serde_json::to_vec(event).unwrap_or_default();
    let mut message = Message::json(event.id.clone(), body);
    message.content_type = "application/cloudevents+json".to_owned();
    message.kind = Some(event.event_type.clone());
    message.correlation_id = Some(record.key.id.to_string());
    message.timestamp = Some(event.data.timings.announced_ms);
    traced(message, record)
}

/// The producer's trace goes into the headers, where AMQP clients look for it.
fn traced(mut message: Message, record: &Record) -> Message {
    let TraceContext { traceparent, tracestate } = record.trace_context();
    for (name, value) in [(header::TRACEPARENT, traceparent), (header::TRACESTATE, tracestate)] {
        if let Some(value) = value {
            message = message.header(name, value);
        }
    }
    message
}

/// The job message again; the record waits for it. `None` when the request is gone.
fn requeue(
    record: &Record,
    after: Option<RetryDelay>,
    now: Timestamp,
) -> Result<Option<OutboxEntry>, LedgerError> {
    require_whole(record)?;
    let Some(job) = record.to_job() else {
        return Ok(None);
    };
    let (body, routing_key) = (job.to_message(), job.routing_key().to_string());
    let enqueued = record.enqueued_at.unwrap_or(now);
    let message = Message::json(record.key.id.as_str(), body)
        .header(header::ENQUEUED_AT, enqueued.as_millis().to_string())
        .header(header::RETRIES, "1")
        .header(header::LIFE, record.life.as_str());
    Ok(Some(OutboxEntry {
        // One requeue per change of the record: a repeat of the same write leaves one entry.
        id: format!("requeue:{}:{}:{}", record.key, record.round, now.as_millis()),
        key: record.key.clone(),
        to: match after {
            None => Destination::Jobs { routing_key },
            Some(delay) => Destination::Later { delay, routing_key },
        },
        message: traced(message, record),
        closes: false,
        tries: 0,
    }))
}

#[cfg(test)]
mod tests {
    use job::{Kept, MessageFacts, decode};

    use ports::Generation;

    use super::*;
    use crate::journal_message;

    #[test]
    fn a_parked_job_may_still_succeed_so_no_event_closes_its_record() {
        let body = br#"{"id":"a","operation":"videos/text2video","request":{"prompt":"x"}}"#;
        let job = decode(body, MessageFacts::default()).unwrap();
        let mut record = Record::new(&job, "default", "reelwork", Timestamp::EPOCH);
        let announcer = Announcer { source: EventSource::of_installation("reelwork") };
        let closes = |record: &Record, kind| {
            let event = CloudEvent::about(record, kind, &announcer.source, Timestamp::EPOCH);
            announcer.entry(record, &event).closes
        };
        let at = Timestamp::EPOCH;
        record.state = State::Parked { why: String::new(), doubt: None, at };
        assert!(!closes(&record, EventKind::Parked) && !closes(&record, EventKind::Conflict));
        record.state = State::Settled { outcome: job::Outcome::Cancelled, at };
        assert!(closes(&record, EventKind::Cancelled) && closes(&record, EventKind::Conflict));
        assert!(!closes(
            &Record { state: State::Queued { why: None }, ..record },
            EventKind::Submitted
        ));
    }

    #[test]
    fn nothing_leaves_the_ledger_without_a_request_that_was_left_apart() {
        let body = br#"{"id":"a","operation":"videos/text2video","request":{"prompt":"x"}}"#;
        let job = decode(body, MessageFacts::default()).unwrap();
        let record = Record::new(&job, "default", "reelwork", Timestamp::EPOCH);
        let announcer = Announcer { source: EventSource::of_installation("reelwork") };
        let generation = Generation { id: "g".into(), began_at: Timestamp::EPOCH };
        let outcome = |request| {
            let record = Record { request, ..record.clone() };
            let line = journal_message(&generation, Timestamp::EPOCH, &record, None);
            let step = Step { record, effects: vec![Effect::Requeue { after: None }] };
            let write = announcer.write(&step, Timestamp::EPOCH, Duration::ZERO);
            (line.map(drop), write.map(|write| write.outbox.len()))
        };
        let left = || LedgerError::LeftApart { key: "default/a".to_owned() };
        assert_eq!(outcome(Kept::Apart), (Err(left()), Err(left())));
        assert_eq!(outcome(record.request.clone()), (Ok(()), Ok(1)));
        assert_eq!(outcome(Kept::Nothing), (Ok(()), Ok(0)));
    }

    #[test]
    fn a_job_that_returns_later_waits_in_a_delay_queue() {
        let body = br#"{"id":"a","operation":"videos/text2video","request":{"prompt":"x"}}"#;
        let job = decode(body, MessageFacts::default()).unwrap();
        let record = Record::new(&job, "default", "reelwork", Timestamp::EPOCH);
        let to = |after| requeue(&record, after, Timestamp::EPOCH).unwrap().unwrap().to;
        let routing_key = job.routing_key().to_string();
        assert_eq!(to(None), Destination::Jobs { routing_key: routing_key.clone() });
        let delay = RetryDelay::TwoMinutes;
        assert_eq!(to(Some(delay)), Destination::Later { delay, routing_key });
    }
}
