//! The synchronous helpers: finding faces, and the selection steps before multi-elements.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State as Shared;
use axum::extract::rejection::BytesRejection;
use axum::response::Response;
use axum::routing::post;
use serde_json::{Value, json};

use super::gate::{Call, answer};
use crate::field::{get, text};
use crate::price::{Charge, IDENTIFY_FACE};
use crate::refusal::Refusal;
use crate::rules::exactly_one;
use crate::sessions::Purpose;
use crate::shape;
use crate::state::State;

#[derive(Clone, Copy, Debug)]
enum Helper {
    IdentifyFace,
    Init,
    Add,
    Delete,
    Clear,
    Preview,
}

const PATHS: [(&str, Helper); 6] = [
    ("videos/identify-face", Helper::IdentifyFace),
    ("videos/multi-elements/init-selection", Helper::Init),
    ("videos/multi-elements/add-selection", Helper::Add),
    ("videos/multi-elements/delete-selection", Helper::Delete),
    ("videos/multi-elements/clear-selection", Helper::Clear),
    ("videos/multi-elements/preview-selection", Helper::Preview),
];

pub(super) fn routes(mut router: Router<Arc<State>>) -> Router<Arc<State>> {
    for (path, helper) in PATHS {
        let serve = post(move |state, call, body| serve(helper, state, call, body));
        router = router.route(&format!("/kling/v1/{path}"), serve);
    }
    router
}

async fn serve(
    helper: Helper,
    Shared(state): Shared<Arc<State>>,
    call: Call,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let data = call.entry.clone().and_then(|()| {
        let body = body.ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        helper.data(&state, &body.ok_or(Refusal::NOT_JSON)?)
    });
    let charge = match (helper, &data) {
        (Helper::IdentifyFace, Ok(_)) => IDENTIFY_FACE,
        _ => Charge::default(),
    };
    {
        let mut books = state.books();
        let now_us = state.now_us();
        books.count_helper(now_us, charge);
    }
    match data {
        Ok(data) => answer(200, &shape::synchronous(data, &call.shape, &call.request_id)),
        Err(refusal) => call.refuse(&refusal),
    }
}

impl Helper {
    fn data(self, state: &State, body: &Value) -> Result<Value, Refusal> {
        match self {
            Helper::IdentifyFace => identify_face(state, body),
            Helper::Init => init(state, body),
            Helper::Add | Helper::Delete => self.select(state, body),
            Helper::Clear => {
                let session_id = session_id(body)?;
                state.sessions().clear(session_id)?;
                Ok(selected(session_id, 0))
            }
            Helper::Preview => preview(state, body),
        }
    }

    fn select(self, state: &State, body: &Value) -> Result<Value, Refusal> {
        let session_id = session_id(body)?;
        let frame = get(body, "frame_index").and_then(Value::as_u64);
        let frame = frame.ok_or_else(|| Refusal::value("frame_index must be an integer"))?;
        let points = get(body, "points").and_then(Value::as_array);
        let points = points.ok_or_else(|| Refusal::value("points must be an array"))?;
        let mut sessions = state.sessions();
        match self {
            Helper::Add => sessions.add(session_id, frame, points)?,
            _ => sessions.delete(session_id, frame, points)?,
        }
        Ok(selected(session_id, frame))
    }
}

fn one_video(body: &Value) -> Result<(), Refusal> {
    match exactly_one(body, "video_id", "video_url") {
        None => Ok(()),
        Some(problem) => Err(Refusal::value(problem)),
    }
}

fn session_id(body: &Value) -> Result<&str, Refusal> {
    text(body, "session_id").ok_or_else(|| Refusal::value("session_id is required"))
}

fn identify_face(state: &State, body: &Value) -> Result<Value, Refusal> {
    one_video(body)?;
    let session_id = state.request_id();
    state.open_session(&session_id, Purpose::Faces);
    let image = format!("{}/_simulator/files/face-{session_id}.png", state.base_url());
    Ok(json!({
        "session_id": session_id,
        "final_unit_deduction": IDENTIFY_FACE.units_text(),
        "face_data": [{"face_id": "0", "face_image": image, "start_time": 0, "end_time": 5200}],
    }))
}

fn init(state: &State, body: &Value) -> Result<Value, Refusal> {
    one_video(body)?;
    let session_id = state.request_id();
    state.open_session(&session_id, Purpose::Selection);
    let video = format!("{}/_simulator/files/normalized-{session_id}.mp4", state.base_url());
    Ok(json!({
        "status": 0,
        "session_id": session_id,
        "fps": 24,
        "original_duration": 5000,
        "width": 1280,
        "height": 720,
        "total_frame": 120,
        "normalized_video": video,
    }))
}

fn selected(session_id: &str, frame: u64) -> Value {
    let mask = json!({
        "object_id": 0,
        "rle_mask": {"size": [720, 1280], "counts": "0"},
        "png_mask": {"size": [720, 1280], "base64": ""},
    });
    json!({
        "status": 0,
        "session_id": session_id,
        "res": {"frame_index": frame, "rle_mask_list": [mask]},
    })
}

fn preview(state: &State, body: &Value) -> Result<Value, Refusal> {
    let session_id = session_id(body)?;
    state.sessions().check(session_id, Purpose::Selection)?;
    let file = |part: &str, kind: &str| {
        format!("{}/_simulator/files/{part}-{session_id}.{kind}", state.base_url())
    };
    Ok(json!({
        "status": 0,
        "session_id": session_id,
        "res": {
            "video": file("preview", "mp4"),
            "video_cover": file("cover", "png"),
            "tracking_output": file("tracking", "mp4"),
        },
    }))
}
