//! The log of what operators have done in the console.

use crate::visitor::Visitor;

/// One line for each action: who, what, to what, and what came of it.
pub(crate) fn record(by: &Visitor, action: &str, subject: &str, result: &str) {
    tracing::info!(target: "console::audit", by = by.name, action, subject, result, "an operator acted");
}
