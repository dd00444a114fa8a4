//! What `get` and `why` print of one job beside what `list` prints.

use std::collections::BTreeMap;

use job::{Cost, CostBasis, JsonObject};
use operator::{JobDetails, JobView, LookView};
use serde_json::value::RawValue;

/// Longer values are cut in text; in JSON they are whole.
const MOST_SIGNS: usize = 160;

/// Lines with the same words as the fields of the JSON.
pub(super) fn lines(job: &JobView<'_>, details: &JobDetails<'_>) -> Vec<String> {
    let mut lines = vec![attempts(job, details)];
    lines.extend(account(details));
    lines.extend(job.cost.as_ref().map(cost));
    lines.extend(details.deadline.as_ref().map(|at| format!("  deadline: {at}")));
    lines.extend(job.metadata.map(|metadata| format!("  metadata: {}", inline(metadata))));
    lines.extend(other_tasks(details));
    lines.extend(details.look.as_ref().map(look));
    lines.extend(request(details));
    lines
}

fn attempts(job: &JobView<'_>, details: &JobDetails<'_>) -> String {
    let JobView { round, attempt, .. } = job;
    let JobDetails { retries, priority, .. } = details;
    format!("  round: {round}, attempt: {attempt}, retries: {retries}, priority: {priority}")
}

fn account(details: &JobDetails<'_>) -> Option<String> {
    let others = details.other_accounts.iter().map(String::as_str);
    let accounts: Vec<&str> = std::iter::once(details.account).chain(others).collect();
    (!details.account.is_empty()).then(|| format!("  account: {}", accounts.join(" or ")))
}

fn cost(cost: &Cost) -> String {
    let basis = match cost.basis {
        CostBasis::Estimated => "estimated",
        CostBasis::Settled => "settled",
    };
    format!("  cost: {} USD, {basis}", cost.usd)
}

fn other_tasks(details: &JobDetails<'_>) -> Option<String> {
    let tasks = details.other_task_ids.join(", ");
    (!tasks.is_empty()).then(|| format!("  other_task_ids: {tasks}"))
}

fn look(look: &LookView<'_>) -> String {
    let mut words = Vec::new();
    words.extend(look.status.map(|status| format!("status: {status}")));
    words.extend(look.looks.map(|looks| format!("looks: {looks}")));
    words.extend(look.next_look_at.as_ref().map(|at| format!("next_look_at: {at}")));
    words.extend((look.denials > 0).then(|| format!("denials: {}", look.denials)));
    words.extend(look.denied_since.as_ref().map(|at| format!("denied_since: {at}")));
    words.extend(look.unread_since.as_ref().map(|at| format!("unread_since: {at}")));
    words.extend(look.overdue.then(|| "overdue".to_owned()));
    words.extend(look.failed_at.as_ref().map(|at| format!("failed_at: {at}")));
    words.extend(look.failed_with.map(|why| format!("failed_with: {why}")));
    words.extend(look.evidence.iter().map(|sign| format!("evidence: {sign}")));
    format!("  look: {}", words.join(", "))
}

/// One line for each field.
fn request(details: &JobDetails<'_>) -> Vec<String> {
    let Some(request) = &details.request else {
        let kept = if details.request_kept { "kept" } else { "not kept any more" };
        return vec![format!("  request: {kept}")];
    };
    let text = inline(request);
    let fields: BTreeMap<String, &RawValue> = serde_json::from_str(&text).unwrap_or_default();
    let fields = fields.iter().map(|(name, value)| format!("    {name}: {}", short(value)));
    let cut = details.request_cut.then(|| "    and more".to_owned());
    ["  request:".to_owned()].into_iter().chain(fields).chain(cut).collect()
}

/// Text without quotes; numbers with all their digits.
fn short(value: &RawValue) -> String {
    let text: Result<String, _> = serde_json::from_str(value.get());
    let text = text.unwrap_or_else(|_| value.get().to_owned());
    let signs = text.chars().count();
    match signs > MOST_SIGNS {
        true => {
            format!("{}… ({signs} characters)", text.chars().take(MOST_SIGNS).collect::<String>())
        }
        false => text,
    }
}

fn inline(object: &JsonObject) -> String {
    serde_json::to_string(object).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use job::{Estimate, Kept, MessageFacts, Money, Record, State, Timestamp, decode};

    use super::*;

    fn record(request: &str) -> Record {
        let body = format!(
            r#"{{"id":"a","operation":"videos/text2video","metadata":{{"order":"42"}},"request":{request}}}"#
        );
        let job = decode(body.as_bytes(), MessageFacts::default()).unwrap();
        Record::new(&job, "default", "reelwork", Timestamp::EPOCH)
    }

    fn of(record: &Record) -> Vec<String> {
        lines(&JobView::of(record), &JobDetails::of(record))
    }

    #[test]
    fn each_fact_is_a_line() {
        let mut record = record(r#"{"prompt":"a cat","seed":12345678901234567890123}"#);
        let amount = Money::parse("0.35");
        record.estimate = Some(Estimate { amount, ..Estimate::default() });
        record.other_accounts = vec!["second".to_owned()];
        let at = Timestamp::EPOCH;
        record.state = State::Pending { status: "processing".into(), looks: 2, next_look: at };
        let expected = [
            "  round: 1, attempt: 0, retries: 0, priority: normal",
            "  account: default or second",
            "  cost: 0.35 USD, estimated",
            r#"  metadata: {"order":"42"}"#,
            "  look: status: processing, looks: 2, next_look_at: 1970-01-01T00:00:00.000Z",
            "  request:",
            "    prompt: a cat",
            "    seed: 12345678901234567890123",
        ];
        assert_eq!(of(&record), expected);
    }

    #[test]
    fn a_long_prompt_is_cut_and_a_lost_request_is_told() {
        let mut record = record(&format!(r#"{{"prompt":"{}"}}"#, "é".repeat(200)));
        let last = of(&record).pop().unwrap();
        assert_eq!(last, format!("    prompt: {}… (200 characters)", "é".repeat(160)));
        record.request = Kept::Nothing;
        assert_eq!(of(&record).pop().unwrap(), "  request: not kept any more");
    }
}
