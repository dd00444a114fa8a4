//! The routes, as the OpenAPI document lists them. A test compares them with the router.

use api_keys::Scope;

/// A route of the API.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    pub method: &'static str,
    /// Below `/api/v1`.
    pub path: &'static str,
    /// `None`: anybody may read it.
    pub scope: Option<Scope>,
    /// The name of the operation, for generated clients.
    pub name: &'static str,
    pub summary: &'static str,
}

pub const ROUTES: [Route; 8] = [
    Route {
        method: "post",
        path: "/jobs",
        scope: Some(Scope::Submit),
        name: "createJob",
        summary: "Submits a job. The same id with the same request is the same job.",
    },
    Route {
        method: "get",
        path: "/jobs",
        scope: Some(Scope::Read),
        name: "listJobs",
        summary: "Lists jobs that workers have recorded, newest first.",
    },
    Route {
        method: "get",
        path: "/jobs/{id}",
        scope: Some(Scope::Read),
        name: "getJob",
        summary: "Shows a job, at once or when it has ended.",
    },
    Route {
        method: "post",
        path: "/jobs/{id}/cancel",
        scope: Some(Scope::Cancel),
        name: "cancelJob",
        summary: "Cancels a job that was not submitted to the provider yet.",
    },
    Route {
        method: "post",
        path: "/jobs/{id}/retry",
        scope: Some(Scope::Submit),
        name: "retryJob",
        summary: "Has a job that failed, was rejected or timed out done again. It is paid for again.",
    },
    Route {
        method: "get",
        path: "/jobs/{id}/events",
        scope: Some(Scope::Read),
        name: "followJob",
        summary: "Sends each state of a job as a server-sent event, until the job has ended.",
    },
    Route {
        method: "post",
        path: "/batches",
        scope: Some(Scope::Submit),
        name: "createJobs",
        summary: "Submits one job a line, and answers each of them with a line.",
    },
    Route {
        method: "get",
        path: "/openapi.json",
        scope: None,
        name: "getOpenApi",
        summary: "This document.",
    },
];
