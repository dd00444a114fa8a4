//! What fields demand of one another.

mod omni;
mod shots;

use serde_json::{Map, Value};

use super::Validation;
use crate::route::Route;

type Body = Map<String, Value>;

/// Check what the fields of a route's body demand of one another.
pub(super) fn check(route: Route, body: &Body, found: &mut Validation) {
    old_model_key(body, found);
    match route {
        Route::VideosText2video => text2video(body, found),
        Route::VideosImage2video => image2video(body, found),
        Route::VideosLipSync => inside(body, "input", |input| lip_sync(input, found)),
        Route::VideosAdvancedLipSync => face_choose(body, found),
        Route::VideosEffects => inside(body, "input", |input| effects(input, found)),
        Route::VideosMultiImage2video => multi_image2video(body, found),
        Route::VideosMultiElements => multi_elements(body, found),
        Route::VideosOmniVideo => omni::check(body, found),
        Route::VideosAvatarImage2video => avatar(body, found),
        Route::AudioTextToAudio => one_decimal(body, found),
        Route::AudioVideoToAudio => exactly_one(body, ["video_id", "video_url"], "", found),
        Route::ImagesGenerations => generations(body, found),
        Route::ImagesEditingExpand => expand(body, found),
        Route::ImagesKolorsVirtualTryOn | Route::VideosVideoExtend => {}
    }
}

/// Whether a field has a value: null, an empty text and an empty list count as none.
pub(super) fn given(body: &Body, field: &str) -> bool {
    match body.get(field) {
        None | Some(Value::Null) => false,
        Some(Value::String(text)) => !text.is_empty(),
        Some(Value::Array(list)) => !list.is_empty(),
        Some(_) => true,
    }
}

/// The text of a field, or nothing.
pub(super) fn word<'a>(body: &'a Body, field: &str) -> &'a str {
    body.get(field).and_then(Value::as_str).unwrap_or_default()
}

/// How many entries a list field has.
pub(super) fn size(body: &Body, field: &str) -> usize {
    body.get(field).and_then(Value::as_array).map_or(0, Vec::len)
}

fn inside(body: &Body, field: &str, check: impl FnOnce(&Body)) {
    if let Some(object) = body.get(field).and_then(Value::as_object) {
        check(object);
    }
}

fn exactly_one(body: &Body, pair: [&str; 2], prefix: &str, found: &mut Validation) {
    let [first, second] = pair;
    match (given(body, first), given(body, second)) {
        (true, false) | (false, true) => {}
        (true, true) => {
            found.error(format!("{prefix}{second}"), format!("stands beside {first}: keep one"));
        }
        (false, false) => {
            found.error(format!("{prefix}{first}"), format!("give either this or {second}"));
        }
    }
}

fn require(body: &Body, field: &str, prefix: &str, why: &str, found: &mut Validation) {
    if !given(body, field) {
        found.error(format!("{prefix}{field}"), format!("is required {why}: add it"));
    }
}

fn old_model_key(body: &Body, found: &mut Validation) {
    if given(body, "model") && !given(body, "model_name") {
        found.warn("model", "is silently ignored by the provider: name it model_name");
    }
}

fn text2video(body: &Body, found: &mut Validation) {
    shots::check(body, found);
    if !shots::replace_the_prompt(body) {
        require(body, "prompt", "", "unless the shots are customized", found);
    }
    if given(body, "voice_list") && word(body, "sound") != "on" {
        found.warn("voice_list", "is only heard with sound \"on\"");
    }
    inside(body, "camera_control", |camera| camera_control(camera, found));
}

fn image2video(body: &Body, found: &mut Validation) {
    shots::check(body, found);
    match (given(body, "image"), given(body, "image_tail")) {
        (false, false) => found.error("image", "give this or image_tail: one is required"),
        (false, true) => {
            found.warn("image", "CometAPI's page requires it; Kling takes a tail alone")
        }
        (true, _) => {}
    }
    let masks = given(body, "static_mask") || given(body, "dynamic_masks");
    let groups = [given(body, "image_tail"), masks, given(body, "camera_control")];
    if groups.into_iter().filter(|given| *given).count() > 1 {
        let message =
            "only one of image_tail, masks and camera_control may be given: drop the others";
        found.error("image_tail", message);
    }
    if given(body, "voice_list") && word(body, "sound") != "on" {
        found.error("voice_list", "needs sound \"on\": set it");
    }
    if given(body, "voice_list") && given(body, "element_list") {
        found.warn("element_list", "is not known to work together with voice_list");
    }
    inside(body, "camera_control", |camera| camera_control(camera, found));
}

