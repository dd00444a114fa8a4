mod many;

use daemon::{Config, ExitCode};
use job::{JobKey, Record, State};
use operator::Cancelled;

use super::member::Member;
use super::named::Named;
use crate::cli::Cancel;
use crate::error::Error;
use crate::output::Output;
use crate::view::{PrintedJob, Unseen};

/// Cancels jobs that have not been submitted. Kling cannot stop a task: a submitted one continues,
/// is billed, and is announced like any other.
pub(crate) async fn run(
    config: &Config,
    options: Cancel,
    output: &Output,
) -> Result<ExitCode, Error> {
    match options.all || options.file.is_some() {
        true => many::run(config, options, output).await,
        false => each(config, &options, output).await,
    }
}

/// Says of each what came of it. The exit code is that of the first that was not cancelled.
async fn each(config: &Config, options: &Cancel, output: &Output) -> Result<ExitCode, Error> {
    let names = options.ids.iter().map(|id| Named::parse(&options.tenant.tenant, id));
    let names = names.collect::<Result<Vec<_>, _>>()?;
    let member = Member::join(config, output).await?;
    let (mut code, mut failed) = (ExitCode::Ok, None);
    for named in &names {
        match cancel(&member, named).await {
            Ok((key, done)) => {
                let one = tell(&key, done, options.ahead, output);
                code = if code == ExitCode::Ok { one } else { code };
            }
            Err(error) => {
                failed = Some(error);
                break;
            }
        }
    }
    member.leave().await;
    failed.map_or(Ok(code), Err)
}

async fn cancel(member: &Member, named: &Named) -> Result<(JobKey, Cancelled), Error> {
    let key = named.resolve(member.backends.ledger.as_ref()).await?;
    let done = member.operator.cancel(&key).await?;
    Ok((key, done))
}

fn tell(key: &JobKey, done: Cancelled, ahead: bool, output: &Output) -> ExitCode {
    match done {
        Cancelled::Job(record) => print(&record, output),
        Cancelled::Unseen => unseen(key, ahead, output),
        Cancelled::TooLate(record) => too_late(&record, output),
    }
}

fn print(record: &Record, output: &Output) -> ExitCode {
    let view = PrintedJob::of(record);
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
    let view = PrintedJob::of(record);
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
