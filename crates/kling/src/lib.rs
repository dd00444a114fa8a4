//! A typed client for the provider's HTTP API: requests, a tolerant decoder for responses, and
//! errors grouped by what the caller must do. It knows no queue and no job, and can be used alone.
//!
//! Read in this order: [`Route`] is the path of an operation, [`request`] and [`validate`] are the
//! body and its checks, [`Transport`] sends it, [`decode_created`] and [`decode_task`] decode the
//! response, and [`Client`] does all of this for one account. Without the feature `http`, only the
//! real transport is missing.
//!
//! ```no_run
//! # #[cfg(feature = "http")]
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//! use kling::{BaseUrl, Client, HttpSettings, HttpTransport, Route, request::Text2video};
//!
//! let transport = Arc::new(HttpTransport::new(&HttpSettings::default())?);
//! let client = Client::new(transport, BaseUrl::DEFAULT, "my key".to_owned().into())?;
//! let request = Text2video { prompt: Some("a beach at dawn".to_owned()), ..Default::default() };
//! let created = client.create(&request).await?;
//! let task = client.query(Route::VideosText2video, &created.task_id).await?;
//! println!("{:?} {:?}", task.status, task.outputs);
//! # Ok(())
//! # }
//! ```

mod parents;
mod route;

pub mod request;
mod validation;

mod answer;
mod error;

mod api_key;
mod base_url;
mod client;
mod look_up;
mod redacted;
mod transport;

mod face;
mod selection;
mod speech;

#[cfg(feature = "http")]
mod encoded;
#[cfg(feature = "http")]
mod http;

pub use answer::{
    BalanceDeduction, Created, ErrorWords, Output, OutputKind, ParentVideo, TOO_MANY_TASKS, Task,
    TaskStatus, classify_failure, decode_callback, decode_created, decode_created_with,
    decode_task, decode_tasks,
};
pub use api_key::ApiKey;
pub use base_url::{BaseUrl, BaseUrlError};
pub use client::Client;
pub use error::{CallbackError, FailureClass, QueryError, RefusalClass, SubmitError};
pub use face::{Face, Faces, VideoSource};
#[cfg(feature = "http")]
pub use http::{HttpSettings, HttpSetupError, HttpTransport};
pub use look_up::{KnownTask, LookUp};
pub use parents::parents;
pub use route::{Resource, Route};
pub use selection::{Mask, Preview, Selected, SelectionPoints, SelectionSession, SelectionSource};
pub use speech::{Recognized, Speech, SpeechRequest};
pub use transport::{HttpRequest, HttpResponse, Method, Transport, TransportError};
pub use validation::{Content, FieldForm, Problem, Validation, fields, numbers_for_text, validate};
