//! The program, serving, as tests work with it.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use http_body_util::{BodyExt as _, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper::header::HeaderMap;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpStream;

use crate::api::events;

/// The program, serving.
pub(crate) struct Running {
    child: Child,
    is_stopped: bool,
    pub(crate) address: String,
    pub(crate) key: String,
    pub(crate) folder: TempDir,
    /// What it wrote to standard error so far.
    pub(crate) log: Arc<Mutex<String>>,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Running {
    pub(crate) fn start(variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let mut program = Command::new(env!("CARGO_BIN_EXE_sigyl-server"));
        program.env_clear().env("HOME", folder.path()).env("PATH", std::env::var_os("PATH").unwrap());
        program.args(["--listen", "127.0.0.1:0", "--data-dir"]).arg(&data);
        program.envs(variables.iter().copied()).env("SIGYL_LOG_FORMAT", "json").stderr(Stdio::piped());
        let mut child = program.spawn().unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let kept = log.clone();
        let mut lines =
            BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok).inspect(move |line| {
                let mut log = kept.lock().unwrap();
                log.push_str(line);
                log.push('\n');
            });
        let line = lines.find(|line| line.contains("listening on")).unwrap();
        let line: Value = serde_json::from_str(&line).unwrap();
        let address = line["fields"]["message"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        let key = std::fs::read_to_string(data.join("admin.key")).unwrap();
        // The log is read to its end, so that the program never waits for its reader.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, is_stopped: false, address, key: key.trim_end().to_owned(), folder, log }
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Answer {
        let io = TokioIo::new(TcpStream::connect(&self.address).await.unwrap());
        let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await.unwrap();
        tokio::spawn(connection);
        let mut request = Request::builder().method(method).uri(path);
        request = request
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response =
            sender.send_request(request.body(Full::<Bytes>::from(body.to_string())).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    pub(crate) async fn with_key(&self, method: &str, path: &str, body: &Value) -> Answer {
        let bearer = format!("Bearer {}", self.key);
        self.send(method, path, &[("host", &self.address), ("authorization", &bearer)], body).await
    }

    /// Reads a stream that does not end, up to and with the part in which `marker` is.
    pub(crate) async fn stream_until(&self, path: &str, marker: &str) -> Vec<u8> {
        let io = TokioIo::new(TcpStream::connect(&self.address).await.unwrap());
        let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await.unwrap();
        tokio::spawn(connection);
        let request = Request::get(path).header("host", &self.address);
        let request = request.header("authorization", format!("Bearer {}", self.key));
        let response = sender.send_request(request.body(Full::<Bytes>::default()).unwrap()).await.unwrap();
        assert_eq!(response.status(), 200);
        let (mut body, mut told) = (response.into_body(), Vec::new());
        while !String::from_utf8_lossy(&told).contains(marker) {
            let frame = body.frame().await.unwrap().unwrap();
            told.extend(frame.into_data().unwrap_or_default());
        }
        told
    }

    /// Begins a run, and waits until it is over; returns how it ended, and all that was told of it.
    pub(crate) async fn run(&self, method: &str, path: &str, body: &Value) -> (Value, Bytes) {
        let begun = self.with_key(method, path, body).await;
        let begun: Value = serde_json::from_slice(&begun.body).unwrap();
        let events_of = begun["events"].as_str().unwrap_or_else(|| panic!("{begun}"));
        let told = self.with_key("GET", events_of, &Value::Null).await;
        (events(&told.body).pop().unwrap().2, told.body)
    }

    /// Writes a server into a folder of its own.
    pub(crate) fn source(&self, name: &str, manifest: &str, code: &str) -> PathBuf {
        let source = self.folder.path().join(name);
        write(&source.join("sigyl.yaml"), manifest);
        write(&source.join("main.py"), code);
        source
    }
}

impl Running {
    /// Ends the program, and waits until it has.
    pub(crate) fn stop(&mut self) {
        if !std::mem::replace(&mut self.is_stopped, true) {
            let ended = Command::new("kill").arg(self.child.id().to_string()).status();
            assert!(ended.unwrap().success() && self.child.wait().unwrap().success());
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop();
    }
}

fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}
