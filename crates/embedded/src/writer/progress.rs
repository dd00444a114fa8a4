/// Signals for consumers of the journal.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Progress {
    /// Changes whenever the journal may have grown.
    pub(crate) journal: u64,
    pub(crate) closed: bool,
}
