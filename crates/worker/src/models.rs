use std::collections::BTreeMap;

use job::{Passed, Timestamp};
use kling::Route;

/// Model names come from producers: no more of them are kept.
const MOST: usize = 256;

/// When a job of each route and model was last accepted; `None` is a job that names no model.
#[derive(Debug, Default)]
pub(crate) struct Models(BTreeMap<(Route, Option<String>), Timestamp>);

impl Models {
    pub(crate) fn accepted(&mut self, route: Route, model: Option<&String>, now: Timestamp) {
        let model = (route, model.cloned());
        if self.0.len() < MOST || self.0.contains_key(&model) {
            self.0.insert(model, now);
        }
    }

    /// When others of this lane were last accepted, and those of this route and model.
    pub(crate) fn passed(&self, route: Route, model: Option<&String>) -> Passed {
        let model_at = self.0.get(&(route, model.cloned())).copied();
        Passed { lane_at: self.0.values().max().copied(), model_at }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acceptance_is_remembered_by_route_and_model() {
        let (text, image) = (Route::VideosText2video, Route::VideosImage2video);
        let mut models = Models::default();
        let (v1, v2) = ("kling-v1".to_owned(), "kling-v2".to_owned());
        assert_eq!(models.passed(text, Some(&v1)), Passed::default());
        models.accepted(text, Some(&v1), Timestamp::from_millis(5));
        models.accepted(text, None, Timestamp::from_millis(7));
        let (five, seven) = (Timestamp::from_millis(5), Timestamp::from_millis(7));
        let of_lane = Passed { lane_at: Some(seven), model_at: None };
        assert_eq!(models.passed(text, Some(&v1)), Passed { model_at: Some(five), ..of_lane });
        assert_eq!(models.passed(text, Some(&v2)), of_lane);
        assert_eq!(models.passed(image, Some(&v1)), of_lane, "all of a route may be refused");
    }
}
