use crate::batch::Batcher;

/// Which process publishes the events and messages of a write.
pub(crate) enum Announces {
    /// A poller, from the outbox.
    Later,
    /// The writer itself, at once; the small writes that follow are batched.
    Itself(Batcher),
}

/// What the journal has of the job before this is announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Earlier {
    /// It has a line from which the provider can be asked again.
    Journaled,
    /// The writer may not have journaled it yet.
    Perhaps,
}
