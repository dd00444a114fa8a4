//! Bodies of the audio routes.

use super::body;

body! {
    /// A sound from a text.
    TextToAudio on AudioTextToAudio {
        must {
            /// At most 200 characters.
            prompt: String,
            /// Seconds as a number, 3.0 to 10.0, one decimal: only this route takes no text.
            duration: f64,
        }
        may {
            callback_url: String,
            external_task_id: String,
        }
    }
}

body! {
    /// A sound for a video.
    VideoToAudio on AudioVideoToAudio {
        may {
            /// Either this or `video_url`.
            video_id: String,
            video_url: String,
            /// At most 200 characters.
            sound_effect_prompt: String,
            /// At most 200 characters.
            bgm_prompt: String,
            asmr_mode: bool,
            callback_url: String,
            external_task_id: String,
        }
    }
}
