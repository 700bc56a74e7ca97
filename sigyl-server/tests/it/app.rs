//! A server on a port of its own, with an empty data directory, and the clients that tests need.

use std::net::SocketAddr;

use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::header::HeaderMap;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use sigyl_core::Sigyl;
use sigyl_server::{Bounds, Config, ServeError, serve};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A server that serves.
pub(crate) struct TestApp {
    pub(crate) address: SocketAddr,
    pub(crate) data_dir: std::path::PathBuf,
    stop: oneshot::Sender<()>,
    served: JoinHandle<Result<(), ServeError>>,
    _folder: tempfile::TempDir,
}

/// An answer that was read whole.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }
}

impl TestApp {
    pub(crate) async fn start() -> Self {
        Self::with(Config::default()).await
    }

    pub(crate) async fn bounded(bounds: Bounds) -> Self {
        let mut config = Config::default();
        config.bounds = bounds;
        Self::with(config).await
    }

    pub(crate) async fn with(config: Config) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let owned =
            sigyl_core::Config::new(at("data"), at("cache"), Default::default(), "/nonexistent".into());
        let core = Sigyl::open(owned).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let serving = serve(config, core, listener, async {
            // The test is over when the sender is gone, too.
            stopped.await.ok();
        });
        let served = tokio::spawn(serving);
        Self { address, data_dir: at("data"), stop, served, _folder: folder }
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    pub(crate) async fn send(&self, request: Request<Full<Bytes>>) -> Reply {
        let io = TokioIo::new(self.connect().await);
        let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await.unwrap();
        let driver = tokio::spawn(connection);
        let response = sender.send_request(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        drop(sender);
        driver.await.unwrap().unwrap();
        Reply { status: parts.status, headers: parts.headers, body }
    }

    pub(crate) async fn ask(&self, method: &str, path: &str) -> Reply {
        let request = Request::builder().method(method).uri(path).header("host", self.address.to_string());
        self.send(request.body(Full::default()).unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.ask("GET", path).await
    }

    /// Sends bytes as they are and reads until the server closes.
    pub(crate) async fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect().await;
        // The server may close before it has read everything.
        stream.write_all(bytes).await.ok();
        stream.shutdown().await.ok();
        let mut said = Vec::new();
        stream.read_to_end(&mut said).await.ok();
        String::from_utf8_lossy(&said).into_owned()
    }

    pub(crate) async fn end(self) {
        self.stop.send(()).unwrap();
        self.served.await.unwrap().unwrap();
    }

    /// Waits until it ends because somebody else asked for that.
    pub(crate) async fn ended(self) {
        self.served.await.unwrap().unwrap();
    }
}
