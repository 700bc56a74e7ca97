//! What `sigyl-server` answers over HTTP at 100 000 versions of 25 000 names: at a fixed rate of 200 requests a second over
//! 64 connections, where each time counts from the moment that the request was due, and not from when a connection was
//! free for it; as fast as it can; the first start where nothing is on record; a small read beside a bare hyper that says
//! hello; and the memory that stays.
//!
//!     cargo build --release --bin sigyl-server && cargo bench -p sigyl-benches --bench server [VERSIONS]
//!
//! It runs the release build of `sigyl-server` that lies in the target folder. What asks shares the machine with it.
#![expect(clippy::print_stdout, reason = "a bench tells what it measured")]

#[path = "filled/listings.rs"]
mod listings;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use http_body_util::{BodyExt as _, Empty, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::SendRequest;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use listings::{Failure, WORDS, fill, name};
use tokio::net::{TcpListener, TcpStream};

const VERSIONS: usize = 100_000;
const CONNECTIONS: usize = 64;
const RATE: usize = 200;
/// Requests of each kind at the fixed rate.
const DUE: usize = 4_000;
/// How long each kind is asked for as fast as it is answered.
const SATURATED: Duration = Duration::from_secs(5);
/// How often a small read and hello take turns.
const TURNS: usize = 3;
/// How often it is started where nothing is on record.
const STARTS: usize = 15;
/// The argument that makes this program the server that says hello.
const HELLO: &str = "--hello";

fn main() -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    if std::env::args().any(|word| word == HELLO) {
        return runtime.block_on(hello());
    }
    runtime.block_on(from_nothing())?;
    let versions = std::env::args().find_map(|word| word.parse().ok()).unwrap_or(VERSIONS);
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    runtime.block_on(fill(&dir.path().join("store"), versions))?;
    runtime.block_on(measure(dir.path(), versions))
}

/// What the first start takes on a machine where nothing is, and the memory of a server that nobody has asked for anything.
async fn from_nothing() -> Result<(), Failure> {
    let (mut starts, mut memory) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let since = Instant::now();
        let server = Running::server(dir.path())?;
        server.ready("/ready").await?;
        starts.push(since.elapsed().as_secs_f64() * 1e3);
        memory.push(server.resident()? as f64 / 1024.0);
    }
    println!(
        "nothing on record: ready after {:.0} ms (promise: 100), {:.1} MiB when idle (promise: 40); medians of {STARTS}",
        median(&mut starts),
        median(&mut memory)
    );
    Ok(())
}

async fn measure(data: &Path, versions: usize) -> Result<(), Failure> {
    let since = Instant::now();
    let server = Running::server(data)?;
    server.ready("/ready").await?;
    let idle = server.resident()?;
    println!(
        "{versions} versions: ready after {:.0} ms, {} MiB with the index and idle",
        since.elapsed().as_secs_f64() * 1e3,
        idle / 1024
    );
    let kinds = kinds();
    for (what, path) in &kinds {
        server.at_a_fixed_rate(what, *path).await?;
    }
    for (what, path) in &kinds {
        let rate = server.as_fast_as_it_can(*path).await?;
        println!(
            "{what:24} {rate:8.0} requests/s over {CONNECTIONS} connections, as fast as they are answered"
        );
    }
    beside_hello(&server).await?;
    tokio::time::sleep(Duration::from_secs(5)).await;
    let after = server.resident()?;
    println!("memory 5 s after the load: {} MiB, {:.2} × idle", after / 1024, after as f64 / idle as f64);
    Ok(())
}

/// The path of a request, by its number.
type Asked = fn(usize) -> String;

