//! The example file, written from the table.

use crate::keys::{KEYS, Key, Preset};
use crate::kind::Kind;

const HEAD: &str = "\
# Configuration of reelwork: every key with its default. Copy what you change and leave out the
# rest: a line here beats the same key in a file below it, even with the default's value.
#
# Order: defaults < /etc/reelwork/config.toml < $XDG_CONFIG_HOME/reelwork/config.toml (or
# ~/.config) < --config FILE < variables (REELWORK_SECTION__KEY) < flags. An address or a secret
# can also come from a file that a variable with _FILE at its end names.
";

/// A TOML file with every key, its default and its meaning. Keys without a fixed default are
/// commented out, as `#name`.
pub fn example() -> String {
    let mut text = HEAD.to_owned();
    let mut section = "";
    for key in KEYS {
        if key.section() != section {
            section = key.section();
            text += &format!("\n[{section}]\n");
        }
        text += &row(key);
    }
    text
}

fn row(key: &Key) -> String {
    let meaning = format!("# {} Value: {}.\n", key.meaning, key.kind.wanted());
    let name = key.leaf();
    meaning
        + &match key.default {
            Preset::Text(default) => format!("{name} = {}\n", literal(&key.kind, default)),
            Preset::DataFile => format!("#{name} = \"/var/lib/reelwork/reelwork.db\"\n"),
            Preset::Unset => format!("#{name} = {}\n", placeholder(&key.kind)),
        }
}

/// A default as TOML; no default needs escaping (the test reads them back).
fn literal(kind: &Kind, default: &str) -> String {
    match kind {
        Kind::Bool | Kind::Count { .. } | Kind::Factor { .. } => default.into(),
        kind if kind.is_list() => {
            let items: Vec<_> = default.split(',').map(|item| format!("{item:?}")).collect();
            format!("[{}]", items.join(", "))
        }
        _ => format!("{default:?}"),
    }
}

fn placeholder(kind: &Kind) -> &'static str {
    match kind {
        Kind::HttpUrl => "\"https://reelwork.example\"",
        Kind::Address => "\"127.0.0.1:9090\"",
        Kind::Secrets { .. } => "[\"32-random-bytes-in-hex\"]",
        kind if kind.is_list() => "[\"...\"]",
        _ => "\"...\"",
    }
}
