//! Checking a raw request body before paying for it.

mod capability;
mod combination;
mod form;
mod media;
mod rule;
mod table;
mod text;

use serde_json::{Map, Value};

pub use self::form::{Content, FieldForm, fields};
use crate::route::Route;

/// What a check has found. Errors refuse; warnings name disputed limits and unknown combinations.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Validation {
    pub errors: Vec<Problem>,
    pub warnings: Vec<Problem>,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where, as a JSON path: `image_list[2].image`.
    pub field: String,
    /// The limit, the actual value and the fix.
    pub message: String,
}

impl Validation {
    /// Whether the request may be sent.
    pub fn is_ok(&self) -> bool {
        self.errors.is_empty()
    }

    fn error(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.errors.push(Problem { field: field.into(), message: message.into() });
    }

    fn warn(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.warnings.push(Problem { field: field.into(), message: message.into() });
    }
}

/// Check a raw request body before paying for it. Unknown fields and models pass untouched; a field
/// that looks like a known one misspelt is a warning.
pub fn validate(route: Route, request: &Map<String, Value>) -> Validation {
    let mut found = Validation::default();
    rule::check(table::fields(route), request, "", &mut found);
    rule::unknown(table::fields(route), request, &mut found);
    combination::check(route, request, &mut found);
    capability::check(route, request, &mut found);
    found
}

/// Where a request has a number and Kling wants text, as JSON pointers (RFC 6901): producers write
/// `"duration": 5` all the time.
pub fn numbers_for_text(route: Route, request: &Map<String, Value>) -> Vec<String> {
    let mut places = Vec::new();
    text::find(table::fields(route), request, "", &mut places);
    places
}
