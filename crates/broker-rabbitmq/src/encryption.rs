//! TLS to the broker, and what its errors mean.

use std::io;

use lapin::ErrorKind;
use lapin::tcp::{RustlsConnector, RustlsConnectorConfig};
use ports::BrokerError;
use tls::{FileKey, Files, Refusal, Section};

const BROKER: Section = Section::Broker;

/// The files are read for each connection, so that renewed ones are used.
pub(crate) fn connector(files: &Files) -> Result<RustlsConnector, BrokerError> {
    let denied = |text: String| BrokerError::Denied(format!("{BROKER}.{text}"));
    let read = files.read().map_err(|error| denied(error.to_string()))?;
    let mut config = RustlsConnectorConfig::new_with_platform_verifier();
    if let Some(authorities) = read.authorities {
        config.add_parsable_certificates(authorities.content);
    }
    let built = match read.client {
        None => config.connector_with_no_client_auth(),
        Some(client) => {
            config.connector_with_single_cert(client.certificates.content, client.key.content)
        }
    };
    built.map_err(|error| BrokerError::Denied(format!("TLS cannot be set up: {error}")))
}

/// Why TLS failed, if that is the error. What only the other side can change is `Unavailable`.
pub(crate) fn refusal(error: &lapin::Error, address: &str) -> Option<BrokerError> {
    let ErrorKind::IOError(error) = error.kind() else { return None };
    if address.starts_with("amqps:") && is_cut(error.kind()) {
        let key = FileKey::ClientCert;
        return Some(BrokerError::Unavailable(format!(
            "{address}: {error}; if it wants a client certificate, check {BROKER}.{key}"
        )));
    }
    let refusal = Refusal::of(error.as_ref())?;
    let hint = match refusal {
        Refusal::NoTls => " (amqps:// usually has port 5671)",
        _ => "",
    };
    let text = format!("{address}: {}{hint}", refusal.explained(BROKER));
    Some(match refusal.may_pass() {
        true => BrokerError::Unavailable(text),
        false => BrokerError::Denied(text),
    })
}

/// A broker that refuses a certificate closes the connection; its reason may be lost.
fn is_cut(kind: io::ErrorKind) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    matches!(kind, BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof)
}
