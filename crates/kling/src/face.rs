//! Finding the faces of a video, the first step of the newer lip-sync. Synchronous, not a task.

use serde_json::{Map, Value, json};

use crate::answer::{id, text};
use crate::client::Client;
use crate::error::SubmitError;

/// A video the provider already has, or one behind an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VideoSource {
    /// Of this account, at most 30 days old.
    Id(String),
    Url(String),
}

impl VideoSource {
    pub(crate) fn body(&self) -> Map<String, Value> {
        let (field, value) = match self {
            Self::Id(id) => ("video_id", id),
            Self::Url(url) => ("video_url", url),
        };
        Map::from_iter([(field.to_owned(), json!(value))])
    }
}

/// The faces of a video.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faces {
    /// Valid for 24 hours.
    pub session_id: String,
    pub faces: Vec<Face>,
    pub final_unit_deduction: Option<String>,
}

/// One face, and when it is in the picture (milliseconds).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Face {
    pub face_id: String,
    pub image_url: Option<String>,
    pub start_ms: Option<i64>,
    pub end_ms: Option<i64>,
}

impl Client {
    /// Find the faces of a video (Kling API reference, identify-face). It is charged.
    pub async fn identify_face(&self, video: &VideoSource) -> Result<Faces, SubmitError> {
        let data = self.call("videos/identify-face", &video.body()).await?;
        let session_id = data.get("session_id").and_then(id);
        let list = data.get("face_data").and_then(Value::as_array);
        Ok(Faces {
            session_id: session_id.ok_or_else(|| missing("session_id"))?,
            faces: list.into_iter().flatten().filter_map(face).collect(),
            final_unit_deduction: data.get("final_unit_deduction").and_then(text),
        })
    }
}

fn face(value: &Value) -> Option<Face> {
    let time = |field: &str| value.get(field).and_then(text)?.parse().ok();
    Some(Face {
        face_id: value.get("face_id").and_then(id)?,
        image_url: value.get("face_image").and_then(text),
        start_ms: time("start_time"),
        end_ms: time("end_time"),
    })
}

/// An answer that lacks what the call is for.
pub(crate) fn missing(field: &str) -> SubmitError {
    SubmitError::Unknown { cause: format!("the answer has no {field}") }
}
