//! The operations: path, pool, and kind of result.

use serde::{Deserialize, Serialize};

/// A resource pool: concurrency is counted per pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pool {
    Videos,
    Images,
    Audio,
}

/// What a succeeded task holds in `task_result`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    Videos,
    Images,
    Audios,
    /// Video-to-audio answers both lists.
    VideosAndAudios,
}

macro_rules! operations {
    ($($variant:ident = $name:literal, $pool:ident, $output:ident, $median_s:literal;)*) => {
        /// An asynchronous operation, one create path each.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub(crate) enum Operation { $(#[serde(rename = $name)] $variant),* }

        impl Operation {
            pub(crate) const ALL: [Operation; [$($name),*].len()] = [$(Operation::$variant),*];

            /// The path below `/kling/v1/`.
            pub(crate) fn name(self) -> &'static str {
                match self { $(Operation::$variant => $name),* }
            }

            pub(crate) fn pool(self) -> Pool {
                match self { $(Operation::$variant => Pool::$pool),* }
            }

            pub(crate) fn output(self) -> Output {
                match self { $(Operation::$variant => Output::$output),* }
            }

            /// Typical seconds from acceptance to the end, as other clients report them.
            pub(crate) fn median_s(self) -> f64 {
                match self { $(Operation::$variant => $median_s),* }
            }
        }
    };
}

operations! {
    Generations = "images/generations", Images, Images, 32.0;
    TryOn = "images/kolors-virtual-try-on", Images, Images, 19.0;
    Expand = "images/editing/expand", Images, Images, 32.0;
    Text2Video = "videos/text2video", Videos, Videos, 319.0;
    Image2Video = "videos/image2video", Videos, Videos, 164.0;
    LipSync = "videos/lip-sync", Videos, Videos, 455.0;
    AdvancedLipSync = "videos/advanced-lip-sync", Videos, Videos, 455.0;
    Effects = "videos/effects", Videos, Videos, 320.0;
    MultiImage2Video = "videos/multi-image2video", Videos, Videos, 164.0;
    MultiElements = "videos/multi-elements", Videos, Videos, 164.0;
    VideoExtend = "videos/video-extend", Videos, Videos, 320.0;
    OmniVideo = "videos/omni-video", Videos, Videos, 164.0;
    Avatar = "videos/avatar/image2video", Videos, Videos, 164.0;
    TextToAudio = "audio/text-to-audio", Audio, Audios, 32.0;
    VideoToAudio = "audio/video-to-audio", Audio, VideosAndAudios, 32.0;
}

impl Operation {
    pub(crate) fn from_name(name: &str) -> Option<Operation> {
        Operation::ALL.into_iter().find(|operation| operation.name() == name)
    }

    pub(crate) fn create_path(self) -> String {
        format!("/kling/v1/{}", self.name())
    }

    pub(crate) fn index(self) -> usize {
        self as usize
    }
}
