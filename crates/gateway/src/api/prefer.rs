//! How long a client wants to wait for an answer: `Prefer: wait=n` (RFC 7240), or the parameter
//! `wait`.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::Response;

use crate::refusal::Refusal;

const PREFER: HeaderName = HeaderName::from_static("prefer");
const APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// Proxies often end a request after a minute.
const LONGEST: u64 = 60;

/// A wait, for as long as it is applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wait {
    seconds: u64,
    by_header: bool,
}

impl Wait {
    /// `None`: the answer is wanted at once. A preference that cannot be read is passed over, as RFC
    /// 7240 says; a parameter is not.
    pub(super) fn read(
        headers: &HeaderMap,
        parameter: Option<&str>,
    ) -> Result<Option<Self>, Refusal> {
        if let Some(text) = parameter {
            let wrong = || Refusal::Field("wait", "a whole number of seconds is needed".to_owned());
            let seconds = text.parse::<u64>().map_err(|_| wrong())?.min(LONGEST);
            return Ok((seconds > 0).then_some(Self { seconds, by_header: false }));
        }
        let preferred = headers.get_all(PREFER).iter().filter_map(|text| text.to_str().ok());
        let seconds = preferred.flat_map(|text| text.split(',')).find_map(seconds);
        Ok(seconds.filter(|seconds| *seconds > 0).map(|seconds| Self { seconds, by_header: true }))
    }

    pub(super) fn time(self) -> Duration {
        Duration::from_secs(self.seconds)
    }

    pub(super) fn note(self, response: &mut Response) {
        let applied = HeaderValue::from_str(&format!("wait={}", self.seconds));
        if let (true, Ok(applied)) = (self.by_header, applied) {
            response.headers_mut().insert(APPLIED, applied);
        }
    }
}

/// Without a number, as long as possible.
fn seconds(preference: &str) -> Option<u64> {
    let preference = preference.split(';').next().unwrap_or_default().trim();
    match preference.split_once('=') {
        None => preference.eq_ignore_ascii_case("wait").then_some(LONGEST),
        Some((name, number)) if name.trim().eq_ignore_ascii_case("wait") => {
            let number = number.trim().trim_matches('"');
            number.parse::<u64>().ok().map(|seconds| seconds.min(LONGEST))
        }
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn preferred(text: &'static str) -> Option<u64> {
        let headers = [(PREFER, HeaderValue::from_static(text))].into_iter().collect();
        Wait::read(&headers, None).unwrap().map(|wait| wait.seconds)
    }

    #[test]
    fn a_wait_is_preferred() {
        for (text, seconds) in [
            ("wait=30", Some(30)),
            ("respond-async, wait=10", Some(10)),
            ("Wait = 7 ; x=1", Some(7)),
            ("wait=\"5\"", Some(5)),
            ("wait", Some(60)),
            ("wait=3600", Some(60)),
            ("wait=0", None),
            ("wait=soon", None),
            ("respond-async", None),
        ] {
            assert_eq!(preferred(text), seconds, "{text}");
        }
    }

    #[test]
    fn a_parameter_is_a_number() {
        let read = |text| Wait::read(&HeaderMap::new(), Some(text));
        assert_eq!(read("30").unwrap().map(Wait::time), Some(Duration::from_secs(30)));
        assert_eq!(read("0").unwrap(), None);
        assert!(matches!(read("soon"), Err(Refusal::Field("wait", _))));
        assert!(read("-1").is_err());
    }
}
