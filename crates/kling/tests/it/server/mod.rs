//! Two small local servers: one that records and answers, one that misbehaves on the wire.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;

/// One request as the server saw it.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> String {
        self.headers[name].to_str().expect("text").to_owned()
    }
}

/// Answers every request alike and remembers it. Ends when dropped.
pub(crate) struct Recorder {
    pub(crate) url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    task: AbortHandle,
}

#[derive(Clone)]
struct Answer {
    status: StatusCode,
    location: &'static str,
    body: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Recorder {
    pub(crate) async fn start(status: u16, location: &'static str, body: Value) -> Self {
        Self::start_with(status, location, body.to_string()).await
    }

    /// Answers with these very letters.
    pub(crate) async fn start_with(status: u16, location: &'static str, body: String) -> Self {
        let seen = Arc::default();
        let answer = Answer {
            status: StatusCode::from_u16(status).expect("status"),
            location,
            body,
            seen: Arc::clone(&seen),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
        let url = format!("http://{}", listener.local_addr().expect("address"));
        let router = Router::new().fallback(record).with_state(answer);
        let serve = async move { axum::serve(listener, router).await.expect("serve") };
        Self { url, seen, task: tokio::spawn(serve).abort_handle() }
    }

    /// The request, which must have been the only one.
    pub(crate) fn only_request(&self) -> Seen {
        let seen = self.seen.lock().expect("lock");
        assert_eq!(seen.len(), 1, "{seen:?}");
        seen[0].clone()
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn record(State(answer): State<Answer>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.expect("body");
    answer.seen.lock().expect("lock").push(Seen {
        method: head.method.to_string(),
        target: head.uri.to_string(),
        headers: head.headers,
        body,
    });
    let mut response = Response::builder().status(answer.status).header("retry-after", "7");
    if !answer.location.is_empty() {
        response = response.header("location", answer.location);
    }
    response.body(Body::from(answer.body)).expect("response")
}

/// Hands every connection to a behaviour. Ends when dropped.
pub(crate) struct Raw {
    pub(crate) address: SocketAddr,
    connections: Arc<AtomicUsize>,
    requests: Arc<AtomicUsize>,
    task: AbortHandle,
}

/// The server's end of one connection.
pub(crate) struct ServerEnd {
    stream: TcpStream,
    requests: Arc<AtomicUsize>,
}

impl Raw {
    pub(crate) async fn start<F, Fut>(behave: F) -> Self
    where
        F: Fn(ServerEnd) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
        let address = listener.local_addr().expect("address");
        let (connections, requests) =
            (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let counters = (Arc::clone(&connections), Arc::clone(&requests));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counters.0.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(behave(ServerEnd { stream, requests: Arc::clone(&counters.1) }));
            }
        });
        Self { address, connections, requests, task: task.abort_handle() }
    }

    /// An address without a listener.
    pub(crate) async fn closed_address() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
        listener.local_addr().expect("address")
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// How many whole requests were read.
    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl ServerEnd {
    /// Read one whole request: head, and the body its length announces.
    pub(crate) async fn read_request(&mut self) {
        let mut read = Vec::new();
        while !is_whole(&read) {
            let chunk = self.read_some().await;
            assert!(!chunk.is_empty(), "the client closed within a request");
            read.extend_from_slice(&chunk);
        }
        self.requests.fetch_add(1, Ordering::SeqCst);
    }

    /// Read whatever comes first.
    pub(crate) async fn read_some(&mut self) -> Vec<u8> {
        let mut chunk = [0; 1024];
        let size = self.stream.read(&mut chunk).await.expect("read");
        chunk[..size].to_vec()
    }

    pub(crate) async fn write(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).await.expect("write");
        self.stream.flush().await.expect("flush");
    }

    /// Close with a TCP reset instead of an orderly end.
    pub(crate) fn reset(self) {
        self.stream.set_zero_linger().expect("linger");
    }
}

fn is_whole(read: &[u8]) -> bool {
    let text = String::from_utf8_lossy(read).to_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    body.len() >= length.map_or(0, |length| length.trim().parse().expect("length"))
}
