//! What fields, and the model, demand of one another.

use kling::Route::{
    AudioTextToAudio, AudioVideoToAudio, ImagesEditingExpand, ImagesGenerations,
    VideosAdvancedLipSync, VideosAvatarImage2video, VideosEffects, VideosImage2video,
    VideosLipSync, VideosMultiElements, VideosMultiImage2video, VideosOmniVideo, VideosText2video,
};
use serde_json::{Value, json};

use crate::checks::{URL, check, passes, refuses, warns, with};

#[test]
fn one_of_two_is_given_and_not_both() {
    let url = "https://v.example/a.mp4";
    let both = json!({"video_url": url});
    refuses(AudioVideoToAudio, &both, "video_url", "keep one");
    passes(AudioVideoToAudio, &json!({"video_id": null, "video_url": url}));
    refuses(VideosLipSync, &json!({"input.video_url": url}), "input.video_url", "keep one");
    refuses(VideosAvatarImage2video, &json!({"sound_file": URL}), "sound_file", "keep one");
    refuses(VideosEffects, &json!({"input.images": [URL, URL]}), "input.images", "keep one");
    refuses(VideosEffects, &json!({"input.image": null}), "input.image", "images");
    let face = json!({"face_choose": [{"face_id": "0"}]});
    refuses(VideosAdvancedLipSync, &face, "face_choose[0].audio_id", "sound_file");
}

#[test]
fn image2video_takes_one_way_of_steering() {
    refuses(VideosImage2video, &json!({"image": null}), "image", "image_tail");
    let tail = json!({"image": null, "image_tail": URL, "model_name": "kling-v1-6", "mode": "pro"});
    warns(VideosImage2video, &tail, "image", "CometAPI");
    for change in [
        json!({"image_tail": URL, "static_mask": URL}),
        json!({"image_tail": URL, "camera_control": {"type": "down_back"}}),
        json!({"dynamic_masks": [{"mask": URL, "trajectories": [{"x":0,"y":0},{"x":1,"y":1}]}],
            "camera_control": {"type": "down_back"}}),
    ] {
        refuses(VideosImage2video, &change, "image_tail", "only one of");
    }
    passes(
        VideosImage2video,
        &json!({"static_mask": URL,
        "dynamic_masks": [{"mask": URL, "trajectories": [{"x":0,"y":0},{"x":1,"y":1}]}]}),
    );
}

#[test]
fn a_camera_moves_along_exactly_one_axis() {
    let camera = |control: Value| json!({"camera_control": control});
    let simple = |config: Value| camera(json!({"type": "simple", "config": config}));
    passes(VideosText2video, &simple(json!({"zoom": -10, "pan": 0})));
    passes(VideosText2video, &camera(json!({"type": "forward_up"})));
    for (change, field, words) in [
        (simple(json!({"zoom": 1, "pan": 2})), "camera_control.config", "has 2 non-zero"),
        (simple(json!({"zoom": 0})), "camera_control.config", "has 0 non-zero"),
        (simple(json!({"zoom": 10.5})), "camera_control.config.zoom", "[-10, 10]"),
        (camera(json!({"type": "simple"})), "camera_control.config", "required"),
        (camera(json!({"type": "down_back", "config": {}})), "camera_control.config", "remove"),
        (camera(json!({"type": "spin"})), "camera_control.type", "forward_up"),
        (camera(json!({})), "camera_control.type", "required"),
    ] {
        refuses(VideosText2video, &change, field, words);
    }
}

#[test]
fn shots_replace_the_prompt_and_fill_the_duration() {
    let shots = |shots: Value| {
        json!({"model_name": "kling-v3", "prompt": null, "multi_shot": true, "duration": "8",
            "shot_type": "customize", "multi_prompt": shots})
    };
    let shot =
        |index: u32, seconds: &str| json!({"index": index, "prompt": "p", "duration": seconds});
    passes(VideosText2video, &shots(json!([shot(1, "3"), shot(2, "5")])));
    let short = shots(json!([shot(1, "3"), shot(2, "4")]));
    refuses(VideosText2video, &short, "multi_prompt", "take 7 seconds, duration says 8");
    refuses(VideosText2video, &shots(json!(null)), "multi_prompt", "1 to 6");
    let long = json!([{"index": 1, "prompt": "x".repeat(513), "duration": "8"}]);
    refuses(VideosText2video, &shots(long), "multi_prompt[0].prompt", "512");
    let clever = json!({"model_name": "kling-v3", "prompt": null, "multi_shot": true,
        "shot_type": "intelligence"});
    refuses(VideosText2video, &clever, "prompt", "required");
    let untyped = json!({"model_name": "kling-v3", "multi_shot": true});
    refuses(VideosText2video, &untyped, "shot_type", "customize or intelligence");
}

#[test]
fn lip_sync_needs_what_its_mode_needs() {
    let input = |change: Value| {
        let mut input = json!({"video_id": "v"});
        for (field, value) in change.as_object().expect("object") {
            input[field] = value.clone();
        }
        json!({"input": input})
    };
    let lip =
        |change: Value, field: &str| refuses(VideosLipSync, &input(change), field, "required");
    lip(json!({"mode": "text2video", "voice_id": "w"}), "input.text");
    lip(json!({"mode": "text2video", "text": "t"}), "input.voice_id");
    lip(json!({"mode": "audio2video"}), "input.audio_type");
    lip(json!({"mode": "audio2video", "audio_type": "file"}), "input.audio_file");
    lip(json!({"mode": "audio2video", "audio_type": "url"}), "input.audio_url");
    refuses(VideosLipSync, &input(json!({"mode": "sing"})), "input.mode", "audio2video");
}

