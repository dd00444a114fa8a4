//! Finding a task by the id we gave it.

use std::fmt;

use crate::answer::{Task, decode_task, decode_tasks};
use crate::client::{Client, encoded, path_of, retry_after};
use crate::error::QueryError;
use crate::route::Route;

/// Tasks per page of a list, and most pages that are read.
const PAGE_SIZE: u32 = 500;
const MAX_PAGES: u32 = 10;

/// How to ask for a task by the external id: none of the forms is proven at CometAPI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LookUp {
    /// The external id in the place of the task id (Kling API reference).
    Path,
    /// `?external_task_id=` on the create path (seen at another gateway).
    Query,
    /// Read the list, newest first, at most 10 pages of 500 tasks.
    List,
}

/// A task that is known to exist.
#[derive(Debug, Clone, Copy)]
pub struct KnownTask<'a> {
    pub task_id: &'a str,
    /// That it was created with.
    pub external_id: &'a str,
}

impl LookUp {
    /// The cheapest first.
    pub const ALL: [Self; 3] = [Self::Path, Self::Query, Self::List];
}

impl fmt::Display for LookUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Path => "path",
            Self::Query => "query",
            Self::List => "list",
        })
    }
}

impl Client {
    /// The first form that finds a task which exists and denies one which cannot: its answers may
    /// be believed on this route. `None` when no form does, although the provider shows the task
    /// under its own id; [`NotFound`](QueryError::NotFound) when it denies it. Costs only GETs.
    pub async fn truthful_look_up(
        &self,
        route: Route,
        existing: KnownTask<'_>,
        impossible: &str,
    ) -> Result<Option<LookUp>, QueryError> {
        let mut unheard = None;
        for form in LookUp::ALL {
            match self.is_truthful(route, form, existing, impossible).await {
                Ok(true) => return Ok(Some(form)),
                // A form that the provider does not have answers in ways that cannot be read.
                Ok(false) | Err(QueryError::Unreadable { .. }) => {}
                Err(error @ QueryError::Account { .. }) => return Err(error),
                Err(error) => unheard = Some(error),
            }
        }
        // An outage says nothing about the forms of look-up; an unexpected response does.
        match (self.query(route, existing.task_id).await, unheard) {
            (Ok(_), _) => Ok(None),
            (Err(gone @ QueryError::NotFound { .. }), _) => Err(gone),
            (Err(unheard), None) | (Err(_), Some(unheard)) => Err(unheard),
        }
    }

    async fn is_truthful(
        &self,
        route: Route,
        form: LookUp,
        existing: KnownTask<'_>,
        impossible: &str,
    ) -> Result<bool, QueryError> {
        let found = self.look_up(route, existing.external_id, form).await?;
        let same = found.is_some_and(|task| task.task_id.as_deref() == Some(existing.task_id));
        Ok(same && self.look_up(route, impossible, form).await?.is_none())
    }

    /// The task with this external id; `None` when the provider denies it.
    ///
    /// A denial is only reported if the response proves it: a list that does not show external
    /// ids, or has more pages than are read, is an error and not a denial.
    pub async fn look_up(
        &self,
        route: Route,
        external_task_id: &str,
        form: LookUp,
    ) -> Result<Option<Task>, QueryError> {
        self.look_up_since(route, external_task_id, form, None).await
    }

    /// As [`look_up`](Self::look_up); the list walk may also stop, and deny, at a page whose tasks
    /// were all created before `since_ms` (Unix milliseconds of the provider's clock), if the list
    /// is seen to run from newer to older.
    pub async fn look_up_since(
        &self,
        route: Route,
        external_task_id: &str,
        form: LookUp,
        since_ms: Option<i64>,
    ) -> Result<Option<Task>, QueryError> {
        match form {
            LookUp::Path => self.look_up_by_path(route, external_task_id).await,
            LookUp::Query => self.look_up_by_query(route, external_task_id).await,
            LookUp::List => self.look_up_in_list(route, external_task_id, since_ms).await,
        }
    }

