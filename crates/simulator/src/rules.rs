//! What each operation demands of its body (Kling API reference, request fields).

mod tables;

use serde_json::Value;

use crate::field::{get, text};
use crate::operation::Operation;
use crate::refusal::Refusal;
use crate::settings::Settings;
use tables::{CLIP, COMMON, fields, models};

/// Checks a create body. Unknown fields are ignored.
pub(crate) fn check(
    operation: Operation,
    body: &Value,
    settings: &Settings,
) -> Result<(), Refusal> {
    let clip = matches!(operation, Operation::Text2Video | Operation::Image2Video);
    let clip_fields = if clip { CLIP } else { &[] };
    let mut all = fields(operation).iter().chain(clip_fields).chain(COMMON);
    all.find_map(|field| field.problem(body))
        .or_else(|| model_problem(operation, body, settings))
        .or_else(|| if clip { clip_problem(operation, body) } else { None })
        .or_else(|| combination_problem(operation, body))
        .map_or(Ok(()), |problem| Err(Refusal::value(problem)))
}

fn model_problem(operation: Operation, body: &Value, settings: &Settings) -> Option<String> {
    let (name, known) = (text(body, "model_name")?, models(operation)?);
    let extra = settings.extra_models.iter().any(|extra| extra == name);
    let wrong = !known.contains(&name) && !extra;
    wrong.then(|| format!("model_name value '{name}' is invalid"))
}

fn clip_problem(operation: Operation, body: &Value) -> Option<String> {
    let model = text(body, "model_name").unwrap_or("kling-v1");
    let mode = text(body, "mode").unwrap_or("std");
    let duration = text(body, "duration").unwrap_or("5");
    let v3 = !model.starts_with("kling-v1") && !model.starts_with("kling-v2");
    let seconds: Option<u32> = duration.parse().ok();
    let length_fits =
        seconds.is_some_and(|s| if v3 { (3..=15).contains(&s) } else { s == 5 || s == 10 });
    if !length_fits {
        return Some(format!("duration value '{duration}' is invalid"));
    }
    if mode == "4k" && !v3 {
        return Some(format!("mode value '{mode}' is invalid"));
    }
    let combination = format!("model/mode/duration({model}/{mode}/{duration})");
    let sound = text(body, "sound") == Some("on");
    if sound && !(v3 || (model == "kling-v2-6" && mode == "pro")) {
        return Some(format!("{combination} is not supported with sound"));
    }
    let tail = get(body, "image_tail").is_some();
    if tail && operation == Operation::Image2Video && !tail_fits(model, mode, duration) {
        return Some(format!("{combination} is not supported with image_tail"));
    }
    multi_shot_problem(operation, body)
}

/// The capability map's column for a last frame. Unknown models are let through.
fn tail_fits(model: &str, mode: &str, duration: &str) -> bool {
    match model {
        "kling-v1" => duration == "5",
        "kling-v2-master" | "kling-v2-1-master" => false,
        "kling-v1-5" | "kling-v1-6" | "kling-v2-1" | "kling-v2-5-turbo" | "kling-v2-6" => {
            mode == "pro"
        }
        _ => true,
    }
}

fn multi_shot_problem(operation: Operation, body: &Value) -> Option<String> {
    let multi_shot = get(body, "multi_shot").and_then(Value::as_bool).unwrap_or(false);
    let customize = multi_shot && text(body, "shot_type") == Some("customize");
    let prompt = text(body, "prompt").is_some_and(|prompt| !prompt.is_empty());
    if multi_shot && get(body, "shot_type").is_none() {
        return Some("shot_type is required".into());
    }
    if customize && get(body, "multi_prompt").is_none() {
        return Some("multi_prompt is required".into());
    }
    (operation == Operation::Text2Video && !customize && !prompt)
        .then(|| "prompt is required".into())
}

fn combination_problem(operation: Operation, body: &Value) -> Option<String> {
    match operation {
        Operation::Image2Video => image_problem(body),
        Operation::LipSync => {
            exactly_one(body, "input.video_id", "input.video_url").or_else(|| {
                let spoken = text(body, "input.mode") == Some("text2video");
                let missing = spoken && text(body, "input.text").is_none();
                missing.then(|| "input.text is required".into())
            })
        }
        Operation::VideoToAudio => exactly_one(body, "video_id", "video_url"),
        Operation::Avatar => exactly_one(body, "audio_id", "sound_file"),
        Operation::Effects => exactly_one(body, "input.image", "input.images"),
        Operation::MultiElements => elements_problem(body),
        _ => None,
    }
}

