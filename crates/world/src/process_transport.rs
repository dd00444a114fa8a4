//! The connection to the provider: a request that was sent arrives even if its sender dies.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use kling::{HttpRequest, HttpResponse, Method, Route, Transport, TransportError};
use serde_json::Value;
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

use crate::accounts::{self, Name};
use crate::chance::Chance;
use crate::life::{Life, Weight};
use crate::outages::Remote;
use crate::page;
use crate::pause_watch::PauseWatch;
use crate::plan::Plan;
use crate::provider::{BLOCKED, Provider, complaint, marker_of};

/// The base URL of the processes.
pub(crate) const BASE_URL: &str = "https://provider.test";

/// How much longer than its sender waits a request may take.
const LINGERING_MS: u64 = 1_000;

pub(crate) struct ProcessTransport {
    pub(crate) life: Arc<Life>,
    pub(crate) provider: Arc<Provider>,
    pub(crate) pauses: Arc<PauseWatch>,
}

type Answer = Result<HttpResponse, TransportError>;

/// What happens to one POST.
enum Way {
    NotSent,
    Vanished,
    Refused(HttpResponse),
    /// By a proxy.
    Turned(HttpResponse),
    /// Answered with a server error, whether a task was created or not.
    Breaks {
        created: bool,
    },
    /// The time until it arrives, and whether its response does.
    Arrives(Duration, bool),
}

impl ProcessTransport {
    fn way(&self, account: Name, blocked: bool) -> Way {
        let (chance, outages) = (&self.life.chance, &self.life.outages);
        let rates = outages.rates();
        if outages.is_out(Remote::Provider) || chance.happens(rates.not_sent) {
            return Way::NotSent;
        }
        if blocked || outages.is_out(Remote::Path) {
            return Way::Turned(page::any(chance));
        }
        if outages.is_out(Remote::Account) {
            return Way::Refused(complaint(429, 1102, "the resource pack is used up"));
        }
        if outages.is_in_arrears(account) {
            return Way::Refused(refusal(chance));
        }
        if outages.is_out(Remote::Posts) {
            return Way::Breaks { created: chance.happens(0.5) };
        }
        if chance.happens(rates.busy) {
            return Way::Refused(complaint(429, 1303, "parallel task over resource pack limit"));
        }
        if chance.happens(rates.vanished) {
            return Way::Vanished;
        }
        let most = Plan::POST.as_millis() as u64 + LINGERING_MS;
        let way = match chance.happens(rates.lingers) {
            true => chance.millis(0, most),
            false => chance.millis(1, 40),
        };
        Way::Arrives(way, !chance.happens(rates.answer_lost))
    }

    async fn post(&self, account: Name, route: Route, body: Value) -> Answer {
        let blocked = body["prompt"].as_str().is_some_and(|prompt| prompt.contains(BLOCKED));
        match self.way(account, blocked) {
            Way::NotSent => self.fault("not sent", Err(TransportError::NotSent("refused".into()))),
            Way::Refused(answer) => self.fault("provider refuses", Ok(answer)),
            Way::Turned(answer) => self.fault("POST turned away", Ok(answer)),
            Way::Breaks { created } => {
                sleep(self.life.chance.millis(1, 200)).await;
                if created {
                    self.provider.create(account, route, &body);
                }
                self.fault("POST broken", Ok(complaint(502, 5000, "bad gateway")))
            }
            Way::Vanished => {
                sleep(self.life.chance.millis(1, 200)).await;
                self.fault("POST vanished", lost("reset"))
            }
            Way::Arrives(way, heard) => self.arrive(account, (route, body), way, heard).await,
        }
    }

    /// A request on the way does not depend on its sender.
    async fn arrive(
        &self,
        account: Name,
        (route, body): (Route, Value),
        way: Duration,
        heard: bool,
    ) -> Answer {
        let (tell, told) = oneshot::channel();
        let (provider, life) = (self.provider.clone(), self.life.clone());
        tokio::spawn(async move {
            sleep(way).await;
            let answer = provider.create(account, route, &body);
            let note = accounts::note(account);
            life.trace.line("provider", format_args!("POST {note}{}", words(&answer)));
            // The receiver may have ended.
            let _ = tell.send(answer);
        });
        match timeout(Plan::POST, told).await {
            Ok(Ok(answer)) if heard => Ok(answer),
            Ok(_) => self.fault("answer lost", lost("reset")),
            Err(_) => self.fault("POST timed out", lost("timed out")),
        }
    }

    fn fault(&self, kind: &'static str, answer: Answer) -> Answer {
        self.life.trace.fault(kind);
        answer
    }

    async fn get(&self, account: Name, id: &str) -> Answer {
        let (chance, outages) = (&self.life.chance, &self.life.outages);
        if outages.is_out(Remote::Provider) {
            return self.fault("look not sent", Err(TransportError::NotSent("refused".into())));
        }
        if outages.is_out(Remote::Path) {
            return self.fault("look turned away", Ok(page::any(chance)));
        }
        if !chance.happens(outages.rates().look_lost) {
            return Ok(self.provider.query(account, id));
        }
        match chance.below(3) {
            0 => self.fault("look lost", lost("reset")),
            1 => self.fault("look broken", Ok(complaint(503, 5000, "try again"))),
            _ => {
                sleep(chance.millis(1_000, 9_000)).await;
                self.fault("look slow", Ok(self.provider.query(account, id)))
            }
        }
    }
}

#[async_trait]
impl Transport for ProcessTransport {
    async fn send(&self, request: HttpRequest) -> Answer {
        let path = request.url.strip_prefix(BASE_URL).and_then(|p| p.strip_prefix("/kling/v1/"));
        let path = path.unwrap_or_default().to_owned();
        let (life, account) = (&self.life, accounts::of_key(&request.bearer));
        let note = accounts::note(account);
        if request.method == Method::Get {
            life.before("GET", Weight::Effect).await;
            let id = path.rsplit('/').next().unwrap_or_default();
            let answer = self.get(account, id).await;
            let told = format!("{note}{id} -> {}", seen(&answer));
            life.after("GET", Weight::Effect, told).await;
            return answer;
        }
        let body: Value =
            serde_json::from_slice(&request.body.unwrap_or_default()).unwrap_or_default();
        let Some(route) = Route::parse(&path) else {
            return Ok(complaint(404, 1203, "no such route"));
        };
        // Before it is delayed: from here on the process decides nothing.
        let prompt = body["prompt"].as_str().unwrap_or_default();
        self.pauses.posted(account, route, marker_of(prompt));
        let id = body["external_task_id"].as_str().unwrap_or_default().to_owned();
        life.before("POST", Weight::Effect).await;
        let answer = self.post(account, route, body).await;
        life.after("POST", Weight::Effect, format!("{note}{id} -> {}", seen(&answer))).await;
        answer
    }
}

/// As for an account in arrears, or with a key that does not count any more.
fn refusal(chance: &Chance) -> HttpResponse {
    match chance.happens(0.7) {
        true => complaint(429, 1102, "the resource pack is used up"),
        false => complaint(401, 1004, "the token has expired"),
    }
}

fn lost(how: &str) -> Answer {
    Err(TransportError::Lost(how.to_owned()))
}

fn seen(answer: &Answer) -> String {
    answer.as_ref().map_or_else(ToString::to_string, words)
}

fn words(answer: &HttpResponse) -> String {
    format!("{} {}", answer.status, String::from_utf8_lossy(&answer.body))
}
