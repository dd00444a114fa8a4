//! The provider, with its own records: by a marker in the request, never by external id.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use job::Timestamp;
use kling::{HttpResponse, Resource, Route};
use memory::StoreTime;
use serde_json::{Value, json};

use crate::accounts::Name;
use crate::chance::Chance;
use crate::front::Front;
use crate::plan::{Behaviour, Callbacks, Ids, Rates};

/// The prefix of every prompt, followed by the job's key.
pub(crate) const MARKER: &str = "marker:";

/// A prompt that the provider always refuses.
pub(crate) const FORBIDDEN: &str = "forbidden";

/// A prompt that never reaches the provider.
pub(crate) const BLOCKED: &str = "blocked";

/// The longest time by which a look-up is out of date.
const LAG_MS: u64 = 1_000;

/// The longest time from the success of a task to its file; the file is looked for longer.
const LATE_FILE_MS: u64 = 15_000;

pub(crate) struct Provider {
    time: StoreTime,
    chance: Chance,
    behaviour: Behaviour,
    rates: Rates,
    front: Arc<Front>,
    books: Mutex<Books>,
}

/// The accepted tasks and their states.
#[derive(Debug, Default)]
pub(crate) struct Books {
    pub(crate) tasks: BTreeMap<String, Task>,
    by_external_id: BTreeMap<(Name, String), String>,
    pub(crate) by_marker: BTreeMap<String, Vec<String>>,
    /// POSTs that arrived, by marker.
    pub(crate) posts: BTreeMap<String, u32>,
    /// GETs by task or external id.
    pub(crate) looks: u64,
    /// The most slots ever in use at once, by account and resource.
    pub(crate) peaks: BTreeMap<(Name, &'static str), u32>,
    /// Accepted while an earlier task of the same job had not failed, on whichever account.
    pub(crate) double_paid: Vec<String>,
}

#[derive(Debug)]
pub(crate) struct Task {
    pub(crate) account: Name,
    pub(crate) external_id: String,
    resource: &'static str,
    slots: u32,
    created_at: Timestamp,
    visible_at: Timestamp,
    ends_at: Timestamp,
    pub(crate) fails: bool,
    pub(crate) file: File,
    /// The provider denies the task.
    forgotten: bool,
}

/// What can be read once a task has succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum File {
    From(Timestamp),
    Never,
}

impl File {
    fn is_there(self, now: Timestamp) -> bool {
        matches!(self, Self::From(at) if at <= now)
    }
}

impl Provider {
    pub(crate) fn new(
        time: StoreTime,
        chance: Chance,
        behaviour: Behaviour,
        rates: Rates,
        front: Arc<Front>,
    ) -> Self {
        Self { time, chance, behaviour, rates, front, books: Mutex::default() }
    }

    pub(crate) fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A POST arrives with the key of this account.
    pub(crate) fn create(&self, account: Name, route: Route, body: &Value) -> HttpResponse {
        let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
        let (external_id, prompt) = (text("external_task_id"), text("prompt"));
        let marker = marker_of(prompt);
        let mut books = self.books();
        *books.posts.entry(marker.to_owned()).or_default() += 1;
        if prompt.contains(FORBIDDEN) {
            return complaint(400, 1301, "the content was found unsafe");
        }
        let there = (account, external_id.to_owned());
        if self.behaviour.ids == Ids::Enforced && books.by_external_id.contains_key(&there) {
            return complaint(400, 1201, "external_task_id already exists");
        }
        let kept = if self.behaviour.ids == Ids::Dropped { "" } else { external_id };
        let task = self.task(account, route, body, kept);
        let (ends_at, fails) = (task.ends_at, task.fails);
        let id = books.accept(marker, task, self.time.now());
        self.will_call_back(&id, text("callback_url"), ends_at, fails);
        created(&id, "submitted", kept)
    }

    /// Calls back sometimes while the task runs, and once at its end.
    fn will_call_back(&self, id: &str, url: &str, ends_at: Timestamp, fails: bool) {
        let id = match self.behaviour.callbacks {
            Callbacks::Queryable => id.to_owned(),
            Callbacks::Foreign => format!("behind-{id}"),
            Callbacks::Never => return,
        };
        let now = self.time.now();
        if self.chance.happens(0.3) {
            self.call_back(url, &id, "processing", self.chance.millis(0, 50));
        }
        let end = if fails { "failed" } else { "succeed" };
        self.call_back(url, &id, end, ends_at.since(now));
    }

    fn call_back(&self, url: &str, id: &str, status: &str, wait: Duration) {
        let (front, url) = (self.front.clone(), url.to_owned());
        let body = json!({"task_id": id, "task_status": status});
        tokio::spawn(async move {
            tokio::time::sleep(wait).await;
            front.call(url, body).await;
        });
    }

    fn task(&self, account: Name, route: Route, body: &Value, external_id: &str) -> Task {
        let now = self.time.now();
        let empty = serde_json::Map::new();
        let longest = u64::try_from(self.behaviour.task.as_millis()).unwrap_or(u64::MAX);
        let ends_at = now + self.chance.millis(100, longest);
        Task {
            account,
            external_id: external_id.to_owned(),
            resource: resource_word(route.resource()),
            slots: route.slots(body.as_object().unwrap_or(&empty)),
            created_at: now,
            visible_at: now + self.chance.millis(0, LAG_MS),
            ends_at,
            fails: self.chance.happens(0.1),
            file: self.file(ends_at),
            forgotten: false,
        }
    }

