//! Bodies that make a video or a sound from a video.

use super::super::media::Medium::Audio;
use super::super::rule::Kind::{
    File, Flag, Link, List, Milliseconds, Number, Object, OneOf, Text, Usually,
};
use super::super::rule::{Field, WORD, may, must};
use super::{
    CALLBACK, EXTERNAL_ID, FIDELITY, FIVE_OR_TEN, IMAGE_ITEM, NEGATIVE, PROMPT, STD_OR_PRO, VOLUME,
    WATERMARK,
};

pub(super) const LIP_SYNC: &[Field] = &[
    must(
        "input",
        Object(&[
            may("task_id", WORD),
            may("video_id", WORD),
            may("video_url", Link),
            must("mode", OneOf(&["text2video", "audio2video"])),
            may("text", Text { max: 120, warn: 120 }),
            may("voice_id", WORD),
            may("voice_language", Usually(&["zh", "en"])),
            may("voice_speed", Number { min: 0.8, max: 2.0 }),
            may("audio_type", OneOf(&["file", "url"])),
            may("audio_file", File(Audio)),
            may("audio_url", Link),
        ]),
    ),
    CALLBACK,
    EXTERNAL_ID,
];

pub(super) const ADVANCED_LIP_SYNC: &[Field] = &[
    must("session_id", WORD),
    must(
        "face_choose",
        List {
            min: 1,
            max: usize::MAX,
            item: &Object(&[
                must("face_id", WORD),
                may("audio_id", WORD),
                may("sound_file", File(Audio)),
                may("sound_start_time", Milliseconds),
                may("sound_end_time", Milliseconds),
                may("sound_insert_time", Milliseconds),
                may("sound_volume", VOLUME),
                may("original_audio_volume", VOLUME),
                may("original_sound_volume", VOLUME),
            ]),
        },
    ),
    WATERMARK,
    CALLBACK,
    EXTERNAL_ID,
];

pub(super) const MULTI_ELEMENTS: &[Field] = &[
    must("session_id", WORD),
    must("edit_mode", OneOf(&["addition", "swap", "removal"])),
    must("prompt", PROMPT),
    may("image_list", List { min: 0, max: 2, item: &IMAGE_ITEM }),
    may("model_name", WORD),
    may("negative_prompt", NEGATIVE),
    may("mode", STD_OR_PRO),
    may("duration", FIVE_OR_TEN),
    WATERMARK,
    CALLBACK,
    EXTERNAL_ID,
];

pub(super) const VIDEO_EXTEND: &[Field] = &[
    must("video_id", WORD),
    may("prompt", PROMPT),
    may("negative_prompt", NEGATIVE),
    may("cfg_scale", FIDELITY),
    CALLBACK,
    EXTERNAL_ID,
];

pub(super) const VIDEO_TO_AUDIO: &[Field] = &[
    may("video_id", WORD),
    may("video_url", Link),
    may("sound_effect_prompt", Text { max: 200, warn: 200 }),
    may("bgm_prompt", Text { max: 200, warn: 200 }),
    may("asmr_mode", Flag),
    CALLBACK,
    EXTERNAL_ID,
];