fn kinds() -> [(&'static str, Asked); 3] {
    [
        ("list, limit=100", |_| "/v0.1/servers?limit=100".to_owned()),
        ("list, search", |at| format!("/v0.1/servers?limit=100&search={}", WORDS[at % WORDS.len()])),
        ("search, ranked", |at| {
            let (one, other) = (WORDS[at % WORDS.len()], WORDS[(at / 7) % WORDS.len()]);
            format!("/v0.1/x/internal.sigyl/search?q={one}%20{other}&limit=30")
        }),
    ]
}

fn small(at: usize) -> String {
    format!("/v0.1/servers/{}/versions/latest", name(at * 97 % 1_000).replace('/', "%2F"))
}

async fn beside_hello(server: &Running) -> Result<(), Failure> {
    let bare = Running::hello()?;
    bare.ready("/").await?;
    let (mut small_reads, mut hellos) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        small_reads.push(server.as_fast_as_it_can(small).await?);
        hellos.push(bare.as_fast_as_it_can(|_| "/".to_owned()).await?);
    }
    let (read, hello) = (median(&mut small_reads), median(&mut hellos));
    println!(
        "a small read {read:.0} requests/s, a bare hello {hello:.0} requests/s, {TURNS} turns: {:.2} of it (promise: 0.50)",
        read / hello
    );
    Ok(())
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// A server in a process of its own, which ends with this value.
struct Running {
    child: Child,
    address: SocketAddr,
}

impl Drop for Running {
    fn drop(&mut self) {
        // Whatever it is, it is gone then.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Running {
    fn server(data: &Path) -> Result<Self, Failure> {
        let address = free()?;
        let mut command = Command::new(binary()?);
        command.arg("--data-dir").arg(data).arg("--cache-dir").arg(data.join("cache"));
        command.args(["--listen", &address.to_string()]);
        command.env("SIGYL_RATES_READ", "4000000");
        Self::start(command, address)
    }

    fn hello() -> Result<Self, Failure> {
        let address = free()?;
        let mut command = Command::new(std::env::current_exe()?);
        command.args([HELLO, &address.to_string()]);
        Self::start(command, address)
    }

    fn start(mut command: Command, address: SocketAddr) -> Result<Self, Failure> {
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        Ok(Self { child, address })
    }

    /// Waits until it answers.
    async fn ready(&self, path: &str) -> Result<(), Failure> {
        let until = Instant::now() + Duration::from_secs(60);
        loop {
            if let Ok(mut line) = Line::open(self.address).await
                && line.ask(path).await.is_ok()
            {
                return Ok(());
            }
            if Instant::now() > until {
                return Err("it does not answer".into());
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// KiB of memory that it has.
    fn resident(&self) -> Result<usize, Failure> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find(|line| line.starts_with("VmRSS")).ok_or("no VmRSS")?;
        Ok(line.split_whitespace().nth(1).ok_or("no number")?.parse()?)
    }

    /// Asks when each request is due, on whichever connection is free first.
    async fn at_a_fixed_rate(&self, what: &str, path: Asked) -> Result<(), Failure> {
        let next = Arc::new(AtomicUsize::new(0));
        let begin = tokio::time::Instant::now() + Duration::from_millis(100);
        let mut tasks = Vec::new();
        for _ in 0..CONNECTIONS {
            let (next, mut line) = (next.clone(), Line::open(self.address).await?);
            tasks.push(tokio::spawn(async move {
                let mut times = Vec::new();
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    if at >= DUE {
                        return Ok::<_, Failure>(times);
                    }
                    let due = begin + Duration::from_secs_f64(at as f64 / RATE as f64);
                    tokio::time::sleep_until(due).await;
                    line.ask(&path(at)).await?;
                    times.push(due.elapsed().as_secs_f64() * 1e3);
                }
            }));
        }
        let mut times = Vec::new();
        for task in tasks {
            times.extend(task.await??);
        }
        times.sort_by(f64::total_cmp);
        let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
        println!(
            "{what:24} {RATE}/s over {CONNECTIONS} connections: median {:.2} ms, 99th {:.2} ms, slowest {:.2} ms (promise: 99th 20)",
            at(0.5),
            at(0.99),
            at(1.0)
        );
        Ok(())
    }

    /// Asks on each connection again as soon as it is answered; returns requests a second.
    async fn as_fast_as_it_can(&self, path: Asked) -> Result<f64, Failure> {
        let mut tasks = Vec::new();
        let begin = Instant::now();
        for lane in 0..CONNECTIONS {
            let mut line = Line::open(self.address).await?;
            tasks.push(tokio::spawn(async move {
                let mut count = 0;
                while begin.elapsed() < SATURATED {
                    line.ask(&path(lane + count * CONNECTIONS)).await?;
                    count += 1;
                }
                Ok::<_, Failure>(count)
            }));
        }
        let mut count = 0;
        for task in tasks {
            count += task.await??;
        }
        Ok(count as f64 / begin.elapsed().as_secs_f64())
    }
}

/// One connection.
struct Line {
    sender: SendRequest<Empty<Bytes>>,
    host: String,
}

impl Line {
    async fn open(address: SocketAddr) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self { sender, host: address.to_string() })
    }

    /// Asks, and reads the answer to its end; what is no good answer is a failure, so that no error is timed.
    async fn ask(&mut self, path: &str) -> Result<(), Failure> {
        let request = Request::get(path).header("host", &self.host).body(Empty::new())?;
        self.sender.ready().await?;
        let response = self.sender.send_request(request).await?;
        if !response.status().is_success() {
            return Err(format!("{path}: {}", response.status()).into());
        }
        std::hint::black_box(response.into_body().collect().await?.to_bytes());
        Ok(())
    }
}

/// The release build, beside the folder that this bench runs from.
fn binary() -> Result<PathBuf, Failure> {
    let own = std::env::current_exe()?;
    let release = own.parent().and_then(Path::parent).ok_or("the bench lies in no target folder")?;
    let server = release.join("sigyl-server");
    if !server.is_file() {
        let what = "is missing: run cargo build --release --bin sigyl-server";
        return Err(format!("{} {what}", server.display()).into());
    }
    Ok(server)
}

fn free() -> Result<SocketAddr, Failure> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// Says hello, as little as hyper can.
async fn hello() -> Result<(), Failure> {
    let address = std::env::args().next_back().ok_or("no address")?;
    let listener = TcpListener::bind(address).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let answer = hyper::service::service_fn(|_| async {
            Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(b"hello"))))
        });
        tokio::spawn(
            hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), answer),
        );
    }
}
