//! Why a handshake failed.

use std::error::Error;
use std::{fmt, io};

use rustls::{AlertDescription, CertificateError};

/// Says what to change, unless only the server's operator can.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    ServerExpired,
    ServerNotYetValid,
    /// Or a trusted one has the same name and another key, such as the one before.
    UnknownAuthority,
    /// The names that its certificate is for; may be empty.
    OtherNames(Vec<String>),
    ServerUnusable(String),
    ClientWanted(AlertDescription),
    ClientExpired,
    ClientUnknown,
    ClientUnusable(AlertDescription),
    NoTls,
    Failed(String),
}

impl Refusal {
    /// If TLS is a cause of this error.
    pub fn of(error: &(dyn Error + 'static)) -> Option<Self> {
        let mut below = Some(error);
        while let Some(error) = below {
            if let Some(error) = error.downcast_ref::<rustls::Error>() {
                return Some(Self::of_handshake(error));
            }
            let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
            // The error in an `io::Error` is not its source.
            below = match inner {
                Some(inner) => Some(inner as &(dyn Error + 'static)),
                None => error.source(),
            };
        }
        None
    }

    fn of_handshake(error: &rustls::Error) -> Self {
        match error {
            rustls::Error::InvalidCertificate(cause) => Self::of_certificate(cause),
            rustls::Error::AlertReceived(alert) => Self::of_alert(*alert),
            rustls::Error::InvalidMessage(_) => Self::NoTls,
            other => Self::Failed(other.to_string()),
        }
    }

    fn of_certificate(cause: &CertificateError) -> Self {
        match cause {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                Self::ServerExpired
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                Self::ServerNotYetValid
            }
            CertificateError::UnknownIssuer | CertificateError::BadSignature => {
                Self::UnknownAuthority
            }
            CertificateError::NotValidForName => Self::OtherNames(Vec::new()),
            CertificateError::NotValidForNameContext { presented, .. } => {
                Self::OtherNames(presented.clone())
            }
            other => Self::ServerUnusable(other.to_string()),
        }
    }

    /// With TLS 1.2 a server says `HandshakeFailure` when a certificate is missing.
    fn of_alert(alert: AlertDescription) -> Self {
        match alert {
            AlertDescription::CertificateRequired
            | AlertDescription::NoCertificate
            | AlertDescription::HandshakeFailure => Self::ClientWanted(alert),
            AlertDescription::CertificateExpired => Self::ClientExpired,
            AlertDescription::UnknownCA => Self::ClientUnknown,
            AlertDescription::BadCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::AccessDenied => Self::ClientUnusable(alert),
            other => Self::Failed(format!("it sent the alert {other:?}")),
        }
    }

    /// Whether the server's side may repair it while this program waits.
    pub const fn may_pass(&self) -> bool {
        matches!(self, Self::ServerExpired | Self::ServerNotYetValid)
    }

    /// On one line, with the keys of this section of the configuration.
    pub fn explained(&self, section: &'static str) -> Explained<'_> {
        Explained { refusal: self, section }
    }
}

/// The subject of each sentence is the server.
pub struct Explained<'a> {
    refusal: &'a Refusal,
    section: &'static str,
}

impl fmt::Display for Explained<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let section = self.section;
        match self.refusal {
            Refusal::ServerExpired => f.write_str("its certificate has expired"),
            Refusal::ServerNotYetValid => {
                f.write_str("its certificate is not valid yet, by the clock of this machine")
            }
            Refusal::UnknownAuthority => write!(
                f,
                "its certificate is signed by no authority that is trusted here: name the \
                 authority's certificate in {section}.ca_file, if you trust it"
            ),
            Refusal::OtherNames(names) if names.is_empty() => {
                f.write_str("its certificate is for another name")
            }
            Refusal::OtherNames(names) => {
                let names = names.join(", ");
                write!(f, "its certificate is for other names: the URL must use one of {names}")
            }
            Refusal::ServerUnusable(cause) => write!(f, "its certificate is not accepted: {cause}"),
            Refusal::ClientWanted(alert) => write!(
                f,
                "it wants a client certificate ({alert:?}): set {section}.client_cert_file and \
                 {section}.client_key_file"
            ),
            Refusal::ClientExpired => f.write_str("our client certificate has expired"),
            Refusal::ClientUnknown => {
                f.write_str("our client certificate is signed by no authority that it trusts")
            }
            Refusal::ClientUnusable(alert) => {
                write!(f, "it does not accept our client certificate ({alert:?})")
            }
            Refusal::NoTls => f.write_str("this port does not speak TLS"),
            Refusal::Failed(cause) => write!(f, "TLS failed: {cause}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As HTTP clients wrap it.
    #[derive(Debug)]
    struct Above(io::Error);

    impl fmt::Display for Above {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("connect")
        }
    }

    impl Error for Above {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&self.0)
        }
    }

    fn of(error: rustls::Error) -> Refusal {
        Refusal::of(&Above(io::Error::other(io::Error::other(error)))).unwrap()
    }

    #[test]
    fn it_is_found_below_other_errors() {
        let unknown = of(CertificateError::UnknownIssuer.into());
        assert_eq!(unknown, Refusal::UnknownAuthority);
        assert!(unknown.explained("kling").to_string().contains("in kling.ca_file"));
        assert_eq!(Refusal::of(&Above(io::Error::other("reset"))), None);
        assert_eq!(Refusal::of(&io::Error::from(io::ErrorKind::ConnectionReset)), None);
    }

    #[test]
    fn only_a_certificate_out_of_its_time_may_be_replaced_meanwhile() {
        for (error, passes) in [
            (CertificateError::Expired.into(), true),
            (CertificateError::NotValidYet.into(), true),
            (CertificateError::BadSignature.into(), false),
            (CertificateError::NotValidForName.into(), false),
            (CertificateError::Revoked.into(), false),
            (rustls::Error::AlertReceived(AlertDescription::CertificateExpired), false),
            (rustls::Error::AlertReceived(AlertDescription::InternalError), false),
            (rustls::Error::General("x".to_owned()), false),
        ] {
            let refusal = of(error);
            assert_eq!(refusal.may_pass(), passes, "{refusal:?}");
            assert!(!refusal.explained("ledger").to_string().contains('\n'));
        }
    }
}
