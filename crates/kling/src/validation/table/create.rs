//! Bodies that make a video from a text or images.

use super::super::media::Medium::{Audio, Image};
use super::super::rule::Kind::{File, Flag, Link, List, Object, Seconds, Text, Usually};
use super::super::rule::{Field, WORD, may, must};
use super::{
    ASPECT_VIDEO, CALLBACK, CAMERA, ELEMENT, EXTERNAL_ID, FIDELITY, FIVE_OR_TEN, IMAGE_ITEM, MASKS,
    MODE, NEGATIVE, ON_OFF, PROMPT, SHOTS, STD_OR_PRO, VOICES, WATERMARK, YES_NO,
};

pub(super) const TEXT2VIDEO: &[Field] = &[
    may("model_name", WORD),
    may("prompt", PROMPT),
    may("negative_prompt", NEGATIVE),
    may("sound", ON_OFF),
    may("cfg_scale", FIDELITY),
    may("mode", MODE),
    may("camera_control", CAMERA),
    may("aspect_ratio", ASPECT_VIDEO),
    may("duration", Seconds(&[])),
    may("multi_shot", Flag),
    may("shot_type", Usually(&["customize", "intelligence"])),
    may("multi_prompt", SHOTS),
    may("voice_list", VOICES),
    WATERMARK,
    CALLBACK,
    EXTERNAL_ID,
];

pub(super) const IMAGE2VIDEO: &[Field] = &[
    may("model_name", WORD),
    may("image", File(Image)),
    may("image_tail", File(Image)),
    may("prompt", PROMPT),
    may("negative_prompt", NEGATIVE),
    may("sound", ON_OFF),
    may("cfg_scale", FIDELITY),
    may("mode", MODE),
    may("camera_control", CAMERA),
    may("static_mask", File(Image)),
    may("dynamic_masks", MASKS),
    may("duration", Seconds(&[])),
    may("multi_shot", Flag),
    may("shot_type", Usually(&["customize", "intelligence"])),
    may("multi_prompt", SHOTS),
    may("voice_list", VOICES),
    may("element_list", List { min: 0, max: 3, item: &ELEMENT }),
    WATERMARK,
    CALLBACK,
    EXTERNAL_ID,
];

pub(super) const EFFECTS: &[Field] = &[
    must("effect_scene", WORD),
    must(
        "input",
        Object(&[
            may("image", File(Image)),
            may("images", List { min: 2, max: 2, item: &File(Image) }),
            must("duration", FIVE_OR_TEN),
            may("model_name", WORD),
            may("mode", STD_OR_PRO),
        ]),
    ),
    WATERMARK,
    CALLBACK,
    EXTERNAL_ID,
];

pub(super) const MULTI_IMAGE2VIDEO: &[Field] = &[
    may("model_name", WORD),
    must("image_list", List { min: 1, max: 4, item: &IMAGE_ITEM }),
    must("prompt", PROMPT),
    may("negative_prompt", NEGATIVE),
    may("mode", STD_OR_PRO),
    may("duration", FIVE_OR_TEN),
    may("aspect_ratio", ASPECT_VIDEO),
    WATERMARK,
    CALLBACK,
    EXTERNAL_ID,
];

pub(super) const OMNI_VIDEO: &[Field] = &[
    must("prompt", Text { max: 2500, warn: 2500 }),
    may("model_name", WORD),
    may(
        "image_list",
        List {
            min: 0,
            max: 7,
            item: &Object(&[
                must("image_url", File(Image)),
                may("type", Usually(&["first_frame", "end_frame"])),
            ]),
        },
    ),
    may("element_list", List { min: 0, max: 7, item: &ELEMENT }),
    may(
        "video_list",
        List {
            min: 0,
            max: 1,
            item: &Object(&[
                must("video_url", Link),
                may("refer_type", Usually(&["feature", "base"])),
                may("keep_original_sound", YES_NO),
            ]),
        },
    ),
    may("mode", MODE),
    may("aspect_ratio", ASPECT_VIDEO),
    may("duration", Seconds(&["3", "4", "5", "6", "7", "8", "9", "10"])),
    WATERMARK,
    CALLBACK,
    EXTERNAL_ID,
];

pub(super) const AVATAR_IMAGE2VIDEO: &[Field] = &[
    must("image", File(Image)),
    may("audio_id", WORD),
    may("sound_file", File(Audio)),
    may("prompt", PROMPT),
    may("mode", STD_OR_PRO),
    WATERMARK,
    CALLBACK,
    EXTERNAL_ID,
];
