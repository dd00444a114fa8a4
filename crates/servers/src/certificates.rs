use std::path::PathBuf;
use std::process::Command;
use std::{fs, io};

use tempfile::TempDir;

const KEY: [&str; 5] = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

/// An authority for certificates, made with openssl. Its files end with it.
#[derive(Debug)]
pub struct Authority {
    directory: TempDir,
}

/// The files of a certificate, in PEM.
#[derive(Clone, Debug)]
pub struct Signed {
    pub cert: PathBuf,
    pub key: PathBuf,
}

impl Signed {
    /// Writes this one over the files of the other.
    pub fn replaces(&self, other: &Self) -> io::Result<()> {
        fs::copy(&self.cert, &other.cert)?;
        fs::copy(&self.key, &other.key).map(drop)
    }
}

impl Authority {
    pub fn new() -> io::Result<Self> {
        let authority = Self { directory: tempfile::tempdir()? };
        let subject = ["-subj", "/CN=an authority of our own", "-days", "2"];
        let files = ["-x509", "-keyout", "ca.key", "-out", "ca.pem"];
        authority.openssl(&[&["req"], &KEY[..], &subject, &files].concat())?;
        Ok(authority)
    }

    pub fn certificate(&self) -> PathBuf {
        self.path("ca.pem")
    }

    /// For the alternative name, as in `DNS:localhost`. It is valid for so many days from now on;
    /// with -1 it expired yesterday.
    pub fn sign(&self, name: &str, alternative: &str, days: i32) -> io::Result<Signed> {
        let [key, request, cert, text] =
            ["key", "csr", "pem", "ext"].map(|kind| format!("{name}{days}.{kind}"));
        let subject = format!("/CN={name}");
        let asking = ["-new", "-subj", &subject, "-keyout", &key, "-out", &request];
        self.openssl(&[&["req"], &KEY[..], &asking].concat())?;
        let extensions = format!("subjectAltName={alternative}\nbasicConstraints=CA:FALSE\n");
        std::fs::write(self.path(&text), extensions)?;
        let days = days.to_string();
        let signing = ["x509", "-req", "-in", &request, "-CA", "ca.pem", "-CAkey", "ca.key"];
        let signed = ["-CAcreateserial", "-days", &days, "-extfile", &text, "-out", &cert];
        self.openssl(&[&signing[..], &signed].concat())?;
        Ok(Signed { cert: self.path(&cert), key: self.path(&key) })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn openssl(&self, arguments: &[&str]) -> io::Result<()> {
        let mut openssl = Command::new("openssl");
        let made = openssl.args(arguments).current_dir(self.directory.path()).output()?;
        if made.status.success() {
            return Ok(());
        }
        let why = String::from_utf8_lossy(&made.stderr);
        Err(io::Error::other(format!("openssl {arguments:?}: {why}")))
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn only_a_certificate_that_has_not_expired_is_valid() {
        let authority = Authority::new().expect("an authority");
        for (days, valid) in [(2, true), (-1, false)] {
            let signed = authority.sign("server", "DNS:localhost", days).expect("a certificate");
            let mut verify = Command::new("openssl");
            verify.args(["verify", "-CAfile"]).arg(authority.certificate()).arg(&signed.cert);
            let output = verify.output().expect("openssl");
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.success(), valid, "{said}");
            assert_eq!(said.contains("expired"), !valid, "{said}");
        }
    }
}
