//! The accounts that may have the task of a job, when the ledger has lost with which it was sent.

use crate::{AccountRules, Record, Tenant};

impl AccountRules {
    /// The accounts that a job may have been sent with. If the rules allow it none, they were others
    /// then: any account may have it.
    pub fn possible(&self, tenant: &Tenant, asked: Option<&str>) -> Vec<String> {
        let names = self.of(tenant, asked).unwrap_or_else(|_| self.all().collect());
        names.into_iter().map(str::to_owned).collect()
    }
}

impl Record {
    /// The same record, of a job that may have been sent with any of these accounts.
    #[must_use]
    pub fn sent_with_one_of(mut self, accounts: &[String]) -> Self {
        let others = accounts.iter().filter(|name| **name != self.account);
        self.other_accounts = others.cloned().collect();
        self
    }

    /// The same for a record that a loss of the ledger has left behind: it may have been sent since.
    #[must_use]
    pub fn left_behind(self, accounts: &[String]) -> Self {
        match self.stays_with_its_account() {
            true => self,
            false => self.sent_with_one_of(accounts),
        }
    }

    /// Whether its task may be with this account.
    pub fn may_be_with(&self, account: &str) -> bool {
        self.possible_accounts().any(|name| name == account)
    }

    /// The accounts that may have its task, its own first.
    pub fn all_possible_accounts(&self) -> Vec<String> {
        self.possible_accounts().map(str::to_owned).collect()
    }

    /// The same as an iterator.
    pub fn possible_accounts(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.account.as_str()).chain(self.other_accounts.iter().map(String::as_str))
    }

    /// The same record as a job of this account; the other ones that may have its task stay known.
    #[must_use]
    pub fn with_account(mut self, account: &str) -> Self {
        let known = self.all_possible_accounts();
        let were_several = !self.other_accounts.is_empty();
        account.clone_into(&mut self.account);
        match were_several {
            true => self.sent_with_one_of(&known),
            false => self,
        }
    }

    /// Its account is known once its task is, and of no interest once it has none.
    pub(crate) fn forget_other_accounts(&mut self) {
        let may_have_one = self.may_be_running() || self.sent_before && !self.state.is_final();
        if self.task_id.is_some() || !may_have_one {
            self.other_accounts.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Doubt, MessageFacts, State, Timestamp, decode};

    fn record() -> Record {
        let body = br#"{"id":"a","operation":"videos/text2video","request":{"prompt":"x"}}"#;
        let job = decode(body, MessageFacts::default()).unwrap();
        Record::new(&job, "second", "reelwork", Timestamp::EPOCH)
    }

    fn names(list: &[&str]) -> Vec<String> {
        list.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn its_own_account_is_the_first_of_those_that_may_have_its_task() {
        let record = record().sent_with_one_of(&names(&["main", "second", "third"]));
        assert_eq!(record.possible_accounts().collect::<Vec<_>>(), ["second", "main", "third"]);
        assert!(record.may_be_with("main") && record.may_be_with("second"));
        assert!(!record.may_be_with("fourth"));
    }

    #[test]
    fn only_what_does_not_stay_with_its_account_may_have_gone_to_another() {
        let both = names(&["main", "second"]);
        assert_eq!(record().left_behind(&both).other_accounts, ["main"]);
        let sent = Record { sent_before: true, ..record() };
        assert!(sent.left_behind(&both).other_accounts.is_empty());
    }

    #[test]
    fn they_are_kept_as_long_as_a_task_may_run_somewhere() {
        let doubt = Doubt::begun(Timestamp::EPOCH, String::new(), Timestamp::EPOCH);
        let kept = |adjust: fn(&mut Record)| {
            let mut record = record().sent_with_one_of(&names(&["main", "second"]));
            record.state = State::InDoubt { doubt: doubt.clone() };
            adjust(&mut record);
            record.forget_other_accounts();
            record.other_accounts
        };
        assert_eq!(kept(|_| {}), ["main"]);
        assert!(kept(|record| record.task_id = Some("7".into())).is_empty());
        assert!(kept(|record| record.state = State::Queued { why: None }).is_empty());
        let again = kept(|record| {
            (record.state, record.sent_before) = (State::Queued { why: None }, true);
        });
        assert_eq!(again, ["main"], "an operator has it sent again");
    }

    #[test]
    fn another_account_is_one_of_those_or_the_only_one() {
        let lost = record().sent_with_one_of(&names(&["main", "second"])).with_account("main");
        assert_eq!(lost.possible_accounts().collect::<Vec<_>>(), ["main", "second"]);
        let known = record().with_account("main");
        assert_eq!(known.possible_accounts().collect::<Vec<_>>(), ["main"]);
    }

    #[test]
    fn an_account_that_the_rules_do_not_allow_now_may_have_been_allowed() {
        let rules = AccountRules { names: names(&["main", "second"]), ..AccountRules::default() };
        let tenant = Tenant::default();
        assert_eq!(rules.possible(&tenant, None), ["main", "second"]);
        assert_eq!(rules.possible(&tenant, Some("second")), ["second"]);
        assert_eq!(rules.possible(&tenant, Some("gone")), ["main", "second"]);
    }
}