fn image_problem(body: &Value) -> Option<String> {
    let has = |name| get(body, name).is_some_and(|value| value != "");
    if !has("image") && !has("image_tail") {
        return Some("image is required".into());
    }
    let ways =
        [has("image_tail"), has("static_mask") || has("dynamic_masks"), has("camera_control")];
    let chosen = ways.into_iter().filter(|way| *way).count();
    (chosen > 1).then(|| {
        "only one of image_tail, static_mask/dynamic_masks and camera_control may be set".into()
    })
}

fn elements_problem(body: &Value) -> Option<String> {
    let images = get(body, "image_list").and_then(Value::as_array).map_or(0, Vec::len);
    let fits = match text(body, "edit_mode") {
        Some("addition") => (1..=2).contains(&images),
        Some("swap") => images == 1,
        _ => images == 0,
    };
    (!fits).then(|| "image_list does not fit edit_mode".into())
}

pub(crate) fn exactly_one(body: &Value, one: &str, other: &str) -> Option<String> {
    match (get(body, one).is_some(), get(body, other).is_some()) {
        (true, true) => Some(format!("only one of {one} and {other} may be set")),
        (false, false) => Some(format!("one of {one} and {other} is required")),
        _ => None,
    }
}

/// The least body that each operation accepts.
#[cfg(test)]
pub(crate) fn samples() -> Vec<(Operation, Value)> {
    use Operation as O;
    use serde_json::json;
    vec![
        (O::Generations, json!({"prompt": "x"})),
        (O::TryOn, json!({"human_image": "u", "cloth_image": "v"})),
        (O::Expand, json!({"image": "u"})),
        (O::Text2Video, json!({"prompt": "x"})),
        (O::Image2Video, json!({"image": "u"})),
        (O::LipSync, json!({"input": {"mode": "text2video", "text": "x", "video_id": "1"}})),
        (O::AdvancedLipSync, json!({"session_id": "s", "face_choose": [{"face_id": "0"}]})),
        (O::Effects, json!({"effect_scene": "squish", "input": {"image": "u", "duration": "5"}})),
        (O::MultiImage2Video, json!({"prompt": "x", "image_list": [{"image": "u"}]})),
        (O::MultiElements, json!({"session_id": "s", "edit_mode": "removal", "prompt": "x"})),
        (O::VideoExtend, json!({"video_id": "1"})),
        (O::OmniVideo, json!({"prompt": "x"})),
        (O::Avatar, json!({"image": "u", "audio_id": "1"})),
        (O::TextToAudio, json!({"prompt": "x", "duration": 5})),
        (O::VideoToAudio, json!({"video_id": "1"})),
    ]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn problem(operation: Operation, body: Value) -> Option<String> {
        let refusal = check(operation, &body, &Settings::default()).err()?;
        assert_eq!((refusal.http, refusal.code), (400, 1201));
        Some(refusal.message.into_owned())
    }

    #[test]
    fn every_operation_accepts_its_least_body() {
        for (operation, body) in samples() {
            assert_eq!(problem(operation, body), None, "{operation:?}");
        }
    }

    #[test]
    fn every_operation_refuses_an_empty_body() {
        for operation in Operation::ALL {
            assert!(problem(operation, json!({})).is_some(), "{operation:?}");
        }
    }

    #[test]
    fn model_names_are_spelt_exactly() {
        let body = |model: &str| json!({"prompt": "x", "model_name": model});
        for model in ["kling-v3-0", "kling-v2-5", "gpt"] {
            let words = problem(Operation::Text2Video, body(model));
            assert_eq!(words, Some(format!("model_name value '{model}' is invalid")));
        }
        let settings = Settings { extra_models: vec!["kling-v9".into()], ..Settings::default() };
        assert!(check(Operation::Text2Video, &body("kling-v9"), &settings).is_ok());
    }

    #[test]
    fn combinations_are_judged() {
        let tail = json!({"image": "u", "image_tail": "v", "model_name": "kling-v2-5-turbo"});
        assert_eq!(
            problem(Operation::Image2Video, tail).as_deref(),
            Some("model/mode/duration(kling-v2-5-turbo/std/5) is not supported with image_tail")
        );
        let t2v = Operation::Text2Video;
        assert!(problem(t2v, json!({"prompt": "x", "duration": 5})).is_some());
        assert!(problem(t2v, json!({"prompt": "x", "duration": "7"})).is_some());
        let v3 = json!({"prompt": "x", "duration": "7", "model_name": "kling-v3", "mode": "4k"});
        assert_eq!(problem(t2v, v3), None);
        let sound = json!({"prompt": "x", "sound": "on"});
        assert!(problem(t2v, sound).is_some());
        let shots = json!({"multi_shot": true, "shot_type": "customize", "model_name": "kling-v3",
            "multi_prompt": [{"index": 1, "prompt": "x", "duration": "5"}]});
        assert_eq!(problem(t2v, shots), None);
        let both = json!({"video_id": "1", "video_url": "u"});
        assert!(problem(Operation::VideoToAudio, both).is_some());
    }
}