    async fn look_up_by_path(&self, route: Route, id: &str) -> Result<Option<Task>, QueryError> {
        let answer = self.get(&path_of(route, id)?).await?;
        let task = decode_task(answer.status, &answer.body)
            .map_err(|error| error.after(retry_after(&answer)));
        unless_denied(task)?.map(|task| ours(task, id)).transpose()
    }

    async fn look_up_by_query(&self, route: Route, id: &str) -> Result<Option<Task>, QueryError> {
        let path = format!("{}?external_task_id={}", route.path(), encoded(id));
        let answer = self.get(&path).await?;
        let (status, body) = (answer.status, &answer.body);
        if let Ok(tasks) = decode_tasks(status, body) {
            return of_filtered_list(tasks, id);
        }
        let task = decode_task(status, body).map_err(|error| error.after(retry_after(&answer)));
        unless_denied(task)?.map(|task| ours(task, id)).transpose()
    }

    async fn look_up_in_list(
        &self,
        route: Route,
        id: &str,
        since_ms: Option<i64>,
    ) -> Result<Option<Task>, QueryError> {
        let mut walk = Walk::default();
        for page in 1..=MAX_PAGES {
            let tasks = self.list(route, page, PAGE_SIZE).await?;
            if let Some(task) = tasks.iter().find(|task| has_id(task, id)) {
                return Ok(Some(task.clone()));
            }
            if walk.is_over(&tasks, since_ms) {
                return walk.denial();
            }
        }
        Err(unreadable("not among the newest tasks, and the list goes on"))
    }
}

/// What the pages read so far have shown.
#[derive(Default)]
struct Walk {
    tasks: usize,
    shows_external_ids: bool,
    last_created_ms: Option<i64>,
    falls: bool,
    rises: bool,
}

impl Walk {
    /// Whether this page is the last that could hold the task. An empty page proves the end (a
    /// short one may come from a smaller page size); age proves it only where newest come first.
    fn is_over(&mut self, page: &[Task], since_ms: Option<i64>) -> bool {
        page.iter().for_each(|task| self.see(task));
        let is_older = |task: &Task| task.created_at_ms.zip(since_ms).is_some_and(|(a, b)| a < b);
        page.is_empty() || (self.falls && !self.rises && page.iter().all(is_older))
    }

    fn see(&mut self, task: &Task) {
        self.tasks += 1;
        self.shows_external_ids |= task.external_task_id.is_some();
        if let Some((last, now)) = self.last_created_ms.zip(task.created_at_ms) {
            self.falls |= now < last;
            self.rises |= now > last;
        }
        self.last_created_ms = task.created_at_ms.or(self.last_created_ms);
    }

    fn denial(&self) -> Result<Option<Task>, QueryError> {
        if self.tasks > 0 && !self.shows_external_ids {
            return Err(unreadable("the list does not show external ids"));
        }
        Ok(None)
    }
}

fn unless_denied<T>(answer: Result<T, QueryError>) -> Result<Option<T>, QueryError> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(QueryError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// If the list has tasks with other external ids, the filter was ignored and the list proves
/// nothing.
fn of_filtered_list(tasks: Vec<Task>, id: &str) -> Result<Option<Task>, QueryError> {
    let is_empty = tasks.is_empty();
    match tasks.into_iter().find(|task| has_id(task, id)) {
        Some(task) => Ok(Some(task)),
        None if is_empty => Ok(None),
        None => Err(unreadable("the provider seems to ignore ?external_task_id")),
    }
}

fn has_id(task: &Task, id: &str) -> bool {
    task.external_task_id.as_deref() == Some(id)
}

/// The single task an answer shows, unless it names another external id.
fn ours(task: Task, id: &str) -> Result<Task, QueryError> {
    match &task.external_task_id {
        Some(other) if other != id => Err(unreadable("the answer shows another external id")),
        _ => Ok(task),
    }
}

fn unreadable(cause: &str) -> QueryError {
    QueryError::Unreadable { cause: cause.to_owned() }
}
