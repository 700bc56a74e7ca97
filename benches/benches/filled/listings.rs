//! A registry of documents as long as real ones are.

use std::path::Path;

use sigyl_core::domain::{Listing, RawDocument};
use sigyl_core::store::contract::fixture;
use sigyl_core::store::sled::SledStore;
use sigyl_core::store::{Change, Store as _};

/// Whatever goes wrong.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Versions of one name.
const EACH: usize = 4;
const BATCH: usize = 500;

/// Puts `versions` documents into a new store.
pub(crate) async fn fill(dir: &Path, versions: usize) -> Result<(), Failure> {
    let store = SledStore::open(dir)?;
    let all: Vec<usize> = (0..versions).collect();
    for part in all.chunks(BATCH) {
        store
            .apply(Change::PutListings(part.iter().map(|at| document(*at)).collect::<Result<_, _>>()?))
            .await?;
    }
    Ok(())
}

/// What servers are about.
pub(crate) const WORDS: [&str; 24] = [
    "weather", "postgres", "calendar", "browser", "files", "search", "memory", "git", "issues", "mail",
    "chat", "music", "maps", "prices", "tickets", "logs", "metrics", "images", "video", "notes", "tasks",
    "queries", "cloud", "secrets",
];

/// The name of a document.
pub(crate) fn name(at: usize) -> String {
    let row = at / EACH;
    format!("io.github.user{:05}/{}-{row}", row % 9_000, WORDS[row % WORDS.len()])
}

/// As long as real documents are: about 1 200 bytes.
fn document(at: usize) -> Result<Listing, Failure> {
    let row = at / EACH;
    let (one, other) = (WORDS[row % WORDS.len()], WORDS[(row / 7) % WORDS.len()]);
    let description =
        format!("MCP server number {row} for {one} and {other}, with tools to list, read and change them");
    let listing = fixture::listing(&name(at), &format!("1.{}.0", at % EACH), &description);
    let more = format!(",\"packages\":[{{\"note\":\"{}\"}}]}}", "x".repeat(950));
    let text = format!("{}{more}", listing.document.as_str().trim_end_matches('}'));
    let (document, _) = RawDocument::parse(text.as_bytes())?;
    Ok(Listing { document, ..listing })
}
