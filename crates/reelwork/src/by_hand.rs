//! Pauses by hand in a line of text.

use job::ManualPause;

/// More would hide the rest of the line.
const MOST: usize = 5;

/// One sentence each, of the first ones.
pub(crate) fn sentences(pauses: &[ManualPause]) -> Vec<String> {
    let mut sentences: Vec<_> = pauses.iter().take(MOST).map(ManualPause::words).collect();
    let more = pauses.len().saturating_sub(MOST);
    if more > 0 {
        sentences.push(format!("{more} more pauses by hand: `reelwork pause` lists them"));
    }
    sentences
}

#[cfg(test)]
mod tests {
    use job::{PauseScope, Timestamp};

    use super::*;

    #[test]
    fn a_line_has_a_few_pauses_and_counts_the_others() {
        let pause = |n: usize| ManualPause {
            scope: PauseScope::parse(&format!("tenant t{n}")).unwrap(),
            reason: "costs".to_owned(),
            since: Timestamp::EPOCH,
            until: None,
            by: None,
        };
        let pauses: Vec<_> = (0..7).map(pause).collect();
        assert_eq!(sentences(&pauses[..5]).len(), 5);
        let all = sentences(&pauses);
        assert_eq!((all.len(), all[4].as_str()), (6, "tenant t4 is paused by hand: costs"));
        assert_eq!(all[5], "2 more pauses by hand: `reelwork pause` lists them");
        assert!(sentences(&[]).is_empty());
    }
}
