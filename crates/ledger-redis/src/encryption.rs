//! TLS to Redis, and what its errors mean.

use std::error::Error;
use std::io;
use std::sync::{Arc, Once};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ports::LedgerError;
use redis::{Client, ClientTlsConfig, ConnectionAddr, ConnectionInfo, RedisError, TlsCertificates};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use tls::{Files, Pem, Refusal, Section};

const LEDGER: Section = Section::Ledger;

/// Once, not for each connection.
static WARNED: Once = Once::new();

/// The redis crate takes the process-wide provider.
pub(crate) fn install_provider() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // If another thread was faster, its choice stays.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    }
}

/// Nobody who names files for TLS expects a connection without it.
pub(crate) fn check(files: &Files, info: &ConnectionInfo) -> Result<(), LedgerError> {
    match files.are_none() || matches!(info.addr(), ConnectionAddr::TcpTls { .. }) {
        true => Ok(()),
        false => {
            let text = "TLS files are set, and the ledger's URL is one without TLS";
            Err(LedgerError::Denied(text.to_owned()))
        }
    }
}

/// How to connect with the files as they are now. Blocking.
pub(crate) fn with(files: &Files, info: ConnectionInfo) -> Result<ConnectionInfo, String> {
    if files.are_none() {
        return Ok(info);
    }
    let read = files.read().map_err(|error| format!("{LEDGER}.{error}"))?;
    let client = read.client.map(|client| ClientTlsConfig {
        client_cert: client.certificates.text,
        client_key: client.key.text,
    });
    let root_cert = read.authorities.map(beside_the_systems);
    let certificates = TlsCertificates { client_tls: client, root_cert };
    let client = Client::build_with_tls(info, certificates);
    let client = client.map_err(|_| "the TLS files cannot be used".to_owned())?;
    Ok(client.get_connection_info().clone())
}

/// Redis' own option replaces the system's authorities.
fn beside_the_systems(authorities: Pem<Vec<CertificateDer<'static>>>) -> Vec<u8> {
    let system = rustls_native_certs::load_native_certs();
    WARNED.call_once(|| {
        for error in &system.errors {
            tracing::warn!(%error, "certificate authorities of this system cannot be read");
        }
    });
    let (mut store, mut all) = (RootCertStore::empty(), authorities.text);
    // Some systems have certificates that nothing accepts; they must not keep the others out.
    for certificate in system.certs.iter().filter(|one| store.add((*one).clone()).is_ok()) {
        all.extend_from_slice(pem(certificate).as_bytes());
    }
    all
}

fn pem(certificate: &CertificateDer<'_>) -> String {
    let text = STANDARD.encode(certificate);
    format!("\n-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")
}

/// Why TLS failed, if that is the error. An authority of this system that the redis crate does not
/// accept is no refusal by the server: there is no I/O error then.
pub(crate) fn refusal(error: &RedisError) -> Option<Refusal> {
    // Redis wraps it once more.
    let cause: &Arc<dyn Error + Send + Sync> = error.source()?.downcast_ref()?;
    Refusal::of(cause.downcast_ref::<io::Error>()?)
}

/// The error of a connection. What only the server's side can change, and may change while this
/// program waits, is `Unavailable`.
pub(crate) fn refused(refusal: &Refusal) -> LedgerError {
    match refusal.may_pass() {
        true => LedgerError::Unavailable(explained(refusal)),
        false => LedgerError::Denied(explained(refusal)),
    }
}

pub(crate) fn explained(refusal: &Refusal) -> String {
    refusal.explained(LEDGER).to_string()
}
