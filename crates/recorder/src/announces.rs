use crate::batch::Batcher;

/// Who publishes what a write announces.
pub(crate) enum Announces {
    /// A poller, from the outbox.
    Later,
    /// Whoever wrote it, at once: small writes that follow are gathered.
    Itself(Batcher),
}

/// What the journal knows of the job before this is announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Earlier {
    /// It has a line from which the provider can be asked again.
    Journaled,
    /// Whoever wrote it may not have journaled it yet.
    Perhaps,
}
