//! Queries to the provider, with a time limit and the right account.

use job::Record;
use kling::{KnownTask, LookUp, QueryError, Route, Task};
use ports::Witness;

use crate::shared::Shared;

pub(crate) async fn for_task(
    shared: &Shared,
    record: &Record,
    task_id: &str,
) -> Result<Task, QueryError> {
    let route = route(shared, record)?;
    let answer = in_time(shared, shared.kling.query(route, task_id)).await;
    rest_account(shared, answer.as_ref().err()).await;
    answer
}

pub(crate) async fn by_external_id(
    shared: &Shared,
    record: &Record,
    form: LookUp,
) -> Result<Option<Task>, QueryError> {
    let route = route(shared, record)?;
    let (external_id, since) = (record.external_id.as_str(), Some(record.no_task_before_ms()));
    let asking = shared.kling.look_up_since(route, external_id, form, since);
    let answer = in_time(shared, asking).await;
    rest_account(shared, answer.as_ref().err()).await;
    answer
}

/// Whether the look-up finds a task that exists. If not, its denials prove nothing.
pub(crate) async fn finds(
    shared: &Shared,
    route: Route,
    external_id: &str,
    form: LookUp,
) -> Result<bool, QueryError> {
    let answer = in_time(shared, shared.kling.look_up(route, external_id, form)).await;
    rest_account(shared, answer.as_ref().err()).await;
    answer.map(|task| task.is_some())
}

/// The form of look-up whose answers may be believed on a route; see
/// [`truthful_look_up`](kling::Client::truthful_look_up).
pub(crate) async fn truthful(
    shared: &Shared,
    route: Route,
    existing: &Witness,
) -> Result<Option<LookUp>, QueryError> {
    let impossible = shared.clock.fresh_id().to_string();
    let known =
        KnownTask { task_id: &existing.task_id, external_id: existing.external_id.as_str() };
    let answer = in_time(shared, shared.kling.truthful_look_up(route, known, &impossible)).await;
    rest_account(shared, answer.as_ref().err()).await;
    answer
}

/// A task can only be queried with the account that submitted it.
pub(crate) fn route(shared: &Shared, record: &Record) -> Result<Route, QueryError> {
    if record.account != shared.settings.account {
        let cause = format!("the task belongs to the account \"{}\"", record.account);
        return Err(QueryError::Later { cause });
    }
    Route::parse(record.operation.as_str()).ok_or_else(|| QueryError::Later {
        cause: format!("this version does not know the operation \"{}\"", record.operation),
    })
}

async fn in_time<T>(
    shared: &Shared,
    look: impl Future<Output = Result<T, QueryError>>,
) -> Result<T, QueryError> {
    tokio::select! {
        biased;
        answer = look => answer,
        () = shared.clock.sleep(shared.settings.look_timeout) => {
            Err(QueryError::Later { cause: "no answer in time".to_owned() })
        }
    }
}

async fn rest_account(shared: &Shared, error: Option<&QueryError>) {
    let Some(QueryError::Account { message, .. }) = error else {
        return;
    };
    let (account, rest) = (&shared.settings.account, shared.settings.account_rest);
    let reason = format!("the account is refused: {message}");
    shared.recorder.writer().pause_account(account, reason, rest).await;
}
