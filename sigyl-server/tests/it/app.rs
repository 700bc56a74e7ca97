//! A server on a port of its own, with an empty data directory, and the clients that tests need.

use std::net::SocketAddr;

use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::header::HeaderMap;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use sigyl_core::Sigyl;
use sigyl_core::domain::{Caller, Label, Login, Scope};
use sigyl_core::wire::v1::NewKey;
use sigyl_server::{Bounds, Config, ServeError, serve};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A server that serves.
pub(crate) struct TestApp {
    pub(crate) address: SocketAddr,
    pub(crate) core: Sigyl,
    pub(crate) data_dir: std::path::PathBuf,
    stop: oneshot::Sender<()>,
    served: JoinHandle<Result<(), ServeError>>,
    _folder: TempDir,
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
        Self::over(owned, config, folder).await
    }

    /// A server over a library that is configured in its own way, in `folder`.
    pub(crate) async fn over(owned: sigyl_core::Config, config: Config, folder: TempDir) -> Self {
        let data_dir = owned.data_dir.clone();
        let core = Sigyl::open(owned).await.unwrap();
        core.ensure_admin_key(&Caller::local_owner()).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let serving = serve(config, core.clone(), listener, async {
            // The test is over when the sender is gone, too.
            stopped.await.ok();
        });
        let served = tokio::spawn(serving);
        Self { address, core, data_dir, stop, served, _folder: folder }
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
        self.tell(method, path, None, None).await
    }

    /// Asks with a key and a body.
    pub(crate) async fn tell(
        &self,
        method: &str,
        path: &str,
        key: Option<&str>,
        body: Option<&Value>,
    ) -> Reply {
        let mut request =
            Request::builder().method(method).uri(path).header("host", self.address.to_string());
        if let Some(key) = key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        if !body.is_empty() {
            request = request.header("content-type", "application/json");
        }
        self.send(request.body(Full::new(body.into())).unwrap()).await
    }

    /// A key of the first administrator.
    pub(crate) async fn admin_key(&self) -> String {
        self.key(None, &[]).await
    }

    /// A key of an account, or of the first administrator, for `scopes`.
    pub(crate) async fn key(&self, account: Option<&Login>, scopes: &[&str]) -> String {
        let new = NewKey {
            label: Label::parse("test").unwrap(),
            scopes: scopes.iter().map(|scope| Scope::parse(scope).unwrap()).collect(),
            workspace: None,
            networks: Vec::new(),
            expires: None,
            account: account.cloned(),
            view: None,
        };
        let made = self.core.create_key(&Caller::local_owner(), new).await.unwrap();
        made.plain.reveal().to_owned()
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
