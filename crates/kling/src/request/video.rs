//! Bodies of the video routes. Durations are text: `"5"`.

use super::body;
use super::item::{
    CameraControl, DynamicMask, EffectInput, Element, FaceChoice, ImageItem, LipSyncInput,
    OmniImage, OmniVideoInput, Shot, Voice, WatermarkInfo,
};

body! {
    /// A video from a text.
    Text2video on VideosText2video {
        may {
            /// Required unless `multi_shot` with `shot_type` customize.
            prompt: String,
            model_name: String,
            negative_prompt: String,
            /// on or off.
            sound: String,
            /// 0 to 1; not with kling-v2 models.
            cfg_scale: f64,
            /// std, pro; kling-v3 also 4k.
            mode: String,
            camera_control: CameraControl,
            aspect_ratio: String,
            /// Seconds as text.
            duration: String,
            multi_shot: bool,
            /// customize or intelligence.
            shot_type: String,
            multi_prompt: Vec<Shot>,
            voice_list: Vec<Voice>,
            watermark_info: WatermarkInfo,
            callback_url: String,
            external_task_id: String,
        }
    }
}

body! {
    /// A video from a first or last image.
    Image2video on VideosImage2video {
        may {
            /// First frame: URL or Base64. At least one of this and `image_tail`.
            image: String,
            /// Last frame: URL or Base64.
            image_tail: String,
            prompt: String,
            model_name: String,
            negative_prompt: String,
            /// on or off.
            sound: String,
            /// 0 to 1; not with kling-v2 models.
            cfg_scale: f64,
            mode: String,
            /// One of `image_tail`, masks and `camera_control` at most.
            camera_control: CameraControl,
            static_mask: String,
            dynamic_masks: Vec<DynamicMask>,
            /// Seconds as text.
            duration: String,
            multi_shot: bool,
            shot_type: String,
            multi_prompt: Vec<Shot>,
            voice_list: Vec<Voice>,
            element_list: Vec<Element>,
            watermark_info: WatermarkInfo,
            callback_url: String,
            external_task_id: String,
        }
    }
}

body! {
    /// Lip-sync, the older form. Whether the provider still takes it is not documented.
    LipSync on VideosLipSync {
        must {
            input: LipSyncInput,
        }
        may {
            callback_url: String,
            external_task_id: String,
        }
    }
}

body! {
    /// Lip-sync of identified faces.
    AdvancedLipSync on VideosAdvancedLipSync {
        must {
            /// From face identification; valid for 24 hours.
            session_id: String,
            /// Currently one.
            face_choose: Vec<FaceChoice>,
        }
        may {
            watermark_info: WatermarkInfo,
            callback_url: String,
            external_task_id: String,
        }
    }
}

body! {
    /// An effect scene; the provider's set of scenes is open.
    Effects on VideosEffects {
        must {
            effect_scene: String,
            input: EffectInput,
        }
        may {
            watermark_info: WatermarkInfo,
            callback_url: String,
            external_task_id: String,
        }
    }
}

body! {
    /// A video from up to four images.
    MultiImage2video on VideosMultiImage2video {
        must {
            image_list: Vec<ImageItem>,
            prompt: String,
        }
        may {
            model_name: String,
            negative_prompt: String,
            mode: String,
            /// Seconds as text.
            duration: String,
            aspect_ratio: String,
            watermark_info: WatermarkInfo,
            callback_url: String,
            external_task_id: String,
        }
    }
}

body! {
    /// An edit of a video's selected elements.
    MultiElements on VideosMultiElements {
        must {
            /// From a selection; valid for 24 hours.
            session_id: String,
            /// addition, swap or removal.
            edit_mode: String,
            prompt: String,
        }
        may {
            /// 1 to 2 for addition, 1 for swap, none for removal.
            image_list: Vec<ImageItem>,
            model_name: String,
            negative_prompt: String,
            mode: String,
            /// Seconds as text.
            duration: String,
            watermark_info: WatermarkInfo,
            callback_url: String,
            external_task_id: String,
        }
    }
}

body! {
    /// Four to five more seconds of a video.
    VideoExtend on VideosVideoExtend {
        must {
            video_id: String,
        }
        may {
            prompt: String,
            negative_prompt: String,
            /// 0 to 1.
            cfg_scale: f64,
            callback_url: String,
            external_task_id: String,
        }
    }
}

body! {
    /// A video from texts, images, elements and videos together.
    OmniVideo on VideosOmniVideo {
        must {
            prompt: String,
        }
        may {
            model_name: String,
            image_list: Vec<OmniImage>,
            element_list: Vec<Element>,
            /// At most one.
            video_list: Vec<OmniVideoInput>,
            mode: String,
            /// Required unless a first frame or a base video is given.
            aspect_ratio: String,
            /// Seconds as text.
            duration: String,
            watermark_info: WatermarkInfo,
            callback_url: String,
            external_task_id: String,
        }
    }
}

body! {
    /// A speaking avatar.
    AvatarImage2video on VideosAvatarImage2video {
        must {
            /// URL or Base64.
            image: String,
        }
        may {
            /// Either this or `sound_file`.
            audio_id: String,
            /// URL or Base64.
            sound_file: String,
            prompt: String,
            mode: String,
            watermark_info: WatermarkInfo,
            callback_url: String,
            external_task_id: String,
        }
    }
}
