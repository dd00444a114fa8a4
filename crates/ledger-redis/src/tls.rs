//! TLS: certificates from PEM files, and what a failed handshake means.

use std::error::Error;
use std::io;
use std::path::Path;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ports::LedgerError;
use redis::{Client, ClientTlsConfig, ConnectionAddr, ConnectionInfo, RedisError, TlsCertificates};
use rustls::pki_types::pem::{Error as PemError, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{AlertDescription, CertificateError, RootCertStore};

use crate::Settings;

/// The files of the settings, read and checked.
pub(crate) struct Certificates {
    /// `None`: the system's authorities alone, and no client certificate.
    files: Option<TlsCertificates>,
}

impl Certificates {
    pub(crate) fn read(settings: &Settings) -> Result<Self, LedgerError> {
        install_provider();
        let authorities = settings.ca_file.as_deref().map(authorities).transpose()?;
        let client = match (&settings.client_cert_file, &settings.client_key_file) {
            (None, None) => None,
            (Some(certificate), Some(key)) => Some(client(certificate, key)?),
            _ => return Err(refused("a client certificate needs both its file and its key's")),
        };
        let some = authorities.is_some() || client.is_some();
        let files = TlsCertificates { client_tls: client, root_cert: authorities };
        Ok(Self { files: some.then_some(files) })
    }

    pub(crate) fn apply(&self, info: ConnectionInfo) -> Result<ConnectionInfo, LedgerError> {
        let Some(files) = &self.files else { return Ok(info) };
        if !matches!(info.addr(), ConnectionAddr::TcpTls { .. }) {
            return Err(refused("TLS files are set, and the ledger's URL is one without TLS"));
        }
        let client = Client::build_with_tls(info, files.clone());
        let client = client.map_err(|_| refused("the TLS files cannot be used"))?;
        Ok(client.get_connection_info().clone())
    }
}

fn install_provider() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // If another thread was faster, its choice stays.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    }
}

/// The system's authorities and those of the file: Redis' own option replaces the system's.
fn authorities(path: &Path) -> Result<Vec<u8>, LedgerError> {
    const WHAT: &str = "CA file";
    let text = read(WHAT, path)?;
    let mut store = RootCertStore::empty();
    for certificate in certificates(WHAT, path, &text)? {
        store.add(certificate).map_err(|_| about(WHAT, path, "has a malformed certificate"))?;
    }
    let system = rustls_native_certs::load_native_certs();
    for error in &system.errors {
        tracing::warn!(%error, "certificate authorities of this system cannot be read");
    }
    let mut all = text;
    // Some systems have certificates that nothing accepts; they must not keep the others out.
    for certificate in system.certs.iter().filter(|one| store.add((*one).clone()).is_ok()) {
        all.extend_from_slice(pem(certificate).as_bytes());
    }
    Ok(all)
}

fn pem(certificate: &CertificateDer<'_>) -> String {
    let text = STANDARD.encode(certificate);
    format!("\n-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")
}

fn client(certificate: &Path, key: &Path) -> Result<ClientTlsConfig, LedgerError> {
    let (cert_text, key_text) =
        (read("client certificate file", certificate)?, read("client key file", key)?);
    let chain = certificates("client certificate file", certificate, &cert_text)?;
    let private = PrivateKeyDer::from_pem_slice(&key_text).map_err(|error| {
        let what = match error {
            PemError::NoItemsFound => "has no private key in PEM form",
            _ => "is no valid PEM file",
        };
        about("client key file", key, what)
    })?;
    let config = rustls::ClientConfig::builder().with_root_certificates(RootCertStore::empty());
    match config.with_client_auth_cert(chain, private) {
        Ok(_) => Ok(ClientTlsConfig { client_cert: cert_text, client_key: key_text }),
        Err(rustls::Error::InconsistentKeys(_)) => {
            Err(about("client key file", key, "does not belong to the client certificate"))
        }
        Err(_) => Err(about("client key file", key, "has a key that cannot be used")),
    }
}

fn read(what: &str, path: &Path) -> Result<Vec<u8>, LedgerError> {
    std::fs::read(path).map_err(|error| about(what, path, &format!("cannot be read: {error}")))
}

fn certificates(
    what: &str,
    path: &Path,
    text: &[u8],
) -> Result<Vec<CertificateDer<'static>>, LedgerError> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text).collect();
    match all {
        Ok(none) if none.is_empty() => Err(about(what, path, "has no certificate in PEM form")),
        Ok(some) => Ok(some),
        Err(_) => Err(about(what, path, "is no valid PEM file")),
    }
}

fn about(what: &str, path: &Path, problem: &str) -> LedgerError {
    refused(&format!("the {what} {} {problem}", path.display()))
}

fn refused(text: &str) -> LedgerError {
    LedgerError::Denied(text.to_owned())
}

/// Why a handshake failed, if that is the error. What only the server's side can change, and may
/// change while this program waits, is `Unavailable`.
pub(crate) fn refusal(error: &RedisError) -> Option<LedgerError> {
    let cause: &Arc<dyn Error + Send + Sync> = error.source()?.downcast_ref()?;
    let cause = cause.downcast_ref::<io::Error>()?.get_ref()?.downcast_ref::<rustls::Error>()?;
    match cause {
        rustls::Error::InvalidCertificate(problem) => Some(untrusted(problem)),
        rustls::Error::AlertReceived(alert) => {
            Some(LedgerError::Denied(format!("TLS: {}", of_alert(*alert)?)))
        }
        _ => None,
    }
}

fn untrusted(problem: &CertificateError) -> LedgerError {
    let text = match problem {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            return LedgerError::Unavailable(
                "TLS: the server's certificate has expired".to_owned(),
            );
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            let text = "TLS: the server's certificate is not valid yet: compare the clocks";
            return LedgerError::Unavailable(text.to_owned());
        }
        // With another key: a trusted authority has the same name, such as the one before.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "the server's certificate is from an unknown authority: name that authority's file in \
             ledger.ca_file"
                .to_owned()
        }
        CertificateError::NotValidForName => {
            "the server's certificate is for another host name".to_owned()
        }
        CertificateError::NotValidForNameContext { expected, presented } => format!(
            "the server's certificate is not for {}, but for: {}",
            expected.to_str(),
            presented.join(", ")
        ),
        other => format!("the server's certificate cannot be used: {other}"),
    };
    LedgerError::Denied(format!("TLS: {text}"))
}

fn of_alert(alert: AlertDescription) -> Option<&'static str> {
    match alert {
        AlertDescription::CertificateRequired => Some(
            "the server needs a client certificate: set ledger.client_cert_file and \
             ledger.client_key_file",
        ),
        AlertDescription::BadCertificate
        | AlertDescription::UnknownCA
        | AlertDescription::CertificateUnknown
        | AlertDescription::CertificateExpired
        | AlertDescription::CertificateRevoked
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::AccessDenied => Some("the server refuses the client certificate"),
        _ => None,
    }
}
