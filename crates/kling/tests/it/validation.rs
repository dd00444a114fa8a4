//! What one field may be: refused before paying, or warned of.

use kling::Route;
use kling::Route::{
    AudioTextToAudio, AudioVideoToAudio, ImagesEditingExpand, ImagesGenerations,
    ImagesKolorsVirtualTryOn, VideosAdvancedLipSync, VideosAvatarImage2video, VideosEffects,
    VideosImage2video, VideosLipSync, VideosMultiElements, VideosMultiImage2video, VideosOmniVideo,
    VideosText2video, VideosVideoExtend,
};
use serde_json::{Value, json};

use crate::checks::{URL, check, passes, refuses, warns, with};

#[test]
fn the_small_body_of_every_route_is_fine() {
    for route in Route::ALL {
        passes(*route, &json!({}));
    }
}

#[test]
fn a_field_that_looks_misspelt_is_warned_of() {
    for (wrong, known) in [
        ("negativ_prompt", "negative_prompt"),
        ("aspectratio", "aspect_ratio"),
        ("Duration", "duration"),
        ("model_nmae", "model_name"),
    ] {
        let found = check(VideosText2video, &json!({"prompt": "a cat", wrong: "5"}));
        let warned = found.warnings.iter().find(|warning| warning.field == wrong);
        let words = &warned.unwrap_or_else(|| panic!("{wrong}: {found:?}")).message;
        assert!(found.is_ok() && words.contains(&format!("did you mean {known}?")), "{words}");
    }
    for other in ["seed", "x", "Prompt_2", "extra_prompt"] {
        let body = json!({"prompt": "a cat", "mode": "std", other: "5"});
        assert!(check(VideosText2video, &body).warnings.is_empty(), "{other}");
    }
    // Anybody may send a message with a million fields.
    let many: serde_json::Map<_, _> = (0..200).map(|n| (format!("promp{n}"), json!(1))).collect();
    let many = check(VideosText2video, &json!(many));
    assert!(many.warnings.len() <= 50, "{}", many.warnings.len());
    let both = json!({"prompt": "a cat", "duration": "5", "Duration": "5"});
    assert!(check(VideosText2video, &both).warnings.is_empty(), "the known one is there");
}

#[test]
fn every_required_field_is_missed() {
    for (route, fields) in [
        (ImagesGenerations, &["prompt"][..]),
        (ImagesKolorsVirtualTryOn, &["human_image", "cloth_image"][..]),
        (ImagesEditingExpand, &["image"][..]),
        (VideosText2video, &["prompt"][..]),
        (VideosImage2video, &["image"][..]),
        (VideosLipSync, &["input"][..]),
        (VideosEffects, &["effect_scene", "input"][..]),
        (VideosMultiImage2video, &["image_list", "prompt"][..]),
        (VideosMultiElements, &["session_id", "edit_mode", "prompt"][..]),
        (VideosVideoExtend, &["video_id"][..]),
        (VideosOmniVideo, &["prompt"][..]),
        (VideosAvatarImage2video, &["image", "audio_id"][..]),
        (VideosAdvancedLipSync, &["session_id", "face_choose"][..]),
        (AudioTextToAudio, &["prompt", "duration"][..]),
        (AudioVideoToAudio, &["video_id"][..]),
    ] {
        for field in fields {
            for nothing in [json!(null), json!("")] {
                let found = check(route, &with(route, &json!({*field: nothing})));
                assert!(
                    found.errors.iter().any(|e| e.field == *field),
                    "{route} {field}: {found:?}"
                );
            }
        }
    }
}

#[test]
fn lengths_refuse_at_kling_s_limit_and_warn_at_cometapi_s() {
    let text = |length: usize| json!({"prompt": "é".repeat(length)});
    passes(VideosText2video, &text(500));
    warns(VideosText2video, &text(501), "prompt", "500");
    warns(VideosText2video, &text(2500), "prompt", "500");
    refuses(VideosText2video, &text(2501), "prompt", "has 2501 characters, the limit is 2500");
    warns(VideosText2video, &json!({"negative_prompt": "x".repeat(201)}), "negative_prompt", "200");
    passes(AudioTextToAudio, &text(200));
    refuses(AudioTextToAudio, &text(201), "prompt", "200");
    let lip = json!({"input": {"mode": "text2video", "video_id": "v", "voice_id": "w",
        "text": "x".repeat(121)}});
    refuses(VideosLipSync, &lip, "input.text", "120");
    refuses(AudioVideoToAudio, &json!({"bgm_prompt": "x".repeat(201)}), "bgm_prompt", "200");
}

#[test]
fn ranges_refuse_just_outside_and_take_their_ends() {
    for (route, field, low, high) in [
        (VideosText2video, "cfg_scale", 0.0, 1.0),
        (ImagesGenerations, "image_fidelity", 0.0, 1.0),
        (AudioTextToAudio, "duration", 3.0, 10.0),
        (ImagesEditingExpand, "up_expansion_ratio", 0.0, 2.0),
    ] {
        for value in [low, high] {
            passes(route, &json!({field: value}));
        }
        for value in [low - 0.1, high + 0.1] {
            refuses(route, &json!({field: value}), field, &value.to_string());
        }
    }
    for n in [1, 9] {
        passes(ImagesGenerations, &json!({"n": n}));
    }
    for n in [json!(0), json!(10), json!(-1), json!(u64::MAX)] {
        refuses(ImagesGenerations, &json!({"n": n}), "n", "[1, 9]");
    }
    refuses(ImagesGenerations, &json!({"n": 1.5}), "n", "integer");
}

