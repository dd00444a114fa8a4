//! Which dead letters a page or a form means, and what is to be done with them.

use std::collections::HashSet;

use job::Tenant;
use operator::{LetterAction, LetterFilter, LetterSelection};

use super::PLACE;
use crate::refusal::Refusal;

/// The filters in the address of the page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    reason: String,
    tenant: String,
}

impl Wanted {
    pub(super) fn parse(query: &str) -> Result<Self, Refusal> {
        let mut wanted = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match name.as_ref() {
                "reason" => wanted.reason = value.trim().to_owned(),
                "tenant" => wanted.tenant = value.trim().to_owned(),
                _ => {}
            }
        }
        wanted.filter().map(|_| wanted)
    }

    pub(super) fn filter(&self) -> Result<LetterFilter, Refusal> {
        let tenant = Some(&self.tenant).filter(|tenant| !tenant.is_empty());
        let tenant = tenant.map(Tenant::new).transpose();
        let reason = Some(self.reason.clone()).filter(|reason| !reason.is_empty());
        Ok(LetterFilter {
            reasons: reason.into_iter().collect(),
            tenant: tenant.map_err(|error| Refusal::Bad(format!("tenant: {error}")))?,
            ..LetterFilter::default()
        })
    }

    /// Those that are set.
    pub(super) fn pairs(&self) -> Vec<(&'static str, &str)> {
        let all = [("reason", self.reason.as_str()), ("tenant", self.tenant.as_str())];
        all.into_iter().filter(|(_, text)| !text.is_empty()).collect()
    }

    /// The address of the page of those with this reason.
    pub(super) fn with_reason(&self, reason: &str) -> String {
        let other = Self { reason: reason.to_owned(), ..self.clone() };
        let mut query = form_urlencoded::Serializer::new(String::new());
        format!("{PLACE}?{}", query.extend_pairs(other.pairs()).finish())
    }
}

/// An action with letters, as a form names it.
pub(super) struct Asked {
    pub(super) action: LetterAction,
    pub(super) letters: LetterSelection,
}

impl Asked {
    pub(super) fn parse(body: &str) -> Result<Self, Refusal> {
        let pairs: Vec<_> = form_urlencoded::parse(body.as_bytes()).collect();
        let value = |name: &str| pairs.iter().find(|pair| pair.0 == name).map(|pair| &*pair.1);
        let (word, all) = match value("do").unwrap_or_default().split_once('_') {
            Some((word, "all")) => (word, true),
            Some(_) | None => (value("do").unwrap_or_default(), false),
        };
        let why = value("why").unwrap_or_default().trim();
        let action = match word {
            "replay" => LetterAction::Replay,
            "drop" => LetterAction::Drop,
            "fail" if why.is_empty() => {
                return Err(Refusal::Bad("why: say why the jobs end as failed".to_owned()));
            }
            "fail" => LetterAction::Fail(why.to_owned()),
            _ => return Err(Refusal::Bad("do: no action".to_owned())),
        };
        let boxes = pairs.iter().filter(|pair| pair.0 == "letter").map(|pair| pair.1.to_string());
        let confirmed = value("letters").unwrap_or_default().split_whitespace();
        let names: HashSet<_> = boxes.chain(confirmed.map(str::to_owned)).collect();
        let letters = match all {
            true => LetterSelection::Filtered(Wanted::parse(body)?.filter()?),
            false => LetterSelection::Named(names),
        };
        Ok(Self { action, letters })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_is_of_the_named_letters_or_of_all() {
        let named = Asked::parse("do=replay&letter=a&letter=b&reason=x").unwrap();
        assert_eq!(named.letters, LetterSelection::Named(["a".into(), "b".into()].into()));
        let confirmed = Asked::parse("do=drop&letters=a+b").unwrap();
        assert_eq!(confirmed.letters, named.letters);
        let all = Asked::parse("do=fail_all&why=x&reason=y&letter=a").unwrap();
        let LetterSelection::Filtered(filter) = all.letters else { panic!("all of the filter") };
        assert_eq!(filter.reasons, ["y"]);
        for body in ["", "do=", "do=all", "do=fail", "do=fail_all&why=+", "do=replay_some"] {
            assert!(Asked::parse(body).is_err(), "{body}");
        }
    }
}
