/// Whether an AMQP topic pattern matches a routing key: `*` is one word, `#` any number.
pub fn topic_matches(pattern: &str, key: &str) -> bool {
    if pattern == "#" {
        return true;
    }
    words_match(&words(pattern), &words(key))
}

/// An empty text has no words, as in AMQP brokers.
fn words(text: &str) -> Vec<&str> {
    match text.is_empty() {
        true => Vec::new(),
        false => text.split('.').collect(),
    }
}

/// Remembers the last `#`, which takes one word more whenever the rest does not fit: at most words
/// times words steps, whatever the pattern.
fn words_match(pattern: &[&str], key: &[&str]) -> bool {
    let (mut p, mut k) = (0, 0);
    let mut hash: Option<(usize, usize)> = None;
    while k < key.len() {
        match pattern.get(p) {
            Some(&"#") => {
                hash = Some((p, k));
                p += 1;
            }
            Some(&word) if word == "*" || word == key[k] => {
                p += 1;
                k += 1;
            }
            _ => {
                let Some((at, taken)) = hash else { return false };
                hash = Some((at, taken + 1));
                p = at + 1;
                k = taken + 1;
            }
        }
    }
    pattern[p..].iter().all(|word| *word == "#")
}

#[cfg(test)]
mod tests {
    use super::topic_matches;

    #[test]
    fn patterns_match_as_in_amqp() {
        for (pattern, key, expected) in [
            ("#", "", true),
            ("#", "a.b", true),
            ("*", "", false),
            ("*", "a", true),
            ("*", "a.b", false),
            ("a.b", "a.b", true),
            ("a.b", "a.c", false),
            ("videos.#.normal", "videos.normal", true),
            ("videos.#.normal", "videos.text2video.normal", true),
            ("videos.#.normal", "videos.avatar.image2video.normal", true),
            ("videos.#.normal", "videos.text2video.high", false),
            ("videos.#.normal", "images.generations.normal", false),
            ("videos.*.succeeded", "videos.text2video.succeeded", true),
            ("videos.*.succeeded", "videos.avatar.x.succeeded", false),
            ("#.succeeded", "videos.avatar.x.succeeded", true),
            ("#.succeeded", "succeeded.not", false),
            ("#.b.#", "a.b.c", true),
            ("#.b.#.d", "a.b.c.b.d", true),
            ("#.#", "", true),
            ("a.#", "a", true),
            ("a.#.#", "a", true),
            ("a.*.#", "a", false),
            ("", "", true),
            ("", "a", false),
        ] {
            assert_eq!(topic_matches(pattern, key), expected, "{pattern} on {key}");
        }
    }

    #[test]
    fn many_hashes_do_not_take_for_ever() {
        let pattern = "#.a.".repeat(60) + "b";
        let key = "a.".repeat(300) + "a";
        assert!(!topic_matches(&pattern, &key));
    }
}
