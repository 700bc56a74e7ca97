//! TLS: both protocols, another certificate while it serves, and clients that do not shake hands.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use sigyl_server::settings::TlsFiles;
use sigyl_server::{Config, Tls};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::app::TestApp;

fn given(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/tls").join(name)
}

fn certificate(name: &str) -> CertificateDer<'static> {
    CertificateDer::from_pem_file(given(&format!("{name}.pem"))).unwrap()
}

/// Puts a certificate and its key where the server looks.
fn put(name: &str, folder: &Path) -> TlsFiles {
    let files = TlsFiles { certificate: folder.join("chain.pem"), key: folder.join("key.pem") };
    std::fs::copy(given(&format!("{name}.key.pem")), &files.key).unwrap();
    std::fs::copy(given(&format!("{name}.pem")), &files.certificate).unwrap();
    files
}

async fn app(folder: &Path, change: impl FnOnce(&mut Config)) -> TestApp {
    let mut config = Config::default();
    config.tls = Some(Tls::open(put("one", folder)).unwrap());
    config.bounds.certificate_time = Duration::from_millis(5);
    change(&mut config);
    TestApp::with(config).await
}

/// Shakes hands, trusting both certificates of the tests.
async fn shake(app: &TestApp, protocols: &[&str]) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    for name in ["one", "two"] {
        roots.add(certificate(name)).unwrap();
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, app.connect().await).await
}

fn shown(stream: &TlsStream<TcpStream>) -> CertificateDer<'static> {
    stream.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned()
}

#[tokio::test]
async fn both_protocols_are_spoken_over_tls() {
    let folder = tempfile::tempdir().unwrap();
    let app = app(folder.path(), |_| {}).await;
    let mut stream = shake(&app, &["http/1.1"]).await.unwrap();
    stream.write_all(b"GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).await.unwrap();
    assert!(said.starts_with("HTTP/1.1 200 OK"), "{said}");
    let stream = shake(&app, &["h2", "http/1.1"]).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    drop(stream);
    app.end().await;
}

#[tokio::test]
async fn another_certificate_is_used_once_its_files_are_there_and_a_broken_one_never() {
    let folder = tempfile::tempdir().unwrap();
    let app = app(folder.path(), |_| {}).await;
    assert_eq!(shown(&shake(&app, &[]).await.unwrap()), certificate("one"));
    std::fs::write(folder.path().join("chain.pem"), "broken").unwrap();
    assert_eq!(shown(&shake(&app, &[]).await.unwrap()), certificate("one"));
    put("two", folder.path());
    let changed = async { while shown(&shake(&app, &[]).await.unwrap()) != certificate("two") {} };
    tokio::time::timeout(Duration::from_secs(20), changed).await.unwrap();
    app.end().await;
}

#[tokio::test]
async fn who_does_not_shake_hands_is_let_go() {
    let folder = tempfile::tempdir().unwrap();
    let app = app(folder.path(), |config| config.bounds.head_time = Duration::from_millis(50)).await;
    for said in [&b""[..], b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n", b"\x16\x03\x01"] {
        let mut stream = app.connect().await;
        stream.write_all(said).await.unwrap();
        let mut heard = Vec::new();
        stream.read_to_end(&mut heard).await.ok();
        assert!(!String::from_utf8_lossy(&heard).contains("HTTP/1.1 200"));
    }
    app.end().await;
}

#[test]
fn a_key_that_is_not_the_certificates_is_refused() {
    let files = TlsFiles { certificate: given("one.pem"), key: given("two.key.pem") };
    assert!(Tls::open(files).is_err());
    let files = TlsFiles { certificate: given("one.pem"), key: given("one.pem") };
    let refused = Tls::open(files).unwrap_err().to_string();
    assert!(refused.contains("key") && refused.contains("one.pem"), "{refused}");
}
