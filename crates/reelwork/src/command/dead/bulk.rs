//! Acts on letters: counted first, confirmed if they are many, then read again and settled.

use std::collections::HashSet;

use daemon::{Config, ExitCode};
use futures::{StreamExt, stream};
use operator::{Letter, LetterSelection};
use serde_json::json;

use super::action::{Acted, Action};
use super::reader::Reader;
use super::{dry_run, letter, sought};
use crate::cli::Which;
use crate::command::confirm::{agreed, refused};
use crate::command::lines;
use crate::command::member::Member;
use crate::error::Error;
use crate::output::Output;

/// Letters that are settled at once.
const AT_ONCE: usize = 64;

pub(super) async fn run(
    config: &Config,
    which: Which,
    action: Action,
    output: &Output,
) -> Result<ExitCode, Error> {
    let named = which.ids.len();
    let Which { ids, file, all, filters, yes, dry_run } = which;
    let wanted = match (all, file) {
        (true, _) => LetterSelection::Filtered(filters.filter()),
        (false, Some(file)) => LetterSelection::Named(lines::read(&file)?.into_iter().collect()),
        (false, None) => LetterSelection::Named(ids.into_iter().collect()),
    };
    let member = Member::join(config, output).await?;
    let done = match dry_run {
        true => dry_run::run(&member, &wanted, &action, output).await,
        false => Bulk { member: &member, action, output }.run(&wanted, named, yes).await,
    };
    member.leave().await;
    done.map(|()| ExitCode::Ok)
}

struct Bulk<'a> {
    member: &'a Member,
    action: Action,
    output: &'a Output,
}

impl Bulk<'_> {
    /// `named`: as many as were named one by one need no confirmation.
    async fn run(&self, wanted: &LetterSelection, named: usize, yes: bool) -> Result<(), Error> {
        let found = sought::find(&self.member.backends.broker, wanted, self.output).await?;
        let effect = self.action.effect(found.len());
        if found.len() > named && !agreed(yes, &effect) {
            return Err(refused(&effect));
        }
        let count = self.act(&found).await?;
        let word = self.action.word();
        self.output.result(&json!({ word: count }), || format!("{word} {count}"));
        Ok(())
    }

    /// Returns for how many it was done. After one fails, no more are begun.
    async fn act(&self, names: &HashSet<String>) -> Result<u64, Error> {
        let mut reader = Reader::open(&self.member.backends.broker, u64::MAX).await?;
        let bar = self.output.progress(names.len() as u64, self.action.word());
        let (mut count, mut left, mut failed) = (0, names.len(), None);
        while left > 0 && failed.is_none() {
            let some = reader.some(|letter| names.contains(&letter.name), AT_ONCE).await?;
            if some.is_empty() {
                self.output.complain(&format!("{left} of them are not there any more"));
                break;
            }
            left -= some.len();
            bar.inc(some.len() as u64);
            failed = self.settle(some, &mut reader, &mut count).await;
        }
        bar.finish_and_clear();
        reader.close().await;
        let Some(error) = failed else { return Ok(count) };
        self.output.complain(&format!("{} {count}, then one failed", self.action.word()));
        Err(error.into())
    }

    /// All of them, also if one fails.
    async fn settle(
        &self,
        letters: Vec<Letter>,
        reader: &mut Reader,
        count: &mut u64,
    ) -> Option<operator::Error> {
        let mut failed = None;
        let all = stream::iter(letters).map(|letter| self.one(letter));
        let mut all = all.buffer_unordered(AT_ONCE);
        while let Some(done) = all.next().await {
            match done {
                Ok(Acted::Done) => *count += 1,
                Ok(Acted::Before) => {}
                Ok(Acted::Stays(letter, _)) => reader.keep(*letter),
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        failed
    }

    async fn one(&self, letter: Letter) -> Result<Acted, operator::Error> {
        let id = letter::shown(&letter);
        let acted = self.action.done(&self.member.operator, letter).await?;
        match &acted {
            Acted::Done => {}
            Acted::Before => {
                let word = self.action.word();
                self.output.complain(&format!("{id} was {word} before: it is removed"));
            }
            Acted::Stays(_, why) => self.output.complain(&format!("{id} stays: {why}")),
        }
        Ok(acted)
    }
}