#[test]
fn a_wrong_type_names_the_right_one() {
    for (route, change, field, words) in [
        (VideosText2video, json!({"prompt": 7}), "prompt", "must be a string, is a number"),
        (
            VideosText2video,
            json!({"cfg_scale": "0.5"}),
            "cfg_scale",
            "must be a number, is a string",
        ),
        (VideosText2video, json!({"multi_shot": "true"}), "multi_shot", "true or false"),
        (
            VideosText2video,
            json!({"camera_control": []}),
            "camera_control",
            "an object, is an array",
        ),
        (
            VideosText2video,
            json!({"watermark_info": {"enabled": 1}}),
            "watermark_info.enabled",
            "true",
        ),
        (ImagesGenerations, json!({"n": "3"}), "n", "must be an integer, is a string"),
        (ImagesGenerations, json!({"image": {}}), "image", "URL or Base64"),
        (VideosMultiImage2video, json!({"image_list": URL}), "image_list", "must be an array"),
        (AudioTextToAudio, json!({"duration": "5"}), "duration", "must be a number, is a string"),
    ] {
        refuses(route, &change, field, words);
    }
}

#[test]
fn a_duration_is_text_on_every_video_route() {
    for route in [
        VideosText2video,
        VideosImage2video,
        VideosMultiImage2video,
        VideosMultiElements,
        VideosOmniVideo,
    ] {
        passes(route, &json!({"duration": "5"}));
        refuses(route, &json!({"duration": 5}), "duration", "write \"5\"");
        for odd in ["5s", "", "0", "-5", "5.5"] {
            refuses(route, &json!({"duration": odd}), "duration", "whole seconds");
        }
    }
    let effect = |duration: Value| json!({"input": {"image": URL, "duration": duration}});
    refuses(VideosEffects, &effect(json!(5)), "input.duration", "write \"5\"");
    warns(VideosEffects, &effect(json!("7")), "input.duration", "5, 10");
}

#[test]
fn inline_files_are_bare_base64_within_the_limit() {
    let image = |text: String| json!({"image": text});
    passes(VideosImage2video, &image("iVBORw0KGgoAAAANSUhEUg==".to_owned()));
    let head = image("data:image/png;base64,iVBORw0KGgo=".to_owned());
    refuses(VideosImage2video, &head, "image", "without all up to \"base64,\"");
    for odd in ["cat.png", "file:///tmp/cat.png", "s3://bucket/cat.png", "/9j/4A é"] {
        refuses(VideosImage2video, &image(odd.to_owned()), "image", "neither");
    }
    let megabytes = |count: usize| "A".repeat(count * 1024 * 1024 / 3 * 4);
    passes(VideosImage2video, &image(megabytes(10)));
    refuses(VideosImage2video, &image(megabytes(11)), "image", "limit is 10485760");
    let sound = json!({"audio_id": null, "sound_file": megabytes(6)});
    refuses(VideosAvatarImage2video, &sound, "sound_file", "limit is 5242880");
}

#[test]
fn an_item_of_a_list_is_named_by_its_place() {
    let list = json!([{"image": URL}, {"image": URL}, {"image": "data:image/png;base64,AA"}]);
    refuses(VideosMultiImage2video, &json!({"image_list": list}), "image_list[2].image", "data:");
    let list = json!([{"image": URL}, {}]);
    refuses(
        VideosMultiImage2video,
        &json!({"image_list": list}),
        "image_list[1].image",
        "required",
    );
}

#[test]
fn lists_have_sizes() {
    let images = |count: usize| json!({"image_list": vec![json!({"image": URL}); count]});
    refuses(VideosMultiImage2video, &images(0), "image_list", "has 0 entries");
    refuses(VideosMultiImage2video, &images(5), "image_list", "has 5 entries");
    warns(VideosMultiImage2video, &images(1), "image_list", "2 to 4");
    let effect = |count: usize| json!({"input": {"images": vec![URL; count], "duration": "5"}});
    passes(VideosEffects, &effect(2));
    refuses(VideosEffects, &effect(3), "input.images", "2 to 2");
    let mask = |points: usize| {
        json!({"model_name": "kling-v1", "dynamic_masks": [
            {"mask": URL, "trajectories": vec![json!({"x": 1, "y": 2}); points]}]})
    };
    passes(VideosImage2video, &mask(77));
    refuses(VideosImage2video, &mask(1), "dynamic_masks[0].trajectories", "has 1 entries");
}

#[test]
fn closed_sets_refuse_and_open_ones_warn() {
    refuses(VideosText2video, &json!({"sound": "yes"}), "sound", "on, off");
    refuses(VideosMultiElements, &json!({"edit_mode": "paint"}), "edit_mode", "swap");
    refuses(VideosText2video, &json!({"callback_url": "h.example"}), "callback_url", "http(s) URL");
    warns(VideosText2video, &json!({"aspect_ratio": "4:3"}), "aspect_ratio", "16:9, 9:16, 1:1");
    warns(VideosText2video, &json!({"mode": "ultra", "model_name": "x"}), "mode", "std, pro");
    warns(ImagesGenerations, &json!({"resolution": "8k"}), "resolution", "1k, 2k");
    passes(ImagesGenerations, &json!({"aspect_ratio": "21:9"}));
}

#[test]
fn unknown_fields_and_nulls_pass_untouched() {
    for route in Route::ALL {
        passes(*route, &json!({"brand_new": {"deep": [1, 2]}, "callback_url": null, "mode": null}));
    }
}
