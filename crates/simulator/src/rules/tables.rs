//! The tables: fields and model names by operation.

use crate::field::{Field, Kind, may, need};
use crate::operation::Operation;

const PROMPT: Kind = Kind::Text(2_500);
const MODE: Kind = Kind::Choice(&["std", "pro"]);
const MODE_4K: Kind = Kind::Choice(&["std", "pro", "4k"]);
const FIVE_OR_TEN: Kind = Kind::Choice(&["5", "10"]);
const ON_OFF: Kind = Kind::Choice(&["on", "off"]);
const RATIO: Kind = Kind::Choice(&["16:9", "9:16", "1:1", "4:3", "3:4", "3:2", "2:3", "21:9"]);

pub(super) const COMMON: &[Field] = &[
    may("model_name", Kind::Source),
    may("external_task_id", Kind::Source),
    may("callback_url", Kind::Source),
    may("watermark_info", Kind::Object),
];

pub(super) const CLIP: &[Field] = &[
    may("negative_prompt", PROMPT),
    may("sound", ON_OFF),
    may("cfg_scale", Kind::Number(0.0, 1.0)),
    may("mode", MODE_4K),
    may("camera_control", Kind::Object),
    may("duration", Kind::Source),
    may("multi_shot", Kind::Flag),
    may("shot_type", Kind::Choice(&["customize", "intelligence"])),
    may("multi_prompt", Kind::List(1, 6)),
    may("voice_list", Kind::List(0, 2)),
];

const TEXT2_VIDEO: &[Field] = &[may("prompt", PROMPT), may("aspect_ratio", RATIO)];

const IMAGE2_VIDEO: &[Field] = &[
    may("image", Kind::Source),
    may("image_tail", Kind::Source),
    may("prompt", PROMPT),
    may("static_mask", Kind::Source),
    may("dynamic_masks", Kind::List(1, 6)),
    may("element_list", Kind::List(0, 3)),
];

const MULTI_IMAGE2_VIDEO: &[Field] = &[
    need("prompt", PROMPT),
    need("image_list", Kind::List(1, 4)),
    may("negative_prompt", PROMPT),
    may("mode", MODE),
    may("duration", FIVE_OR_TEN),
    may("aspect_ratio", RATIO),
];

const MULTI_ELEMENTS: &[Field] = &[
    need("session_id", Kind::Source),
    need("edit_mode", Kind::Choice(&["addition", "swap", "removal"])),
    need("prompt", PROMPT),
    may("negative_prompt", PROMPT),
    may("image_list", Kind::List(0, 2)),
    may("mode", MODE),
    may("duration", FIVE_OR_TEN),
];

const OMNI_VIDEO: &[Field] = &[
    need("prompt", PROMPT),
    may("image_list", Kind::List(0, 7)),
    may("element_list", Kind::List(0, 7)),
    may("video_list", Kind::List(0, 1)),
    may("mode", MODE),
    may("aspect_ratio", RATIO),
    may("duration", Kind::Choice(&["3", "4", "5", "6", "7", "8", "9", "10"])),
];

const EFFECTS: &[Field] = &[
    need("effect_scene", Kind::Source),
    need("input", Kind::Object),
    need("input.duration", FIVE_OR_TEN),
    may("input.image", Kind::Source),
    may("input.images", Kind::List(2, 2)),
    may("input.mode", MODE),
    may("input.model_name", Kind::Source),
];

const LIP_SYNC: &[Field] = &[
    need("input", Kind::Object),
    need("input.mode", Kind::Choice(&["text2video", "audio2video"])),
    may("input.video_id", Kind::Source),
    may("input.video_url", Kind::Source),
    may("input.text", Kind::Text(120)),
    may("input.voice_id", Kind::Source),
    may("input.voice_language", Kind::Choice(&["zh", "en"])),
    may("input.voice_speed", Kind::Number(0.8, 2.0)),
    may("input.audio_type", Kind::Choice(&["file", "url"])),
];

const ADVANCED_LIP_SYNC: &[Field] =
    &[need("session_id", Kind::Source), need("face_choose", Kind::List(1, 1))];

