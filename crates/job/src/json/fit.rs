//! A JSON value in a limited space.

use std::borrow::Cow;

use serde_json::Value;

use super::tree::Tree;

/// What a cut string ends with.
const MORE: &str = "…";

/// The space that is left for a value.
pub(super) struct Room {
    bytes: usize,
    /// Something was left out.
    pub(super) cut: bool,
}

impl Room {
    pub(super) fn new(bytes: usize) -> Self {
        Self { bytes, cut: false }
    }

    /// The value with each string changed, as far as there is room. `None`: there is none.
    pub(super) fn fit(&mut self, tree: &Tree, change: fn(&str) -> Cow<'_, str>) -> Option<Tree> {
        match tree {
            Tree::Scalar(Value::String(text)) => self.text(&change(text)).map(Tree::Scalar),
            Tree::Scalar(value) => {
                self.takes(value.to_string().len())?;
                Some(Tree::Scalar(value.clone()))
            }
            Tree::Number(number) => {
                self.takes(number.len())?;
                Some(Tree::Number(number.clone()))
            }
            Tree::Array(items) => {
                self.takes(2)?;
                Some(Tree::Array(items.iter().map_while(|item| self.item(item, change)).collect()))
            }
            Tree::Object(fields) => {
                self.takes(2)?;
                let field = |(name, value): (&String, &Tree)| {
                    self.takes(length(name) + 1)?;
                    Some((name.clone(), self.item(value, change)?))
                };
                Some(Tree::Object(fields.iter().map_while(field).collect()))
            }
        }
    }

    /// With the comma after it.
    fn item(&mut self, tree: &Tree, change: fn(&str) -> Cow<'_, str>) -> Option<Tree> {
        self.takes(1)?;
        self.fit(tree, change)
    }

    fn takes(&mut self, bytes: usize) -> Option<()> {
        match self.bytes.checked_sub(bytes) {
            Some(left) => {
                self.bytes = left;
                Some(())
            }
            None => {
                (self.bytes, self.cut) = (0, true);
                None
            }
        }
    }

    /// Its beginning, if not all of it fits.
    fn text(&mut self, text: &str) -> Option<Value> {
        let whole = length(text);
        if whole <= self.bytes {
            self.bytes -= whole;
            return Some(Value::from(text));
        }
        let mut left = self.bytes.checked_sub(2 + MORE.len());
        let fits = |c: &char| {
            left = left.and_then(|left| left.checked_sub(length(c.encode_utf8(&mut [0; 4])) - 2));
            left.is_some()
        };
        let begin: String = text.chars().take_while(fits).collect();
        (self.bytes, self.cut) = (0, true);
        (!begin.is_empty()).then(|| Value::from(begin + MORE))
    }
}

/// Of a string as JSON, in bytes.
fn length(text: &str) -> usize {
    Value::from(text).to_string().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(text: &str, bytes: usize) -> (Option<String>, bool) {
        let mut room = Room::new(bytes);
        let tree = room.fit(&Tree::read(text).unwrap(), |text| Cow::Borrowed(text));
        (tree.map(|tree| tree.text()), room.cut)
    }

    #[test]
    fn what_fits_stays_as_it_is() {
        let text = r#"{"a":12345678901234567890123,"b":[1.10,null,{"c":"x"}],"d":"ä\n"}"#;
        assert_eq!(fit(text, 200), (Some(text.to_owned()), false));
    }

    #[test]
    fn the_rest_is_left_out_and_no_more_than_the_room_is_used() {
        let text = format!(
            r#"{{"a":"{}","b":[1,2,{{"c":"{}"}}],"d":true}}"#,
            "x".repeat(40),
            "ä\\n".repeat(20)
        );
        for bytes in 0..200 {
            let (fitted, cut) = fit(&text, bytes);
            assert!(
                fitted.as_ref().is_none_or(|fitted| fitted.len() <= bytes),
                "{bytes}: {fitted:?}"
            );
            assert_eq!(cut, fitted.as_ref() != Some(&text), "{bytes}: {fitted:?}");
        }
        let (cut, _) = fit(&text, 30);
        assert_eq!(cut.unwrap(), r#"{"a":"xxxxxxxxxxxxxxxxxx…"}"#);
    }
}
