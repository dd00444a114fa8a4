//! The parts that several bodies share.

use super::body;

body! {
    /// A camera movement: a preset, or `simple` with a config.
    CameraControl {
        must {
            /// simple, down_back, forward_up, right_turn_forward or left_turn_forward.
            r#type: String,
        }
        may {
            /// Required for `simple`, absent otherwise.
            config: CameraConfig,
        }
    }
}

body! {
    /// Exactly one of these is not zero; each lies in [-10, 10].
    CameraConfig {
        may {
            horizontal: f64,
            vertical: f64,
            pan: f64,
            tilt: f64,
            roll: f64,
            zoom: f64,
        }
    }
}

body! {
    /// A point of a selection: each in [0, 1], origin top-left.
    Point {
        must {
            x: f64,
            y: f64,
        }
    }
}

body! {
    /// A point of a mask's path: pixels, origin bottom-left.
    MaskPoint {
        must {
            x: i64,
            y: i64,
        }
    }
}

body! {
    /// One brushed area and its path.
    DynamicMask {
        must {
            /// URL or Base64.
            mask: String,
            /// 2 to 77 points for 5 seconds.
            trajectories: Vec<MaskPoint>,
        }
    }
}

body! {
    /// One reference image.
    ImageItem {
        must {
            /// URL or Base64.
            image: String,
        }
    }
}

body! {
    /// One voice of the account.
    Voice {
        must {
            voice_id: String,
        }
    }
}

body! {
    /// One element of the account. Its id is a number by design.
    Element {
        must {
            element_id: u64,
        }
    }
}

body! {
    /// One shot of a multi-shot video.
    Shot {
        must {
            /// From 1.
            index: u32,
            /// At most 512 characters.
            prompt: String,
            /// Seconds as text; all shots together make the video's duration.
            duration: String,
        }
    }
}

body! {
    /// Whether to make a watermarked copy.
    WatermarkInfo {
        must {
            enabled: bool,
        }
    }
}

body! {
    /// The input of an effect.
    EffectInput {
        may {
            /// For scenes with one image: URL or Base64.
            image: String,
            /// For scenes with two people: exactly two, the first one left.
            images: Vec<String>,
            /// Seconds as text.
            duration: String,
            model_name: String,
            mode: String,
        }
    }
}

body! {
    /// The input of the older lip-sync.
    LipSyncInput {
        must {
            /// text2video or audio2video.
            mode: String,
        }
        may {
            task_id: String,
            /// Either this or `video_url`.
            video_id: String,
            video_url: String,
            /// At most 120 characters.
            text: String,
            voice_id: String,
            /// zh or en.
            voice_language: String,
            /// 0.8 to 2.0.
            voice_speed: f64,
            /// file or url.
            audio_type: String,
            /// Base64.
            audio_file: String,
            audio_url: String,
        }
    }
}

body! {
    /// Which face speaks what. Times are milliseconds.
    FaceChoice {
        must {
            face_id: String,
        }
        may {
            /// Either this or `sound_file`.
            audio_id: String,
            /// URL or Base64.
            sound_file: String,
            sound_start_time: i64,
            sound_end_time: i64,
            sound_insert_time: i64,
            /// 0 to 2.
            sound_volume: f64,
            /// 0 to 2. CometAPI's example names it `original_sound_volume`.
            original_audio_volume: f64,
        }
    }
}

body! {
    /// One image of an omni video.
    OmniImage {
        must {
            /// URL or Base64.
            image_url: String,
        }
        may {
            /// first_frame or end_frame.
            r#type: String,
        }
    }
}

body! {
    /// The video an omni video starts from.
    OmniVideoInput {
        must {
            video_url: String,
        }
        may {
            /// feature or base.
            refer_type: String,
            /// yes or no.
            keep_original_sound: String,
        }
    }
}
