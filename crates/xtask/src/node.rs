//! Node and npm, for tests that read events in another language, and Chromium, for those that use the
//! console. The tests themselves install the
//! modules, below the target directory.

use crate::debian;

pub(crate) fn ready() {
    debian::commands(&[("node", "nodejs"), ("npm", "npm"), ("chromium", "chromium")]);
}
