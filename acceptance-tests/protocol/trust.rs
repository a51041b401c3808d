//! Rules for the clients that may call the plugin.

use terraform_provider_ipam::protocol::wire::get_metadata;
use tokio::io::AsyncReadExt;
use tokio::net::UnixStream;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::player::client::{Handshake, Identity, Plugin, connect, provider, tls, tls_config};

/// Whether a client with this identity gets an answer.
async fn is_let_in(handshake: &Handshake, identity: Option<&Identity>) -> bool {
    // With TLS 1.3 a client learns that it was refused only when it reads.
    match connect(handshake, identity).await {
        Ok(channel) => provider(channel).get_metadata(get_metadata::Request {}).await.is_ok(),
        Err(_) => false,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_announced_certificate_is_let_in() {
    let identity = Identity::new();
    let (_process, handshake) = Plugin::spawn(Some(&identity), &[]);
    assert!(!is_let_in(&handshake, None).await, "no certificate");
    assert!(!is_let_in(&handshake, Some(&Identity::new())).await, "another self-signed certificate");
    assert!(is_let_in(&handshake, Some(&identity)).await, "the right one, after the others were refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn certificate_without_its_key_is_refused() {
    let identity = Identity::new();
    let (_process, handshake) = Plugin::spawn(Some(&identity), &[]);
    assert!(!is_let_in(&handshake, Some(&identity.with_key_of(&Identity::new()))).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn plaintext_is_refused_where_tls_was_announced() {
    let identity = Identity::new();
    let (_process, handshake) = Plugin::spawn(Some(&identity), &[]);
    let plain = Handshake { certificate: None, ..handshake };
    assert!(!is_let_in(&plain, None).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_is_off_when_the_client_has_no_certificate() {
    let (_process, handshake) = Plugin::spawn(None, &[]);
    assert!(handshake.certificate.is_none() && handshake.line.ends_with("|grpc|"), "{}", handshake.line);
    assert!(is_let_in(&handshake, None).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn http2_is_agreed_upon_in_tls_1_2_and_1_3() {
    let identity = Identity::new();
    let (_process, handshake) = Plugin::spawn(Some(&identity), &[]);
    let server = handshake.certificate.as_ref().unwrap();
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let socket = UnixStream::connect(&handshake.socket).await.unwrap();
        let mut stream = tls(socket, tls_config(server, Some(&identity), &[version])).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        assert_eq!(stream.get_ref().1.protocol_version(), Some(version.version));
        // The server's first frame: the handshake was accepted.
        let mut frame = [0; 9];
        stream.read_exact(&mut frame).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn plugin_is_in_good_health() {
    let plugin = Plugin::start().await;
    let request = HealthCheckRequest { service: "plugin".to_owned() };
    let health = HealthClient::new(plugin.channel.clone()).check(request).await.unwrap().into_inner();
    assert_eq!(health.status(), ServingStatus::Serving);
}