fn camera_control(camera: &Body, found: &mut Validation) {
    let config = camera.get("config").filter(|config| !config.is_null());
    match (word(camera, "type"), config) {
        ("simple", None) => found.error("camera_control.config", "is required for simple: add it"),
        ("simple", Some(config)) => {
            let axes = config.as_object().into_iter().flat_map(Map::values);
            let moving =
                axes.filter(|axis| axis.as_f64().is_some_and(|shift| shift != 0.0)).count();
            if moving != 1 {
                let message = format!("has {moving} non-zero values: exactly one must be non-zero");
                found.error("camera_control.config", message);
            }
        }
        (_, Some(_)) => found.error("camera_control.config", "is only for simple: remove it"),
        (_, None) => {}
    }
}

fn lip_sync(input: &Body, found: &mut Validation) {
    exactly_one(input, ["video_id", "video_url"], "input.", found);
    match (word(input, "mode"), word(input, "audio_type")) {
        ("text2video", _) => {
            require(input, "text", "input.", "in mode text2video", found);
            require(input, "voice_id", "input.", "in mode text2video", found);
        }
        ("audio2video", "file") => {
            require(input, "audio_file", "input.", "for audio_type file", found);
        }
        ("audio2video", "url") => {
            require(input, "audio_url", "input.", "for audio_type url", found);
        }
        ("audio2video", _) => require(input, "audio_type", "input.", "in mode audio2video", found),
        _ => {}
    }
}

fn face_choose(body: &Body, found: &mut Validation) {
    let faces = body.get("face_choose").and_then(Value::as_array);
    for (place, face) in faces.into_iter().flatten().enumerate() {
        if let Some(face) = face.as_object() {
            let prefix = format!("face_choose[{place}].");
            exactly_one(face, ["audio_id", "sound_file"], &prefix, found);
        }
    }
    if size(body, "face_choose") > 1 {
        found.warn("face_choose", "has more than one face: the provider currently takes one");
    }
}

fn effects(input: &Body, found: &mut Validation) {
    exactly_one(input, ["image", "images"], "input.", found);
}

fn multi_image2video(body: &Body, found: &mut Validation) {
    if size(body, "image_list") == 1 {
        found.warn("image_list", "has 1 entry: CometAPI's page asks for 2 to 4");
    }
}

fn multi_elements(body: &Body, found: &mut Validation) {
    let wanted = match word(body, "edit_mode") {
        "addition" => 1..=2,
        "swap" => 1..=1,
        "removal" => 0..=0,
        _ => return,
    };
    let given = size(body, "image_list");
    if !wanted.contains(&given) {
        let (mode, from, to) = (word(body, "edit_mode"), wanted.start(), wanted.end());
        let message = format!("has {given} entries: edit_mode {mode} takes {from} to {to}");
        found.error("image_list", message);
    }
}

fn avatar(body: &Body, found: &mut Validation) {
    exactly_one(body, ["audio_id", "sound_file"], "", found);
    if !given(body, "prompt") {
        found.warn("prompt", "is missing: one version of CometAPI's page requires it");
    }
}

fn one_decimal(body: &Body, found: &mut Validation) {
    let tenths = body.get("duration").and_then(Value::as_f64).map(|seconds| seconds * 10.0);
    if tenths.is_some_and(|tenths| (tenths - tenths.round()).abs() > 1e-6) {
        found.warn("duration", "has more than one decimal: the provider takes tenths of a second");
    }
}

fn generations(body: &Body, found: &mut Validation) {
    if given(body, "image_reference") {
        require(body, "image", "", "with image_reference", found);
    }
    if given(body, "image") && given(body, "negative_prompt") {
        found.warn("negative_prompt", "is not supported together with image: drop one");
    }
    if given(body, "human_fidelity") && word(body, "image_reference") != "subject" {
        found.warn("human_fidelity", "only acts with image_reference \"subject\"");
    }
}

fn expand(body: &Body, found: &mut Validation) {
    let ratio = |side: &str| {
        body.get(&format!("{side}_expansion_ratio")).and_then(Value::as_f64).unwrap_or(0.0)
    };
    let area = (1.0 + ratio("up") + ratio("down")) * (1.0 + ratio("left") + ratio("right"));
    if area > 3.0 {
        let message =
            format!("the ratios make the area {area:.2} times the old one: the limit is 3");
        found.warn("up_expansion_ratio", message);
    }
}
