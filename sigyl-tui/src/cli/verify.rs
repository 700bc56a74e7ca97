//! `sigyl verify`: checks what was signed of what serves, link by link.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sigyl_core::attest::{self, AttestError, MOST_BYTES, PublicKey};
use sigyl_core::domain::{Attested, Chain, ChainLink, Envelope, Kind, LinkName, ServerName};
use sigyl_core::wire::v1::{PublicKeyView, Request, Verification};

use super::Context;
use super::probe::shown;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render;

const EXAMPLES: &str = "\
Examples:
  sigyl verify clock --save proof
      Check every link, and keep statement, components and key.
  sigyl verify --statement proof/statement.json --signed-by proof/key.pem
      Check the statement with nothing but the key: no store, no network.";

/// Bytes of the file of a key at most.
const KEY_BYTES: usize = 64 << 10;

/// Check what was signed of a server, from its commit to its tools
///
/// Exit code 0 says that every link holds.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Name of a running server, or the address of its endpoint
    #[arg(value_name = "NAME|URL", required_unless_present_any = ["statement", "print_key"])]
    target: Option<String>,
    /// Write statement, list of components and key into this folder, which must not exist
    #[arg(long, value_name = "DIR", requires = "target")]
    save: Option<PathBuf>,
    /// Check this file instead, with nothing but the key
    #[arg(long, value_name = "FILE", conflicts_with = "target", requires = "signed_by")]
    statement: Option<PathBuf>,
    /// The signed list of components that goes with the file
    #[arg(long, value_name = "FILE", requires = "statement")]
    sbom: Option<PathBuf>,
    /// The public key that has to have signed, as PEM [default: that of the instance]
    #[arg(long, value_name = "FILE")]
    signed_by: Option<PathBuf>,
    /// Print the public key of the instance
    #[arg(long, conflicts_with_all = ["target", "statement", "signed_by"])]
    print_key: bool,
}

impl Args {
    /// Does it.
    pub(super) async fn run(self, cx: &mut Context) -> Result<Exit, Problem> {
        let key = match &self.signed_by {
            Some(path) => Some(read_key(path)?),
            None => None,
        };
        match (self.target, self.statement, key) {
            (Some(target), _, key) => online(&target, key, self.save.as_deref(), cx).await,
            (None, Some(statement), Some(key)) => alone(&statement, self.sbom.as_deref(), &key, cx),
            (None, _, _) => print_key(cx).await,
        }
    }
}

async fn print_key(cx: &mut Context) -> Result<Exit, Problem> {
    let view: PublicKeyView = cx.ask(Request::PublicKey).await?;
    if cx.output.is_json() {
        cx.output.document("sigyl.public-key/1", &view)?;
    } else {
        cx.output.print(&view.pem)?;
    }
    Ok(Exit::Well)
}

async fn online(
    target: &str,
    key: Option<PublicKey>,
    save: Option<&Path>,
    cx: &mut Context,
) -> Result<Exit, Problem> {
    let (name, address) = named(target)?;
    let mut found: Verification = cx.ask(Request::Verify { name }).await?;
    if let Some(address) = address {
        let link = endpoint(&address, found.url.as_deref());
        found.chain.links.insert(0, link);
    }
    // The instance says that its own statement holds: whoever asks looks at it too.
    let key = match key {
        Some(key) => key,
        None => PublicKey::parse(&found.public_key).map_err(wrong)?,
    };
    recheck(&mut found, &key);
    if let Some(folder) = save {
        write(folder, &found).map_err(|error| {
            let message = format!("{} cannot be written: {error}", folder.display());
            Problem::failed("E0039", Kind::Unavailable, message, "name a folder that is not there yet")
        })?;
    }
    let body = json!({ "chain": found.chain, "holds": found.chain.holds(), "url": found.url });
    tell(&found.chain, &body, cx)
}

fn alone(statement: &Path, sbom: Option<&Path>, key: &PublicKey, cx: &mut Context) -> Result<Exit, Problem> {
    let statement = read_envelope(statement)?;
    let sbom = match sbom {
        Some(path) => Some(read_envelope(path)?),
        None => None,
    };
    let chain = attest::offline(&statement, sbom.as_ref(), key).map_err(wrong)?;
    let body = json!({ "chain": chain, "holds": chain.holds() });
    let exit = tell(&chain, &body, cx)?;
    if !cx.output.is_json() && exit == Exit::Well {
        cx.output.note("Links marked ? are stated, and only the instance can compare them.");
    }
    Ok(exit)
}

fn tell(chain: &Chain, body: &Value, cx: &mut Context) -> Result<Exit, Problem> {
    if cx.output.is_json() {
        cx.output.document("sigyl.verify/1", body)?;
    } else {
        let text = render::chain(chain, &cx.output.look);
        cx.output.print(&text)?;
    }
    Ok(if chain.holds() { Exit::Well } else { Exit::Blocked })
}

