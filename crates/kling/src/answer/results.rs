//! Finds the files of a finished task in a response. Only the first place with files is used:
//! documented places first, then those that gateways have been seen to use.

use serde_json::{Map, Value};

use super::output::{Output, OutputKind, address, bare, output};
use super::value::object;
use crate::route::Resource;

/// Lists whose name implies the kind of their items.
pub(super) const LISTS: &[(&str, Option<OutputKind>)] = &[
    ("videos", Some(OutputKind::Video)),
    ("images", Some(OutputKind::Image)),
    ("series_images", Some(OutputKind::Image)),
    ("audios", Some(OutputKind::Audio)),
    ("outputs", None),
];

/// The same and more, as gateways name them.
pub(super) const NAMED: &[(&str, Option<OutputKind>)] = &[
    ("videos", Some(OutputKind::Video)),
    ("video", Some(OutputKind::Video)),
    ("video_urls", Some(OutputKind::Video)),
    ("images", Some(OutputKind::Image)),
    ("series_images", Some(OutputKind::Image)),
    ("image", Some(OutputKind::Image)),
    ("image_urls", Some(OutputKind::Image)),
    ("audios", Some(OutputKind::Audio)),
    ("audio", Some(OutputKind::Audio)),
    ("audio_urls", Some(OutputKind::Audio)),
];

/// Objects, lists or texts that hold results and nothing else.
pub(super) const HOLDERS: &[&str] = &[
    "task_result",
    "result",
    "results",
    "output",
    "outputs",
    "works",
    "creations",
    "generations",
    "files",
    "urls",
    "result_urls",
    "resultUrls",
    "response",
];

/// Parts of a response that describe the input of the task.
const INPUTS: &[&str] = &[
    "input",
    "inputs",
    "request",
    "params",
    "parameters",
    "payload",
    "task_info",
    "parent_video",
    "callback_url",
    "webhook",
    "webhook_url",
    "image_list",
    "video_list",
    "image_tail",
    "input_reference",
    "properties",
];

/// How deep holders stand in each other.
pub(super) const MAX_DEPTH: usize = 4;

/// The documented places of one layer; an item without an address is none.
pub(crate) fn outputs(layer: &Map<String, Value>) -> Vec<Output> {
    listed(object(layer, "task_result").unwrap_or(layer))
}

/// All files of the layers of an answer, outermost first. `made`: what the route makes, where it
/// is known; a layer may echo what the request gave, which is of another kind.
pub(super) fn all(layers: &[&Map<String, Value>], made: Option<Resource>) -> Vec<Output> {
    let given = given(layers);
    let inner_first = || layers.iter().rev();
    let first = |read: &dyn Fn(&Map<String, Value>) -> Vec<Output>| {
        let mut found = inner_first().map(|layer| without(read(layer), &given));
        found.find(|found| !found.is_empty())
    };
    first(&documented)
        .or_else(|| first(&|layer| held(layer, MAX_DEPTH)))
        .or_else(|| first(&|layer| flat(layer, made)))
        .unwrap_or_default()
}

/// Under `task_result`, which holds nothing else.
fn documented(layer: &Map<String, Value>) -> Vec<Output> {
    object(layer, "task_result").map(listed).unwrap_or_default()
}

fn listed(result: &Map<String, Value>) -> Vec<Output> {
    let of_list = |&(key, kind): &(&str, Option<OutputKind>)| {
        let items = result.get(key).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        items.iter().filter_map(move |item| output(item.as_object()?, kind)).collect::<Vec<_>>()
    };
    LISTS.iter().flat_map(of_list).collect()
}

/// In what holds results and nothing else.
fn held(layer: &Map<String, Value>, depth: usize) -> Vec<Output> {
    let found = HOLDERS.iter().filter_map(|key| layer.get(*key)).map(|held| any(held, None, depth));
    found.into_iter().find(|found| !found.is_empty()).unwrap_or_default()
}

/// The files of an object, a list or a text that can only be a result.
fn any(value: &Value, kind: Option<OutputKind>, depth: usize) -> Vec<Output> {
    match value {
        Value::String(_) => address(value).map(|url| bare(url, kind)).into_iter().collect(),
        Value::Array(items) if depth > 0 => {
            items.iter().flat_map(|item| any(item, kind, depth - 1)).collect()
        }
        Value::Object(map) if depth > 0 => of_object(map, kind, depth - 1),
        _ => Vec::new(),
    }
}

fn of_object(map: &Map<String, Value>, kind: Option<OutputKind>, depth: usize) -> Vec<Output> {
    let named = NAMED.iter().filter(|(_, of)| kind.is_none() || *of == kind);
    let named: Vec<Output> =
        named.filter_map(|(key, of)| Some(any(map.get(*key)?, *of, depth))).flatten().collect();
    if !named.is_empty() {
        return named;
    }
    if let Some(own) = output(map, kind) {
        return vec![own];
    }
    let below = ["data", "metadata"].iter().filter_map(|key| map.get(*key));
    let below = below.map(|value| any(value, kind, depth)).find(|found| !found.is_empty());
    below.unwrap_or_else(|| held(map, depth))
}

