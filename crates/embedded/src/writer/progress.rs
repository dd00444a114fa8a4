/// Signals for consumers of the journal and for waiting jobs.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Progress {
    /// Changes whenever the journal may have grown.
    pub(crate) journal: u64,
    /// Changes whenever slots may be free for waiting jobs.
    pub(crate) slots: u64,
    pub(crate) closed: bool,
}
