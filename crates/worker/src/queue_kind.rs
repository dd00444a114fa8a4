/// The kind of queue that a delivery comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum QueueKind {
    Lane,
    /// Its job only gets a place in the waiting room: it is submitted when it is granted a slot.
    Overflow,
}
