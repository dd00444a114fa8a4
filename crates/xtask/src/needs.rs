//! What the tests of a package need besides the package.

use std::ffi::OsString;

use crate::services::Kind;

/// Packages whose tests use servers; the tests of all others use none.
const SERVERS: [(&str, &[Kind]); 3] = [
    ("broker-rabbitmq", &[Kind::Rabbitmq]),
    ("ledger-redis", &[Kind::Redis]),
    (WHOLE, &[Kind::Rabbitmq, Kind::Redis]),
];

/// The tests of the whole program: they also run it, and use it from other languages.
const WHOLE: &str = "tests";

/// The packages whose tests are requested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Needs {
    /// The named packages; `None`: all.
    packages: Option<Vec<String>>,
}

impl Needs {
    /// Read from the arguments for cargo-nextest.
    pub(crate) fn of(arguments: &[OsString]) -> Self {
        let packages = named(arguments);
        Self { packages: (!packages.is_empty()).then_some(packages) }
    }

    pub(crate) fn are_of_all(&self) -> bool {
        self.packages.is_none()
    }

    /// The servers that must run.
    pub(crate) fn servers(&self) -> Vec<Kind> {
        let wanted = SERVERS.iter().filter(|(package, _)| self.includes(package));
        let mut servers: Vec<Kind> = Vec::new();
        for kind in wanted.flat_map(|(_, kinds)| kinds.iter()) {
            if !servers.contains(kind) {
                servers.push(*kind);
            }
        }
        servers
    }

    /// Whether the built program, Python and Node are needed.
    pub(crate) fn the_program(&self) -> bool {
        self.includes(WHOLE)
    }

    fn includes(&self, package: &str) -> bool {
        self.packages.as_ref().is_none_or(|packages| packages.iter().any(|named| named == package))
    }
}

/// `-p NAME`, `-pNAME`, `--package NAME` and `--package=NAME`, up to `--`.
fn named(arguments: &[OsString]) -> Vec<String> {
    let mut packages = Vec::new();
    let mut arguments = arguments.iter().map(|argument| argument.to_string_lossy());
    while let Some(argument) = arguments.next().filter(|argument| argument != "--") {
        let rest = argument.strip_prefix("--package").or_else(|| argument.strip_prefix("-p"));
        match rest.map(|rest| rest.trim_start_matches('=')) {
            None => {}
            Some("") => packages.extend(arguments.next().map(|name| name.into_owned())),
            Some(name) => packages.push(name.to_owned()),
        }
    }
    packages
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn needs(arguments: &[&str]) -> Needs {
        Needs::of(&arguments.iter().map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn packages_are_found_in_every_form() {
        let all =
            ["-p", "job", "-pkling", "--package", "tests", "--package=world", "--", "-p", "x"];
        assert_eq!(needs(&all).packages.unwrap(), ["job", "kling", "tests", "world"]);
        assert!(needs(&["-E", "test(x)"]).are_of_all());
    }

    #[test]
    fn a_pure_package_starts_nothing() {
        for package in ["job", "kling", "worker", "poller", "world", "recorder"] {
            let needs = needs(&["-p", package]);
            assert!(needs.servers().is_empty() && !needs.the_program(), "{package}");
        }
        assert_eq!(needs(&["-p", "ledger-redis"]).servers(), [Kind::Redis]);
        assert_eq!(needs(&["-p", "job", "-p", "tests"]).servers().len(), 2);
        assert!(needs(&[]).the_program() && needs(&[]).servers().len() == 2);
    }

    /// The table agrees with the sources.
    #[test]
    fn every_package_that_uses_a_server_is_in_the_table() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut packages = vec![(WHOLE.to_owned(), root.join("tests"))];
        for entry in std::fs::read_dir(root.join("crates")).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            packages.push((name, path.join("tests")));
        }
        for (package, tests) in packages {
            let text = sources(&tests);
            for kind in [Kind::Rabbitmq, Kind::Redis] {
                // A test may contain the name of a variable without reading it.
                let asks = text.contains(&format!("var(\"{}\")", kind.url_variable()));
                let starts = needs(&["-p", &package]).servers().contains(&kind);
                assert_eq!(asks, starts, "{package} and {kind:?}");
            }
        }
    }

    fn sources(directory: &Path) -> String {
        let Ok(entries) = std::fs::read_dir(directory) else { return String::new() };
        let paths = entries.map(|entry| entry.unwrap().path());
        let read = |path: std::path::PathBuf| match path.is_dir() {
            true => sources(&path),
            false => std::fs::read_to_string(path).unwrap_or_default(),
        };
        paths.map(read).collect()
    }
}
