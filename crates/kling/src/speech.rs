//! The two remaining synchronous calls: speech from text, and parts of an image.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::answer::{Output, decode_data, text};
use crate::client::{Client, body_of, retry_after};
use crate::error::SubmitError;
use crate::transport::HttpResponse;

/// The text to speak and the voice (Kling API reference, TTS).
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize)]
pub struct SpeechRequest {
    /// At most 1000 characters.
    pub text: String,
    pub voice_id: String,
    /// zh or en.
    pub voice_language: String,
    /// 0.8 to 2.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub voice_speed: Option<f64>,
}

/// Spoken text: as addresses, or as the sound itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Speech {
    Files(Vec<Output>),
    Sound { content_type: String, bytes: Bytes },
}

/// One part found in an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recognized {
    /// object_seg, head_seg, face_seg or cloth_seg.
    pub part: String,
    pub is_contained: Option<bool>,
    pub url: Option<String>,
}

impl Client {
    /// Speak a text. It is charged; the answer holds the result.
    pub async fn tts(&self, request: &SpeechRequest) -> Result<Speech, SubmitError> {
        let answer = self.post("audio/tts", &body_of(request)?).await?;
        if let Some(sound) = sound(&answer) {
            return Ok(sound);
        }
        Ok(Speech::Files(crate::answer::outputs(&self.data(&answer)?)))
    }

    /// Find objects, heads, faces and clothes in an image (URL or Base64).
    pub async fn image_recognize(&self, image: &str) -> Result<Vec<Recognized>, SubmitError> {
        let body = Map::from_iter([("image".to_owned(), json!(image))]);
        let data = self.call("videos/image-recognize", &body).await?;
        let images = data.get("task_result").and_then(|result| result.get("images"));
        let images = images.or_else(|| data.get("images")).and_then(Value::as_array);
        Ok(images.into_iter().flatten().filter_map(recognized).collect())
    }

    /// A synchronous call: the answer's `data`.
    pub(crate) async fn call(
        &self,
        path: &str,
        body: &Map<String, Value>,
    ) -> Result<Map<String, Value>, SubmitError> {
        self.data(&self.post(path, body).await?)
    }

    fn data(&self, answer: &HttpResponse) -> Result<Map<String, Value>, SubmitError> {
        decode_data(answer.status, &answer.body, self.error_words())
            .map_err(|error| error.after(retry_after(answer)))
    }
}

/// Some gateways return the sound itself, which the content type shows.
fn sound(answer: &HttpResponse) -> Option<Speech> {
    let content_type = answer.content_type.clone()?;
    let is_sound = answer.status == 200
        && (content_type.starts_with("audio/") || content_type == "application/octet-stream");
    is_sound.then(|| Speech::Sound { content_type, bytes: answer.body.clone() })
}

fn recognized(value: &Value) -> Option<Recognized> {
    Some(Recognized {
        part: value.get("type").and_then(text)?,
        is_contained: value.get("is_contain").and_then(Value::as_bool),
        url: value.get("url").and_then(text),
    })
}
