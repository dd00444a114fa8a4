//! The form of responses: Kling's own envelope, or one of those that gateways have been seen to
//! use.

mod create;
mod error;
mod header;
mod query;
mod task;

use serde::{Deserialize, Serialize};

pub(crate) use create::{created, synchronous, without_task_id};
pub(crate) use error::refused;
pub(crate) use header::HEADER;
pub(crate) use query::{found, listed};
pub(crate) use task::task_object;

/// The form of all responses. The header `x-simulator-shape` uses the same names, such as
/// `query=triple, errors=comet`; parts not named keep the setting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Shape {
    /// The answer to a create.
    pub create: CreateShape,
    /// The answer to a look at one task. Lists are always Kling's.
    pub query: QueryShape,
    /// Refusals.
    pub errors: ErrorShape,
    /// `message` of a good answer.
    pub word: Word,
    /// `request_id`.
    pub request_id: RequestId,
    /// `task_info`.
    pub task_info: TaskInfo,
    /// `task_result` before a task ends.
    pub pending_result: PendingResult,
}

/// The answer to a create.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CreateShape {
    /// `{code: 0, message, request_id, data: {task_id, …}}`.
    #[default]
    Native,
    /// The object of `data` alone.
    Bare,
    /// `{id, task_id, object: "video", model, status: "queued", progress, created_at (s)}`.
    Openai,
}

/// The answer to a look at one task.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QueryShape {
    /// `{code: 0, message, request_id, data: {task_id, …}}`.
    #[default]
    Native,
    /// The object of `data` alone.
    Bare,
    /// `{code: "success", data: {status: "SUCCESS", progress, data: {task_id, …}}}`.
    Double,
    /// `{code: "success", data: {status: "SUCCESS", …, data: {code: 0, data: {task_id, …}}}}`.
    Triple,
    /// `{code: "success", data: {task_id, status: "succeeded", url, error, …}}`.
    Flat,
}

/// Refusals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorShape {
    /// `{code: 1201, message, request_id}`.
    #[default]
    Native,
    /// The same with `data: null`.
    NativeNull,
    /// `{error: {message, type: "comet_api_error", param, code}}`.
    Comet,
    /// `{code: "fail_to_fetch_task", message: "<Kling's answer as a string>", data: null}`.
    TaskError,
}

/// `message` of a good answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    /// `"SUCCEED"`, Kling's.
    #[default]
    Succeed,
    /// `"success"`, the gateway's.
    Success,
    /// `""`.
    Empty,
}

/// `request_id`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestId {
    /// A UUID.
    #[default]
    Uuid,
    /// No such key.
    Absent,
    /// The task id (a UUID where there is no task).
    TaskId,
}

/// `task_info`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskInfo {
    /// `external_task_id` and `parent_video`, where there are any.
    #[default]
    Full,
    /// `{}`.
    Empty,
    /// null; `task_status_msg` and, on create, `task_result` are null too.
    Null,
    /// No such key.
    Absent,
}

/// `task_result` before a task ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PendingResult {
    /// `{}`.
    #[default]
    Empty,
    /// No such key.
    Absent,
    /// null.
    Null,
}

impl Word {
    fn text(self) -> &'static str {
        match self {
            Word::Succeed => "SUCCEED",
            Word::Success => "success",
            Word::Empty => "",
        }
    }
}
