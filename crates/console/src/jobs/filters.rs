//! Which jobs a list shows: the filters in its address.

use job::{Operation, StateKind, Tenant, Timestamp};
use operator::Selection;
use ports::{Cursor, ListFilter};

use crate::refusal::Refusal;

/// Jobs of a page.
const LIMIT: usize = 50;

/// As a form sends them; empty ones are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filters {
    pub(crate) states: Vec<StateKind>,
    pub(crate) tenant: String,
    pub(crate) operation: String,
    pub(crate) model: String,
    pub(crate) error: String,
    /// A moment (RFC 3339).
    pub(crate) since: String,
    pub(crate) after: Option<Cursor>,
}

impl Filters {
    /// Unknown parameters are of other versions, or of forms around it.
    pub(crate) fn parse(query: &str) -> Result<Self, Refusal> {
        let mut filters = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let text = value.trim();
            if !text.is_empty() {
                filters.take(&name, text)?;
            }
        }
        Ok(filters)
    }

    fn take(&mut self, name: &str, text: &str) -> Result<(), Refusal> {
        match name {
            "state" => {
                let state = StateKind::parse(text);
                self.states.push(state.ok_or_else(|| bad(name, "no state"))?);
            }
            "tenant" => text.clone_into(&mut self.tenant),
            "operation" => text.clone_into(&mut self.operation),
            "model" => text.clone_into(&mut self.model),
            "error" => text.clone_into(&mut self.error),
            "since" => text.clone_into(&mut self.since),
            "after" => {
                let after = Cursor::parse(text);
                self.after = Some(after.ok_or_else(|| bad(name, "no place of a list"))?);
            }
            _ => {}
        }
        Ok(())
    }

    /// Those of one page.
    pub(crate) fn selection(&self) -> Result<Selection, Refusal> {
        let set = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        let tenant = set(&self.tenant).map(Tenant::new).transpose();
        let moment = |text: String| Timestamp::parse(&text).ok_or_else(|| bad("since", MOMENT));
        let filter = ListFilter {
            states: self.states.clone(),
            tenant: tenant.map_err(|error| bad("tenant", &error.to_string()))?,
            operation: set(&self.operation).map(Operation::new),
            since: set(&self.since).map(moment).transpose()?,
            limit: LIMIT,
        };
        Ok(Selection { filter, model: set(&self.model), error: set(&self.error), metadata: vec![] })
    }

    /// The query that [`parse`](Self::parse) reads, with another place.
    pub(crate) fn query(&self, after: Option<&Cursor>) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(self.pairs());
        if let Some(after) = after {
            query.append_pair("after", &after.to_text());
        }
        query.finish()
    }

    /// Those that are set, without the place.
    pub(crate) fn pairs(&self) -> Vec<(&'static str, &str)> {
        let texts = [
            ("tenant", &self.tenant),
            ("operation", &self.operation),
            ("model", &self.model),
            ("error", &self.error),
            ("since", &self.since),
        ];
        let states = self.states.iter().map(|state| ("state", state.word()));
        let texts = texts.into_iter().filter(|(_, text)| !text.is_empty());
        states.chain(texts.map(|(name, text)| (name, text.as_str()))).collect()
    }

    pub(crate) fn address(&self, after: Option<&Cursor>) -> String {
        format!("/console/jobs?{}", self.query(after))
    }
}

const MOMENT: &str = "expected a moment such as 2026-12-01T08:00:00Z";

fn bad(name: &str, why: &str) -> Refusal {
    Refusal::Bad(format!("{name}: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_read_as_it_is_written() {
        let query =
            "state=failed&state=timed_out&tenant=a&operation=videos%2Ftext2video&after=7%2Fa%2Fb";
        let filters = Filters::parse(query).unwrap();
        assert_eq!(filters.query(filters.after.as_ref()), query);
        let selection = filters.selection().unwrap();
        assert_eq!(selection.filter.states, [StateKind::Failed, StateKind::TimedOut]);
        assert_eq!(selection.filter.operation, Some(Operation::new("videos/text2video")));
        assert_eq!(Filters::parse("tenant=&state=&x=y").unwrap(), Filters::default());
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        assert!(Filters::parse("state=new").is_err());
        assert!(Filters::parse("after=x").is_err());
        for query in ["since=soon", "tenant=a%2Fb"] {
            assert!(Filters::parse(query).unwrap().selection().is_err(), "{query}");
        }
    }
}
