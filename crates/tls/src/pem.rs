//! Reads PEM files. An error names the file and has nothing of its content.

use std::fmt;
use std::path::Path;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// What a file contains, and its text.
#[derive(Clone)]
pub struct Pem<T> {
    pub content: T,
    pub text: Vec<u8>,
}

// The text may be a private key.
impl<T> fmt::Debug for Pem<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pem").finish_non_exhaustive()
    }
}

/// One certificate or more.
pub fn certificates(path: &Path) -> Result<Pem<Vec<CertificateDer<'static>>>, String> {
    let text = text(path)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    let content = found.map_err(|error| spoilt(path, &error.to_string()))?;
    for certificate in &content {
        // A PEM block may contain anything.
        let added = rustls::RootCertStore::empty().add(certificate.clone());
        added.map_err(|_| spoilt(path, "a block CERTIFICATE has no certificate in it"))?;
    }
    match content.is_empty() {
        true => Err(format!("{} has no PEM block CERTIFICATE in it", path.display())),
        false => Ok(Pem { content, text }),
    }
}

/// A private key that is not encrypted.
pub(crate) fn private_key(path: &Path) -> Result<Pem<PrivateKeyDer<'static>>, String> {
    let text = text(path)?;
    match PrivateKeyDer::from_pem_slice(&text) {
        Ok(content) => Ok(Pem { content, text }),
        Err(_) if is_encrypted(&text) => {
            Err(format!("{} has an encrypted key: decrypt it with openssl pkey", path.display()))
        }
        Err(_) => Err(format!("{} has no PEM block PRIVATE KEY in it", path.display())),
    }
}

fn text(path: &Path) -> Result<Vec<u8>, String> {
    let text = std::fs::read(path);
    let text = text.map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
    match text.trim_ascii().is_empty() {
        true => Err(format!("{} is empty", path.display())),
        false => Ok(text),
    }
}

fn spoilt(path: &Path, cause: &str) -> String {
    format!("{} is not PEM that can be read: {cause}", path.display())
}

fn is_encrypted(text: &[u8]) -> bool {
    String::from_utf8_lossy(text).contains("ENCRYPTED")
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn file(text: &str) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file
    }

    fn block(name: &str, content: &str) -> String {
        format!("-----BEGIN {name}-----\n{content}\n-----END {name}-----\n")
    }

    #[test]
    fn a_file_that_will_not_do_is_named_with_the_reason() {
        let absent = Path::new("/no/such/file.pem");
        assert!(
            certificates(absent).unwrap_err().starts_with("/no/such/file.pem cannot be read: ")
        );
        for (text, reason) in [
            ("", "is empty"),
            (" \n", "is empty"),
            ("canary", "has no PEM block CERTIFICATE in it"),
            (&block("PRIVATE KEY", "Y2FuYXJ5"), "has no PEM block CERTIFICATE in it"),
            (&block("CERTIFICATE", "Y2FuYXJ5"), "a block CERTIFICATE has no certificate in it"),
            (&block("CERTIFICATE", "!"), "is not PEM that can be read: "),
            ("-----BEGIN CERTIFICATE-----\nY2FuYXJ5\n", "is not PEM that can be read: "),
        ] {
            let file = file(text);
            let error = certificates(file.path()).unwrap_err();
            assert!(error.starts_with(&file.path().display().to_string()), "{error}");
            assert!(error.contains(reason) && !error.contains("canary"), "{error}");
        }
    }

    #[test]
    fn a_key_that_will_not_do_is_not_shown() {
        for (text, reason) in [
            ("canary", "has no PEM block PRIVATE KEY in it"),
            (&block("CERTIFICATE", "Y2FuYXJ5"), "has no PEM block PRIVATE KEY in it"),
            (&block("ENCRYPTED PRIVATE KEY", "Y2FuYXJ5"), "has an encrypted key: decrypt it"),
        ] {
            let error = private_key(file(text).path()).unwrap_err();
            assert!(error.contains(reason) && !error.contains("canary"), "{error}");
        }
    }
}
