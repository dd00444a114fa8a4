use std::borrow::Cow;

/// Whoever wrote a message or an answer must not write to the terminal. The escapes are those of
/// JSON, where such characters can only be inside strings.
pub fn printable(text: &str) -> Cow<'_, str> {
    let is_command = |c: char| is_invisible(c) && !matches!(c, '\n' | '\t');
    if !text.contains(is_command) {
        return Cow::Borrowed(text);
    }
    let mut printed = String::with_capacity(text.len());
    for c in text.chars() {
        match is_command(c) {
            true => printed.push_str(&format!("\\u{:04x}", u32::from(c))),
            false => printed.push(c),
        }
    }
    Cow::Owned(printed)
}

/// Control characters, and those that turn the direction of what follows.
fn is_invisible(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn nothing_that_a_message_holds_commands_a_terminal() {
        assert_eq!(printable("\u{1b}]0;owned\u{7}"), "\\u001b]0;owned\\u0007");
        assert_eq!(printable("a\r\u{9b}2J\u{202e}b"), "a\\u000d\\u009b2J\\u202eb");
        assert_eq!(printable("Dämmerung\n\t一只猫"), "Dämmerung\n\t一只猫");
        let value = serde_json::json!({"a": "\u{7f}\u{9b}"});
        let back: serde_json::Value = serde_json::from_str(&printable(&value.to_string())).unwrap();
        assert_eq!(back, value, "JSON stays the same JSON");
    }
}
