//! What `sigyl list` costs from its start to its end on a store of 1 000 versions that nobody holds open: the promise
//! is under 30 ms.
//!
//!     cargo build --release --bin sigyl && cargo bench -p sigyl-benches --bench list
//!
//! It runs the release build of `sigyl` that lies in the target folder.
#![expect(clippy::print_stdout, reason = "a bench tells what it measured")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use sigyl_core::store::Store as _;
use sigyl_core::store::contract::fixture;
use sigyl_core::store::sled::SledStore;

const SERVERS: usize = 50;
const VERSIONS: usize = 1_000;
const STARTS: usize = 40;

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let sigyl = binary()?;
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(fill(&dir.path().join("store")))?;
    drop(runtime);
    let bare = median(&sigyl, dir.path(), &["--version"], |_| true)?;
    let list = median(&sigyl, dir.path(), &["list"], |out| out.lines().count() > SERVERS)?;
    println!("sigyl --version, {STARTS} starts: median {bare:.1} ms");
    println!(
        "sigyl list, {VERSIONS} versions of {SERVERS} servers, {STARTS} starts: median {list:.1} ms (promise: 30)"
    );
    Ok(())
}

/// The release build, beside the folder that this bench runs from.
fn binary() -> Result<PathBuf, Failure> {
    let own = std::env::current_exe()?;
    let release = own.parent().and_then(Path::parent).ok_or("the bench lies in no target folder")?;
    let sigyl = release.join("sigyl");
    if !sigyl.is_file() {
        return Err(format!("{} is missing: run cargo build --release --bin sigyl", sigyl.display()).into());
    }
    Ok(sigyl)
}

async fn fill(dir: &Path) -> Result<(), Failure> {
    let store = SledStore::open(dir)?;
    for at in 0..VERSIONS {
        let (name, number) = (format!("server-{}", at % SERVERS), format!("1.0.{}", at / SERVERS));
        store.apply(fixture::publish(&name, &number, &at.to_string())).await?;
    }
    Ok(())
}

/// Milliseconds from start to end; an answer that `right` does not take is a failure, so that no error is timed.
fn median(sigyl: &Path, data: &Path, words: &[&str], right: fn(&str) -> bool) -> Result<f64, Failure> {
    let mut times = Vec::new();
    for _ in 0..STARTS {
        let mut command = Command::new(sigyl);
        command.args(words).env("SIGYL_DATA_DIR", data).stdin(Stdio::null());
        let since = Instant::now();
        let output = command.output()?;
        times.push(since.elapsed().as_secs_f64() * 1e3);
        let text = String::from_utf8_lossy(&output.stdout);
        if !output.status.success() || !right(&text) {
            return Err(format!("sigyl {words:?} answered {}: {text}", output.status).into());
        }
    }
    times.sort_by(f64::total_cmp);
    Ok(times[times.len() / 2])
}
