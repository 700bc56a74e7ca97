//! What the registry answers at 100 000 versions of 25 000 names: each kind of request by itself, from the query to the
//! bytes of the answer. The promise is a 99th percentile under 20 ms for lists of 100 and searches.
//!
//!     cargo bench -p sigyl-benches --bench registry [VERSIONS]
#![expect(clippy::print_stdout, reason = "a bench tells what it measured")]

use std::sync::Arc;
use std::time::Instant;

use sigyl_core::domain::{Listing, Shows, Timestamp};
use sigyl_core::registry::{Query, Shelf, Which};
use sigyl_core::store::Store;
use sigyl_core::store::contract::fixture;
use sigyl_core::store::sled::SledStore;
use sigyl_core::wire::registry::ImportRow;

const VERSIONS: usize = 100_000;
const ROUNDS: usize = 400;

#[path = "filled/listings.rs"]
mod listings;

use listings::{Failure, fill, name};

fn main() -> Result<(), Failure> {
    let versions = std::env::args().find_map(|word| word.parse().ok()).unwrap_or(VERSIONS);
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(fill(dir.path(), versions))?;
    let before = resident()?;
    let since = Instant::now();
    let store: Arc<dyn Store> = Arc::new(SledStore::open(dir.path())?);
    let shelf = Arc::new(runtime.block_on(Shelf::load(store))?);
    println!(
        "{versions} versions: open and load {:.0} ms, {} MiB resident more",
        since.elapsed().as_secs_f64() * 1e3,
        (resident()? - before) / 1024
    );
    for (name, query) in lists(&shelf)? {
        measure(name, || answer(&shelf.list(&Shows::default(), query(), None)?))?;
    }
    for words in ["weather", "wea", "wheather forecats", "server", "postgres query tool", "xylophonist"] {
        measure(&format!("search {words}"), || answer(&shelf.search(&Shows::default(), words, 30, None)?))?;
    }
    let name = name(versions / 2);
    measure("one version", || answer(&shelf.version(&Shows::default(), &name, "latest", false, None)?))?;
    let new = fixture::listing("com.example/new", "1.0.0", "A new one");
    runtime.block_on(publish(&shelf, new))
}

type Asked = Box<dyn Fn() -> Query>;

fn lists(shelf: &Shelf) -> Result<Vec<(&'static str, Asked)>, Failure> {
    let hundred = || Query { limit: Some(100), ..Query::default() };
    let searched = |text: &'static str| move || Query { search: Some(text.to_owned()), ..hundred() };
    let mut middle = None;
    for _ in 0..200 {
        middle =
            shelf.list(&Shows::default(), Query { cursor: middle, ..hundred() }, None)?.metadata.next_cursor;
    }
    let late = Timestamp::from_millis(i64::MAX);
    Ok(vec![
        ("first page", Box::new(hundred)),
        ("page 201", Box::new(move || Query { cursor: middle.clone(), ..hundred() })),
        ("latest only", Box::new(move || Query { version: Some(Which::Latest), ..hundred() })),
        ("updated since, none", Box::new(move || Query { updated_since: Some(late), ..hundred() })),
        ("search, many", Box::new(searched("weather"))),
        ("search, none", Box::new(searched("no such text anywhere"))),
    ])
}

async fn publish(shelf: &Arc<Shelf>, listing: Listing) -> Result<(), Failure> {
    let mut times = Vec::new();
    for at in 0..ROUNDS / 4 {
        let text = listing.document.as_str().replace("1.0.0", &format!("1.{at}.0"));
        let since = Instant::now();
        let row = vec![ImportRow { line: 1, text }];
        shelf.import("bench", row, Default::default(), Timestamp::EPOCH).await?;
        times.push(since.elapsed().as_secs_f64() * 1e3);
    }
    show("one document more, durable", &mut times);
    Ok(())
}

/// The bytes that a server would send.
fn answer(what: &impl serde::Serialize) -> Result<usize, Failure> {
    Ok(serde_json::to_vec(what)?.len())
}

fn measure(name: &str, ask: impl Fn() -> Result<usize, Failure>) -> Result<(), Failure> {
    let mut times = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let since = Instant::now();
        std::hint::black_box(ask()?);
        times.push(since.elapsed().as_secs_f64() * 1e3);
    }
    show(name, &mut times);
    Ok(())
}

fn show(name: &str, times: &mut [f64]) {
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    println!("{name:28} median {:8.3} ms, 99th {:8.3} ms", at(0.5), at(0.99));
}

/// KiB of memory that this process has.
fn resident() -> Result<usize, Failure> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("VmRSS")).ok_or("no VmRSS")?;
    Ok(line.split_whitespace().nth(1).ok_or("no number")?.parse()?)
}
