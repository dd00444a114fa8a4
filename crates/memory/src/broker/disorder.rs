use std::fmt;

/// Chooses which of so many ready messages is delivered next, by its place.
pub struct Disorder(Box<dyn Fn(u64) -> u64 + Send>);

impl Disorder {
    /// What `choose` answers is below what it is given.
    pub fn by(choose: impl Fn(u64) -> u64 + Send + 'static) -> Self {
        Self(Box::new(choose))
    }

    pub(super) fn below(&self, count: u64) -> u64 {
        (self.0)(count)
    }
}

impl fmt::Debug for Disorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Disorder")
    }
}
