//! What a task costs, by Kling's list prices. Where no price is public, a plausible one stands.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::operation::Operation;

/// One video unit is 0.14 USD, one image unit 0.0035 USD.
const VIDEO_UNIT_MICRO_USD: u64 = 140_000;
const IMAGE_UNIT_MICRO_USD: u64 = 3_500;

/// A price in thousandths of a unit and in millionths of a USD.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Charge {
    pub(crate) milli_units: u64,
    pub(crate) micro_usd: u64,
}

impl Charge {
    pub(crate) const fn video(milli_units: u64) -> Self {
        Charge { milli_units, micro_usd: milli_units * VIDEO_UNIT_MICRO_USD / 1_000 }
    }

    pub(crate) const fn image(milli_units: u64) -> Self {
        Charge { milli_units, micro_usd: milli_units * IMAGE_UNIT_MICRO_USD / 1_000 }
    }

    /// The units as the API writes them: `"2"`, `"3.5"`.
    pub(crate) fn units_text(self) -> String {
        (self.milli_units as f64 / 1_000.0).to_string()
    }
}

/// Millionths of a USD as USD.
pub(crate) fn usd(micro_usd: u64) -> f64 {
    micro_usd as f64 / 1_000_000.0
}

/// The price of one identify-face call.
pub(crate) const IDENTIFY_FACE: Charge = Charge::video(50);

/// The price of a task that asks for `body`.
pub(crate) fn of(operation: Operation, body: &Value) -> Charge {
    match operation {
        Operation::Text2Video | Operation::Image2Video | Operation::MultiImage2Video => {
            Charge::video(clip(body, text(body, "model_name", default_model(operation))))
        }
        Operation::MultiElements => Charge::video(by_mode(body, 3_000, 5_000) * fives(body)),
        Operation::OmniVideo => Charge::video(omni(body)),
        Operation::Effects => {
            Charge::video(2_000 * fives(body.get("input").unwrap_or(&Value::Null)))
        }
        Operation::VideoExtend => Charge::video(2_000),
        // Priced per 5 s; the length of the source is not known here.
        Operation::LipSync | Operation::AdvancedLipSync | Operation::TryOn => Charge::video(500),
        // Priced per second of sound, which is not known here: 5 s.
        Operation::Avatar => Charge::video(by_mode(body, 400, 800) * 5),
        Operation::TextToAudio | Operation::VideoToAudio => Charge::video(250),
        Operation::Generations => Charge::image(picture(body) * count(body)),
        Operation::Expand => Charge::image(8_000 * count(body)),
    }
}

pub(crate) fn default_model(operation: Operation) -> &'static str {
    match operation {
        Operation::MultiImage2Video | Operation::MultiElements => "kling-v1-6",
        Operation::OmniVideo => "kling-video-o1",
        Operation::TryOn => "kolors-virtual-try-on-v1",
        _ => "kling-v1",
    }
}

/// Thousandths of a unit for a clip of one of the video models.
fn clip(body: &Value, model: &str) -> u64 {
    let sound = text(body, "sound", "off") == "on";
    let voices = body.get("voice_list").and_then(Value::as_array).is_some_and(|l| !l.is_empty());
    let per_five = match model {
        "kling-v1" => by_mode(body, 1_000, 3_500),
        "kling-v1-5" | "kling-v1-6" | "kling-v2-1" => by_mode(body, 2_000, 3_500),
        "kling-v2-master" | "kling-v2-1-master" => 10_000,
        "kling-v2-6" if sound && voices => 6_000,
        "kling-v2-6" if sound => 5_000,
        "kling-v2-5-turbo" | "kling-v2-6" => by_mode(body, 1_500, 2_500),
        _ => return clip_v3(body, sound) * seconds(body),
    };
    per_five * fives(body)
}

