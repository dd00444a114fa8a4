use crate::Timestamp;

/// Changes of one record per millisecond. With it a revision stays below 2^53 until the year 2248:
/// Redis's Lua counts in doubles.
const PER_MILLISECOND: u64 = 1 << 10;

/// Pure. The revision of a record's next change: a count that is never behind the clock.
///
/// A count alone would begin anew in a ledger that lost the record: an older snapshot could then
/// look newer than later journal lines.
pub(crate) fn next_revision(before: u64, now: Timestamp) -> u64 {
    (before + 1).max(revision_at(now))
}

/// The first revision of this moment.
pub(crate) fn revision_at(now: Timestamp) -> u64 {
    u64::try_from(now.as_millis()).unwrap_or(0) * PER_MILLISECOND
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_764_000_000_000);

    #[test]
    fn a_record_begun_anew_is_newer_than_one_with_many_changes_before() {
        let many = (0..500).fold(0, |revision, _| next_revision(revision, NOW));
        let later = NOW + std::time::Duration::from_millis(1);
        assert!(next_revision(0, later) > many);
    }

    #[test]
    fn it_rises_also_when_the_clock_stands_or_goes_back() {
        let first = next_revision(0, NOW);
        assert_eq!(next_revision(first, NOW), first + 1);
        assert_eq!(next_revision(first, Timestamp::EPOCH), first + 1);
    }

    #[test]
    fn it_fits_a_double() {
        let year_2248 = Timestamp::from_millis(8_772_998_400_000);
        assert!(next_revision(0, year_2248) < 1 << 53);
    }
}
