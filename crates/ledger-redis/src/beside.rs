use job::{Kept, StoredHash};
use ports::{LedgerError, Write};

use crate::codec;

/// The record has a request, and it is already stored.
const KEPT: &str = "=";

/// The request of a record to write; it is stored beside the record.
pub(crate) struct Beside {
    digest: String,
    text: Vec<u8>,
}

impl Beside {
    /// Takes the request out of the record, and marks the record's request as apart.
    pub(crate) fn of(mut write: Write) -> Result<(Write, Self), LedgerError> {
        let beside = match &write.record.request {
            Kept::Nothing => Self { digest: String::new(), text: Vec::new() },
            Kept::Apart => Self { digest: KEPT.to_owned(), text: Vec::new() },
            Kept::Here(request) => {
                let text = codec::json(&write.record.key, request)?;
                let digest = StoredHash::of_message(&text).as_str().to_owned();
                write.record.request = Kept::Apart;
                Self { digest, text }
            }
        };
        Ok((write, beside))
    }

    pub(crate) fn is_in_hand(&self) -> bool {
        !self.text.is_empty()
    }

    /// For a record that probably has it already: the digest shows whether it does.
    pub(crate) fn digest_only(&self) -> (&str, &[u8]) {
        (&self.digest, &[])
    }

    pub(crate) fn whole(&self) -> (&str, &[u8]) {
        (&self.digest, &self.text)
    }
}