const VIDEO_EXTEND: &[Field] = &[
    need("video_id", Kind::Source),
    may("prompt", PROMPT),
    may("negative_prompt", PROMPT),
    may("cfg_scale", Kind::Number(0.0, 1.0)),
];

const AVATAR: &[Field] = &[
    need("image", Kind::Source),
    may("audio_id", Kind::Source),
    may("sound_file", Kind::Source),
    may("prompt", PROMPT),
    may("mode", MODE),
];

const TEXT_TO_AUDIO: &[Field] =
    &[need("prompt", Kind::Text(200)), need("duration", Kind::Number(3.0, 10.0))];

const VIDEO_TO_AUDIO: &[Field] = &[
    may("video_id", Kind::Source),
    may("video_url", Kind::Source),
    may("sound_effect_prompt", Kind::Text(200)),
    may("bgm_prompt", Kind::Text(200)),
    may("asmr_mode", Kind::Flag),
];

const GENERATIONS: &[Field] = &[
    need("prompt", PROMPT),
    may("negative_prompt", PROMPT),
    may("image", Kind::Source),
    may("image_reference", Kind::Choice(&["subject", "face"])),
    may("image_fidelity", Kind::Number(0.0, 1.0)),
    may("human_fidelity", Kind::Number(0.0, 1.0)),
    may("resolution", Kind::Choice(&["1k", "2k"])),
    may("n", Kind::Integer(1, 9)),
    may("aspect_ratio", RATIO),
];

const TRY_ON: &[Field] = &[need("human_image", Kind::Source), need("cloth_image", Kind::Source)];

const EXPAND: &[Field] = &[
    need("image", Kind::Source),
    may("up_expansion_ratio", Kind::Number(0.0, 2.0)),
    may("down_expansion_ratio", Kind::Number(0.0, 2.0)),
    may("left_expansion_ratio", Kind::Number(0.0, 2.0)),
    may("right_expansion_ratio", Kind::Number(0.0, 2.0)),
    may("prompt", PROMPT),
    may("n", Kind::Integer(1, 9)),
];

/// The fields of an operation, beside [`COMMON`] and for clips [`CLIP`].
pub(super) fn fields(operation: Operation) -> &'static [Field] {
    match operation {
        Operation::Text2Video => TEXT2_VIDEO,
        Operation::Image2Video => IMAGE2_VIDEO,
        Operation::MultiImage2Video => MULTI_IMAGE2_VIDEO,
        Operation::MultiElements => MULTI_ELEMENTS,
        Operation::OmniVideo => OMNI_VIDEO,
        Operation::Effects => EFFECTS,
        Operation::LipSync => LIP_SYNC,
        Operation::AdvancedLipSync => ADVANCED_LIP_SYNC,
        Operation::VideoExtend => VIDEO_EXTEND,
        Operation::Avatar => AVATAR,
        Operation::TextToAudio => TEXT_TO_AUDIO,
        Operation::VideoToAudio => VIDEO_TO_AUDIO,
        Operation::Generations => GENERATIONS,
        Operation::TryOn => TRY_ON,
        Operation::Expand => EXPAND,
    }
}

/// The documented model names; `None` where the operation has no such field.
pub(super) fn models(operation: Operation) -> Option<&'static [&'static str]> {
    Some(match operation {
        Operation::Text2Video => &[
            "kling-v1",
            "kling-v1-6",
            "kling-v2-master",
            "kling-v2-1-master",
            "kling-v2-5-turbo",
            "kling-v2-6",
            "kling-v3",
        ],
        Operation::Image2Video => &[
            "kling-v1",
            "kling-v1-5",
            "kling-v1-6",
            "kling-v2-master",
            "kling-v2-1",
            "kling-v2-1-master",
            "kling-v2-5-turbo",
            "kling-v2-6",
            "kling-v3",
        ],
        Operation::MultiImage2Video | Operation::MultiElements => &["kling-v1-6"],
        Operation::OmniVideo => &["kling-video-o1", "kling-v3-omni"],
        Operation::Generations => {
            &["kling-v1", "kling-v1-5", "kling-v2", "kling-v2-new", "kling-v2-1", "kling-v3"]
        }
        Operation::TryOn => &["kolors-virtual-try-on-v1", "kolors-virtual-try-on-v1-5"],
        _ => return None,
    })
}
