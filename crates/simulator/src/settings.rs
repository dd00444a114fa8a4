//! What a run of the simulator is like. Every field has a default; unknown fields are refused.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::callbacks::Callbacks;
use crate::fault::Fault;
use crate::life::Life;
use crate::operation::{Operation, Pool};
use crate::secret::Secret;
use crate::shape::Shape;

/// The settings of one simulator. They can be replaced while it runs; tasks already accepted keep
/// their durations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// How many times faster than life tasks run: at 100, a life of 100 s takes 1 s.
    pub speed: f64,
    /// Every task takes exactly this long, in real milliseconds (`speed` is not applied). With 0,
    /// the first query finds it ended. Absent: durations are drawn from `lives`.
    pub life_ms: Option<u64>,
    /// Durations by operation (`"videos/text2video"`); operations not named keep their default.
    pub lives: BTreeMap<String, Life>,
    /// Random seed: durations and faults repeat for the same seed, marker and attempt.
    pub seed: u64,
    /// Accepted bearer keys, all of the one account. Empty: any non-empty key is accepted.
    pub api_keys: Vec<Secret>,
    /// Tasks in flight allowed per pool, 0 = unlimited. An image task takes `n` slots, any other
    /// one; a slot is held from acceptance to the end. Beyond it: HTTP 429, code 1303.
    pub concurrency: PerPool,
    /// Creates allowed in any window of one second, 0 = unlimited. Beyond it: HTTP 429, code 1302.
    /// Creates refused for it do not count against the window; queries never do.
    pub rate_per_second: u32,
    /// What becomes of `external_task_id`.
    pub external_ids: ExternalIds,
    /// Which look-ups by external id are answered.
    pub look_up: LookUp,
    /// How task ids are made.
    pub id_style: IdStyle,
    /// Model names accepted beside the documented ones, for every operation.
    pub extra_models: Vec<String>,
    /// The form of responses. The header `x-simulator-shape` changes it for one request.
    pub shape: Shape,
    /// Which faults occur, and how often.
    pub faults: Vec<Fault>,
    /// Callbacks to the request's `callback_url`.
    pub callbacks: Callbacks,
    /// Money in the account in USD; a create beyond it is refused with HTTP 429, code 1102.
    /// Absent: unlimited.
    pub credit_usd: Option<f64>,
    /// Base of the urls in results, without a trailing slash. Absent: the simulator's own address.
    pub public_url: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            speed: 1.0,
            life_ms: None,
            lives: BTreeMap::new(),
            seed: 0,
            api_keys: Vec::new(),
            concurrency: PerPool::default(),
            rate_per_second: 0,
            external_ids: ExternalIds::default(),
            look_up: LookUp::default(),
            id_style: IdStyle::default(),
            extra_models: Vec::new(),
            shape: Shape::default(),
            faults: Vec::new(),
            callbacks: Callbacks::default(),
            credit_usd: None,
            public_url: None,
        }
    }
}

impl Settings {
    /// The first error in these settings, as text.
    pub(crate) fn problem(&self) -> Option<String> {
        if !(self.speed.is_finite() && self.speed > 0.0) {
            return Some("speed must be a number above 0".into());
        }
        if self.credit_usd.is_some_and(|usd| !(usd.is_finite() && usd >= 0.0)) {
            return Some("credit_usd must be a number from 0".into());
        }
        for (name, life) in &self.lives {
            if Operation::from_name(name).is_none() {
                return Some(format!("lives: unknown operation {name:?}"));
            }
            if let Some(problem) = life.problem() {
                return Some(format!("lives.{name}: {problem}"));
            }
        }
        self.faults.iter().find_map(Fault::problem).or_else(|| self.callbacks.problem())
    }
}

/// One number for each resource pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PerPool {
    /// Operations under `videos/`.
    pub videos: u32,
    /// Operations under `images/`, virtual try-on included.
    pub images: u32,
    /// Operations under `audio/`.
    pub audio: u32,
}