/// Per second; also the guess for models not in the table.
fn clip_v3(body: &Value, sound: bool) -> u64 {
    match (text(body, "mode", "std"), sound) {
        ("4k", _) => 3_000,
        ("pro", true) => 1_200,
        ("pro", false) => 800,
        (_, true) => 900,
        (_, false) => 600,
    }
}

fn omni(body: &Value) -> u64 {
    let video = body.get("video_list").and_then(Value::as_array).is_some_and(|l| !l.is_empty());
    let per_second = match (text(body, "mode", "pro"), video) {
        ("std", false) => 600,
        ("std", true) => 900,
        (_, false) => 800,
        (_, true) => 1_200,
    };
    per_second * seconds(body)
}

fn picture(body: &Value) -> u64 {
    let from_image = body.get("image").is_some_and(|image| !image.is_null());
    match text(body, "model_name", "kling-v1") {
        "kling-v1" => 1_000,
        "kling-v3" => 8_000,
        _ if from_image => 8_000,
        _ => 4_000,
    }
}

fn by_mode(body: &Value, std: u64, pro: u64) -> u64 {
    if text(body, "mode", "std") == "pro" { pro } else { std }
}

/// Pictures asked for: `n`, also the number of slots an image task takes.
pub(crate) fn count(body: &Value) -> u64 {
    body.get("n").and_then(Value::as_u64).unwrap_or(1).clamp(1, 9)
}

/// The length asked for, in whole seconds.
pub(crate) fn seconds(body: &Value) -> u64 {
    let duration = match body.get("duration") {
        Some(Value::String(text)) => text.parse().ok(),
        Some(Value::Number(number)) => number.as_f64(),
        _ => None,
    };
    duration.map_or(5, |seconds: f64| seconds.clamp(1.0, 60.0).ceil() as u64)
}

/// Clips are priced in steps of 5 s.
fn fives(body: &Value) -> u64 {
    seconds(body).div_ceil(5)
}

fn text<'a>(body: &'a Value, key: &str, default: &'a str) -> &'a str {
    body.get(key).and_then(Value::as_str).unwrap_or(default)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn list_prices() {
        let t2v = Operation::Text2Video;
        let cases = [
            (t2v, json!({}), 140_000),
            (t2v, json!({"duration": "10", "mode": "pro"}), 980_000),
            (t2v, json!({"model_name": "kling-v1-6", "duration": "10"}), 560_000),
            (t2v, json!({"model_name": "kling-v2-master"}), 1_400_000),
            (t2v, json!({"model_name": "kling-v2-5-turbo", "duration": "10"}), 420_000),
            (t2v, json!({"model_name": "kling-v2-6", "mode": "pro", "sound": "on"}), 700_000),
            (t2v, json!({"model_name": "kling-v3", "duration": "7"}), 588_000),
            (t2v, json!({"model_name": "kling-v3", "mode": "4k", "duration": "3"}), 1_260_000),
            (Operation::MultiImage2Video, json!({"mode": "pro"}), 490_000),
            (Operation::MultiElements, json!({"duration": "10"}), 840_000),
            (Operation::OmniVideo, json!({"duration": "3"}), 336_000),
            (Operation::TryOn, json!({}), 70_000),
            (Operation::TextToAudio, json!({"duration": 5}), 35_000),
            (Operation::Generations, json!({"n": 3}), 10_500),
            (Operation::Generations, json!({"model_name": "kling-v2-1", "image": "u"}), 28_000),
            (Operation::Expand, json!({"n": 2}), 56_000),
        ];
        for (operation, body, micro_usd) in cases {
            assert_eq!(of(operation, &body).micro_usd, micro_usd, "{operation:?} {body}");
        }
    }

    #[test]
    fn units_are_written_without_noise() {
        assert_eq!(Charge::video(2_000).units_text(), "2");
        assert_eq!(Charge::video(3_500).units_text(), "3.5");
        assert_eq!(Charge::video(50).units_text(), "0.05");
    }
}
