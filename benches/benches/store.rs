//! What the store promises: a durable change costs little more than the disk's own sync, writers share syncs, and
//! reading gets no dearer with size than by the logarithm. Compares within one run, since disks differ.
//!
//! Reads are measured twice over the same keys: first as the store was just opened, so that a page may have to come
//! from its files, then again with those pages in memory. How much of a large store lies in memory is up to the
//! machine; what the second pass compares is the work of the store.
//!
//! `cargo bench -p sigyl-benches --bench store`; `SIGYL_BENCH_VERSIONS` lists the sizes (default
//! `1000,100000,1000000`, which needs two minutes and 2 GB).
#![expect(clippy::print_stdout, reason = "a bench tells what it measured")]

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sigyl_core::store::contract::fixture;
use sigyl_core::store::sled::SledStore;
use sigyl_core::store::{Change, Page, Store as _, StoreError};

const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_millis(1_500);
const WRITERS: usize = 64;
const SIZE: usize = 250;
const PAGE: usize = 50;
const READS: usize = 300;
const SIZES: &str = "1000,100000,1000000";

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    runtime.block_on(async {
        writes(dir.path()).await?;
        let sizes = std::env::var("SIGYL_BENCH_VERSIONS").unwrap_or_else(|_| SIZES.to_owned());
        let mut first = None;
        for size in sizes.split(',') {
            let size = size.trim().parse::<usize>()?;
            let costs = reads(&dir.path().join(format!("reads-{size}")), size).await?;
            let (base_size, base) = *first.get_or_insert((size, costs));
            let logarithm = (size as f64).ln() / (base_size as f64).ln();
            let times = |at: usize| costs[at] / base[at];
            println!(
                "  in memory, against {base_size}: {:.2}x {:.2}x {:.2}x (the logarithm grows {logarithm:.2}x)",
                times(0),
                times(1),
                times(2)
            );
        }
        Ok(())
    })
}

/// Counts how often `once` succeeds per second.
fn rate(count: usize, since: Instant) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / since.elapsed().as_secs_f64()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The yardstick: a plain file, each record synced.
fn append_and_sync(path: &Path) -> Result<f64, Failure> {
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    let (since, mut count) = (Instant::now(), 0);
    while since.elapsed() < ROUND {
        file.write_all(&[b'x'; SIZE])?;
        file.sync_data()?;
        count += 1;
    }
    Ok(rate(count, since))
}

/// One event, whose record has about 250 bytes.
fn small() -> Change {
    let frame = serde_json::to_vec(&fixture::event(Some("run-1"), "")).map_or(0, |bytes| bytes.len());
    Change::Events(vec![fixture::event(Some("run-1"), &"x".repeat(SIZE.saturating_sub(frame)))])
}

async fn writers(store: &Arc<SledStore>, writers: usize, events: usize) -> Result<f64, Failure> {
    let since = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..writers {
        let store = Arc::clone(store);
        tasks.spawn(async move {
            let mut count = 0;
            while since.elapsed() < ROUND {
                let change = match events {
                    1 => small(),
                    many => Change::Events(vec![fixture::event(Some("run-1"), &"x".repeat(100)); many]),
                };
                store.apply(change).await?;
                count += events;
            }
            Ok::<usize, StoreError>(count)
        });
    }
    let mut count = 0;
    while let Some(done) = tasks.join_next().await {
        count += done??;
    }
    Ok(rate(count, since))
}

async fn writes(dir: &Path) -> Result<(), Failure> {
    let store = Arc::new(SledStore::open(&dir.join("writes"))?);
    let (mut plain, mut one, mut many, mut batch) = (vec![], vec![], vec![], vec![]);
    for _ in 0..ROUNDS {
        plain.push(append_and_sync(&dir.join("plain"))?);
        one.push(writers(&store, 1, 1).await?);
        many.push(writers(&store, WRITERS, 1).await?);
        batch.push(writers(&store, 1, 1_000).await?);
    }
    let ratio = |over: &[f64], under: &[f64]| {
        median(over.iter().zip(under).map(|(over, under)| over / under).collect())
    };
    let (cost, shared) = (ratio(&one, &plain), ratio(&many, &one));
    println!("append + fdatasync, {SIZE} bytes   {:>9.0}/s", median(plain));
    println!("durable change, one writer      {:>9.0}/s  {cost:.2} x append (promise: 0.45)", median(one));
    println!(
        "durable change, {WRITERS} writers      {:>9.0}/s  {shared:.1} x one (promise: 8)",
        median(many)
    );
    println!("events, 1000 a change           {:>9.0}/s", median(batch));
    Ok(())
}

/// Fills a store with versions of a few servers and returns microseconds a point read, a first page, a deep page, all
/// of them in memory.
async fn reads(dir: &Path, size: usize) -> Result<[f64; 3], Failure> {
    let since = Instant::now();
    fill(dir, size).await?;
    let filled = since.elapsed();
    let since = Instant::now();
    let store = SledStore::open(dir)?;
    println!("{size} versions: filled in {filled:.1?}, opened in {:.1?}", since.elapsed());
    let mut costs = [0.0; 3];
    for pass in ["just opened", "in memory"] {
        costs = read_some(&store, size).await?;
        println!(
            "  {pass}: point read {:.1} µs, page of {PAGE} {:.1} µs, deep page {:.1} µs",
            costs[0], costs[1], costs[2]
        );
    }
    Ok(costs)
}

async fn fill(dir: &Path, size: usize) -> Result<(), Failure> {
    let store = Arc::new(SledStore::open(dir)?);
    let mut tasks = tokio::task::JoinSet::new();
    for writer in 0..WRITERS {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            for at in (writer..size).step_by(WRITERS) {
                let (name, number) = place(at);
                store.apply(fixture::publish(&name, &number, &at.to_string())).await?;
            }
            Ok::<(), StoreError>(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    drop(Arc::try_unwrap(store).map_err(|_| "the store is still in use")?);
    Ok(())
}

/// Reads at places spread over the whole store, the same ones each time.
async fn read_some(store: &SledStore, size: usize) -> Result<[f64; 3], Failure> {
    let mut costs = [const { Vec::new() }; 3];
    let mut at = 7;
    for _ in 0..READS {
        at = (at * 48_271) % size;
        let (name, number) = place(at);
        let (name, number) = (fixture::name(&name), fixture::version(&number));
        let since = Instant::now();
        store.version(&name, &number).await?.ok_or("a version is missing")?;
        costs[0].push(since.elapsed().as_secs_f64() * 1e6);
        for (kind, after) in [(1, None), (2, Some(number))] {
            let since = Instant::now();
            store.versions(&name, Page { after, limit: PAGE }).await?;
            costs[kind].push(since.elapsed().as_secs_f64() * 1e6);
        }
    }
    Ok(costs.map(median))
}

/// Spreads versions over ten servers.
fn place(at: usize) -> (String, String) {
    (format!("server-{}", at % 10), format!("1.0.{}", at / 10))
}
