//! Editing sessions, made by the synchronous helpers and required by two operations.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::refusal::Refusal;

/// What a session was opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Purpose {
    Faces,
    Selection,
}

/// The sessions opened so far. They do not expire.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    by_id: HashMap<String, Session>,
}

#[derive(Debug)]
struct Session {
    purpose: Purpose,
    /// Selected points by frame.
    frames: BTreeMap<u64, Vec<Value>>,
}

const MOST_FRAMES: usize = 10;
const MOST_POINTS: usize = 10;

impl Sessions {
    pub(crate) fn open(&mut self, id: String, purpose: Purpose) {
        self.by_id.insert(id, Session { purpose, frames: BTreeMap::new() });
    }

    pub(crate) fn check(&self, id: &str, purpose: Purpose) -> Result<(), Refusal> {
        let known = self.by_id.get(id).is_some_and(|session| session.purpose == purpose);
        if known { Ok(()) } else { Err(unknown()) }
    }

    pub(crate) fn add(&mut self, id: &str, frame: u64, points: &[Value]) -> Result<(), Refusal> {
        let frames = self.selection(id)?;
        if !frames.contains_key(&frame) && frames.len() == MOST_FRAMES {
            return Err(Refusal::value("too many frames are selected"));
        }
        let selected = frames.get(&frame).map_or(0, Vec::len);
        if points.is_empty() || selected + points.len() > MOST_POINTS {
            return Err(Refusal::value("a frame takes 1 to 10 points"));
        }
        frames.entry(frame).or_default().extend_from_slice(points);
        Ok(())
    }

    /// Deletes points that must equal added ones exactly.
    pub(crate) fn delete(&mut self, id: &str, frame: u64, points: &[Value]) -> Result<(), Refusal> {
        let frames = self.selection(id)?;
        let selected = frames.entry(frame).or_default();
        if points.is_empty() || !points.iter().all(|point| selected.contains(point)) {
            return Err(Refusal::value("points were not selected"));
        }
        selected.retain(|point| !points.contains(point));
        if selected.is_empty() {
            frames.remove(&frame);
        }
        Ok(())
    }

    pub(crate) fn clear(&mut self, id: &str) -> Result<(), Refusal> {
        self.selection(id)?.clear();
        Ok(())
    }

    fn selection(&mut self, id: &str) -> Result<&mut BTreeMap<u64, Vec<Value>>, Refusal> {
        let session =
            self.by_id.get_mut(id).filter(|session| session.purpose == Purpose::Selection);
        session.map(|session| &mut session.frames).ok_or_else(unknown)
    }
}

fn unknown() -> Refusal {
    Refusal::value("session_id is invalid")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn points_are_deleted_only_as_added() {
        let mut sessions = Sessions::default();
        sessions.open("s".into(), Purpose::Selection);
        let point = json!({"x": 0.5, "y": 0.25});
        sessions.add("s", 3, std::slice::from_ref(&point)).unwrap();
        assert!(sessions.delete("s", 3, &[json!({"x": 0.5, "y": 0.26})]).is_err());
        assert!(sessions.delete("s", 4, std::slice::from_ref(&point)).is_err());
        sessions.delete("s", 3, std::slice::from_ref(&point)).unwrap();
        assert!(sessions.delete("s", 3, &[point]).is_err());
    }

    #[test]
    fn a_session_serves_its_purpose_only() {
        let mut sessions = Sessions::default();
        sessions.open("f".into(), Purpose::Faces);
        assert!(sessions.check("f", Purpose::Faces).is_ok());
        assert!(sessions.check("f", Purpose::Selection).is_err());
        assert!(sessions.check("g", Purpose::Faces).is_err());
        assert!(sessions.add("f", 1, &[json!({})]).is_err());
    }

    #[test]
    fn frames_and_points_are_bounded() {
        let mut sessions = Sessions::default();
        sessions.open("s".into(), Purpose::Selection);
        for frame in 0..10 {
            sessions.add("s", frame, &[json!(1)]).unwrap();
        }
        assert!(sessions.add("s", 10, &[json!(1)]).is_err());
        assert!(sessions.add("s", 1, &vec![json!(1); 10]).is_err());
        sessions.clear("s").unwrap();
        assert!(sessions.add("s", 10, &vec![json!(1); 10]).is_ok());
    }
}
