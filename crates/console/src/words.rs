//! How pages write states, times and keys.

use std::time::Duration;

use job::{JobKey, StateKind, Timestamp};
use maud::{Markup, html};

/// The address of the page about a job. Its id may be `..`, which no path can name, so it is a parameter.
pub(crate) fn address_of(key: &JobKey) -> String {
    let pair = [("tenant", key.tenant.as_str()), ("id", key.id.as_str())];
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pair).finish();
    format!("/console/job?{query}")
}

/// A state, by a word and a colour.
pub(crate) fn badge(state: StateKind) -> Markup {
    let kind = match state {
        StateKind::Queued | StateKind::Waiting => "idle",
        StateKind::Submitting | StateKind::Pending => "busy",
        StateKind::Succeeded => "good",
        StateKind::Failed | StateKind::Rejected | StateKind::TimedOut => "bad",
        StateKind::InDoubt | StateKind::Parked => "care",
        StateKind::Cancelled => "off",
    };
    html! { span class={ "badge " (kind) } { (state.word().replace('_', " ")) } }
}

/// How long ago, with the time itself.
pub(crate) fn ago(at: Timestamp, now: Timestamp) -> Markup {
    let words = match at <= now {
        true => format!("{} ago", lasting(now.since(at))),
        false => format!("in {}", lasting(at.since(now))),
    };
    html! { time datetime=(at) title=(at) { (words) } }
}

/// The time itself, to the second.
pub(crate) fn moment(at: Timestamp) -> Markup {
    let text = at.to_string();
    let short = text.get(..19).unwrap_or(&text).replace('T', " ");
    html! { time datetime=(text) title=(text) { (short) " UTC" } }
}

/// In the largest unit that leaves a whole number.
pub(crate) fn lasting(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_one_unit() {
        let of = |seconds| lasting(Duration::from_secs(seconds));
        assert_eq!([of(0), of(59), of(60), of(3_599)], ["0 s", "59 s", "1 min", "59 min"]);
        assert_eq!([of(3_600), of(172_799), of(172_800)], ["1 h", "47 h", "2 d"]);
    }

    #[test]
    fn any_id_has_an_address() {
        let key = JobKey::parse("acme/a/../b?c&d=e#f").unwrap();
        assert_eq!(address_of(&key), "/console/job?tenant=acme&id=a%2F..%2Fb%3Fc%26d%3De%23f");
    }
}
