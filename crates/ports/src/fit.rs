//! Properties and headers must fit into one frame. Of a message that we already have, the rest is
//! left out and listed, so that it can always be parked or put back.

use std::collections::BTreeMap;

use crate::{Message, header};

/// Properties and headers are in one frame, which RabbitMQ caps at 128 KiB; a larger one would end
/// the connection for all of its users.
pub const MOST_HEADER_BYTES: usize = 100_000;

/// AMQP's short strings: identities, kinds, names of headers.
const MOST_SHORT_BYTES: usize = 255;

/// Kept free for the names of what is left out.
const MOST_DROPPED_BYTES: usize = 2_000;

/// Headers that decide about a job or report on it: kept before all others.
fn is_ours(name: &str) -> bool {
    name.starts_with(header::OURS) || [header::TRACEPARENT, header::TRACESTATE].contains(&name)
}

impl Message {
    /// How many bytes its headers have on the wire.
    pub fn header_bytes(&self) -> usize {
        self.headers.iter().map(size).sum()
    }

    /// Made to fit: the body whole, too long identities cut, too many headers left out and listed.
    #[must_use]
    pub fn fitted(mut self) -> Self {
        let shorts = [Some(&mut self.id), Some(&mut self.content_type)];
        let others = [self.kind.as_mut(), self.correlation_id.as_mut()];
        for text in shorts.into_iter().chain(others).flatten() {
            clip(text, MOST_SHORT_BYTES);
        }
        let long_name = |name: &String| name.len() > MOST_SHORT_BYTES;
        if self.header_bytes() > MOST_HEADER_BYTES || self.headers.keys().any(long_name) {
            self.headers = chosen(std::mem::take(&mut self.headers));
        }
        self
    }
}

fn size((name, value): (&String, &String)) -> usize {
    name.len() + value.len() + 6
}

/// Our own first, then small ones, as long as they fit.
fn chosen(headers: BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut ordered: Vec<_> = headers.into_iter().collect();
    ordered.sort_by_key(|(name, value)| (!is_ours(name), size((name, value))));
    let mut room = MOST_HEADER_BYTES - MOST_DROPPED_BYTES;
    let (mut kept, mut dropped) = (BTreeMap::new(), Vec::new());
    for (name, value) in ordered {
        match room.checked_sub(size((&name, &value))) {
            Some(left) if name.len() <= MOST_SHORT_BYTES => {
                room = left;
                kept.insert(name, value);
            }
            _ => dropped.push(name),
        }
    }
    let mut names = dropped.join(", ");
    clip(&mut names, MOST_DROPPED_BYTES - MOST_SHORT_BYTES);
    kept.insert(header::DROPPED.to_owned(), names);
    kept
}

fn clip(text: &mut String, most: usize) {
    let most = most.min(text.len());
    let end = (0..=most).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    text.truncate(end);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_stays_as_it_is() {
        let message = Message::json("№ 1", "{}").header("x", "y".repeat(99_000));
        assert_eq!(message.clone().fitted(), message);
    }

    #[test]
    fn ours_and_small_ones_stay_and_the_rest_is_named() {
        let message = Message::json("a", "{}")
            .header("huge", "y".repeat(110_000))
            .header("large", "y".repeat(60_000))
            .header("also", "y".repeat(50_000))
            .header(&"n".repeat(300), "")
            .header("small", "z")
            .header(header::ENQUEUED_AT, "9".repeat(99_500))
            .header(header::REACHED, "provider")
            .header(header::REASON, "not_json");
        let fitted = message.fitted();
        let kept: Vec<&str> = fitted.headers.keys().map(String::as_str).collect();
        let expected = ["also", "small", header::DROPPED, header::REACHED, header::REASON];
        assert_eq!(kept, expected);
        assert!(fitted.header_bytes() <= MOST_HEADER_BYTES);
        let dropped = fitted.get(header::DROPPED).unwrap();
        for name in ["huge", "large", header::ENQUEUED_AT] {
            assert!(dropped.contains(name), "{dropped}");
        }
        assert_eq!(fitted.clone().fitted(), fitted, "once is enough");
    }

    #[test]
    fn many_names_are_not_all_listed() {
        let mut message = Message::json("a", "{}");
        for number in 0..5_000 {
            message = message.header(&format!("header-{number}"), "y".repeat(100));
        }
        assert!(message.fitted().header_bytes() <= MOST_HEADER_BYTES);
    }

    #[test]
    fn identities_are_cut_between_characters() {
        let mut message = Message::json("ä".repeat(200), "{}");
        message.kind = Some("k".repeat(300));
        message.correlation_id = Some("c".repeat(300));
        let fitted = message.fitted();
        assert_eq!(fitted.id, "ä".repeat(127));
        assert_eq!(fitted.kind.map(|kind| kind.len()), Some(255));
        assert_eq!(fitted.correlation_id.map(|id| id.len()), Some(255));
    }
}
