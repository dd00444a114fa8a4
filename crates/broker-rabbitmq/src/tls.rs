//! TLS: which authorities are trusted, which certificate is shown, and what its errors mean.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use lapin::ErrorKind;
use lapin::tcp::{RustlsConnector, RustlsConnectorConfig};
use ports::BrokerError;
use rustls::{AlertDescription, CertificateError};

use crate::pem::{certificates, private_key};

const CA: &str = "broker.ca_file";
const CERT: &str = "broker.client_cert_file";
const KEY: &str = "broker.client_key_file";

/// For `amqps://`. All files are PEM.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    /// Certificates of authorities that are trusted beside those of the system.
    pub ca_file: Option<PathBuf>,
    pub client: Option<ClientCertificate>,
}

/// A certificate for a broker that wants one from its clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCertificate {
    /// The certificate, followed by those that lead to its authority.
    pub cert_file: PathBuf,
    /// Its private key, not encrypted.
    pub key_file: PathBuf,
}

/// Why TLS cannot begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFileError {
    /// The key of the configuration.
    pub key: &'static str,
    /// Names the file.
    pub cause: String,
}

impl fmt::Display for TlsFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.cause)
    }
}

impl From<TlsFileError> for BrokerError {
    fn from(error: TlsFileError) -> Self {
        Self::Denied(error.to_string())
    }
}

impl Tls {
    /// Whether the files can be used.
    pub fn check(&self) -> Result<(), TlsFileError> {
        self.connector().map(drop)
    }

    pub(crate) fn connector(&self) -> Result<RustlsConnector, TlsFileError> {
        let mut config = RustlsConnectorConfig::new_with_platform_verifier();
        if let Some(path) = &self.ca_file {
            config.add_parsable_certificates(of(CA, path, certificates)?);
        }
        let built = match &self.client {
            None => config.connector_with_no_client_auth(),
            Some(ClientCertificate { cert_file, key_file }) => config.connector_with_single_cert(
                of(CERT, cert_file, certificates)?,
                of(KEY, key_file, private_key)?,
            ),
        };
        built.map_err(|error| match error.get_ref().and_then(|cause| cause.downcast_ref()) {
            Some(rustls::Error::InconsistentKeys(_)) => TlsFileError {
                key: KEY,
                cause: format!("is not the key of the certificate in {CERT}"),
            },
            _ if self.client.is_some() => TlsFileError { key: CERT, cause: error.to_string() },
            _ => TlsFileError { key: CA, cause: error.to_string() },
        })
    }
}

fn of<T>(
    key: &'static str,
    path: &Path,
    read: impl Fn(&Path) -> Result<T, String>,
) -> Result<T, TlsFileError> {
    read(path).map_err(|cause| TlsFileError { key, cause })
}

/// Why TLS failed, if that is the error. What only the other side can change is `Unavailable`.
pub(crate) fn refusal(error: &lapin::Error, address: &str) -> Option<BrokerError> {
    let ErrorKind::IOError(error) = error.kind() else { return None };
    let denied = |words: &str| Some(BrokerError::Denied(format!("{address}: {words}")));
    if address.starts_with("amqps:") && is_cut(error.kind()) {
        let text = format!("{address}: {error}; if it wants a client certificate, check {CERT}");
        return Some(BrokerError::Unavailable(text));
    }
    match error.get_ref()?.downcast_ref()? {
        rustls::Error::InvalidCertificate(cause) => Some(untrusted(cause, address)),
        rustls::Error::AlertReceived(alert) => denied(&alerted(*alert)),
        rustls::Error::InvalidMessage(_) => {
            denied("this port does not speak TLS (amqps:// usually has port 5671)")
        }
        other => denied(&format!("TLS failed: {other}")),
    }
}

/// A broker that refuses a certificate closes the connection; its reason may be lost.
fn is_cut(kind: io::ErrorKind) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    matches!(kind, BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof)
}

fn untrusted(cause: &CertificateError, address: &str) -> BrokerError {
    let words = match cause {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            return BrokerError::Unavailable(format!("{address}: its certificate has expired"));
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            let words = "its certificate is not valid yet, by the clock of this machine";
            return BrokerError::Unavailable(format!("{address}: {words}"));
        }
        // With another key: a trusted authority has the same name, such as the one before.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "its certificate is signed by no authority that is trusted here: name the authority's \
             certificate in broker.ca_file"
                .to_owned()
        }
        CertificateError::NotValidForNameContext { presented, .. } => format!(
            "its certificate is for other names: broker.url must use one of {}",
            presented.join(", ")
        ),
        other => format!("its certificate is not accepted: {other}"),
    };
    BrokerError::Denied(format!("{address}: {words}"))
}

/// With TLS 1.2 a broker says `HandshakeFailure` when a certificate is missing.
fn alerted(alert: AlertDescription) -> String {
    match alert {
        AlertDescription::CertificateRequired
        | AlertDescription::NoCertificate
        | AlertDescription::HandshakeFailure => {
            format!("it wants a client certificate ({alert:?}): set {CERT} and {KEY}")
        }
        AlertDescription::CertificateExpired => "our client certificate has expired".to_owned(),
        AlertDescription::UnknownCA => {
            "our client certificate is signed by no authority that it trusts".to_owned()
        }
        AlertDescription::BadCertificate
        | AlertDescription::CertificateRevoked
        | AlertDescription::CertificateUnknown
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::AccessDenied => {
            format!("it does not accept our client certificate ({alert:?})")
        }
        other => format!("TLS failed: it sent the alert {other:?}"),
    }
}
