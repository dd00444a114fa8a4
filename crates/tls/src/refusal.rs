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
    /// The name that was expected, and those that its certificate is for, if known.
    OtherNames {
        expected: Option<String>,
        presented: Vec<String>,
    },
    ServerUnusable(String),
    ClientWanted(AlertDescription),
    ClientRefused(AlertDescription),
    /// It gives no reason.
    HandshakeRefused,
    NoTls,
    /// On either side, also in the middle of a connection.
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
            CertificateError::NotValidForName => {
                Self::OtherNames { expected: None, presented: Vec::new() }
            }
            CertificateError::NotValidForNameContext { expected, presented } => Self::OtherNames {
                expected: Some(expected.to_str().into_owned()),
                presented: presented.iter().map(|name| bare(name).to_owned()).collect(),
            },
            other => Self::ServerUnusable(other.to_string()),
        }
    }

    fn of_alert(alert: AlertDescription) -> Self {
        match alert {
            AlertDescription::CertificateRequired | AlertDescription::NoCertificate => {
                Self::ClientWanted(alert)
            }
            AlertDescription::CertificateExpired
            | AlertDescription::UnknownCA
            | AlertDescription::BadCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::AccessDenied => Self::ClientRefused(alert),
            AlertDescription::HandshakeFailure => Self::HandshakeRefused,
            other => Self::Failed(format!("it sent the alert {other:?}")),
        }
    }

    /// Whether it may end while this program waits: by itself, or by the server's side.
    pub const fn may_pass(&self) -> bool {
        matches!(self, Self::ServerExpired | Self::ServerNotYetValid | Self::Failed(_))
    }

    /// On one line, with the keys of this section of the configuration.
    pub fn explained(&self, section: Section) -> Explained<'_> {
        Explained { refusal: self, section }
    }
}

/// The section of the configuration that has the keys for a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    Broker,
    Ledger,
    Kling,
}

impl Section {
    /// Which certificate the server gets to see.
    const fn client_advice(self) -> &'static str {
        match self {
            Self::Broker => "check broker.client_cert_file and broker.client_key_file",
            Self::Ledger => "check ledger.client_cert_file and ledger.client_key_file",
            Self::Kling => "reelwork cannot show one to the provider",
        }
    }

    const fn name_advice(self) -> &'static str {
        match self {
            Self::Broker => "broker.url must use such a name",
            Self::Ledger => "ledger.url must use such a name, or servers announce it",
            Self::Kling => "kling.base_url must use such a name",
        }
    }
}

impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Broker => "broker",
            Self::Ledger => "ledger",
            Self::Kling => "kling",
        })
    }
}

/// The subject of each sentence is the server.
pub struct Explained<'a> {
    refusal: &'a Refusal,
    section: Section,
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
            Refusal::OtherNames { expected, presented } => {
                let expected = expected.as_deref().unwrap_or("this name");
                write!(f, "its certificate is not for {expected}")?;
                match presented.as_slice() {
                    [] => Ok(()),
                    names => {
                        let (names, advice) = (names.join(", "), section.name_advice());
                        write!(f, ", but for {names}: {advice}")
                    }
                }
            }
            Refusal::ServerUnusable(cause) => write!(f, "its certificate is not accepted: {cause}"),
            Refusal::ClientWanted(alert) => {
                let advice = section.client_advice();
                write!(f, "it wants a client certificate ({alert:?}): {advice}")
            }
            Refusal::ClientRefused(alert) => {
                let (cause, advice) = (refused(*alert), section.client_advice());
                write!(f, "it does not accept our client certificate ({cause}): {advice}")
            }
            Refusal::HandshakeRefused => write!(
                f,
                "it refuses the handshake without a reason: it may want a client certificate \
                 ({}), or have no TLS version or cipher in common with us",
                section.client_advice()
            ),
            Refusal::NoTls => f.write_str("this port does not speak TLS"),
            Refusal::Failed(cause) => write!(f, "TLS failed: {cause}"),
        }
    }
}

fn refused(alert: AlertDescription) -> String {
    match alert {
        AlertDescription::CertificateExpired => "it has expired".to_owned(),
        AlertDescription::UnknownCA => "signed by no authority that it trusts".to_owned(),
        other => format!("{other:?}"),
    }
}

/// rustls shows names of certificates as `DnsName("mq.example")` and `IpAddress(10.0.0.1)`.
fn bare(name: &str) -> &str {
    let inner = |before: &str, after: &str| name.strip_prefix(before)?.strip_suffix(after);
    inner("DnsName(\"", "\")").or_else(|| inner("IpAddress(", ")")).unwrap_or(name)
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
    fn names_are_shown_without_their_kind() {
        for (name, shown) in [
            ("DnsName(\"mq.example\")", "mq.example"),
            ("IpAddress(10.0.0.1)", "10.0.0.1"),
            ("DirectoryName", "DirectoryName"),
        ] {
            assert_eq!(bare(name), shown);
        }
    }

    #[test]
    fn it_is_found_below_other_errors() {
        let unknown = of(CertificateError::UnknownIssuer.into());
        assert_eq!(unknown, Refusal::UnknownAuthority);
        assert!(unknown.explained(Section::Kling).to_string().contains("in kling.ca_file"));
        let wanted = Refusal::ClientWanted(AlertDescription::CertificateRequired);
        let advice = |section| wanted.explained(section).to_string();
        assert!(advice(Section::Broker).contains("broker.client_key_file"));
        assert!(!advice(Section::Kling).contains("client_key_file"), "it has no such key");
        assert_eq!(Refusal::of(&Above(io::Error::other("reset"))), None);
        assert_eq!(Refusal::of(&io::Error::from(io::ErrorKind::ConnectionReset)), None);
    }

    #[test]
    fn only_what_the_other_side_may_repair_passes() {
        for (error, passes) in [
            (CertificateError::Expired.into(), true),
            (CertificateError::NotValidYet.into(), true),
            (CertificateError::BadSignature.into(), false),
            (CertificateError::NotValidForName.into(), false),
            (CertificateError::Revoked.into(), false),
            (rustls::Error::AlertReceived(AlertDescription::CertificateExpired), false),
            (rustls::Error::AlertReceived(AlertDescription::HandshakeFailure), false),
            (rustls::Error::AlertReceived(AlertDescription::InternalError), true),
            (rustls::Error::General("x".to_owned()), true),
        ] {
            let refusal = of(error);
            assert_eq!(refusal.may_pass(), passes, "{refusal:?}");
            assert!(!refusal.explained(Section::Ledger).to_string().contains('\n'));
        }
    }
}
