//! What an omni video's images, elements and videos demand of one another.

use serde_json::Value;

use super::super::Validation;
use super::{Body, given, size};

pub(super) fn check(body: &Body, found: &mut Validation) {
    let has_video = size(body, "video_list") > 0;
    let references = size(body, "image_list") + size(body, "element_list");
    let limit = if has_video { 4 } else { 7 };
    if references > limit {
        let message = format!("images and elements are {references}: the limit here is {limit}");
        found.error("image_list", message);
    }
    let first = has(body, "image_list", "type", "first_frame");
    if has(body, "image_list", "type", "end_frame") {
        if !first {
            found.error("image_list", "an end_frame needs a first_frame: add one");
        }
        if size(body, "image_list") > 2 {
            found.error("image_list", "an end_frame allows at most 2 images: drop the others");
        }
    }
    let base_video = has(body, "video_list", "refer_type", "base");
    if !given(body, "aspect_ratio") && !first && !base_video {
        found.warn("aspect_ratio", "is required unless a first frame or a base video is given");
    }
}

fn has(body: &Body, list: &str, field: &str, wanted: &str) -> bool {
    let entries = body.get(list).and_then(Value::as_array).into_iter().flatten();
    entries.into_iter().any(|entry| entry.get(field).and_then(Value::as_str) == Some(wanted))
}
