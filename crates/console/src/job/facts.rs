use maud::{Markup, Render, html};
use operator::{JobDetails, JobView, LookView};
use serde_json::Value;

/// What is known of the job, as names and values.
pub(super) fn of(job: &JobView<'_>, details: &JobDetails<'_>) -> Markup {
    html! {
        section {
            h2 { "Job" }
            dl {
                (fact("Tenant", Some(job.tenant)))
                (fact("Account", Some(details.account)))
                (fact("Model", job.model))
                (fact("Priority", Some(details.priority)))
                (fact("Round", Some(job.round)))
                (fact("Attempt", Some(job.attempt)))
                (fact("Task id", job.task_id))
                (fact("External id", job.external_id))
                (fact("Created", Some(&job.created_at)))
                (fact("Submitted", job.submitted_at.as_ref()))
                (fact("Ended", job.finished_at.as_ref()))
                (fact("Deadline", details.deadline.as_ref()))
                @if let Some(cost) = job.cost {
                    dt { "Cost" } dd { "$" (cost.usd) " (" (basis(cost.basis)) ")" }
                }
                @if let Some(look) = &details.look { (looks(look)) }
                @if let Some(metadata) = job.metadata {
                    @for (name, value) in metadata.iter() { dt { "metadata." (name) } dd { (plain(value)) } }
                }
            }
        }
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn basis(basis: job::CostBasis) -> &'static str {
    match basis {
        job::CostBasis::Estimated => "estimated",
        job::CostBasis::Settled => "reported by the provider",
    }
}

fn fact(name: &str, value: Option<impl Render>) -> Markup {
    html! { @if let Some(value) = value { dt { (name) } dd { (value) } } }
}

/// What queries to the provider have shown.
fn looks(look: &LookView<'_>) -> Markup {
    let denied = (look.denials > 0).then_some(look.denials);
    html! {
        (fact("Provider's status", look.status))
        (fact("Looks", look.looks))
        (fact("Next look", look.next_look_at.as_ref()))
        (fact("Failed look", look.failed_at.as_ref()))
        (fact("Its answer", look.failed_with))
        (fact("Denials", denied))
        @for sign in look.evidence { dt { "Sign of a task" } dd { (sign) } }
    }
}

/// The request without inline files and without what gives access to a URL.
pub(super) fn request(details: &JobDetails<'_>) -> Markup {
    html! {
        section {
            h2 { "Request" }
            @match &details.request {
                Some(request) => {
                    pre tabindex="0" { (serde_json::to_string_pretty(request).unwrap_or_default()) }
                    @if details.request_cut { p .note { "It is longer than what is shown." } }
                }
                None => p .note { "The request is not kept." }
            }
        }
    }
}
