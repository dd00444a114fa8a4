//! One fine body per route, and what a change to it brings.

use kling::{Route, Validation, validate};
use serde_json::{Value, json};

use Route::{
    AudioTextToAudio, AudioVideoToAudio, ImagesEditingExpand, ImagesGenerations,
    ImagesKolorsVirtualTryOn, VideosAdvancedLipSync, VideosAvatarImage2video, VideosEffects,
    VideosImage2video, VideosLipSync, VideosMultiElements, VideosMultiImage2video, VideosOmniVideo,
    VideosText2video, VideosVideoExtend,
};

pub(crate) const URL: &str = "https://i.example/a.png";

pub(crate) fn check(route: Route, body: &Value) -> Validation {
    validate(route, body.as_object().expect("object"))
}

/// A small body that is fine, per route.
pub(crate) fn fine(route: Route) -> Value {
    match route {
        ImagesGenerations | VideosText2video => json!({"prompt": "a cat"}),
        ImagesKolorsVirtualTryOn => json!({"human_image": URL, "cloth_image": URL}),
        ImagesEditingExpand => json!({"image": URL, "up_expansion_ratio": 0.5}),
        VideosImage2video => json!({"image": URL}),
        VideosLipSync => json!({"input": {"mode": "audio2video", "video_id": "v",
            "audio_type": "url", "audio_url": "https://a.example/a.mp3"}}),
        VideosEffects => {
            json!({"effect_scene": "squish", "input": {"image": URL, "duration": "5"}})
        }
        VideosMultiImage2video => {
            json!({"prompt": "a cat", "image_list": [{"image": URL}, {"image": "iVBORw0KGgo="}]})
        }
        VideosMultiElements => {
            json!({"session_id": "s", "edit_mode": "swap", "prompt": "p", "image_list": [{"image": URL}]})
        }
        VideosVideoExtend => json!({"video_id": "v"}),
        VideosOmniVideo => json!({"prompt": "a cat", "aspect_ratio": "16:9"}),
        VideosAvatarImage2video => json!({"image": URL, "audio_id": "a", "prompt": "speak"}),
        VideosAdvancedLipSync => json!({"session_id": "s", "face_choose": [
            {"face_id": "0", "audio_id": "a", "sound_start_time": 0, "sound_end_time": "2000"}]}),
        AudioTextToAudio => json!({"prompt": "rain", "duration": 5}),
        AudioVideoToAudio => json!({"video_id": "v"}),
    }
}

/// The fine body of a route with these fields set; null takes a field away.
pub(crate) fn with(route: Route, change: &Value) -> Value {
    let mut body = fine(route);
    for (path, value) in change.as_object().expect("object") {
        match path.split_once('.') {
            Some((outer, inner)) => body[outer][inner] = value.clone(),
            None => body[path] = value.clone(),
        }
    }
    body
}

/// Exactly one error, at this field, whose message holds these words.
pub(crate) fn refuses(route: Route, change: &Value, field: &str, words: &str) {
    let found = check(route, &with(route, change));
    let [error] = found.errors.as_slice() else { panic!("{route} {change}: {found:?}") };
    assert_eq!(error.field, field, "{route} {change}: {error:?}");
    assert!(error.message.contains(words), "{route} {change}: {error:?}");
}

/// No error, and a warning at this field whose message holds these words.
pub(crate) fn warns(route: Route, change: &Value, field: &str, words: &str) {
    let found = check(route, &with(route, change));
    assert!(found.is_ok(), "{route} {change}: {found:?}");
    let hit = found.warnings.iter().any(|w| w.field == field && w.message.contains(words));
    assert!(hit, "{route} {change}: {found:?}");
}

/// Neither error nor warning.
pub(crate) fn passes(route: Route, change: &Value) {
    let found = check(route, &with(route, change));
    assert_eq!(found, Validation::default(), "{route} {change}");
}
