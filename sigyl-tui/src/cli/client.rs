//! Clients and the documents that are put into their configuration, as the command line names them.

use std::path::PathBuf;

use sigyl_core::domain::{DocumentName, DocumentVersion, Kind};
use sigyl_core::registry::Document;
use sigyl_core::registry::install::{self, Choice, Client, Entry};
use sigyl_core::scan;
use sigyl_core::wire::registry::ServerResponse;
use sigyl_core::wire::v1::Request;

use super::Context;
use super::scan::clients::{platform, roots};
use crate::problem::Problem;

/// What to take of a document that has more than one way.
#[derive(Clone, Copy, Debug, clap::Args)]
#[group(multiple = false)]
pub(super) struct Way {
    /// Take a package, which runs on this machine
    #[arg(long)]
    package: bool,
    /// Take an address
    #[arg(long)]
    remote: bool,
}

impl Way {
    pub(super) fn choice(self) -> Choice {
        match (self.package, self.remote) {
            (true, _) => Choice::Package,
            (_, true) => Choice::Remote,
            _ => Choice::Any,
        }
    }
}

/// Reads the word of a client.
pub(super) fn client(word: &str) -> Result<&'static Client, String> {
    Client::named(word).ok_or_else(|| {
        let words: Vec<_> = Client::all().iter().map(|client| client.word).collect();
        format!("the clients are {}", words.join(", "))
    })
}

/// Returns the file of a client: the one that was named, or the one that it is known to use.
pub(super) fn file(client: &Client, named: Option<PathBuf>, cx: &Context) -> Result<PathBuf, Problem> {
    let known = || scan::user_file(client.title, client.file, &roots(cx), platform());
    named.or_else(known).ok_or_else(|| {
        let message =
            format!("where {} keeps its {} is not known on this machine", client.title, client.file);
        Problem::wrong_use("E0033", message, "name it with --file PATH")
    })
}

/// Finds a document, `NAME` or `NAME@VERSION`, and writes its entry.
pub(super) async fn entry(
    wanted: &str,
    client: &Client,
    choice: Choice,
    named: Option<&str>,
    cx: &mut Context,
) -> Result<Entry, Problem> {
    let (name, version) = wanted.rsplit_once('@').unwrap_or((wanted, "latest"));
    let request = Request::Listing { name: name.to_owned(), version: version.to_owned() };
    let found: ServerResponse = cx.ask(request).await?;
    entry_of(&found, client, choice, named)
}

/// Writes the entry of a document for a client.
pub(crate) fn entry_of(
    found: &ServerResponse,
    client: &Client,
    choice: Choice,
    named: Option<&str>,
) -> Result<Entry, Problem> {
    let document = document(found)?;
    install::entry(&document, client, choice, named).map_err(|error| {
        let hint = "`sigyl search NAME --format json` shows what it offers; try --package or --remote";
        Problem::failed("E0034", error.kind(), &error, hint)
    })
}

fn document(found: &ServerResponse) -> Result<Document, Problem> {
    let wrong = |why: String| {
        let hint = "import or publish it again; please report it if it stays";
        Problem::failed("E0034", Kind::Invalid, format!("the document cannot be read: {why}"), hint)
    };
    let members = found.server.members().map_err(|error| wrong(error.to_string()))?;
    let text = |name: &str| members.get(name).and_then(|value| value.as_str()).unwrap_or_default();
    let name = DocumentName::parse(text("name")).map_err(|error| wrong(error.to_string()))?;
    let version = DocumentVersion::parse(text("version")).map_err(|error| wrong(error.to_string()))?;
    let digest =
        sigyl_core::domain::RawDocument::digest_of(&members).map_err(|error| wrong(error.to_string()))?;
    Document::recorded(found.server.clone(), digest, name, version).map_err(|error| wrong(error.to_string()))
}
