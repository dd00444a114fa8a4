//! Node and npm, for tests that read events in another language. The tests themselves install the
//! modules, below the target directory.

use crate::debian;

pub(crate) fn ready() {
    debian::commands(&[("node", "nodejs"), ("npm", "npm")]);
}
