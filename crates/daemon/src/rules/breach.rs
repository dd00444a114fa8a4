/// A broken rule, reported at one of its keys.
pub(super) struct Breach {
    pub(super) key: &'static str,
    pub(super) message: String,
    pub(super) hint: &'static str,
}
