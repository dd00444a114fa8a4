//! Where a task of each kind is created and asked for.

use std::fmt;

use serde_json::{Map, Value};

/// A documented task route: where a task of this kind is created and asked for.
///
/// Source: CometAPI individual-queries path table and Kling API reference. A route is a full path
/// because the second segment may itself hold a slash (`videos/avatar/image2video`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Route {
    ImagesGenerations,
    ImagesKolorsVirtualTryOn,
    ImagesEditingExpand,
    VideosText2video,
    VideosImage2video,
    VideosLipSync,
    VideosEffects,
    VideosMultiImage2video,
    VideosMultiElements,
    VideosVideoExtend,
    VideosOmniVideo,
    VideosAvatarImage2video,
    VideosAdvancedLipSync,
    AudioTextToAudio,
    AudioVideoToAudio,
}

/// The first segment of a route's path: video, image or audio.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Resource {
    Videos,
    Images,
    Audio,
}

impl Resource {
    /// The word as it stands in the path.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Videos => "videos",
            Self::Images => "images",
            Self::Audio => "audio",
        }
    }
}

impl Route {
    /// Every route, in the order of the declaration.
    pub const ALL: &[Self] = &[
        Self::ImagesGenerations,
        Self::ImagesKolorsVirtualTryOn,
        Self::ImagesEditingExpand,
        Self::VideosText2video,
        Self::VideosImage2video,
        Self::VideosLipSync,
        Self::VideosEffects,
        Self::VideosMultiImage2video,
        Self::VideosMultiElements,
        Self::VideosVideoExtend,
        Self::VideosOmniVideo,
        Self::VideosAvatarImage2video,
        Self::VideosAdvancedLipSync,
        Self::AudioTextToAudio,
        Self::AudioVideoToAudio,
    ];

    /// The route whose path this is, exactly as documented: `videos/text2video`.
    pub fn parse(path: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|route| route.path() == path)
    }

    /// The path below `/kling/v1/`, without slashes at its ends.
    pub fn path(self) -> &'static str {
        match self {
            Self::ImagesGenerations => "images/generations",
            Self::ImagesKolorsVirtualTryOn => "images/kolors-virtual-try-on",
            Self::ImagesEditingExpand => "images/editing/expand",
            Self::VideosText2video => "videos/text2video",
            Self::VideosImage2video => "videos/image2video",
            Self::VideosLipSync => "videos/lip-sync",
            Self::VideosEffects => "videos/effects",
            Self::VideosMultiImage2video => "videos/multi-image2video",
            Self::VideosMultiElements => "videos/multi-elements",
            Self::VideosVideoExtend => "videos/video-extend",
            Self::VideosOmniVideo => "videos/omni-video",
            Self::VideosAvatarImage2video => "videos/avatar/image2video",
            Self::VideosAdvancedLipSync => "videos/advanced-lip-sync",
            Self::AudioTextToAudio => "audio/text-to-audio",
            Self::AudioVideoToAudio => "audio/video-to-audio",
        }
    }

    /// The first segment of the route's path.
    pub fn resource(self) -> Resource {
        match self.path().split('/').next() {
            Some("images") => Resource::Images,
            Some("audio") => Resource::Audio,
            _ => Resource::Videos,
        }
    }

    /// How many of the account's parallel places one task takes: `n` for images, else 1.
    ///
    /// Source: Kling API reference, concurrency rules. An absent or unreadable `n` counts as 1.
    pub fn slots(self, request: &Map<String, Value>) -> u32 {
        match self {
            Self::ImagesGenerations | Self::ImagesEditingExpand => {
                let n = request.get("n").and_then(Value::as_u64).unwrap_or(1);
                u32::try_from(n).unwrap_or(u32::MAX).max(1)
            }
            _ => 1,
        }
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.path())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_path_is_parsed_back_and_none_is_shared() {
        for route in Route::ALL {
            assert_eq!(Route::parse(route.path()), Some(*route));
            assert!(route.path().starts_with(route.resource().as_str()));
        }
    }

    #[test]
    fn only_the_exact_spelling_is_a_route() {
        for path in ["", "videos", "/videos/text2video", "videos/text2video/", "Videos/Text2Video"]
        {
            assert_eq!(Route::parse(path), None, "{path}");
        }
    }

    #[test]
    fn an_image_takes_n_places_and_everything_else_one() {
        let slots = |route: Route, body: Value| route.slots(body.as_object().expect("object"));
        assert_eq!(slots(Route::ImagesGenerations, json!({"n": 4})), 4);
        assert_eq!(slots(Route::ImagesEditingExpand, json!({"n": 9})), 9);
        assert_eq!(slots(Route::ImagesGenerations, json!({})), 1);
        assert_eq!(slots(Route::ImagesGenerations, json!({"n": 0})), 1);
        assert_eq!(slots(Route::ImagesGenerations, json!({"n": "4"})), 1);
        assert_eq!(slots(Route::ImagesKolorsVirtualTryOn, json!({"n": 4})), 1);
        assert_eq!(slots(Route::VideosText2video, json!({"n": 4})), 1);
    }
}
