use std::io;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::value::RawValue;

use crate::{JsonObject, Request};

/// In place of a request that lies beside its record. Not an object: a version from before this
/// cannot read such a record, and so does not take it for one without a request.
const APART: &str = r#""apart""#;

/// Where a record's request is. It is large and rarely needed, so a ledger keeps it beside the
/// record.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Kept {
    /// Not kept: it will not be sent (again).
    #[default]
    Nothing,
    /// Loaded with the record.
    Here(Request),
    /// In the ledger, beside the record, and not loaded.
    Apart,
}

/// Bytes of the largest request that is kept for an operator's retry. Inline files make larger ones.
const FOR_A_RETRY: usize = 16 * 1024;

impl Kept {
    /// What is kept of a request that is not sent again by itself: an operator may have the job
    /// retried.
    #[must_use]
    pub(crate) fn for_a_retry(self) -> Self {
        match self {
            Self::Here(request) if has_at_most(&request, FOR_A_RETRY) => Self::Here(request),
            Self::Here(_) | Self::Apart | Self::Nothing => Self::Nothing,
        }
    }

    pub fn is_nothing(&self) -> bool {
        matches!(self, Self::Nothing)
    }

    pub fn is_apart(&self) -> bool {
        matches!(self, Self::Apart)
    }

    /// The request, if it was loaded.
    pub fn here(&self) -> Option<&Request> {
        match self {
            Self::Here(request) => Some(request),
            Self::Nothing | Self::Apart => None,
        }
    }
}

/// Without writing more than so many bytes.
fn has_at_most(request: &Request, bytes: usize) -> bool {
    serde_json::to_writer(Within(bytes), request).is_ok()
}

struct Within(usize);

impl io::Write for Within {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.checked_sub(bytes.len()).ok_or(io::ErrorKind::StorageFull)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Serialize for Kept {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Nothing => serializer.serialize_none(),
            Self::Here(request) => request.serialize(serializer),
            Self::Apart => serializer.serialize_str(APART.trim_matches('"')),
        }
    }
}

impl<'de> Deserialize<'de> for Kept {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Box::<RawValue>::deserialize(deserializer)?;
        match text.get() {
            "null" => Ok(Self::Nothing),
            APART => Ok(Self::Apart),
            _ => match JsonObject::of_text(text) {
                Ok(object) => Ok(Self::Here(Request::new(object))),
                Err(error) => Err(de::Error::custom(error)),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_request_is_kept_for_a_retry() {
        let of = |bytes: usize| {
            let text = format!(r#"{{"a":"{}"}}"#, "x".repeat(bytes - r#"{"a":""}"#.len()));
            Kept::Here(Request::new(JsonObject::read(&text).unwrap()))
        };
        assert_eq!(of(FOR_A_RETRY).for_a_retry(), of(FOR_A_RETRY));
        assert_eq!(of(FOR_A_RETRY + 1).for_a_retry(), Kept::Nothing);
        assert_eq!(Kept::Apart.for_a_retry(), Kept::Nothing, "its size is not known");
    }

    #[test]
    fn each_reads_back_and_no_older_version_takes_one_for_another() {
        let request = Request::new(JsonObject::read(r#"{"a":12345678901234567890123}"#).unwrap());
        for (kept, text) in [
            (Kept::Nothing, "null"),
            (Kept::Here(request), r#"{"a":12345678901234567890123}"#),
            (Kept::Apart, r#""apart""#),
        ] {
            assert_eq!(serde_json::to_string(&kept).unwrap(), text);
            assert_eq!(serde_json::from_str::<Kept>(text).unwrap(), kept);
            // The type of the field in older versions.
            let before = serde_json::from_str::<Option<Request>>(text);
            assert_eq!(before.is_err(), kept.is_apart(), "{text}");
        }
        for text in ["1", "[]", r#""elsewhere""#, "true"] {
            assert!(serde_json::from_str::<Kept>(text).is_err(), "{text}");
        }
    }
}