    fn file(&self, ends_at: Timestamp) -> File {
        let Rates { late_files, no_files, .. } = self.rates;
        if self.chance.happens(no_files) {
            return File::Never;
        }
        match self.chance.happens(late_files) {
            true => File::From(ends_at + self.chance.millis(1, LATE_FILE_MS)),
            false => File::From(ends_at),
        }
    }

    /// From now on these tasks are denied. Returns how many existed.
    pub(crate) fn forget(&self, ids: &BTreeSet<String>) -> usize {
        let mut books = self.books();
        let books = &mut *books;
        let mut known = 0;
        for (id, task) in books.tasks.iter_mut().filter(|(id, _)| ids.contains(*id)) {
            task.forgotten = true;
            known += 1;
            books.by_external_id.retain(|_, of| of != id);
        }
        known
    }

    /// A GET arrives: for a task id, or for an external id that is known. No account sees the tasks
    /// of another.
    pub(crate) fn query(&self, account: Name, id: &str) -> HttpResponse {
        let now = self.time.now();
        let mut books = self.books();
        books.looks += 1;
        let there = (account, id.to_owned());
        let by_external_id = books.by_external_id.get(&there).filter(|_| self.behaviour.look_up);
        let found = match by_external_id {
            Some(task) => books.tasks.get_key_value(task).filter(|(_, t)| t.visible_at <= now),
            None => books.tasks.get_key_value(id),
        };
        match found.filter(|(_, task)| !task.forgotten && task.account == account) {
            Some((id, task)) => shown(id, task, now),
            None => complaint(404, 1203, "no such task"),
        }
    }
}

impl Task {
    pub(crate) fn is_at_work(&self, now: Timestamp) -> bool {
        self.ends_at > now && !self.forgotten
    }
}

impl Books {
    /// From now on the marker belongs to another job.
    pub(crate) fn begin_life(&mut self, marker: &str) {
        self.by_marker.remove(marker);
        self.posts.remove(marker);
    }

    fn accept(&mut self, marker: &str, task: Task, now: Timestamp) -> String {
        let id = format!("task-{}", self.tasks.len() + 1);
        let earlier = self.by_marker.entry(marker.to_owned()).or_default();
        let is_over = |id: &String| self.tasks.get(id).is_some_and(|t| t.fails && t.ends_at <= now);
        if !earlier.iter().all(is_over) {
            self.double_paid.push(marker.to_owned());
        }
        earlier.push(id.clone());
        if !task.external_id.is_empty() {
            let there = (task.account, task.external_id.clone());
            self.by_external_id.entry(there).or_insert_with(|| id.clone());
        }
        let pool = (task.account, task.resource);
        self.tasks.insert(id.clone(), task);
        self.count(pool, now);
        id
    }

    fn count(&mut self, pool: (Name, &'static str), now: Timestamp) {
        let runs = |task: &&Task| (task.account, task.resource) == pool && task.is_at_work(now);
        let used: u32 = self.tasks.values().filter(runs).map(|task| task.slots).sum();
        let peak = self.peaks.entry(pool).or_default();
        *peak = used.max(*peak);
    }
}

pub(crate) fn marker_of(prompt: &str) -> &str {
    let rest = prompt.strip_prefix(MARKER).unwrap_or_default();
    rest.split_whitespace().next().unwrap_or_default()
}

fn resource_word(resource: Resource) -> &'static str {
    resource.as_str()
}

fn answer(status: u16, body: &Value) -> HttpResponse {
    let content_type = Some("application/json".to_owned());
    HttpResponse { status, content_type, retry_after: None, body: body.to_string().into() }
}

pub(crate) fn complaint(status: u16, code: i64, message: &str) -> HttpResponse {
    answer(status, &json!({"code": code, "message": message}))
}

fn created(id: &str, status: &str, external_id: &str) -> HttpResponse {
    let data = json!({"task_id": id, "task_status": status, "task_info": info(external_id)});
    answer(200, &json!({"code": 0, "message": "SUCCEED", "data": data}))
}

fn info(external_id: &str) -> Value {
    match external_id {
        "" => json!({}),
        id => json!({"external_task_id": id}),
    }
}

fn shown(id: &str, task: &Task, now: Timestamp) -> HttpResponse {
    let mut data = json!({
        "task_id": id, "task_status": "processing", "task_info": info(&task.external_id),
        "created_at": task.created_at.as_millis(),
    });
    if now >= task.ends_at && task.fails {
        data["task_status"] = "failed".into();
        data["task_status_msg"] = "it broke".into();
    } else if now >= task.ends_at {
        let file = json!([{"id": format!("file-{id}"), "url": format!("https://files.test/{id}")}]);
        let files = if task.resource == "images" { "images" } else { "videos" };
        data["task_status"] = "succeed".into();
        if task.file.is_there(now) {
            data["task_result"] = json!({files: file});
        }
    }
    answer(200, &json!({"code": 0, "data": data}))
}
