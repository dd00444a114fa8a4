//! A GET without an id: the newest tasks of an operation.

use std::ops::RangeInclusive;

use job::{Operation, ProviderTask, Record};
use ports::{LedgerError, ListFilter};

use crate::callers::Caller;
use crate::jobs::Jobs;
use crate::refusal::Refusal;

/// Parameters of a query, in its order.
pub(super) type Parameters = Vec<(String, String)>;

/// Those before a page are read, too. The provider has up to 500,000 tasks on 1,000 pages.
const MOST_TASKS: usize = 10_000;

/// Records that are read at once, at most.
const STEP: usize = 500;

/// Which tasks are wanted, counted from the newest.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    skip: usize,
    take: usize,
}

impl Wanted {
    /// Ranges and defaults: Kling's pages of operations, "Query Task (List)".
    pub(super) fn read(parameters: &Parameters) -> Result<Self, Refusal> {
        let page = number(parameters, "pageNum", 1..=1000)?.unwrap_or(1);
        let take = number(parameters, "pageSize", 1..=500)?.unwrap_or(30);
        let skip = (page - 1) * take;
        match skip + take <= MOST_TASKS {
            true => Ok(Self { skip, take }),
            false => {
                let text = format!("with pageSize, only the newest {MOST_TASKS} are listed");
                Err(Refusal::Field("pageNum", text))
            }
        }
    }
}

fn number(
    parameters: &Parameters,
    name: &'static str,
    range: RangeInclusive<usize>,
) -> Result<Option<usize>, Refusal> {
    let Some((_, text)) = parameters.iter().find(|(key, _)| key == name) else { return Ok(None) };
    let number = text.parse().ok().filter(|number| range.contains(number));
    let (least, most) = range.into_inner();
    let wrong = || format!("a whole number from {least} to {most} is needed");
    number.map(Some).ok_or_else(|| Refusal::Field(name, wrong()))
}

/// Tasks that workers have recorded.
pub(super) async fn list(
    jobs: &Jobs,
    caller: Caller,
    operation: Operation,
    parameters: &Parameters,
) -> Result<Vec<ProviderTask>, Refusal> {
    let wanted = Wanted::read(parameters)?;
    let _one = jobs.may_list()?;
    let (tenant, operation) = (Some(caller.tenant), Some(operation));
    let limit = (wanted.skip + wanted.take).min(STEP);
    let filter = ListFilter { tenant, operation, limit, ..ListFilter::default() };
    match jobs.ask(read(jobs, &filter, wanted)).await {
        // Again, it would take as long.
        Err(Refusal::Slow) => Err(Refusal::ListTooLong),
        answer => answer,
    }
}

async fn read(
    jobs: &Jobs,
    filter: &ListFilter,
    wanted: Wanted,
) -> Result<Vec<ProviderTask>, LedgerError> {
    let (mut tasks, mut skip) = (Vec::new(), wanted.skip);
    let mut take = |record: Record| {
        match (record.has_begun(), skip) {
            (false, _) => {}
            (true, 0) => tasks.push(ProviderTask::of_record(&record)),
            (true, _) => skip -= 1,
        }
        tasks.len() < wanted.take
    };
    jobs.ledger.each(filter, None, &mut take).await?;
    Ok(tasks)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(pairs: &[(&str, &str)]) -> Result<Wanted, String> {
        let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Wanted::read(&pairs.collect()).map_err(|refusal| refusal.to_string())
    }

    #[test]
    fn pages_are_counted_from_the_newest_task() {
        let of = |skip, take| Ok(Wanted { skip, take });
        assert_eq!(wanted(&[]), of(0, 30));
        assert_eq!(wanted(&[("pageNum", "3"), ("pageSize", "10"), ("other", "x")]), of(20, 10));
        assert_eq!(wanted(&[("pageNum", "20"), ("pageSize", "500")]), of(9_500, 500));
    }

    #[test]
    fn wrong_pages_are_refused() {
        for (name, value) in [
            ("pageNum", "0"),
            ("pageNum", "1001"),
            ("pageNum", "-1"),
            ("pageNum", "x"),
            ("pageNum", ""),
            ("pageSize", "0"),
            ("pageSize", "501"),
            ("pageSize", "99999999999999999999999"),
        ] {
            let refused = wanted(&[(name, value)]).unwrap_err();
            assert!(refused.starts_with(name), "{name}={value}: {refused}");
        }
        let deep = wanted(&[("pageNum", "21"), ("pageSize", "500")]).unwrap_err();
        assert!(deep.contains("10000"), "{deep}");
    }
}
