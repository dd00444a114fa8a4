//! The simulated provider, in this process or in a separate one.

use serde_json::{Value, json};
use simulator::{Accounts, Settings, Simulator};

use super::{Process, Program, until};

pub(crate) struct Provider {
    pub(crate) url: String,
    http: reqwest::Client,
    // The simulator runs while one of these is held.
    _here: Option<Simulator>,
    _apart: Option<Process>,
}

/// Long enough for a few queries by a poller, short enough for a test.
const LIFE_MS: u64 = 200;

impl Provider {
    /// In this process, with these settings; `life_ms` is short unless they set it.
    pub(crate) async fn here(settings: Value) -> Self {
        let simulator = Simulator::start(read(settings), ([127, 0, 0, 1], 0).into()).await;
        let simulator = simulator.expect("the simulator");
        Self::at(simulator.url(), Some(simulator), None)
    }

    /// `reelwork simulator` with a settings file.
    pub(crate) async fn apart(program: &Program, settings_file: &str) -> Self {
        let arguments =
            ["simulator", "--json", "--listen", "127.0.0.1:0", "--settings", settings_file];
        let process = program.start("simulator", &arguments);
        let mut url = None;
        until("the simulator tells its address", async || {
            let said: Option<Value> = serde_json::from_str(&process.stdout()).ok();
            url = said.and_then(|said| Some(said["url"].as_str()?.to_owned()));
            url.is_some()
        })
        .await;
        Self::at(url.expect("an address"), None, Some(process))
    }

    fn at(url: String, here: Option<Simulator>, apart: Option<Process>) -> Self {
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        Self { url, http, _here: here, _apart: apart }
    }

    /// A simulator that the test starts itself on this port.
    pub(crate) fn on(port: u16) -> Self {
        Self::at(format!("http://127.0.0.1:{port}"), None, None)
    }

    pub(crate) async fn answers(&self) -> bool {
        self.http.get(format!("{}/_simulator/accounts", self.url)).send().await.is_ok()
    }

    pub(crate) async fn accounts(&self) -> Accounts {
        let url = format!("{}/_simulator/accounts?tasks=true", self.url);
        let answer = self.http.get(url).send().await.expect("the accounts");
        answer.json().await.expect("accounts")
    }

    /// The accounts without the list of tasks: cheap, however many there are.
    pub(crate) async fn figures(&self) -> Accounts {
        let url = format!("{}/_simulator/accounts", self.url);
        let answer = self.http.get(url).send().await.expect("the accounts");
        answer.json().await.expect("accounts")
    }

    /// Accepted tasks of one job.
    pub(crate) async fn tasks_of(&self, marker: &str) -> usize {
        let tasks = self.accounts().await.tasks.expect("tasks");
        tasks.iter().filter(|task| task.marker == marker).count()
    }

    /// Replaces the settings.
    pub(crate) async fn change(&self, settings: Value) {
        let url = format!("{}/_simulator/settings", self.url);
        let body = serde_json::to_value(read(settings)).expect("settings");
        let answer = self.http.post(url).json(&body).send().await.expect("the simulator");
        assert!(answer.status().is_success(), "{:?}", answer.text().await);
    }

    /// A session for multi-elements tasks, from the provider's own helper.
    pub(crate) async fn selection_session(&self) -> String {
        let url = format!("{}/kling/v1/videos/multi-elements/init-selection", self.url);
        let body = json!({"video_url": "https://files.example/parent.mp4"});
        let request = self.http.post(url).bearer_auth("test-key").json(&body);
        let answer = request.send().await.expect("the simulator");
        let answer: Value = answer.json().await.expect("JSON");
        answer["data"]["session_id"].as_str().expect("a session").to_owned()
    }
}

fn read(mut settings: Value) -> Settings {
    let fields = settings.as_object_mut().expect("an object");
    if !fields.contains_key("lives") {
        fields.entry("life_ms").or_insert(LIFE_MS.into());
    }
    serde_json::from_value(settings).expect("settings of the simulator")
}
