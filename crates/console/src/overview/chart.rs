use maud::{Markup, html};
use operator::Hour;

const HEIGHT: u64 = 80;
const WIDTH: usize = 14;
const STEP: usize = 18;

/// A column for each hour: what succeeded, and on it what failed. The same numbers are in a table.
pub(super) fn of(hours: &[Hour]) -> Markup {
    let most = hours.iter().map(|hour| hour.succeeded + hour.failed).max().unwrap_or(0).max(1);
    let long = |count: u64| (count * HEIGHT).div_ceil(most);
    let (wide, high) = (hours.len() * STEP, HEIGHT);
    html! {
        svg .chart viewBox={ "0 0 " (wide) " " (high) } role="img" aria-label={ "At most " (most) " in an hour; the table has the numbers" } {
            @for (n, hour) in hours.iter().enumerate() {
                @let (good, bad) = (long(hour.succeeded), long(hour.failed));
                rect .good x=(n * STEP) y=(HEIGHT.saturating_sub(good)) width=(WIDTH) height=(good) {}
                rect .bad x=(n * STEP) y=(HEIGHT.saturating_sub(good + bad)) width=(WIDTH) height=(bad) {}
            }
            line x1="0" y1=(high) x2=(wide) y2=(high) {}
        }
        details {
            summary { "As a table" }
            table .small {
                thead { tr {
                    th scope="col" { "Since (UTC)" } th scope="col" .number { "Succeeded" }
                    th scope="col" .number { "Failed" } th scope="col" .number { "Others" }
                } }
                tbody {
                    @for hour in hours.iter().rev() {
                        tr {
                            td { (hour.since.to_string().get(..16).unwrap_or_default().replace('T', " ")) }
                            td .number { (hour.succeeded) } td .number { (hour.failed) }
                            td .number { (hour.others) }
                        }
                    }
                }
            }
        }
    }
}
