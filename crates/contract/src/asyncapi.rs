use job::{EventKind, Lane, Priority};
use ports::header;
use serde_json::{Map, Value, json};

use crate::event::event;
use crate::job_message::job_message;
use crate::references::inlined;
use crate::schema::Draft;

/// AsyncAPI 3.1 from reelwork's side: it receives jobs and sends events. Names are those of an
/// installation whose `broker.namespace` is `reelwork`.
pub fn asyncapi() -> Value {
    json!({
        "asyncapi": "3.1.0",
        "id": "urn:dev:reelwork",
        "info": {
            "title": "reelwork",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Jobs in, one event per outcome out. Both are delivered at least once: a job is done once by its id, and a repeated event has the same id.",
            "license": {"name": "MIT OR Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "rabbitmq": {
                "host": "localhost:5672",
                "protocol": "amqp",
                "protocolVersion": "0.9.1",
                "description": "RabbitMQ, as `broker.url` names it.",
            },
        },
        "channels": {"jobs": jobs(), "results": results()},
        "operations": {
            "takeJob": {
                "action": "receive",
                "summary": "Submits the job, once.",
                "channel": {"$ref": "#/channels/jobs"},
                "bindings": {"amqp": {"ack": true, "bindingVersion": BINDING}},
            },
            "announce": {
                "action": "send",
                "summary": "Tells what became of a job.",
                "channel": {"$ref": "#/channels/results"},
                "bindings": {"amqp": {
                    "deliveryMode": 2, "mandatory": true, "timestamp": true, "bindingVersion": BINDING,
                }},
            },
        },
        "components": {
            "messages": messages(),
            "schemas": {
                "job": inlined(job_message(Draft::Draft07)),
                "event": inlined(event(Draft::Draft07)),
            },
        },
    })
}

const BINDING: &str = "0.3.0";

fn jobs() -> Value {
    let lanes: Vec<String> = Lane::all().map(Lane::binding).collect();
    json!({
        "address": "{operation}.{priority}",
        "description": format!(
            "Publish persistent, mandatory and confirmed. The routing key is the operation with `/` as `.`, then the priority; a key that no lane binds comes back. Lanes: {}.",
            lanes.join(", ")
        ),
        "parameters": {
            "operation": {
                "description": "The job's operation with `/` as `.`.",
                "examples": ["videos.text2video", "images.generations"],
            },
            "priority": {
                "enum": Priority::ALL.map(Priority::as_str),
                "default": Priority::default().as_str(),
            },
        },
        "messages": {"job": {"$ref": "#/components/messages/job"}},
        "bindings": exchange("jobs"),
    })
}

fn results() -> Value {
    let name = |kind: EventKind| format!("{}Event", camel(kind.word()));
    let message = |kind: EventKind| {
        let at = format!("#/components/messages/{}", name(kind));
        (name(kind), json!({"$ref": at}))
    };
    let messages: Map<String, Value> = EventKind::ALL.into_iter().map(message).collect();
    json!({
        "address": "{operation}.{outcome}",
        "description": "Bind a queue of your own: `videos.text2video.succeeded`, `videos.*.failed`, `#`.",
        "parameters": {
            "operation": {
                "description": "The job's operation with `/` as `.`.",
                "examples": ["videos.text2video", "images.generations"],
            },
            "outcome": {
                "description": "The last word of the event's type.",
                "enum": EventKind::ALL.map(EventKind::word),
            },
        },
        "messages": messages,
        "bindings": exchange("results"),
    })
}

fn exchange(name: &str) -> Value {
    json!({"amqp": {
        "is": "routingKey",
        "exchange": {
            "name": format!("reelwork.{name}"), "type": "topic",
            "durable": true, "autoDelete": false, "vhost": "/",
        },
        "bindingVersion": BINDING,
    }})
}

fn messages() -> Map<String, Value> {
    let events = EventKind::ALL.into_iter().map(|kind| {
        let message = json!({
            "name": kind.event_type(),
            "title": title(kind),
            "contentType": "application/cloudevents+json",
            "correlationId": {"location": "$message.payload#/subject"},
            "headers": headers(&[]),
            "payload": {"allOf": [
                {"$ref": "#/components/schemas/event"},
                {"properties": {"type": {"const": kind.event_type()}}},
            ]},
            "bindings": {"amqp": {"messageType": kind.event_type(), "bindingVersion": BINDING}},
        });
        (format!("{}Event", camel(kind.word())), message)
    });
    let job = json!({
        "name": "job",
        "title": "A job to be done",
        "contentType": "application/json",
        "headers": headers(&[(header::ENQUEUED_AT, "Unix milliseconds of the publish; AMQP's own timestamp counts seconds.")]),
        "payload": {"$ref": "#/components/schemas/job"},
        "bindings": {"amqp": {"bindingVersion": BINDING}},
    });
    std::iter::once(("job".to_owned(), job)).chain(events).collect()
}

/// The headers for the producer's trace, and `more`.
fn headers(more: &[(&str, &str)]) -> Value {
    let trace = [
        (
            header::TRACEPARENT,
            "W3C Trace Context of whoever published it; of an event, the job's producer's where \
             traces are not exported.",
        ),
        (header::TRACESTATE, "Belongs to `traceparent`."),
    ];
    let text = |(name, what): (&str, &str)| {
        (name.to_owned(), json!({"type": "string", "description": what}))
    };
    let properties: Map<String, Value> = more.iter().copied().chain(trace).map(text).collect();
    json!({"type": "object", "properties": properties})
}

fn title(kind: EventKind) -> &'static str {
    match kind {
        EventKind::Submitted => "The provider has the task; only where `events.submitted` is set",
        EventKind::Succeeded => "Done: here are the files",
        EventKind::Failed => "The provider could not do it",
        EventKind::Rejected => {
            "It cannot be done as it is, by the provider's word or by ours: something must change"
        }
        EventKind::TimedOut => "Given up, or the deadline has passed",
        EventKind::Cancelled => "Cancelled before it was sent",
        EventKind::Parked => "A person must decide",
        EventKind::Overdue => "At work for longer than tasks take; its outcome follows, late",
        EventKind::Conflict => "Another request came under the same id: the first stands",
    }
}

/// `timed_out` as `timedOut`.
fn camel(word: &str) -> String {
    let mut parts = word.split('_');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |name, part| {
        let (head, tail) = part.split_at(1);
        name + &head.to_uppercase() + tail
    })
}
