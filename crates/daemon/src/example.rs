//! The example file, generated from the table.

use crate::config::KEYS;
use crate::key::{Key, Preset};

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
        if key.section != section {
            section = key.section;
            text += &format!("\n[{section}]\n");
        }
        text += &row(key);
    }
    text
}

fn row(key: &Key) -> String {
    let (name, kind) = (key.leaf, key.kind);
    let meaning = format!("# {} Value: {}.\n", key.meaning(), kind.wanted());
    meaning
        + &match key.default {
            Preset::Text(default) => format!("{name} = {}\n", kind.toml(default)),
            Preset::DataFile => format!("#{name} = \"/var/lib/reelwork/reelwork.db\"\n"),
            Preset::Unset => format!("#{name} = {}\n", kind.placeholder()),
        }
}
