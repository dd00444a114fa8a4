//! TLS with an authority of our own: what is accepted, and one clear line for each refusal.

use crate::fixture::node::Node;
use crate::fixture::{soon, until_ok};
use broker_rabbitmq::{RabbitBroker, Settings};
use ports::{Broker, BrokerError};
use servers::rabbitmq::Configuration;
use servers::{Authority, Signed, free_port};
use tls::Files;

/// A node that wants a client certificate, and its authority.
struct Guarded {
    node: Node,
    authority: Authority,
    server: Signed,
    port: u16,
}

impl Guarded {
    async fn start() -> Self {
        let authority = Authority::new().expect("an authority");
        let server = authority.sign("server", "DNS:localhost", 2).expect("a certificate");
        let port = free_port();
        let shown = |path: &std::path::Path| path.display().to_string();
        let mut lines: Vec<String> = [
            "ssl_options.verify = verify_peer",
            "ssl_options.fail_if_no_peer_cert = true",
            "auth_mechanisms.1 = PLAIN",
            "auth_mechanisms.2 = EXTERNAL",
            "ssl_cert_login_from = common_name",
        ]
        .map(str::to_owned)
        .into();
        lines.push(format!("listeners.ssl.1 = 127.0.0.1:{port}"));
        lines.push(format!("ssl_options.cacertfile = {}", shown(&authority.certificate())));
        lines.push(format!("ssl_options.certfile = {}", shown(&server.cert)));
        lines.push(format!("ssl_options.keyfile = {}", shown(&server.key)));
        let plugins = vec!["rabbitmq_auth_mechanism_ssl"];
        let node = Node::configured(&Configuration { plugins, lines, managed: false }).await;
        until_ok(|| tokio::net::TcpStream::connect(("127.0.0.1", port))).await;
        Self { node, authority, server, port }
    }

    fn settings(&self, client: &Signed) -> Settings {
        let url = format!("amqps://guest:guest@localhost:{}", self.port);
        let mut settings = Settings::new(url, "sealed");
        settings.tls = Files {
            ca_file: Some(self.authority.certificate()),
            client_cert_file: Some(client.cert.clone()),
            client_key_file: Some(client.key.clone()),
        };
        settings
    }

    /// The broker reads its files again.
    async fn read_again(&self) {
        self.node.control(&["eval", "ssl:clear_pem_cache()."]).await;
    }
}

async fn works(settings: Settings) {
    let broker = RabbitBroker::connect(settings).await.expect("connected");
    assert_eq!(broker.check().await, Ok(()));
    broker.close().await;
}

/// One line that names the address.
async fn denied(settings: Settings, words: &str) {
    let refused = RabbitBroker::connect(settings).await.err();
    let Some(BrokerError::Denied(text)) = refused else { panic!("{words}: {refused:?}") };
    assert!(text.contains(words) && !text.contains('\n'), "{text}");
}

/// The same. A busy broker may close the connection before its reason is read.
async fn alerted(settings: Settings, words: &str) {
    let waiting = async {
        loop {
            match RabbitBroker::connect(settings.clone()).await.err() {
                Some(BrokerError::Denied(text)) => return text,
                Some(BrokerError::Unavailable(text)) => {
                    assert!(text.contains("check broker.client_cert_file"), "{text}");
                }
                other => panic!("{other:?}"),
            }
        }
    };
    let text = soon(waiting).await;
    assert!(text.contains(words) && !text.contains('\n'), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_authority_of_our_own_and_a_client_certificate() {
    let guarded = Guarded::start().await;
    let clerk = guarded.authority.sign("clerk", "DNS:clerk", 2).expect("a certificate");
    works(guarded.settings(&clerk)).await;
    who_is_named_by_the_certificate_needs_no_password(&guarded, &clerk).await;
    the_brokers_certificate_is_refused(&guarded, &clerk).await;
    our_certificate_is_refused(&guarded, &clerk).await;
    an_expired_one_may_be_renewed(&guarded, &clerk).await;
}

async fn who_is_named_by_the_certificate_needs_no_password(guarded: &Guarded, clerk: &Signed) {
    let mut settings = guarded.settings(clerk);
    settings.url = format!("amqps://localhost:{}?auth_mechanism=external", guarded.port).into();
    denied(settings.clone(), "ACCESS_REFUSED").await;
    guarded.node.control(&["add_user", "clerk", "unused"]).await;
    guarded.node.control(&["set_permissions", "clerk", ".*", ".*", ".*"]).await;
    works(settings).await;
}

async fn the_brokers_certificate_is_refused(guarded: &Guarded, clerk: &Signed) {
    let mut settings = guarded.settings(clerk);
    settings.tls.ca_file = None;
    denied(settings.clone(), "name the authority's certificate in broker.ca_file").await;
    // Of the same name.
    let other = Authority::new().expect("an authority");
    settings.tls.ca_file = Some(other.certificate());
    denied(settings.clone(), "name the authority's certificate in broker.ca_file").await;
    settings = guarded.settings(clerk);
    settings.url = format!("amqps://guest:guest@127.0.0.1:{}", guarded.port).into();
    denied(settings.clone(), "its certificate is not for 127.0.0.1, but for localhost").await;
    let plain = guarded.node.url().replace("amqp://", "amqps://");
    settings.url = plain.replace("127.0.0.1", "localhost").into();
    denied(settings, "this port does not speak TLS").await;
}

async fn our_certificate_is_refused(guarded: &Guarded, clerk: &Signed) {
    let mut settings = guarded.settings(clerk);
    (settings.tls.client_cert_file, settings.tls.client_key_file) = (None, None);
    alerted(settings, "it wants a client certificate").await;
    let other = Authority::new().expect("an authority");
    let stranger = other.sign("clerk", "DNS:clerk", 2).expect("a certificate");
    alerted(guarded.settings(&stranger), "our client certificate").await;
    let mixed = Signed { cert: clerk.cert.clone(), key: guarded.server.key.clone() };
    let key = mixed.key.display();
    let words = format!("broker.client_key_file: {key} is not the key of the certificate");
    denied(guarded.settings(&mixed), &words).await;
    let absent = Signed { cert: "/no/such.pem".into(), key: clerk.key.clone() };
    denied(guarded.settings(&absent), "broker.client_cert_file: /no/such.pem cannot be read").await;
}

/// Only the broker's operator can help, and without a change here.
async fn an_expired_one_may_be_renewed(guarded: &Guarded, clerk: &Signed) {
    let expired = guarded.authority.sign("server", "DNS:localhost", -1).expect("a certificate");
    expired.replaces(&guarded.server).expect("copied");
    guarded.read_again().await;
    let refused = RabbitBroker::connect(guarded.settings(clerk)).await.err();
    let Some(BrokerError::Unavailable(text)) = refused else { panic!("{refused:?}") };
    assert!(text.contains("its certificate has expired"), "{text}");
}
