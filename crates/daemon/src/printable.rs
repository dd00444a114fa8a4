use std::borrow::Cow;

/// Text from a message or a response must not control the terminal. The escapes are those of JSON,
/// where such characters can only be inside strings.
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

/// The same for one line of text: it cannot begin another.
pub fn printable_line(text: &str) -> Cow<'_, str> {
    match printable(text) {
        line if !line.contains('\n') => line,
        lines => Cow::Owned(lines.replace('\n', "\\n")),
    }
}

/// Control characters, characters that change the direction of text, and line breaks of Unicode.
fn is_invisible(c: char) -> bool {
    let turns = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || turns || matches!(c, '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::{printable, printable_line};

    #[test]
    fn nothing_that_a_message_holds_commands_a_terminal() {
        assert_eq!(printable("\u{1b}]0;owned\u{7}"), "\\u001b]0;owned\\u0007");
        assert_eq!(printable("a\r\u{9b}2J\u{202e}b"), "a\\u000d\\u009b2J\\u202eb");
        assert_eq!(printable("Dämmerung\n\t一只猫"), "Dämmerung\n\t一只猫");
        let value = serde_json::json!({"a": "\u{7f}\u{9b}\u{2028}"});
        let back: serde_json::Value = serde_json::from_str(&printable(&value.to_string())).unwrap();
        assert_eq!(back, value, "JSON stays the same JSON");
    }

    #[test]
    fn a_line_stays_one() {
        let broken = "a\nb\r\nc\u{85}d\u{b}e\u{c}f\u{2028}g\u{2029}h\ti";
        let line = "a\\nb\\u000d\\nc\\u0085d\\u000be\\u000cf\\u2028g\\u2029h\ti";
        assert_eq!(printable_line(broken), line);
        assert_eq!(printable_line("Dämmerung"), "Dämmerung");
    }
}
