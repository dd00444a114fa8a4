use job::Record;

use super::{Cursor, ListFilter, Page};

/// Records that one page may look at. More go on in the next page.
const MOST_LOOKED_AT: usize = 20_000;

/// Records of the first portion, and of the largest one.
const FIRST: usize = 32;
const LARGEST: usize = 1_024;

/// A page that a store fills from its index, portion by portion.
pub struct Walk<'a> {
    filter: &'a ListFilter,
    after: Option<Cursor>,
    records: Vec<Record>,
    portion: usize,
    looked_at: usize,
    has_ended: bool,
}

impl<'a> Walk<'a> {
    pub fn new(filter: &'a ListFilter, after: Option<&Cursor>) -> Self {
        Self {
            filter,
            after: after.cloned(),
            records: Vec::new(),
            portion: FIRST,
            looked_at: 0,
            has_ended: false,
        }
    }

    /// Where the next portion begins.
    pub fn after(&self) -> Option<&Cursor> {
        self.after.as_ref()
    }

    /// The size of the next portion; `None` once the page is complete. One more than is missing
    /// shows whether the list goes on.
    pub fn wants(&self) -> Option<usize> {
        let missing = self.filter.limit.saturating_sub(self.records.len());
        let goes_on = !self.has_ended && missing > 0 && self.looked_at < MOST_LOOKED_AT;
        goes_on.then(|| missing.saturating_add(1).clamp(self.portion, LARGEST))
    }

    /// Looks at a portion, in the order of the list. Each has its place, and its record if that
    /// could be read and may pass the filter. `is_last`: the index has no more.
    pub fn look_at(
        &mut self,
        portion: impl IntoIterator<Item = (Cursor, Option<Record>)>,
        is_last: bool,
    ) {
        let before = self.looked_at;
        for (place, record) in portion {
            if self.records.len() == self.filter.limit {
                return;
            }
            self.looked_at += 1;
            self.after = Some(place);
            self.records.extend(record.filter(|record| self.filter.takes(record)));
        }
        self.portion = (self.portion * 2).min(LARGEST);
        // A portion of which nothing can be read would be met again and again.
        self.has_ended = is_last || self.looked_at == before;
    }

    pub fn page(self) -> Page {
        let goes_on = !self.has_ended && self.filter.limit > 0;
        Page { records: self.records, next: self.after.filter(|_| goes_on) }
    }
}

#[cfg(test)]
mod tests {
    use job::{Job, JobId, JobKey, JsonObject, Operation, Priority, Request, Tenant, Timestamp};

    use super::*;

    fn record(n: i64, operation: &str) -> Record {
        let job = Job {
            key: JobKey::new(Tenant::default(), JobId::new(format!("job-{n}")).unwrap()),
            operation: Operation::new(operation),
            request: Request::default(),
            priority: Priority::Normal,
            deadline: None,
            metadata: JsonObject::default(),
            retries: 0,
            account: None,
            webhook: None,
        };
        Record::new(&job, "default", "walk", Timestamp::from_millis(n))
    }

    /// Walks over the numbers from `all` down to 1, of which every `each`-th has the operation.
    fn walk(filter: &ListFilter, all: i64, each: i64) -> (Page, usize) {
        let (mut walk, mut portions) = (Walk::new(filter, None), 0);
        while let Some(count) = walk.wants() {
            let next = walk.after().map_or(all, |at| at.created_at.as_millis() - 1);
            let last = (next - i64::try_from(count).unwrap() + 1).max(1);
            let portion = (last..=next).rev().map(|n| {
                let record = record(n, if n % each == 0 { "a/b" } else { "c/d" });
                (Cursor::of(&record), Some(record))
            });
            walk.look_at(portion, last == 1);
            portions += 1;
        }
        (walk.page(), portions)
    }

    fn filter(limit: usize) -> ListFilter {
        ListFilter { limit, operation: Some(Operation::new("a/b")), ..ListFilter::default() }
    }

    #[test]
    fn a_page_ends_at_its_last_record_and_says_whether_the_list_goes_on() {
        let (page, portions) = walk(&filter(10), 100, 1);
        assert_eq!((page.records.len(), portions), (10, 1));
        assert_eq!(page.next, Some(Cursor::of(&record(91, "a/b"))));
        assert_eq!(walk(&filter(100), 100, 1).0.next, None);
        assert_eq!(walk(&filter(0), 100, 1).0, Page::default());
    }

    #[test]
    fn a_page_looks_at_so_many_and_the_next_goes_on_there() {
        let (page, portions) = walk(&filter(10), 1_000_000, 1_000_000);
        assert_eq!(page.records.len(), 1);
        let looked_at = 1_000_000 - page.next.unwrap().created_at.as_millis() + 1;
        assert!((20_000..21_100).contains(&looked_at), "{looked_at}");
        assert!(portions < 30, "{portions}");
        let (rare, _) = walk(&filter(10), 1_000, 300);
        assert_eq!((rare.records.len(), rare.next), (3, None));
    }

    #[test]
    fn a_portion_without_a_readable_place_ends_the_list() {
        let all = filter(5);
        let mut walk = Walk::new(&all, None);
        assert_eq!(walk.wants(), Some(32));
        walk.look_at([], false);
        assert_eq!((walk.wants(), walk.page().next), (None, None));
    }
}
