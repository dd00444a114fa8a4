//! Selecting elements of a video, before a multi-elements task. Synchronous, not tasks.
//!
//! All steps must use one account and the exact session id (CometAPI, multimodal video editing).

use serde_json::{Map, Value, json};

use crate::answer::{id, text};
use crate::client::Client;
use crate::error::{RefusalClass, SubmitError};
use crate::face::{VideoSource, missing};
use crate::request::Point;

/// The video to select from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelectionSource {
    pub video: VideoSource,
    /// The task that made the video: CometAPI asks for it beside a video id.
    pub parent_task_id: Option<String>,
}

/// An opened session.
#[derive(Debug, Clone, PartialEq)]
pub struct SelectionSession {
    /// Valid for 24 hours.
    pub session_id: String,
    pub fps: Option<f64>,
    pub duration_ms: Option<f64>,
    pub width: Option<u64>,
    pub height: Option<u64>,
    pub frames: Option<u64>,
    pub normalized_video_url: Option<String>,
    pub final_unit_deduction: Option<String>,
}

/// Points of one frame: at most 10, in [0, 1], origin top-left; at most 10 frames a session.
#[derive(Debug, Clone, PartialEq)]
pub struct SelectionPoints {
    pub session_id: String,
    pub frame_index: u32,
    pub points: Vec<Point>,
}

/// What is selected in a frame now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selected {
    pub session_id: Option<String>,
    pub frame_index: Option<u64>,
    pub masks: Vec<Mask>,
}

/// The area of one selected object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mask {
    pub object_id: Option<u64>,
    /// Run-length code over the frame's size, as it came.
    pub rle_counts: Option<String>,
    pub png_base64: Option<String>,
}

/// Addresses of the pictures that show a selection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    pub session_id: Option<String>,
    pub video_url: Option<String>,
    pub cover_url: Option<String>,
    pub tracking_url: Option<String>,
}

impl Client {
    /// Open a selection session on a video.
    pub async fn init_selection(
        &self,
        source: &SelectionSource,
    ) -> Result<SelectionSession, SubmitError> {
        let mut body = source.video.body();
        if let Some(task_id) = &source.parent_task_id {
            body.insert("task_id".to_owned(), json!(task_id));
        }
        let data = self.selection("init-selection", &body).await?;
        let number = |field: &str| data.get(field).and_then(Value::as_f64);
        let whole = |field: &str| data.get(field).and_then(Value::as_u64);
        Ok(SelectionSession {
            session_id: data.get("session_id").and_then(id).ok_or_else(|| missing("session_id"))?,
            fps: number("fps"),
            duration_ms: number("original_duration"),
            width: whole("width"),
            height: whole("height"),
            frames: whole("total_frame"),
            normalized_video_url: data.get("normalized_video").and_then(text),
            final_unit_deduction: data.get("final_unit_deduction").and_then(text),
        })
    }

    /// Select what lies under these points.
    pub async fn add_selection(&self, points: &SelectionPoints) -> Result<Selected, SubmitError> {
        Ok(selected(&self.selection("add-selection", &points.body()).await?))
    }

    /// Take back a selection: the points must equal those added exactly.
    pub async fn delete_selection(
        &self,
        points: &SelectionPoints,
    ) -> Result<Selected, SubmitError> {
        Ok(selected(&self.selection("delete-selection", &points.body()).await?))
    }

    /// Take back every selection of the session.
    pub async fn clear_selection(&self, session_id: &str) -> Result<Selected, SubmitError> {
        Ok(selected(&self.selection("clear-selection", &session(session_id)).await?))
    }

    /// Show the selection as a video.
    pub async fn preview_selection(&self, session_id: &str) -> Result<Preview, SubmitError> {
        let data = self.selection("preview-selection", &session(session_id)).await?;
        let address = |field: &str| data.get("res")?.get(field).and_then(text);
        Ok(Preview {
            session_id: data.get("session_id").and_then(id),
            video_url: address("video"),
            cover_url: address("video_cover"),
            tracking_url: address("tracking_output"),
        })
    }

    /// One step; a `status` other than 0 refuses it under code 0.
    async fn selection(
        &self,
        step: &str,
        body: &Map<String, Value>,
    ) -> Result<Map<String, Value>, SubmitError> {
        let data = self.call(&format!("videos/multi-elements/{step}"), body).await?;
        match data.get("status").and_then(Value::as_i64) {
            None | Some(0) => Ok(data),
            Some(status) => Err(SubmitError::Refused {
                code: Some(status),
                http_status: 200,
                message: format!("{step} answered status {status}"),
                advice: "use a video and points the provider can select from".to_owned(),
                class: RefusalClass::BadRequest,
                may_be_repeat: false,
            }),
        }
    }
}

impl SelectionPoints {
    fn body(&self) -> Map<String, Value> {
        let mut body = session(&self.session_id);
        body.insert("frame_index".to_owned(), json!(self.frame_index));
        body.insert("points".to_owned(), json!(self.points));
        body
    }
}

fn session(session_id: &str) -> Map<String, Value> {
    Map::from_iter([("session_id".to_owned(), json!(session_id))])
}

fn selected(data: &Map<String, Value>) -> Selected {
    let res = data.get("res");
    let list = res.and_then(|res| res.get("rle_mask_list")).and_then(Value::as_array);
    Selected {
        session_id: data.get("session_id").and_then(id),
        frame_index: res.and_then(|res| res.get("frame_index")).and_then(Value::as_u64),
        masks: list.into_iter().flatten().map(mask).collect(),
    }
}

fn mask(value: &Value) -> Mask {
    let part = |path: &str| value.pointer(path).and_then(text);
    Mask {
        object_id: value.get("object_id").and_then(Value::as_u64),
        rle_counts: part("/rle_mask/counts"),
        png_base64: part("/png_mask/base64"),
    }
}