impl PerPool {
    pub(crate) fn of(&self, pool: Pool) -> u32 {
        match pool {
            Pool::Videos => self.videos,
            Pool::Images => self.images,
            Pool::Audio => self.audio,
        }
    }

    pub(crate) fn of_mut(&mut self, pool: Pool) -> &mut u32 {
        match pool {
            Pool::Videos => &mut self.videos,
            Pool::Images => &mut self.images,
            Pool::Audio => &mut self.audio,
        }
    }
}

/// What becomes of `external_task_id`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExternalIds {
    /// Unique per account and for ever: a repeat is refused with HTTP 400, code 1201.
    #[default]
    Enforced,
    /// A repeat is accepted as a new, paid task; look-ups return the newest.
    Ignored,
    /// Neither stored nor echoed, as by a gateway that does not pass it on.
    Dropped,
}

/// Which look-ups by external id are answered. One that is off answers as for an unknown id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LookUp {
    /// `GET {create path}/{external id}`.
    pub path: bool,
    /// `GET {create path}?external_task_id={external id}`.
    pub query: bool,
    /// `GET {create path}?pageNum=1&pageSize=30`: all tasks of the operation, newest first.
    pub list: bool,
}

impl Default for LookUp {
    fn default() -> Self {
        LookUp { path: true, query: true, list: true }
    }
}

/// How task ids are made: milliseconds since an epoch, shifted left by 22 bits, and a sequence
/// number. A style decides the epoch and by that the number of digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdStyle {
    /// Kling's own: 18 digits (19 from April 2027 on, when the count outgrows them).
    #[default]
    Native,
    /// Minted by the gateway: 19 digits.
    Gateway,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn settings_travel_as_json_and_nothing_is_required() {
        let empty: Settings = serde_json::from_value(json!({})).unwrap();
        assert_eq!(empty, Settings::default());
        let full = Settings {
            life_ms: Some(5),
            api_keys: vec!["k".into()],
            faults: vec![Fault::at_rate(crate::FaultKind::LostAnswer, 0.5)],
            credit_usd: Some(1.5),
            ..Settings::default()
        };
        let text = serde_json::to_string(&full).unwrap();
        assert_eq!(serde_json::from_str::<Settings>(&text).unwrap(), full);
    }

    #[test]
    fn typos_are_refused_at_every_level() {
        let wrong = [
            json!({"sped": 2}),
            json!({"concurrency": {"video": 1}}),
            json!({"shape": {"query": "quadruple"}}),
            json!({"callbacks": {"on": true}}),
            json!({"faults": [{"kind": "busy", "when": 1}]}),
        ];
        for body in wrong {
            assert!(serde_json::from_value::<Settings>(body.clone()).is_err(), "{body}");
        }
    }

    #[test]
    fn problems_are_named() {
        let problem = |body| serde_json::from_value::<Settings>(body).unwrap().problem();
        assert_eq!(problem(json!({})), None);
        let wrong = [
            (json!({"speed": 0.0}), "speed"),
            (json!({"credit_usd": -1.0}), "credit_usd"),
            (json!({"lives": {"videos/none": {"median_s": 1.0}}}), "videos/none"),
            (json!({"lives": {"videos/effects": {"median_s": -1.0}}}), "median_s"),
            (json!({"callbacks": {"missing_rate": 2.0}}), "missing_rate"),
            (json!({"callbacks": {"secret": "whsec_?"}}), "secret"),
        ];
        for (body, name) in wrong {
            assert!(problem(body).is_some_and(|words| words.contains(name)), "{name}");
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        let callbacks = Callbacks { secret: Some("hidden-2".into()), ..Callbacks::default() };
        let api_keys = vec!["hidden-1".into()];
        let shown = format!("{:?}", Settings { api_keys, callbacks, ..Settings::default() });
        assert!(!shown.contains("hidden"), "{shown}");
    }
}