/// Reads what was named: a server, or the address of its endpoint.
fn named(target: &str) -> Result<(ServerName, Option<String>), Problem> {
    let wrong = |error: String| {
        Problem::wrong_use("E0001", error, "name a server, or write the address of its endpoint")
    };
    if !target.contains("://") {
        return ServerName::parse(target).map(|name| (name, None)).map_err(|error| wrong(error.to_string()));
    }
    let address = shown(target);
    let name = address.trim_end_matches('/').split_once("/mcp/").map(|(_, name)| name);
    let name = name.ok_or_else(|| wrong(format!("{address} is no address of an endpoint of Sigyl")))?;
    let name = ServerName::parse(name).map_err(|error| wrong(error.to_string()))?;
    Ok((name, Some(address)))
}

fn endpoint(asked: &str, served: Option<&str>) -> ChainLink {
    match served {
        Some(served) if served.trim_end_matches('/') == asked.trim_end_matches('/') => {
            ChainLink::of(LinkName::Endpoint, true, served)
        }
        Some(served) => {
            ChainLink::broken(LinkName::Endpoint, format!("{asked} was asked about, and {served} serves"))
        }
        None => {
            ChainLink::broken(LinkName::Endpoint, format!("{asked} was asked about, and nothing listens"))
        }
    }
}

/// Checks here what the instance said of itself.
fn recheck(found: &mut Verification, key: &PublicKey) {
    let Attested { statement, sbom } = &found.attested;
    found.chain.key = key.id();
    let links = &mut found.chain.links;
    match attest::offline(statement, Some(sbom), key) {
        Ok(chain) => {
            let same = (&chain.server, &chain.version, &chain.revision)
                == (&found.chain.server, &found.chain.version, &found.chain.revision);
            if !same {
                links.push(ChainLink::broken(LinkName::Statement, "it is the statement of another release"));
            }
            let told: Vec<ChainLink> = chain.broken().filter(|link| !links.contains(link)).cloned().collect();
            links.extend(told);
        }
        Err(error) => {
            links.retain(|link| link.link != LinkName::Signature);
            links.insert(0, ChainLink::broken(LinkName::Signature, error.to_string()));
        }
    }
}

fn write(folder: &Path, found: &Verification) -> std::io::Result<()> {
    std::fs::create_dir(folder)?;
    let text = |envelope: &Envelope| serde_json::to_string(envelope).map_err(std::io::Error::other);
    std::fs::write(folder.join("statement.json"), text(&found.attested.statement)?)?;
    std::fs::write(folder.join("sbom.json"), text(&found.attested.sbom)?)?;
    std::fs::write(folder.join("key.pem"), &found.public_key)
}

fn read_envelope(path: &Path) -> Result<Envelope, Problem> {
    attest::parse(&read(path, MOST_BYTES)?).map_err(|error| in_file(path, error))
}

fn read_key(path: &Path) -> Result<PublicKey, Problem> {
    let bytes = read(path, KEY_BYTES)?;
    let key = std::str::from_utf8(&bytes).map_err(|_| AttestError::NotAKey).and_then(PublicKey::parse);
    key.map_err(|error| in_file(path, error))
}

/// Reads a file; one more byte than is allowed tells that there is more.
fn read(path: &Path, most: usize) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    let read = File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes));
    match read {
        Ok(count) if count <= most => Ok(bytes),
        Ok(_) => Err(in_file(path, AttestError::TooLarge(most))),
        Err(error) => {
            let message = format!("{} cannot be read: {error}", path.display());
            Err(Problem::failed("E1502", Kind::Unavailable, message, SAVED))
        }
    }
}

const SAVED: &str = "`sigyl verify NAME --save DIR` writes the statement, its list of components and the key";

fn in_file(path: &Path, error: AttestError) -> Problem {
    Problem::failed(error.code(), error.kind(), format!("{}: {error}", path.display()), SAVED)
}

/// What is not signed by the key is a verdict, and no failure.
fn wrong(error: AttestError) -> Problem {
    let kind = if matches!(error, AttestError::NotSigned { .. }) { Kind::Blocked } else { error.kind() };
    Problem::failed(
        error.code(),
        kind,
        error,
        "take the key of the instance: `sigyl verify --print-key` prints it there",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_its_server() {
        let of = |text: &str| named(text).map(|(name, address)| (name.to_string(), address)).ok();
        assert_eq!(of("clock"), Some(("clock".to_owned(), None)));
        let address = "http://127.0.0.1:8640/mcp/clock";
        assert_eq!(of(&format!("{address}?key=x")), Some(("clock".to_owned(), Some(address.to_owned()))));
        for wrong in ["", "UP", "http://127.0.0.1:8640/clock", "http://127.0.0.1/mcp/"] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn another_endpoint_than_was_asked_about_breaks_the_chain() {
        let holds = |served: Option<&str>| endpoint("http://a/mcp/clock/", served).outcome;
        assert_eq!(holds(Some("http://a/mcp/clock")), sigyl_core::domain::LinkOutcome::Holds);
        for served in [Some("http://b/mcp/clock"), None] {
            assert_eq!(holds(served), sigyl_core::domain::LinkOutcome::Broken);
        }
    }
}
