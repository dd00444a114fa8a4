use std::collections::BTreeMap;
use std::sync::Mutex;

use job::WebhookUrl;
use memory::MemoryBroker;
use ports::{BrokerLayer, Message};

use super::*;

/// Answers by host: `hang.example` never, `gone.example` with 410, others with 500 and then with 200.
#[derive(Default)]
struct Receivers {
    /// The ids of the attempts, by host.
    heard: Mutex<BTreeMap<String, Vec<String>>>,
    decided: Mutex<Vec<WebhookNext>>,
}

impl Receivers {
    fn attempts(&self, host: &str) -> Vec<String> {
        self.heard.lock().unwrap().get(host).cloned().unwrap_or_default()
    }
}

#[async_trait::async_trait]
impl Calls for Receivers {
    async fn attempt(&self, call: Call<'_>) -> WebhookAttempt {
        let host = call.url.host();
        let before = {
            let mut heard = self.heard.lock().unwrap();
            let attempts = heard.entry(host.clone()).or_default();
            attempts.push(call.id.to_owned());
            attempts.len() - 1
        };
        let status = match (host.as_str(), before) {
            ("hang.example", _) => std::future::pending().await,
            ("gone.example", _) => 410,
            (_, 0) => 500,
            (_, _) => 200,
        };
        WebhookAttempt::Answered { status, retry_after: None }
    }

    fn decided(&self, next: WebhookNext) {
        self.decided.lock().unwrap().push(next);
    }
}

async fn due(broker: &Arc<dyn Broker>, id: &str, host: &str) {
    let url = WebhookUrl::new(format!("https://{host}/hook")).unwrap();
    let body = serde_json::value::to_raw_value(&serde_json::json!({"task_id": id})).unwrap();
    let body = serde_json::to_vec(&WebhookCall { url, body }).unwrap();
    let to = Destination::Webhooks { after: None };
    broker.publish(&to, Message::json(id, body)).await.unwrap();
}

async fn until(mut is_so: impl FnMut() -> bool) {
    let waiting = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), waiting).await.expect("it never happened");
}

fn system() -> (Arc<dyn Broker>, Arc<Receivers>) {
    let broker: Arc<dyn Broker> = Arc::new(MemoryBroker::new().connect());
    (broker, Arc::default())
}

#[tokio::test(start_paused = true)]
async fn a_call_that_failed_is_made_again_under_its_id() {
    let (broker, receivers) = system();
    let webhooks = Webhooks::start(broker.clone(), receivers.clone());
    due(&broker, "e1", "client.example").await;
    until(|| receivers.attempts("client.example").len() == 2).await;
    assert_eq!(receivers.attempts("client.example"), ["e1", "e1"]);
    until(|| receivers.decided.lock().unwrap().len() == 2).await;
    let decided = receivers.decided.lock().unwrap().clone();
    let expected = [WebhookNext::Again(WebhookDelay::FiveSeconds), WebhookNext::Delivered];
    assert_eq!(decided, expected);
    assert!(webhooks.drain(Duration::from_secs(5)).await);
    assert_eq!(broker.depth(&Source::Webhooks).await.unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_is_gone_is_called_once() {
    let (broker, receivers) = system();
    let webhooks = Webhooks::start(broker.clone(), receivers.clone());
    due(&broker, "e1", "gone.example").await;
    until(|| receivers.decided.lock().unwrap().len() == 1).await;
    tokio::time::sleep(Duration::from_secs(48 * 3600)).await;
    assert_eq!(receivers.attempts("gone.example"), ["e1"]);
    assert!(webhooks.drain(Duration::from_secs(5)).await);
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_hangs_delays_no_other() {
    let (broker, receivers) = system();
    let _webhooks = Webhooks::start(broker.clone(), receivers.clone());
    for number in 0..2 * AT_ONCE {
        due(&broker, &format!("h{number}"), "hang.example").await;
    }
    due(&broker, "e1", "gone.example").await;
    until(|| receivers.attempts("gone.example").len() == 1).await;
    assert_eq!(receivers.attempts("hang.example").len(), AT_ONCE_PER_HOST);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_a_stop_cuts_off_is_made_again() {
    let (broker, receivers) = system();
    let webhooks = Webhooks::start(broker.clone(), receivers.clone());
    due(&broker, "e1", "hang.example").await;
    until(|| receivers.attempts("hang.example").len() == 1).await;
    assert!(!webhooks.drain(Duration::from_secs(1)).await);
    let again = Arc::<Receivers>::default();
    let _webhooks = Webhooks::start(broker.clone(), again.clone());
    until(|| again.attempts("hang.example") == ["e1"]).await;
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_does_not_stay() {
    let (broker, receivers) = system();
    let to = Destination::Webhooks { after: None };
    broker.publish(&to, Message::json("x", "{")).await.unwrap();
    let webhooks = Webhooks::start(broker.clone(), receivers.clone());
    due(&broker, "e1", "gone.example").await;
    until(|| receivers.attempts("gone.example").len() == 1).await;
    assert!(webhooks.drain(Duration::from_secs(5)).await);
    assert_eq!(broker.depth(&Source::Webhooks).await.unwrap(), 0);
}

/// Takes no call that is put back while it is closed, as with a memory alarm.
struct Closing {
    inner: Arc<dyn Broker>,
    closed: std::sync::atomic::AtomicBool,
}

impl BrokerLayer for Closing {
    fn inner(&self) -> &dyn Broker {
        self.inner.as_ref()
    }

    async fn publish(&self, to: &Destination, message: Message) -> Result<(), PublishError> {
        let is_put_back = matches!(to, Destination::Webhooks { after: Some(_) });
        match is_put_back && self.closed.load(std::sync::atomic::Ordering::SeqCst) {
            true => Err(PublishError::Refused("an alarm".to_owned())),
            false => self.inner.publish(to, message).await,
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_takes_nothing_has_no_client_called_in_a_loop() {
    let (inner, receivers) = system();
    let closing = Arc::new(Closing { inner, closed: true.into() });
    let broker: Arc<dyn Broker> = closing.clone();
    let _webhooks = Webhooks::start(broker.clone(), receivers.clone());
    due(&broker, "e1", "client.example").await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(receivers.attempts("client.example"), ["e1"]);
    closing.closed.store(false, std::sync::atomic::Ordering::SeqCst);
    until(|| receivers.attempts("client.example").len() == 2).await;
}
