//! "Did you mean": finds the known name that is nearest to an unknown one.

use strsim::levenshtein;

/// The candidate with the fewest edits, if they are few enough for a typing error. Otherwise one
/// with the same last segment (the right key in the wrong section).
pub fn nearest<'a>(
    name: &str,
    candidates: impl Iterator<Item = &'a str> + Clone,
) -> Option<&'a str> {
    let close = candidates
        .clone()
        .map(|candidate| (levenshtein(&folded(name), &folded(candidate)), candidate))
        .filter(|(edits, _)| *edits <= 2.max(name.len() / 5))
        .min()
        .map(|(_, candidate)| candidate);
    close.or_else(|| candidates.into_iter().find(|known| leaf(known) == leaf(name)))
}

/// The likeliest errors concern case, and the separator between section and key.
fn folded(name: &str) -> String {
    name.to_lowercase().replace("__", "_").replace(['.', '-'], "_")
}

fn leaf(name: &str) -> Option<&str> {
    name.rsplit('.').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str) -> Option<&'static str> {
        let known = ["kling.api_key", "poll.sweep", "limits.videos", "REELWORK_BROKER__URL"];
        nearest(name, known.into_iter())
    }

    #[test]
    fn a_slip_of_the_pen_finds_the_name() {
        assert_eq!(found("kling.api_kye"), Some("kling.api_key"));
        assert_eq!(found("Kling.API-Key"), Some("kling.api_key"));
        assert_eq!(found("limit.video"), Some("limits.videos"));
        assert_eq!(found("REELWORK_BROKER_URL"), Some("REELWORK_BROKER__URL"));
    }

    #[test]
    fn the_right_key_in_the_wrong_section_finds_its_own() {
        assert_eq!(found("worker.sweep"), Some("poll.sweep"));
        assert_eq!(found("api_key"), Some("kling.api_key"));
    }

    #[test]
    fn what_resembles_nothing_finds_nothing() {
        assert_eq!(found("telemetry.colour"), None);
    }
}
