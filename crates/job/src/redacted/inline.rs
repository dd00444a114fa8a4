//! Files that are written into a request.

/// Shorter ones are names and ids.
const SHORTEST: usize = 96;

/// The size of the file, if the text is one: a `data:` URL or Base64.
pub(super) fn bytes(text: &str) -> Option<usize> {
    of_data_url(text).or_else(|| (text.len() >= SHORTEST).then(|| of_base64(text)).flatten())
}

fn of_data_url(text: &str) -> Option<usize> {
    let scheme = text.get(..5).filter(|scheme| scheme.eq_ignore_ascii_case("data:"))?;
    let (header, data) = text[scheme.len()..].split_once(',')?;
    if header.contains(char::is_whitespace) {
        return None;
    }
    let is_base64 = header.to_ascii_lowercase().ends_with(";base64");
    Some(is_base64.then(|| of_base64(data)).flatten().unwrap_or(data.len()))
}

/// Of both alphabets, with or without padding, also in lines.
fn of_base64(text: &str) -> Option<usize> {
    let text = text.trim_ascii_end();
    let signs = text.trim_end_matches('=');
    let is_sign = |byte: u8| byte.is_ascii_alphanumeric() || b"+/-_".contains(&byte);
    let is_break = |byte: u8| matches!(byte, b'\r' | b'\n');
    let all = text.len() - signs.len() <= 2 && signs.bytes().all(|b| is_sign(b) || is_break(b));
    let count = || signs.bytes().filter(|byte| is_sign(*byte)).count();
    all.then(|| count() / 4 * 3 + (count() % 4).saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE};

    use super::*;

    #[test]
    fn a_file_has_its_size_in_every_spelling() {
        for size in [72, 100, 101, 102, 5000] {
            let file: Vec<u8> = (0..size).map(|n| (n * 37 % 251) as u8).collect();
            for text in
                [STANDARD.encode(&file), STANDARD_NO_PAD.encode(&file), URL_SAFE.encode(&file)]
            {
                assert_eq!(bytes(&text), Some(size), "{text}");
                assert_eq!(bytes(&format!("data:image/png;base64,{text}")), Some(size));
                let lines = format!("{}\r\n{}\n", &text[..76], &text[76..]);
                assert_eq!(bytes(&lines), Some(size));
            }
        }
        assert_eq!(bytes("DATA:,hello"), Some(5));
        assert_eq!(bytes("data:image/svg+xml,<svg/>"), Some(6));
    }

    #[test]
    fn text_ids_and_addresses_are_no_files() {
        for text in [
            "",
            "data: one, two and three",
            "a cat on a beach",
            "0198a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b",
            "https://host/a.png",
        ] {
            assert_eq!(bytes(text), None, "{text}");
        }
        assert_eq!(bytes(&"a cat on a beach, ".repeat(20)), None);
        assert_eq!(bytes(&"猫".repeat(200)), None);
    }
}
