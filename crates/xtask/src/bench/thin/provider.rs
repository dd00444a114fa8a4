//! The provider: one POST, one GET.

use reqwest::Client;
use serde_json::Value;

use crate::Failed;

pub(super) struct Provider {
    client: Client,
    tasks: String,
}

impl Provider {
    pub(super) fn at(url: &str, at_once: usize) -> Result<Self, Failed> {
        let client = Client::builder().no_proxy().pool_max_idle_per_host(at_once).build()?;
        Ok(Self { client, tasks: format!("{url}/kling/v1/videos/text2video") })
    }

    /// The task's id.
    pub(super) async fn submit(&self, request: &Value) -> Result<String, Failed> {
        let post = self.client.post(&self.tasks).bearer_auth("bench").json(request);
        let answer: Value = post.send().await?.json().await?;
        match answer["data"]["task_id"].as_str() {
            Some(task) => Ok(task.to_owned()),
            None => Err(format!("no task: {answer}").into()),
        }
    }

    /// The file's address.
    pub(super) async fn result(&self, task: &str) -> Result<String, Failed> {
        let get = self.client.get(format!("{}/{task}", self.tasks)).bearer_auth("bench");
        let answer: Value = get.send().await?.json().await?;
        match answer["data"]["task_result"]["videos"][0]["url"].as_str() {
            Some(url) => Ok(url.to_owned()),
            None => Err(format!("no file: {answer}").into()),
        }
    }
}
