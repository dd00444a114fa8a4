//! Videos of several shots.

use serde_json::Value;

use super::super::Validation;
use super::{Body, given, word};

/// Whether the shots replace a prompt.
pub(super) fn replace_the_prompt(body: &Body) -> bool {
    is_multi_shot(body) && word(body, "shot_type") == "customize"
}

pub(super) fn check(body: &Body, found: &mut Validation) {
    if !is_multi_shot(body) {
        return;
    }
    if !given(body, "shot_type") {
        found.error("shot_type", "is required with multi_shot: use customize or intelligence");
    }
    if word(body, "shot_type") == "customize" {
        if !given(body, "multi_prompt") {
            found.error("multi_prompt", "is required for customize: describe 1 to 6 shots");
        }
        total_duration(body, found);
    }
}

fn is_multi_shot(body: &Body) -> bool {
    body.get("multi_shot").and_then(Value::as_bool) == Some(true)
}

fn total_duration(body: &Body, found: &mut Validation) {
    let seconds = |value: &Value| value.as_str()?.parse::<u32>().ok();
    let shots = body.get("multi_prompt").and_then(Value::as_array);
    let of_list =
        |shots: &Vec<Value>| shots.iter().map(|shot| seconds(shot.get("duration")?)).collect();
    let parts: Option<Vec<u32>> = shots.and_then(of_list);
    let whole = body.get("duration").map_or(Some(5), seconds);
    if let (Some(parts), Some(whole)) = (parts, whole) {
        let sum = parts.iter().fold(0_u32, |sum, part| sum.saturating_add(*part));
        if !parts.is_empty() && sum != whole {
            let message =
                format!("the shots take {sum} seconds, duration says {whole}: make them equal");
            found.error("multi_prompt", message);
        }
    }
}
