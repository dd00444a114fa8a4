//! Node and npm, for the tests that read what we publish in another language. The modules are
//! installed by the tests themselves, below the target directory.

use crate::debian;

pub(crate) fn ready() {
    debian::commands(&[("node", "nodejs"), ("npm", "npm")]);
}
