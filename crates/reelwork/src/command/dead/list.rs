//! What is there: one by one, or counted.

use std::collections::BTreeMap;
use std::sync::Arc;

use daemon::ExitCode;
use operator::{LetterFilter, LetterReader};
use ports::Broker;
use serde::Serialize;

use super::{SHARED, letter};
use crate::error::Error;
use crate::output::Output;

/// The first of the letters that the filter takes.
pub(super) async fn rows(
    broker: &Arc<dyn Broker>,
    filter: &LetterFilter,
    limit: usize,
    output: &Output,
) -> Result<ExitCode, Error> {
    // One more, to see whether there are more; a filter may pass over any number of letters.
    let most = match *filter == LetterFilter::default() {
        true => (limit as u64).saturating_add(1),
        false => u64::MAX,
    };
    let mut reader = LetterReader::open(broker, most).await?;
    let (mut shown, mut more) = (0, false);
    while let Some(letter) = reader.next().await?
        && !more
    {
        match filter.takes(&letter) {
            true if shown == limit => more = true,
            true => {
                let row = letter::row(&letter);
                output.result(&row, || letter::words(&row));
                shown += 1;
            }
            false => {}
        }
        reader.keep(letter);
    }
    if more {
        output.message(&format!("more are there: these are the first {limit} (--limit)"));
    }
    ended(reader, shown == 0, output).await
}

#[derive(Default, Serialize)]
struct CountView {
    total: u64,
    reasons: BTreeMap<String, u64>,
    tenants: BTreeMap<String, u64>,
}

impl CountView {
    fn words(&self) -> Vec<String> {
        let line = |what: &str, (name, count): (&String, &u64)| format!("{what} {name}: {count}");
        let reasons = self.reasons.iter().map(|row| line("reason", row));
        let tenants = self.tenants.iter().map(|row| line("tenant", row));
        [format!("{} dead letters", self.total)].into_iter().chain(reasons).chain(tenants).collect()
    }
}

/// How many letters the filter takes.
pub(super) async fn count(
    broker: &Arc<dyn Broker>,
    filter: &LetterFilter,
    output: &Output,
) -> Result<ExitCode, Error> {
    let mut reader = LetterReader::open(broker, u64::MAX).await?;
    let mut count = CountView::default();
    while let Some(letter) = reader.next().await? {
        if filter.takes(&letter) {
            count.total += 1;
            *count.reasons.entry(letter.reason().to_owned()).or_default() += 1;
            *count.tenants.entry(letter.tenant().to_string()).or_default() += 1;
        }
        reader.keep(letter);
    }
    if count.total > 0 || !reader.is_shared() {
        output.result(&count, || count.words());
    }
    ended(reader, count.total == 0, output).await
}

/// Gives all back. Nothing was found: that is no result if others may hold letters.
async fn ended(reader: LetterReader, none: bool, output: &Output) -> Result<ExitCode, Error> {
    let shared = reader.is_shared();
    reader.close().await;
    match (shared, none) {
        (false, _) => {}
        (true, false) => output.complain(SHARED),
        (true, true) => return Err(Error::Unavailable(SHARED.to_owned())),
    }
    Ok(ExitCode::Ok)
}
