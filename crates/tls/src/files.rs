//! The files for one server, as its section of the configuration names them.

use std::fmt;
use std::path::{Path, PathBuf};

use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use crate::pem::{Pem, certificates, private_key};

/// All files are PEM. The fields have the names of the keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files {
    /// Certificates of authorities that are trusted beside those of the system.
    pub ca_file: Option<PathBuf>,
    /// A certificate for a server that wants one from its clients, followed by those that lead to
    /// its authority.
    pub client_cert_file: Option<PathBuf>,
    /// Its private key, not encrypted.
    pub client_key_file: Option<PathBuf>,
}

/// What the files contain.
pub struct Read {
    pub authorities: Option<Pem<Vec<CertificateDer<'static>>>>,
    pub client: Option<Client>,
}

/// A certificate and its own key.
pub struct Client {
    pub certificates: Pem<Vec<CertificateDer<'static>>>,
    pub key: Pem<PrivateKeyDer<'static>>,
}

/// A key of the configuration, without its section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKey {
    Ca,
    ClientCert,
    ClientKey,
}

/// A file that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {cause}")]
pub struct FileError {
    pub key: FileKey,
    /// Names the file.
    pub cause: String,
}

impl FileKey {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ca => "ca_file",
            Self::ClientCert => "client_cert_file",
            Self::ClientKey => "client_key_file",
        }
    }

    fn of<T>(self, path: &Path, read: impl Fn(&Path) -> Result<T, String>) -> Result<T, FileError> {
        read(path).map_err(|cause| FileError { key: self, cause })
    }
}

impl fmt::Display for FileKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Files {
    /// Whether none is named.
    pub fn are_none(&self) -> bool {
        *self == Self::default()
    }

    /// Blocking.
    pub fn read(&self) -> Result<Read, FileError> {
        let authorities = self.ca_file.as_deref();
        let authorities = authorities.map(|path| FileKey::Ca.of(path, certificates)).transpose()?;
        let client = match (&self.client_cert_file, &self.client_key_file) {
            (None, None) => None,
            // Once more: one of the two may just have been replaced.
            (Some(cert), Some(key)) => Some(client(cert, key).or_else(|_| client(cert, key))?),
            (Some(_), None) => return Err(alone(FileKey::ClientCert, FileKey::ClientKey)),
            (None, Some(_)) => return Err(alone(FileKey::ClientKey, FileKey::ClientCert)),
        };
        Ok(Read { authorities, client })
    }
}

fn alone(key: FileKey, missing: FileKey) -> FileError {
    FileError { key, cause: format!("is set while {missing} is not: set both, or neither") }
}

fn client(cert: &Path, key: &Path) -> Result<Client, FileError> {
    let certificates = FileKey::ClientCert.of(cert, certificates)?;
    let private = FileKey::ClientKey.of(key, private_key)?;
    let (chain, copy) = (certificates.content.clone(), private.content.clone_key());
    match CertifiedKey::from_der(chain, copy, &default_provider()) {
        Ok(_) => Ok(Client { certificates, key: private }),
        Err(error) => Err(unsuited(cert, key, &error)),
    }
}

fn unsuited(cert: &Path, key: &Path, error: &rustls::Error) -> FileError {
    let (cert, key) = (cert.display(), key.display());
    let (at, cause) = match error {
        rustls::Error::InconsistentKeys(_) => {
            (FileKey::ClientKey, format!("{key} is not the key of the certificate in {cert}"))
        }
        rustls::Error::InvalidCertificate(_) => {
            (FileKey::ClientCert, format!("{cert} has a certificate that cannot be used"))
        }
        error => (FileKey::ClientKey, format!("{key} has a key that cannot be used: {error}")),
    };
    FileError { key: at, cause }
}

#[cfg(test)]
mod tests {
    use servers::{Authority, Signed};

    use super::*;

    fn pair(cert: Option<PathBuf>, key: Option<PathBuf>) -> Files {
        Files { ca_file: None, client_cert_file: cert, client_key_file: key }
    }

    fn refused(files: &Files) -> (FileKey, String) {
        let error = files.read().map(drop).unwrap_err();
        (error.key, error.cause)
    }

    #[test]
    fn a_certificate_is_read_with_its_own_key_only() {
        let authority = Authority::new().unwrap();
        let [one, other] = ["one", "other"].map(|name| authority.sign(name, "DNS:c", 2).unwrap());
        let Signed { cert, key } = one;
        let whole = Files {
            ca_file: Some(authority.certificate()),
            ..pair(Some(cert.clone()), Some(key.clone()))
        };
        let read = whole.read().unwrap();
        assert_eq!(read.authorities.unwrap().content.len(), 1);
        assert_eq!(read.client.unwrap().key.text, std::fs::read(&key).unwrap());
        let (at, cause) = refused(&pair(Some(cert.clone()), Some(other.key)));
        assert_eq!(
            (at, cause.contains("is not the key of")),
            (FileKey::ClientKey, true),
            "{cause}"
        );
        let (at, cause) = refused(&pair(Some(cert.clone()), Some(cert.clone())));
        assert_eq!((at, cause.contains("PRIVATE KEY")), (FileKey::ClientKey, true), "{cause}");
        let (gone, empty) = (PathBuf::from("/no/such.pem"), cert.with_file_name("empty"));
        std::fs::write(&empty, "").unwrap();
        for (cert, key, at, word) in [
            (&gone, &key, FileKey::ClientCert, "/no/such.pem cannot be read: No such file"),
            (&cert, &gone, FileKey::ClientKey, "/no/such.pem cannot be read: No such file"),
            (&cert, &empty, FileKey::ClientKey, "is empty"),
        ] {
            let (found, cause) = refused(&pair(Some(cert.clone()), Some(key.clone())));
            assert_eq!((found, cause.contains(word)), (at, true), "{cause}");
        }
        for (ca, word) in
            [(Path::new("/"), "cannot be read"), (&gone, "cannot be read"), (&empty, "is empty")]
        {
            let (at, cause) = refused(&Files { ca_file: Some(ca.into()), ..Files::default() });
            assert_eq!((at, cause.contains(word)), (FileKey::Ca, true), "{cause}");
        }
        assert_eq!(refused(&pair(Some(cert), None)).0, FileKey::ClientCert);
        assert_eq!(refused(&pair(None, Some(key.clone()))).0, FileKey::ClientKey);
        let odd = Files { ca_file: Some(key), ..Files::default() };
        assert_eq!(refused(&odd).0, FileKey::Ca);
        assert!(Files::default().read().unwrap().client.is_none());
    }
}
