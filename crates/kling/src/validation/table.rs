//! The fields of each route. Source: Kling API reference; limits only CometAPI names are warnings.

mod create;
mod rework;
mod still;

use super::media::Medium::Image;
use super::rule::Kind::{
    File, Flag, Integer, Link, List, Number, Object, OneOf, Seconds, Text, Usually,
};
use super::rule::{Field, Kind, WORD, may, must};
use crate::route::Route;

const PROMPT: Kind = Text { max: 2500, warn: 500 };
const NEGATIVE: Kind = Text { max: 2500, warn: 200 };
const FIDELITY: Kind = Number { min: 0.0, max: 1.0 };
const SHIFT: Kind = Number { min: -10.0, max: 10.0 };
const VOLUME: Kind = Number { min: 0.0, max: 2.0 };
const RATIO: Kind = Number { min: 0.0, max: 2.0 };
const PIXEL: Kind = Integer { min: 0, max: i64::MAX };
const COUNT: Kind = Integer { min: 1, max: 9 };
const MODE: Kind = Usually(&["std", "pro", "4k"]);
const STD_OR_PRO: Kind = Usually(&["std", "pro"]);
const ASPECT_VIDEO: Kind = Usually(&["16:9", "9:16", "1:1"]);
const ASPECT_IMAGE: Kind = Usually(&["16:9", "9:16", "1:1", "4:3", "3:4", "3:2", "2:3", "21:9"]);
const FIVE_OR_TEN: Kind = Seconds(&["5", "10"]);
const ON_OFF: Kind = OneOf(&["on", "off"]);
const YES_NO: Kind = OneOf(&["yes", "no"]);

const CALLBACK: Field = may("callback_url", Link);
const EXTERNAL_ID: Field = may("external_task_id", WORD);
const WATERMARK: Field = may("watermark_info", Object(&[may("enabled", Flag)]));

const CAMERA: Kind = Object(&[
    must(
        "type",
        OneOf(&["simple", "down_back", "forward_up", "right_turn_forward", "left_turn_forward"]),
    ),
    may(
        "config",
        Object(&[
            may("horizontal", SHIFT),
            may("vertical", SHIFT),
            may("pan", SHIFT),
            may("tilt", SHIFT),
            may("roll", SHIFT),
            may("zoom", SHIFT),
        ]),
    ),
]);
const SHOTS: Kind = List {
    min: 1,
    max: 6,
    item: &Object(&[
        must("index", Integer { min: 1, max: 6 }),
        must("prompt", Text { max: 512, warn: 512 }),
        must("duration", Seconds(&[])),
    ]),
};
const VOICES: Kind = List { min: 0, max: 2, item: &Object(&[must("voice_id", WORD)]) };
const ELEMENT: Kind = Object(&[must("element_id", Integer { min: 0, max: i64::MAX })]);
const IMAGE_ITEM: Kind = Object(&[must("image", File(Image))]);
const POINT: Kind = Object(&[must("x", PIXEL), must("y", PIXEL)]);
const MASKS: Kind = List {
    min: 0,
    max: 6,
    item: &Object(&[
        must("mask", File(Image)),
        must("trajectories", List { min: 2, max: 77, item: &POINT }),
    ]),
};

/// The known fields of a route's body.
pub(super) fn fields(route: Route) -> &'static [Field] {
    match route {
        Route::ImagesGenerations => still::GENERATIONS,
        Route::ImagesKolorsVirtualTryOn => still::VIRTUAL_TRY_ON,
        Route::ImagesEditingExpand => still::EXPAND,
        Route::VideosText2video => create::TEXT2VIDEO,
        Route::VideosImage2video => create::IMAGE2VIDEO,
        Route::VideosLipSync => rework::LIP_SYNC,
        Route::VideosEffects => create::EFFECTS,
        Route::VideosMultiImage2video => create::MULTI_IMAGE2VIDEO,
        Route::VideosMultiElements => rework::MULTI_ELEMENTS,
        Route::VideosVideoExtend => rework::VIDEO_EXTEND,
        Route::VideosOmniVideo => create::OMNI_VIDEO,
        Route::VideosAvatarImage2video => create::AVATAR_IMAGE2VIDEO,
        Route::VideosAdvancedLipSync => rework::ADVANCED_LIP_SYNC,
        Route::AudioTextToAudio => still::TEXT_TO_AUDIO,
        Route::AudioVideoToAudio => rework::VIDEO_TO_AUDIO,
    }
}