#[test]
fn editing_takes_as_many_images_as_its_mode() {
    let edit = |mode: &str, count: usize| json!({"edit_mode": mode, "image_list": vec![json!({"image": URL}); count]});
    for (mode, good, bad) in [("addition", 2, 0), ("swap", 1, 2), ("removal", 0, 1)] {
        passes(VideosMultiElements, &edit(mode, good));
        refuses(VideosMultiElements, &edit(mode, bad), "image_list", mode);
    }
}

#[test]
fn omni_images_obey_their_counts_and_frames() {
    let images = |kinds: &[&str]| -> Value {
        kinds.iter().map(|kind| json!({"image_url": URL, "type": kind})).collect()
    };
    let plain = |count: usize| vec![json!({"image_url": URL}); count];
    passes(VideosOmniVideo, &json!({"image_list": images(&["first_frame", "end_frame"])}));
    let lone = json!({"image_list": images(&["end_frame"])});
    refuses(VideosOmniVideo, &lone, "image_list", "needs a first_frame");
    let elements =
        json!({"image_list": plain(5), "element_list": vec![json!({"element_id": 1}); 3]});
    refuses(VideosOmniVideo, &elements, "image_list", "are 8");
    let video =
        json!({"image_list": plain(5), "video_list": [{"video_url": "https://v.example/a"}]});
    refuses(VideosOmniVideo, &video, "image_list", "limit here is 4");
    warns(VideosOmniVideo, &json!({"aspect_ratio": null}), "aspect_ratio", "first frame");
    passes(VideosOmniVideo, &json!({"aspect_ratio": null, "image_list": images(&["first_frame"])}));
}

#[test]
fn the_capability_map_warns_and_never_refuses() {
    for (route, change, field, words) in [
        (VideosText2video, json!({"model_name": "kling-v1-5"}), "model_name", "not known"),
        (VideosText2video, json!({"duration": "7"}), "duration", "only for 5, 10 s, not 7"),
        (
            VideosText2video,
            json!({"model_name": "kling-v3", "duration": "16"}),
            "duration",
            "not 16",
        ),
        (VideosText2video, json!({"sound": "on"}), "sound", "kling-v1 is not known"),
        (
            VideosText2video,
            json!({"sound": "on", "model_name": "kling-v2-6"}),
            "mode",
            "only in mode pro, not std",
        ),
        (
            VideosText2video,
            json!({"model_name": "kling-v2-6", "cfg_scale": 0.5}),
            "cfg_scale",
            "leave",
        ),
        (
            VideosText2video,
            json!({"camera_control": {"type": "down_back"}, "mode": "pro"}),
            "mode",
            "std",
        ),
        (
            VideosText2video,
            json!({"multi_shot": true, "shot_type": "intelligence"}),
            "multi_shot",
            "v1",
        ),
        (
            VideosImage2video,
            json!({"image_tail": URL, "model_name": "kling-v2-5-turbo"}),
            "mode",
            "image_tail only in mode pro",
        ),
        (
            VideosImage2video,
            json!({"image_tail": URL, "model_name": "kling-v2-6", "mode": "pro", "sound": "on"}),
            "sound",
            "without sound",
        ),
        (
            VideosImage2video,
            json!({"static_mask": URL, "model_name": "kling-v1-6"}),
            "static_mask",
            "masks",
        ),
        (VideosMultiImage2video, json!({"model_name": "kling-v1"}), "model_name", "multi-image"),
    ] {
        warns(route, &change, field, words);
    }
    passes(VideosText2video, &json!({"model_name": "kling-v3", "duration": "15", "sound": "on"}));
    let older =
        json!({"image_tail": URL, "model_name": "kling-v1-6", "mode": "pro", "sound": "on"});
    let found = check(VideosImage2video, &with(VideosImage2video, &older));
    assert_eq!(found.warnings.len(), 1, "{found:?}");
    passes(VideosText2video, &json!({"model_name": "kling-v3", "mode": "4k"}));
    passes(
        VideosText2video,
        &json!({"model_name": "kling-v9-dream", "duration": "60", "sound": "on"}),
    );
}

#[test]
fn other_doubts_only_warn() {
    for (route, change, field) in [
        (VideosText2video, json!({"model": "kling-v3"}), "model"),
        (
            VideosText2video,
            json!({"voice_list": [{"voice_id": "v"}], "model_name": "x"}),
            "voice_list",
        ),
        (ImagesGenerations, json!({"image": URL, "negative_prompt": "no"}), "negative_prompt"),
        (ImagesGenerations, json!({"human_fidelity": 0.5}), "human_fidelity"),
        (
            ImagesEditingExpand,
            json!({"up_expansion_ratio": 2, "left_expansion_ratio": 2}),
            "up_expansion_ratio",
        ),
        (AudioTextToAudio, json!({"duration": 5.25}), "duration"),
        (VideosAvatarImage2video, json!({"prompt": null}), "prompt"),
        (
            VideosAdvancedLipSync,
            json!({"face_choose": [{"face_id": "0", "audio_id": "a"}, {"face_id": "1", "audio_id": "b"}]}),
            "face_choose",
        ),
    ] {
        warns(route, &change, field, "");
    }
    refuses(ImagesGenerations, &json!({"image_reference": "face"}), "image", "image_reference");
    let voices = json!({"voice_list": [{"voice_id": "v"}], "model_name": "x"});
    refuses(VideosImage2video, &voices, "voice_list", "sound \"on\"");
}
