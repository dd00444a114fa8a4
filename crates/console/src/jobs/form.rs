use job::StateKind;
use maud::{Markup, html};

use super::filters::Filters;

/// The filters, as they are set.
pub(super) fn of(filters: &Filters) -> Markup {
    let texts = [
        ("tenant", "Tenant", &filters.tenant),
        ("operation", "Operation", &filters.operation),
        ("model", "Model", &filters.model),
        ("error", "Error kind", &filters.error),
        ("since", "Created since (UTC)", &filters.since),
    ];
    let set = filters.pairs().len();
    html! {
        details #filters open[set > 0] {
            summary { "Filters" @if set > 0 { " (" (set) ")" } }
            form .filters method="get" action="/console/jobs" { (fields(filters, &texts)) }
        }
    }
}

fn fields(filters: &Filters, texts: &[(&str, &str, &String)]) -> Markup {
    html! {
            fieldset {
                legend { "State" }
                @for state in StateKind::ALL {
                    label .tick {
                        input type="checkbox" name="state" value=(state.word()) checked[filters.states.contains(&state)];
                        (state.word().replace('_', " "))
                    }
                }
            }
            @for (name, title, value) in texts {
                label { (title) input type="text" name=(name) value=(value) size="14"; }
            }
            button type="submit" { "Filter" }
            a href="/console/jobs" { "Clear" }
    }
}

/// What can be done with the selected jobs, and with all that the filters take.
pub(super) fn actions(none: bool) -> Markup {
    html! {
        div .actions role="group" aria-label="Actions" {
            button type="submit" name="do" value="cancel" disabled[none] { "Cancel selected" }
            button type="submit" name="do" value="retry" disabled[none] { "Retry selected" }
            button .quiet type="submit" name="do" value="cancel_all" { "Cancel all of these filters" }
            button .quiet type="submit" name="do" value="retry_all" { "Retry all of these filters" }
        }
    }
}
