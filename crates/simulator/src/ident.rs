//! Task ids as the API shows them.

use crate::settings::IdStyle;

const SEQUENCE_BITS: u32 = 22;
const NATIVE_EPOCH_MS: u64 = 1_568_028_518_780;
const GATEWAY_EPOCH_MS: u64 = 1_288_834_974_657;

/// The id of the `sequence`-th task, accepted at `unix_ms`. Unique while fewer than 4,194,304
/// tasks are accepted within one millisecond.
pub(crate) fn task_id(style: IdStyle, unix_ms: u64, sequence: u64) -> u64 {
    let epoch = match style {
        IdStyle::Native => NATIVE_EPOCH_MS,
        IdStyle::Gateway => GATEWAY_EPOCH_MS,
    };
    (unix_ms.saturating_sub(epoch) << SEQUENCE_BITS) | (sequence & ((1 << SEQUENCE_BITS) - 1))
}

/// A text that could only be a task id: 18 or 19 digits.
pub(crate) fn looks_like_task_id(text: &str) -> bool {
    matches!(text.len(), 18 | 19) && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_samples_have_this_form() {
        // A native and a gateway sample: created_at is recovered from the id.
        let near = |id: u64, epoch: u64, at: u64| ((id >> 22) + epoch).abs_diff(at) <= 5;
        assert!(near(878_106_242_831_892_487, NATIVE_EPOCH_MS, 1_777_385_361_501));
        assert!(near(2_032_273_942_220_931_072, GATEWAY_EPOCH_MS, 1_773_366_840_306));
        let native = task_id(IdStyle::Native, 1_777_385_361_501, 5);
        assert!(near(native, NATIVE_EPOCH_MS, 1_777_385_361_501));
        assert_eq!(native.to_string().len(), 18);
        assert_eq!(task_id(IdStyle::Gateway, 1_777_385_361_501, 5).to_string().len(), 19);
    }

    #[test]
    fn only_ids_look_like_ids() {
        assert!(looks_like_task_id("878106242831892487"));
        assert!(!looks_like_task_id("job-1"));
        assert!(!looks_like_task_id("87810624283189248x"));
    }
}
