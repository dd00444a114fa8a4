//! Acts on letters: counted first, confirmed if they are many, then read again and settled.

use std::collections::HashSet;

use daemon::{Config, ExitCode};
use operator::{Acted, LetterAction, LetterSelection, act_on_letters};
use serde_json::json;

use super::{dry_run, sought};
use crate::cli::Which;
use crate::command::confirm::{agreed, refused};
use crate::command::lines;
use crate::command::member::Member;
use crate::error::Error;
use crate::output::Output;

pub(super) async fn run(
    config: &Config,
    which: Which,
    action: LetterAction,
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
    action: LetterAction,
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
        let bar = self.output.progress(names.len() as u64, self.action.word());
        let Member { operator, backends, .. } = self.member;
        let told = |id: &str, acted: &Acted| {
            bar.inc(1);
            self.tell(id, acted);
        };
        let tally = act_on_letters(operator, &backends.broker, &self.action, names, told).await?;
        bar.finish_and_clear();
        if tally.gone > 0 {
            self.output.complain(&format!("{} of them are not there any more", tally.gone));
        }
        let Some(error) = tally.failed else { return Ok(tally.done) };
        let done = format!("{} {}", self.action.word(), tally.done);
        self.output.complain(&format!("{done}, then one failed"));
        Err(error.into())
    }

    fn tell(&self, id: &str, acted: &Acted) {
        match acted {
            Acted::Done => {}
            Acted::Before => {
                let word = self.action.word();
                self.output.complain(&format!("{id} was {word} before: it is removed"));
            }
            Acted::Stays(_, why) => self.output.complain(&format!("{id} stays: {why}")),
        }
    }
}