/// Beside the status, where what the request gave may stand too: only what the route makes, and
/// of the addresses only one.
fn flat(layer: &Map<String, Value>, made: Option<Resource>) -> Vec<Output> {
    if made.is_none() {
        return plain(layer);
    }
    let files = listed_flat(layer, made);
    if !files.is_empty() {
        return files;
    }
    if let Some(own) = of_kind(layer, made) {
        return vec![Output { id: None, ..own }];
    }
    let below = ["metadata", "data"].iter().filter_map(|key| layer.get(*key));
    let read = |value: &Value| match value {
        Value::Object(map) if !map.contains_key("task_status") => flat(map, made),
        Value::Object(_) => Vec::new(),
        list => fitting(any(list, None, 2), made),
    };
    below.map(read).find(|found| !found.is_empty()).unwrap_or_default()
}

/// Where the route is not known, only what can hardly be an echo.
fn plain(layer: &Map<String, Value>) -> Vec<Output> {
    let files = listed(layer);
    if !files.is_empty() {
        return files;
    }
    if PLAIN.iter().any(|key| layer.get(*key).and_then(address).is_some()) {
        let own = output(layer, None).map(|output| Output { id: None, ..output });
        return own.into_iter().collect();
    }
    object(layer, "metadata").map(plain).unwrap_or_default()
}

/// Keys for results; `video_url` and similar keys may be the input.
const PLAIN: &[&str] =
    &["url", "result_url", "output_url", "download_url", "file_url", "url_mp3", "url_wav"];

fn listed_flat(layer: &Map<String, Value>, made: Option<Resource>) -> Vec<Output> {
    let documented = fitting(listed(layer), made);
    if !documented.is_empty() {
        return documented;
    }
    // The singular of what a request gives: `image` is nearly always an echo.
    let names = NAMED.iter().filter(|(key, of)| *key != "image" || (made, *of) == IMAGE_MADE);
    let files = names.filter_map(|(key, of)| Some(any(layer.get(*key)?, *of, 2)));
    files.map(|found| fitting(found, made)).find(|found| !found.is_empty()).unwrap_or_default()
}

const IMAGE_MADE: (Option<Resource>, Option<OutputKind>) =
    (Some(Resource::Images), Some(OutputKind::Image));

fn of_kind(layer: &Map<String, Value>, made: Option<Resource>) -> Option<Output> {
    let Some(made) = made else { return output(layer, None) };
    // A route that makes sound may also make the video around it.
    kinds_of(made).iter().find_map(|kind| output(layer, Some(*kind)))
}

fn fitting(found: Vec<Output>, made: Option<Resource>) -> Vec<Output> {
    found.into_iter().filter(|o| made.is_none_or(|m| kinds_of(m).contains(&o.kind))).collect()
}

fn kinds_of(made: Resource) -> &'static [OutputKind] {
    match made {
        Resource::Videos => &[OutputKind::Video],
        Resource::Images => &[OutputKind::Image],
        Resource::Audio => &[OutputKind::Audio, OutputKind::Video],
    }
}

/// Every address that an answer names as something the task was made from.
fn given(layers: &[&Map<String, Value>]) -> Vec<String> {
    let mut urls = Vec::new();
    for layer in layers {
        let inputs = INPUTS.iter().filter_map(|key| layer.get(*key));
        inputs.for_each(|input| gather(input, MAX_DEPTH, &mut urls));
    }
    urls
}

fn gather(value: &Value, depth: usize, urls: &mut Vec<String>) {
    match value {
        Value::String(_) => urls.extend(address(value)),
        Value::Array(items) if depth > 0 => {
            items.iter().for_each(|item| gather(item, depth - 1, urls));
        }
        Value::Object(map) if depth > 0 => {
            map.values().for_each(|item| gather(item, depth - 1, urls));
        }
        _ => {}
    }
}

fn without(found: Vec<Output>, given: &[String]) -> Vec<Output> {
    found.into_iter().filter(|output| !given.contains(&output.url)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn files(layer: &Value, made: Option<Resource>) -> Vec<String> {
        let layer = layer.as_object().expect("an object");
        all(&[layer], made).into_iter().map(|output| output.url).collect()
    }

    #[test]
    fn beside_the_status_only_what_the_route_makes_is_a_result() {
        let layer = json!({"status": "success", "video_url": "https://x/v.mp4",
            "image_url": "https://x/in.png"});
        assert_eq!(files(&layer, Some(Resource::Videos)), ["https://x/v.mp4"]);
        assert_eq!(files(&layer, Some(Resource::Images)), ["https://x/in.png"]);
        assert_eq!(files(&layer, None), [""; 0], "either may be an echo");
    }

    #[test]
    fn an_address_that_the_request_gave_is_no_result() {
        let layer = json!({"status": "success", "url": "https://x/in.mp4",
            "input": {"video_url": "https://x/in.mp4"}});
        assert_eq!(files(&layer, Some(Resource::Videos)), [""; 0]);
    }
}
