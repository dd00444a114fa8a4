//! Sending callbacks beside the API: the API only notes when one is due.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Url};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use super::counters::count;
use super::{Callbacks, body, sign};
use crate::chance::Chance;
use crate::state::State;
use crate::task::View;

/// Callbacks under way at once.
const CONCURRENCY: usize = 64;
const TIMEOUT: Duration = Duration::from_secs(5);

/// Sends the callbacks that are due until `stopping` is set, then drops those in progress.
pub(crate) async fn run(state: Arc<State>, mut stopping: watch::Receiver<bool>) {
    let client = Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(TIMEOUT)
        .build();
    let client = match client {
        Ok(client) => client,
        Err(error) => return tracing::error!(%error, "callbacks are off: no HTTP client"),
    };
    let permits = Arc::new(Semaphore::new(CONCURRENCY));
    tokio::select! {
        () = send_due(state, client, permits) => {}
        _ = stopping.wait_for(|stop| *stop) => {}
    }
}

async fn send_due(state: Arc<State>, client: Client, permits: Arc<Semaphore>) {
    // Dropped with this future, and the deliveries under way with it.
    let mut deliveries = JoinSet::new();
    loop {
        while deliveries.try_join_next().is_some() {}
        let settings = state.settings();
        let late_us = settings.callbacks.late_ms.saturating_mul(1_000);
        let (due, next_us) = state.due_callbacks(late_us);
        for view in due {
            let Ok(permit) = Arc::clone(&permits).acquire_owned().await else {
                return;
            };
            let (state, client) = (Arc::clone(&state), client.clone());
            let settings = Arc::clone(&settings);
            deliveries.spawn(async move {
                Delivery { state: &state, client: &client, settings: &settings.callbacks }
                    .deliver(&view, Chance::new(settings.seed))
                    .await;
                drop(permit);
            });
        }
        let now_us = state.now_us();
        let wait = next_us.map(|at| at.saturating_add(late_us).saturating_sub(now_us));
        tokio::select! {
            () = sleep_us(wait) => {}
            () = state.callback_planned() => {}
        }
    }
}

async fn sleep_us(us: Option<u64>) {
    match us {
        Some(us) => tokio::time::sleep(Duration::from_micros(us)).await,
        None => std::future::pending().await,
    }
}

struct Delivery<'a> {
    state: &'a State,
    client: &'a Client,
    settings: &'a Callbacks,
}

impl Delivery<'_> {
    async fn deliver(&self, view: &View, chance: Chance) {
        let counters = self.state.callback_counters();
        let Some(text) = &view.facts.wish.callback_url else {
            return;
        };
        let Some(url) = target(text, self.settings) else {
            return count(&counters.refused);
        };
        let chance =
            chance.with_text(&view.facts.marker).with(view.status as u64).with(view.facts.id);
        if chance.with(1).happens(self.settings.missing_rate) {
            return count(&counters.withheld);
        }
        let base = self.state.base_url();
        let honest = body::honest(view, self.settings, &base, &self.state.request_id());
        let webhook_id = self.state.request_id();
        for _ in 0..=usize::from(self.settings.duplicate) {
            self.post(url.clone(), &webhook_id, honest.clone(), self.key()).await;
        }
        if chance.with(2).happens(self.settings.forged_rate) {
            count(&counters.forged);
            let forged = body::forged(view, self.settings, &base, &self.state.request_id());
            // A forger signs too, with a key of its own.
            let key = self.key().map(|_| b"not the secret".to_vec());
            self.post(url, &self.state.request_id(), forged, key).await;
        }
    }

    fn key(&self) -> Option<Vec<u8>> {
        self.settings.secret.as_ref().and_then(sign::key)
    }

    async fn post(&self, url: Url, webhook_id: &str, body: String, key: Option<Vec<u8>>) {
        let mut request = self.client.post(url).header(CONTENT_TYPE, "application/json");
        if let Some(key) = key {
            let timestamp = self.state.now_us() / 1_000_000;
            let signature = sign::signature(&key, webhook_id, timestamp, body.as_bytes());
            request = request
                .header("webhook-id", webhook_id)
                .header("webhook-timestamp", timestamp)
                .header("webhook-signature", signature);
        }
        let counters = self.state.callback_counters();
        match request.body(body).send().await {
            Ok(answer) if answer.status().is_success() => count(&counters.sent),
            _ => count(&counters.failed),
        }
    }
}

/// The address, when its host may be called.
fn target(text: &str, settings: &Callbacks) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let allowed = url.host_str().is_some_and(|host| settings.may_call(host));
    allowed.then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_called_by_default() {
        let local = |text| target(text, &Callbacks::default());
        for good in ["http://127.0.0.1:9/x", "http://localhost/x?y=1", "http://[::1]:9/"] {
            assert!(local(good).is_some(), "{good}");
        }
        let bad = [
            "http://127.0.0.1.example.com/",
            "http://localhost@example.com/",
            "x",
            "http://10.0.0.1/",
        ];
        for bad in bad {
            assert!(local(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn hosts_that_are_named_are_called_and_no_others() {
        let settings =
            Callbacks { hosts: vec!["gateway".into(), "::1".into()], ..Callbacks::default() };
        let called = |text| target(text, &settings).is_some();
        assert!(
            called("http://gateway:8081/callbacks/x")
                && called("http://GATEWAY/")
                && called("http://[::1]/")
        );
        for bad in ["http://127.0.0.1/", "http://gateway.example.com/", "http://gateway@evil/", "x"]
        {
            assert!(!called(bad), "{bad}");
        }
    }
}
