//! Shows what would become of each letter, and changes nothing.

use std::collections::BTreeMap;

use operator::{Letter, LetterAction, LetterReader, LetterSelection, Would};
use serde::Serialize;

use super::letter;
use super::sought::Sought;
use crate::command::member::Member;
use crate::error::Error;
use crate::output::Output;

pub(super) async fn run(
    member: &Member,
    wanted: &LetterSelection,
    action: &LetterAction,
    output: &Output,
) -> Result<(), Error> {
    let mut reader = LetterReader::open(&member.backends.broker, u64::MAX).await?;
    let (mut view, mut sought) = (DryRunView::default(), Sought::of(wanted));
    while let Some(letter) = reader.next().await? {
        if wanted.takes(&letter) {
            sought.found(&letter);
            let would = action.would(&member.operator, &letter).await?;
            show(&letter, would, output);
            view.add(would);
        }
        reader.keep(letter);
    }
    let shared = reader.is_shared();
    reader.close().await;
    sought.report(view.selected == 0, shared, output)?;
    output.result(&view, || view.words());
    Ok(())
}

fn show(letter: &Letter, would: Would, output: &Output) {
    let mut row = letter::row(letter);
    row["would"] = would.word().into();
    row["why"] = would.why().into();
    output.result(&row, || {
        let why = would.why().map(|why| format!(": {why}")).unwrap_or_default();
        format!("{}  would {}{why}", letter::words(&row), would.words())
    });
}

/// The last line of a dry run.
#[derive(Default, Serialize)]
struct DryRunView {
    selected: u64,
    would: BTreeMap<&'static str, u64>,
}

impl DryRunView {
    fn add(&mut self, would: Would) {
        self.selected += 1;
        *self.would.entry(would.word()).or_default() += 1;
    }

    fn words(&self) -> String {
        let each = self.would.iter().map(|(word, count)| format!(", {word}: {count}"));
        format!("{} selected{}; nothing was changed", self.selected, each.collect::<String>())
    }
}
