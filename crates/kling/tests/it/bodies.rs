//! Typed bodies and the validation's table know the same fields by the same names.

use kling::request::{
    AdvancedLipSync, AvatarImage2video, Effects, Expand, Generations, Image2video,
    KolorsVirtualTryOn, LipSync, MultiElements, MultiImage2video, OmniVideo, TaskRequest,
    Text2video, TextToAudio, VideoExtend, VideoToAudio,
};
use kling::{Route, validate};
use serde_json::{Value, json};

const URL: &str = "https://i.example/a.png";

/// Every field of a typed body is read into its own place, written back, and checked by type.
macro_rules! agrees {
    ($body:ident, $raw:expr) => {{
        let raw: Value = with_shared($raw, stringify!($body));
        let typed: $body = serde_json::from_value(raw.clone()).expect("typed");
        assert!(typed.extra.is_empty(), "{} does not know {:?}", stringify!($body), typed.extra);
        assert_eq!(serde_json::to_value(&typed).expect("json"), raw);
        every_field_is_checked(<$body as TaskRequest>::ROUTE, &raw);
    }};
}

fn with_shared(mut body: Value, name: &str) -> Value {
    body["callback_url"] = json!("https://c.example/");
    body["external_task_id"] = json!("e");
    if !matches!(
        name,
        "KolorsVirtualTryOn" | "LipSync" | "VideoExtend" | "TextToAudio" | "VideoToAudio"
    ) {
        body["watermark_info"] = json!({"enabled": true});
    }
    body
}

fn every_field_is_checked(route: Route, body: &Value) {
    let mut paths = Vec::new();
    collect(body, "", &mut paths);
    for path in paths {
        let mut broken = body.clone();
        let value = broken.pointer_mut(&path).expect("value");
        *value = if value.is_boolean() { json!(7) } else { json!(true) };
        let found = validate(route, broken.as_object().expect("object"));
        let field = dotted(&path);
        let hit = found.errors.iter().any(|e| e.field == field && e.message.contains("must be"));
        assert!(hit, "{route}: a wrong type at {field} is not found: {found:?}");
    }
}

/// The JSON pointers of every value below the body.
fn collect(value: &Value, at: &str, paths: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), value)).collect(),
        Value::Array(list) => {
            list.iter().enumerate().map(|(place, value)| (place.to_string(), value)).collect()
        }
        _ => Vec::new(),
    };
    for (key, child) in children {
        let path = format!("{at}/{key}");
        paths.push(path.clone());
        collect(child, &path, paths);
    }
}

/// A pointer as the validation writes it: `image_list[2].image`.
fn dotted(pointer: &str) -> String {
    pointer.split('/').skip(1).fold(String::new(), |path, part| match part.parse::<usize>() {
        Ok(place) => format!("{path}[{place}]"),
        Err(_) if path.is_empty() => part.to_owned(),
        Err(_) => format!("{path}.{part}"),
    })
}

fn movie() -> Value {
    json!({"model_name": "kling-v3", "prompt": "p", "negative_prompt": "n", "sound": "on",
        "cfg_scale": 0.5, "mode": "pro", "duration": "5", "multi_shot": true,
        "shot_type": "customize", "voice_list": [{"voice_id": "v"}],
        "multi_prompt": [{"index": 1, "prompt": "p", "duration": "5"}],
        "camera_control": {"type": "simple", "config": {"horizontal": 1.0, "vertical": 0.0,
            "pan": 0.0, "tilt": 0.0, "roll": 0.0, "zoom": 0.0}}})
}

fn and(mut body: Value, more: Value) -> Value {
    let more = more.as_object().expect("object").clone();
    body.as_object_mut().expect("object").extend(more);
    body
}

#[test]
fn bodies_of_words_and_images_agree() {
    agrees!(Text2video, and(movie(), json!({"aspect_ratio": "16:9"})));
    agrees!(
        Image2video,
        and(
            movie(),
            json!({"image": URL, "image_tail": URL, "static_mask": URL,
        "dynamic_masks": [{"mask": URL, "trajectories": [{"x": 1, "y": 2}, {"x": 3, "y": 4}]}],
        "element_list": [{"element_id": 1}]})
        )
    );
    agrees!(
        Effects,
        json!({"effect_scene": "squish", "input": {"image": URL,
        "images": [URL, URL], "duration": "5", "model_name": "kling-v1", "mode": "std"}})
    );
    agrees!(
        MultiImage2video,
        json!({"image_list": [{"image": URL}], "prompt": "p",
        "model_name": "kling-v1-6", "negative_prompt": "n", "mode": "std", "duration": "5",
        "aspect_ratio": "1:1"})
    );
    agrees!(
        OmniVideo,
        json!({"prompt": "p", "model_name": "kling-video-o1",
        "image_list": [{"image_url": URL, "type": "first_frame"}],
        "element_list": [{"element_id": 1}],
        "video_list": [{"video_url": URL, "refer_type": "base", "keep_original_sound": "yes"}],
        "mode": "pro", "aspect_ratio": "1:1", "duration": "5"})
    );
    agrees!(
        AvatarImage2video,
        json!({"image": URL, "audio_id": "a", "sound_file": URL,
        "prompt": "p", "mode": "std"})
    );
}

#[test]
fn bodies_that_rework_a_video_agree() {
    agrees!(
        LipSync,
        json!({"input": {"mode": "text2video", "task_id": "t", "video_id": "v",
        "video_url": URL, "text": "t", "voice_id": "v", "voice_language": "zh",
        "voice_speed": 1.0, "audio_type": "url", "audio_file": URL, "audio_url": URL}})
    );
    agrees!(
        MultiElements,
        json!({"session_id": "s", "edit_mode": "swap", "prompt": "p",
        "image_list": [{"image": URL}], "model_name": "kling-v1-6", "negative_prompt": "n",
        "mode": "std", "duration": "5"})
    );
    agrees!(
        VideoExtend,
        json!({"video_id": "v", "prompt": "p", "negative_prompt": "n",
        "cfg_scale": 0.5})
    );
    agrees!(
        VideoToAudio,
        json!({"video_id": "v", "video_url": URL, "sound_effect_prompt": "s",
        "bgm_prompt": "b", "asmr_mode": true})
    );
    agrees!(
        AdvancedLipSync,
        json!({"session_id": "s", "face_choose": [{"face_id": "0",
        "audio_id": "a", "sound_file": URL, "sound_start_time": 0, "sound_end_time": 2000,
        "sound_insert_time": 0, "sound_volume": 1.0, "original_audio_volume": 1.0}]})
    );
}

#[test]
fn bodies_of_images_and_sounds_agree() {
    agrees!(
        Generations,
        json!({"prompt": "p", "model_name": "kling-v3", "negative_prompt": "n",
        "image": URL, "image_reference": "subject", "image_fidelity": 0.5, "human_fidelity": 0.5,
        "element_list": [{"element_id": 1}], "resolution": "1k", "n": 2, "aspect_ratio": "1:1"})
    );
    agrees!(
        KolorsVirtualTryOn,
        json!({"human_image": URL, "cloth_image": URL,
        "model_name": "kolors-virtual-try-on-v1"})
    );
    agrees!(
        Expand,
        json!({"image": URL, "up_expansion_ratio": 0.5, "down_expansion_ratio": 0.5,
        "left_expansion_ratio": 0.5, "right_expansion_ratio": 0.5, "prompt": "p", "n": 1})
    );
    agrees!(TextToAudio, json!({"prompt": "rain", "duration": 5.0}));
}
