//! Typed request bodies, one per route, for callers who build requests in Rust.
//!
//! A field the API does not require is optional and left out when `None`; whatever is not listed
//! here goes into `extra` and is sent as it is. Field facts: Kling API reference.

mod audio;
mod image;
mod item;
mod video;

use serde::Serialize;

use crate::route::Route;

pub use audio::{TextToAudio, VideoToAudio};
pub use image::{Expand, Generations, KolorsVirtualTryOn};
pub use item::{
    CameraConfig, CameraControl, DynamicMask, EffectInput, Element, FaceChoice, ImageItem,
    LipSyncInput, MaskPoint, OmniImage, OmniVideoInput, Point, Shot, Voice, WatermarkInfo,
};
pub use video::{
    AdvancedLipSync, AvatarImage2video, Effects, Image2video, LipSync, MultiElements,
    MultiImage2video, OmniVideo, Text2video, VideoExtend,
};

/// A body that creates a task on one route.
pub trait TaskRequest: Serialize {
    const ROUTE: Route;
}

/// A body: required fields, optional ones (left out when `None`), and the rest in `extra`.
macro_rules! body {
    (
        $(#[$about:meta])*
        $name:ident $(on $route:ident)? {
            $(must { $($(#[$must_about:meta])* $must:ident: $must_type:ty,)* })?
            $(may { $($(#[$may_about:meta])* $may:ident: $may_type:ty,)* })?
        }
    ) => {
        $(#[$about])*
        #[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize)]
        pub struct $name {
            $($($(#[$must_about])* pub $must: $must_type,)*)?
            $($(
                $(#[$may_about])*
                #[serde(default, skip_serializing_if = "Option::is_none")]
                pub $may: Option<$may_type>,
            )*)?
            /// Fields not listed here, sent as they are.
            #[serde(flatten)]
            pub extra: serde_json::Map<String, serde_json::Value>,
        }

        $(impl crate::request::TaskRequest for $name {
            const ROUTE: crate::route::Route = crate::route::Route::$route;
        })?
    };
}
use body;
