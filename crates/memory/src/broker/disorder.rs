use std::fmt;

/// Chooses by its position which of the ready messages is delivered next.
pub struct Disorder(Box<dyn Fn(u64) -> u64 + Send>);

impl Disorder {
    /// `choose` gets the number of messages and returns a smaller number.
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
