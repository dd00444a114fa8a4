//! Bodies that make images, or a sound from a text.

use super::super::media::Medium::Image;
use super::super::rule::Kind::{File, List, Number, Text, Usually};
use super::super::rule::{Field, WORD, may, must};
use super::{
    ASPECT_IMAGE, CALLBACK, COUNT, ELEMENT, EXTERNAL_ID, FIDELITY, NEGATIVE, PROMPT, RATIO,
    WATERMARK,
};

pub(super) const GENERATIONS: &[Field] = &[
    may("model_name", WORD),
    must("prompt", PROMPT),
    may("negative_prompt", NEGATIVE),
    may("image", File(Image)),
    may("image_reference", Usually(&["subject", "face"])),
    may("image_fidelity", FIDELITY),
    may("human_fidelity", FIDELITY),
    may("element_list", List { min: 0, max: 10, item: &ELEMENT }),
    may("resolution", Usually(&["1k", "2k"])),
    may("n", COUNT),
    may("aspect_ratio", ASPECT_IMAGE),
    WATERMARK,
    CALLBACK,
    EXTERNAL_ID,
];

pub(super) const VIRTUAL_TRY_ON: &[Field] = &[
    may("model_name", WORD),
    must("human_image", File(Image)),
    must("cloth_image", File(Image)),
    CALLBACK,
    EXTERNAL_ID,
];

pub(super) const EXPAND: &[Field] = &[
    must("image", File(Image)),
    may("up_expansion_ratio", RATIO),
    may("down_expansion_ratio", RATIO),
    may("left_expansion_ratio", RATIO),
    may("right_expansion_ratio", RATIO),
    may("prompt", PROMPT),
    may("n", COUNT),
    WATERMARK,
    CALLBACK,
    EXTERNAL_ID,
];

pub(super) const TEXT_TO_AUDIO: &[Field] = &[
    must("prompt", Text { max: 200, warn: 200 }),
    must("duration", Number { min: 3.0, max: 10.0 }),
    CALLBACK,
    EXTERNAL_ID,
];
