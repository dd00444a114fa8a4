use std::collections::BTreeMap;

use job::{Passed, Timestamp};

/// Models are the producers' words: no more of them are kept.
const MOST: usize = 256;

/// When a job of each model was last accepted; `None` is a job that names none.
#[derive(Debug, Default)]
pub(crate) struct Models(BTreeMap<Option<String>, Timestamp>);

impl Models {
    pub(crate) fn accepted(&mut self, model: Option<&String>, now: Timestamp) {
        let model = model.cloned();
        if self.0.len() < MOST || self.0.contains_key(&model) {
            self.0.insert(model, now);
        }
    }

    /// When others of this lane passed, and those of this model.
    pub(crate) fn passed(&self, model: Option<&String>) -> Passed {
        let model_at = self.0.get(&model.cloned()).copied();
        Passed { lane_at: self.0.values().max().copied(), model_at }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_passes_is_remembered_by_model() {
        let mut models = Models::default();
        let (v1, v2) = ("kling-v1".to_owned(), "kling-v2".to_owned());
        assert_eq!(models.passed(Some(&v1)), Passed::default());
        models.accepted(Some(&v1), Timestamp::from_millis(5));
        models.accepted(None, Timestamp::from_millis(7));
        let (five, seven) = (Timestamp::from_millis(5), Timestamp::from_millis(7));
        assert_eq!(models.passed(Some(&v1)), Passed { lane_at: Some(seven), model_at: Some(five) });
        assert_eq!(models.passed(Some(&v2)), Passed { lane_at: Some(seven), model_at: None });
    }
}
