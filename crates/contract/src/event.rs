use job::{CloudEvent, EventKind};
use serde_json::{Value, json};

use crate::schema::{Draft, refine, written};

/// One announcement: a CloudEvent 1.0 in structured JSON.
pub fn event(draft: Draft) -> Value {
    let mut schema = written::<CloudEvent>(draft, "event.v1.json", "What became of a job");
    let types = EventKind::ALL.map(EventKind::event_type);
    refine(&mut schema, "specversion", [("const", "1.0".into())]);
    refine(&mut schema, "datacontenttype", [("const", "application/json".into())]);
    refine(&mut schema, "type", [("enum", json!(types))]);
    refine(&mut schema, "id", [("format", "uuid".into())]);
    refine(&mut schema, "source", [("format", "uri".into())]);
    refine(&mut schema, "time", [("format", "date-time".into())]);
    for name in ["id", "source", "subject"] {
        refine(&mut schema, name, [("minLength", 1.into())]);
    }
    schema
}
