//! Debian's packages of any release, unpacked and not installed: no script of theirs runs.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{on_path, output, run};

/// The key that signs every release; without this file, the keys of apt are used.
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// An apt with its own package lists: those of the machine are not changed.
pub(crate) struct Apt {
    state: PathBuf,
}

/// A downloaded package.
pub(crate) struct Package(PathBuf);

impl Apt {
    /// Reads the package lists of these releases.
    pub(crate) fn of(state: &Path, releases: &[&str]) -> Result<Self, String> {
        let mirror = mirror()?;
        let said = |error: std::io::Error| format!("{}: {error}", state.display());
        for part in ["lists/partial", "cache/archives/partial", "downloaded"] {
            fs::create_dir_all(state.join(part)).map_err(said)?;
        }
        let releases: BTreeSet<&&str> = releases.iter().collect();
        let sources: String = releases.iter().map(|name| source(&mirror, name)).collect();
        fs::write(state.join("sources.list"), sources).map_err(said)?;
        fs::write(state.join("status"), "").map_err(said)?;
        let apt = Self { state: state.to_owned() };
        apt.run(&["update"])?;
        Ok(apt)
    }

    /// These packages alone, each as `name` or `name/release`.
    pub(crate) fn download(&self, packages: &[&str]) -> Result<Vec<Package>, String> {
        self.run(&[&["download"], packages].concat())?;
        self.files("downloaded")
    }

    /// These packages with all that they depend on, down to the C library.
    pub(crate) fn download_whole(&self, packages: &[&str]) -> Result<Vec<Package>, String> {
        let only = ["install", "--yes", "--no-install-recommends", "--download-only"];
        self.run(&[&only, packages].concat())?;
        self.files("cache/archives")
    }

    /// Removes the package lists and the packages.
    pub(crate) fn forget(self) {
        let _ = fs::remove_dir_all(self.state);
    }

    fn run(&self, arguments: &[&str]) -> Result<(), String> {
        let mut command = Command::new("apt-get");
        command.current_dir(self.state.join("downloaded")).arg("-qq");
        let at = |part: &str| self.state.join(part).display().to_string();
        for option in [
            format!("Dir::Etc::sourcelist={}", at("sources.list")),
            "Dir::Etc::sourceparts=/dev/null".into(),
            format!("Dir::State::lists={}", at("lists")),
            // Nothing is installed, as far as this apt knows.
            format!("Dir::State::status={}", at("status")),
            format!("Dir::Cache={}", at("cache")),
            "Acquire::Languages=none".into(),
            // The machine's own apt may be at work.
            "Debug::NoLocking=true".into(),
            // apt would otherwise switch to a user that cannot write here.
            "APT::Sandbox::User=root".into(),
            "APT::Update::Post-Invoke-Success=".into(),
            // A list that cannot be fetched would otherwise be a warning.
            "APT::Update::Error-Mode=any".into(),
        ] {
            command.arg("-o").arg(option);
        }
        run(command.args(arguments))
    }

    fn files(&self, place: &str) -> Result<Vec<Package>, String> {
        let said = |error: std::io::Error| format!("{}: {error}", self.state.display());
        let files = fs::read_dir(self.state.join(place)).map_err(said)?;
        let files = files.filter_map(|file| Some(file.ok()?.path()));
        Ok(files
            .filter(|file| file.extension().is_some_and(|end| end == "deb"))
            .map(Package)
            .collect())
    }
}

impl Package {
    /// Adds its files to a root directory. Existing links to directories stay: a root in which
    /// `/bin` is a link to `/usr/bin` needs them.
    pub(crate) fn unpack(&self, root: &Path) -> Result<(), String> {
        const SCRIPT: &str = r#"mkdir -p "$2" && dpkg-deb --fsys-tarfile "$1" |
            tar --extract --keep-directory-symlink --directory "$2""#;
        run(Command::new("sh").args(["-c", SCRIPT, "unpack"]).arg(&self.0).arg(root))
    }
}

fn source(mirror: &str, release: &str) -> String {
    let signed = match Path::new(KEYRING).exists() {
        true => format!("[signed-by={KEYRING}] "),
        false => String::new(),
    };
    format!("deb {signed}{mirror} {release} main\n")
}

/// The mirror of this machine's own release: it has every release.
fn mirror() -> Result<String, String> {
    if on_path("apt-get").is_none() || on_path("dpkg-deb").is_none() {
        return Err("this is no Debian".into());
    }
    let format = ["indextargets", "--format", "$(RELEASE) $(COMPONENT) $(REPO_URI)"];
    let targets = output(Command::new("apt-get").args(format)).unwrap_or_default();
    let own = output(Command::new("sh").args(["-c", ". /etc/os-release; echo $VERSION_CODENAME"]));
    let wanted = format!("{} main ", own.unwrap_or_default());
    let found = targets.lines().find_map(|line| line.strip_prefix(&wanted)).map(str::to_owned);
    found.ok_or_else(|| "apt's configuration does not name this release".into())
}
