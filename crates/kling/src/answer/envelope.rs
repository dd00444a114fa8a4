//! Unwrapping: data is wrapped once, twice, three times or not at all.

use serde_json::{Map, Value};

use super::complaint::Complaint;
use super::value::object;

/// How many `data` layers are opened.
const MAX_DEPTH: usize = 3;

/// An answer taken out of its wrappings.
pub(super) struct Envelope<'a> {
    pub(super) root: &'a Map<String, Value>,
    /// The objects that may hold the task, outermost first.
    pub(super) layers: Vec<&'a Map<String, Value>>,
    /// The list form.
    pub(super) list: Option<&'a [Value]>,
    pub(super) complaint: Option<Complaint>,
}

impl<'a> Envelope<'a> {
    pub(super) fn open(root: &'a Map<String, Value>) -> Self {
        let mut envelope =
            Self { root, layers: Vec::new(), list: None, complaint: Complaint::of_root(root) };
        envelope.descend();
        // Only an answer without `data` is itself the task: else its `status` is the call's own.
        if envelope.layers.is_empty() && !root.contains_key("data") {
            envelope.layers.push(root);
        }
        envelope
    }

    fn descend(&mut self) {
        let mut outer = self.root;
        for _ in 0..MAX_DEPTH {
            if let Some(list) = outer.get("data").and_then(Value::as_array) {
                self.list = Some(list);
            }
            let Some(inner) = object(outer, "data") else {
                return;
            };
            self.complaint = self.complaint.take().or_else(|| Complaint::of_code(inner));
            self.layers.push(inner);
            if inner.contains_key("task_status") {
                return;
            }
            outer = inner;
        }
    }

    /// The first readable value, the innermost layer first.
    pub(super) fn pick<T>(&self, read: impl Fn(&Map<String, Value>) -> Option<T>) -> Option<T> {
        self.layers.iter().rev().find_map(|layer| read(layer))
    }
}
