use daemon::{Config, ExitCode};
use job::{JobKey, Record, State};
use operator::Cancelled;

use super::member::Member;
use super::named::Named;
use crate::error::Error;
use crate::output::Output;
use crate::view::{JobView, Unseen};

/// Cancels a job that has not been submitted. Kling cannot stop a task: a submitted one continues,
/// is billed, and is announced like any other.
pub(crate) async fn run(
    config: &Config,
    named: &Named,
    ahead: bool,
    output: &Output,
) -> Result<ExitCode, Error> {
    let member = Member::join(config, output).await?;
    let done = cancel(&member, named).await;
    member.leave().await;
    let (key, done) = done?;
    Ok(match done {
        Cancelled::Job(record) => print(&record, output),
        Cancelled::Unseen => unseen(&key, ahead, output),
        Cancelled::TooLate(record) => too_late(&record, output),
    })
}

async fn cancel(member: &Member, named: &Named) -> Result<(JobKey, Cancelled), Error> {
    let key = named.resolve(member.backends.ledger.as_ref()).await?;
    let done = member.operator.cancel(&key).await?;
    Ok((key, done))
}

fn print(record: &Record, output: &Output) -> ExitCode {
    let view = JobView::of(record);
    output.result(&view, || view.words());
    if !record.state.is_final() {
        output.complain(&format!(
            "{} may have been sent before the ledger lost its memory: it is cancelled when its \
             message shows that it was not",
            record.key.id
        ));
    }
    ExitCode::Ok
}

/// A job that waits in the broker looks the same as a wrong id.
fn unseen(key: &JobKey, ahead: bool, output: &Output) -> ExitCode {
    let view = Unseen::cancelled(key);
    output.result(&view, || format!("{key}  unseen"));
    if ahead {
        return ExitCode::Ok;
    }
    output.complain(&format!(
        "no worker has recorded {} of tenant {}: if it waits in the broker, it is cancelled when it \
         comes (--ahead says that you know)",
        key.id, key.tenant
    ));
    ExitCode::NotFound
}

fn too_late(record: &Record, output: &Output) -> ExitCode {
    let view = JobView::of(record);
    output.result(&view, || view.words());
    let (id, state) = (&record.key.id, record.state.word());
    output.complain(&match record.state {
        State::Parked { .. } => format!(
            "{id} may have been submitted and billed before it was parked: `reelwork why {id}` \
             tells, and `doubt attach`, `resubmit` or `fail`, or `dead drop`, ends it"
        ),
        _ if record.state.is_final() => format!("{id} has already ended: {state}"),
        _ => {
            format!("{id} is {state}: the provider cannot stop a task, so it goes on and is billed")
        }
    });
    ExitCode::Failure
}
