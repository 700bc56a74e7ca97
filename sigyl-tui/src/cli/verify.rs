//! `sigyl verify`: checks what was signed of what serves, link by link.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sigyl_core::attest::{self, AttestError, MOST_BYTES, PublicKey};
use sigyl_core::domain::{Attested, Chain, ChainLink, Envelope, Kind, LinkName, LinkOutcome, ServerName};
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
    let is_far = cx.settings.server.is_some();
    let mut found: Verification = cx.ask(Request::Verify { name: name.clone() }).await?;
    // The instance says that its own statement holds: whoever asks looks at it too.
    let key = match key {
        Some(key) => key,
        None => PublicKey::parse(&found.public_key).map_err(wrong)?,
    };
    recheck(&mut found, &name, &key);
    if let Some(address) = address {
        let link = endpoint(&address, found.url.as_deref(), is_far);
        found.chain.links.insert(0, link);
    }
    let holds = found.chain.holds();
    if save.is_some() && !holds {
        cx.output.note("Nothing is saved: a link is broken.");
    }
    if let Some(folder) = save.filter(|_| holds) {
        write(folder, &found.attested, &key).map_err(|error| {
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

/// Compares the address that was asked about with the one that serves. A loopback address of another machine is not the one
/// that is reached here.
fn endpoint(asked: &str, served: Option<&str>, is_far: bool) -> ChainLink {
    match served {
        Some(served) if is_far && is_loopback(served) => ChainLink::broken(
            LinkName::Endpoint,
            format!("{served} is an address of that server's own machine, which nobody reaches from here"),
        ),
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

/// Tells whether an address leads to the machine of whoever takes it; one that cannot be read is taken for such.
fn is_loopback(address: &str) -> bool {
    let host = address.split_once("://").map_or(address, |(_, rest)| rest);
    let host = host.split(['/', '?', '#']).next().unwrap_or_default();
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let host = match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    match host.parse::<std::net::IpAddr>() {
        Ok(ip) => ip.to_canonical().is_loopback() || ip.is_unspecified(),
        Err(_) => host.is_empty() || host == "localhost" || host.ends_with(".localhost"),
    }
}

/// The links that an instance has to have looked at.
const LOOKED_AT: [LinkName; 12] = [
    LinkName::Signature,
    LinkName::Statement,
    LinkName::Commit,
    LinkName::Source,
    LinkName::Report,
    LinkName::Policy,
    LinkName::Approvals,
    LinkName::Build,
    LinkName::Image,
    LinkName::Revision,
    LinkName::Tools,
    LinkName::Sbom,
];

/// Breaks the links that an answer leaves out, has twice, or says that it cannot know.
fn require_all(links: &mut Vec<ChainLink>) {
    // What is told of a release starts with its signature: one that is not signed is looked at no further.
    if links.iter().any(|link| link.outcome == LinkOutcome::Broken && ENDS.contains(&link.link)) {
        return;
    }
    for name in LOOKED_AT {
        let mut all = links.iter().filter(|link| link.link == name);
        let why = match (all.next(), all.next()) {
            (None, _) => "the instance did not look at it",
            (Some(link), None) if link.outcome == LinkOutcome::Unknown => "the instance does not know it",
            (Some(link), None) if link.outcome == LinkOutcome::Absent && !MAY_LACK.contains(&name) => {
                "the instance says that there is none, and each release has one"
            }
            (Some(_), None) => continue,
            (Some(_), Some(_)) => "the instance says two things of it",
        };
        links.push(ChainLink::broken(name, why));
    }
}

/// Links that a release may have none of.
const MAY_LACK: [LinkName; 3] = [LinkName::Commit, LinkName::Approvals, LinkName::Image];
/// Links without which nothing else is looked at.
const ENDS: [LinkName; 2] = [LinkName::Signature, LinkName::Statement];

/// Checks here what the instance said of itself: that it is about the server that was asked about, that nothing is left out,
/// and what the statement proves by itself.
fn recheck(found: &mut Verification, name: &ServerName, key: &PublicKey) {
    let Attested { statement, sbom } = &found.attested;
    found.chain.key = key.id();
    let is_asked = found.chain.server == *name;
    let links = &mut found.chain.links;
    require_all(links);
    if !is_asked {
        let said = format!("it is the statement of {}, and {name} was asked about", found.chain.server);
        links.push(ChainLink::broken(LinkName::Statement, said));
    }
    match attest::offline(statement, Some(sbom), key) {
        Ok(chain) => {
            let same = (&chain.server, &chain.version, &chain.revision)
                == (&found.chain.server, &found.chain.version, &found.chain.revision);
            if !same {
                links.push(ChainLink::broken(LinkName::Statement, "it is the statement of another release"));
            }
            let lacks = |link: &&ChainLink| {
                let said = links.iter().find(|one| one.link == link.link);
                link.outcome == LinkOutcome::Holds
                    && said.is_some_and(|one| one.outcome == LinkOutcome::Absent)
            };
            let lacking: Vec<LinkName> = chain.links.iter().filter(lacks).map(|link| link.link).collect();
            links.extend(lacking.into_iter().map(|name| {
                ChainLink::broken(name, "the statement has it, and the instance says that there is none")
            }));
            let told: Vec<ChainLink> = chain.broken().filter(|link| !links.contains(link)).cloned().collect();
            links.extend(told);
        }
        Err(error) => {
            links.retain(|link| link.link != LinkName::Signature);
            links.insert(0, ChainLink::broken(LinkName::Signature, error.to_string()));
        }
    }
}

/// Writes what was checked, and the key that checked it: beside the folder first, so that it is there whole or not at all.
fn write(folder: &Path, attested: &Attested, key: &PublicKey) -> std::io::Result<()> {
    if folder.symlink_metadata().is_ok() {
        return Err(std::io::ErrorKind::AlreadyExists.into());
    }
    let name = folder.file_name().ok_or(std::io::ErrorKind::InvalidInput)?;
    let mut scratch = std::ffi::OsString::from(format!(".{}-", std::process::id()));
    scratch.push(name);
    let scratch = folder.with_file_name(scratch);
    std::fs::create_dir(&scratch)?;
    let written = write_into(&scratch, attested, key).and_then(|()| std::fs::rename(&scratch, folder));
    if written.is_err() {
        // Why it could not be written says more.
        std::fs::remove_dir_all(&scratch).ok();
    }
    written
}

fn write_into(folder: &Path, attested: &Attested, key: &PublicKey) -> std::io::Result<()> {
    let text = |envelope: &Envelope| serde_json::to_string(envelope).map_err(std::io::Error::other);
    std::fs::write(folder.join("statement.json"), text(&attested.statement)?)?;
    std::fs::write(folder.join("sbom.json"), text(&attested.sbom)?)?;
    std::fs::write(folder.join("key.pem"), key.pem())
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
    use sigyl_core::attest::SigningKey;
    use sigyl_core::domain::ReleaseFacts;

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

    fn facts() -> Value {
        let digest = format!("sha256:{}", "0a".repeat(32));
        json!({
            "server": "clock", "version": "1.0.0",
            "source": {"kind": "path", "locator": "clock", "digest": digest},
            "recorded": {"report": digest, "policy": digest, "basis": {"verdict": "pass"}, "run": "one"},
            "admitted": {
                "report": digest, "policy": digest, "verdict": "pass", "basis": {"verdict": "pass"}, "waived": [],
            },
            "accepted": [], "artifact": {"program": {"launch": digest}}, "revision": "one", "run": "one",
            "by": "ada", "target": "local", "pins": [], "activated": "2026-01-01T00:00:00.000Z",
        })
    }

    /// What an instance answers of a release where all is well.
    fn answer(key: &SigningKey, facts: Value) -> Verification {
        let facts: ReleaseFacts = serde_json::from_value(facts).unwrap();
        let (server, version, revision) =
            (facts.server.clone(), facts.version.clone(), facts.revision.clone());
        let began = facts.activated;
        let attested = attest::attest(key, facts, json!({"components": []}), began).unwrap();
        let link = |&name: &LinkName| match MAY_LACK.contains(&name) {
            true => ChainLink::absent(name, "none"),
            false => ChainLink::of(name, true, "same"),
        };
        let links = LOOKED_AT.iter().map(link).collect();
        let chain = Chain { server, version, revision, key: key.public().id(), links };
        Verification { chain, url: None, public_key: key.public().pem(), attested }
    }

    #[test]
    fn what_an_instance_says_of_itself_is_looked_at_again() {
        let (key, other) = (SigningKey::random().unwrap(), SigningKey::random().unwrap());
        let clock = ServerName::parse("clock").unwrap();
        let with = |field: &str, value: Value| {
            let mut facts = facts();
            facts[field] = value;
            facts
        };
        let well = || answer(&key, facts());
        let broken = |mut found: Verification, name: &ServerName, key: &PublicKey| {
            recheck(&mut found, name, key);
            assert_eq!(found.chain.key, key.id());
            found.chain.broken().map(|link| link.link).collect::<Vec<_>>()
        };
        assert_eq!(broken(well(), &clock, key.public()), []);
        let toy = ServerName::parse("toy").unwrap();
        assert_eq!(broken(well(), &toy, key.public()), [LinkName::Statement], "another name");
        assert_eq!(broken(well(), &clock, other.public()), [LinkName::Signature], "another key");
        let old = answer(&key, with("revision", json!("zero"))).attested;
        let old = Verification { attested: old, ..well() };
        assert_eq!(broken(old, &clock, key.public()), [LinkName::Statement], "an old statement");
        let image = json!({"image": {"name": "x", "digest": format!("sha256:{}", "0b".repeat(32))}});
        let image = answer(&key, with("artifact", image));
        assert_eq!(broken(image, &clock, key.public()), [LinkName::Image], "it has one, and is said not to");
        for (at, &name) in LOOKED_AT.iter().enumerate() {
            let mut without = well();
            without.chain.links.remove(at);
            assert_eq!(broken(without, &clock, key.public()), [name], "left out");
            let mut twice = well();
            twice.chain.links.push(ChainLink::of(name, true, "same"));
            assert_eq!(broken(twice, &clock, key.public()), [name], "said twice");
            let mut unknown = well();
            unknown.chain.links[at] = ChainLink::unknown(name, "who knows");
            assert_eq!(broken(unknown, &clock, key.public()), [name], "not known");
            let mut absent = well();
            absent.chain.links[at] = ChainLink::absent(name, "none");
            assert_eq!(broken(absent, &clock, key.public()).is_empty(), MAY_LACK.contains(&name), "{name}");
        }
        assert!(
            broken(
                Verification { chain: Chain { links: vec![], ..well().chain }, ..well() },
                &clock,
                key.public()
            )
            .len()
                == 12
        );
    }

    #[test]
    fn what_is_saved_is_whole_with_the_key_that_checked() {
        let key = SigningKey::random().unwrap();
        let attested = answer(&key, facts()).attested;
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("proof");
        write(&folder, &attested, key.public()).unwrap();
        assert_eq!(read_key(&folder.join("key.pem")).ok(), Some(*key.public()));
        assert_eq!(read_envelope(&folder.join("statement.json")).ok(), Some(attested.statement.clone()));
        assert!(write(&folder, &attested, key.public()).is_err(), "nothing is written over");
        let names = std::fs::read_dir(home.path()).unwrap().map(|one| one.unwrap().file_name());
        assert_eq!(names.collect::<Vec<_>>(), ["proof"], "and nothing is left beside it");
    }

    #[test]
    fn an_address_of_this_machine_is_not_that_of_another() {
        for near in [
            "http://127.0.0.1:1/mcp/a",
            "http://127.9.9.9/",
            "http://[::1]:8/x",
            "http://localhost:1",
            "http://[::ffff:127.0.0.1]/",
            "http://a@LOCALHOST./x",
            "http://0.0.0.0/x",
            "",
        ] {
            assert!(is_loopback(near), "{near}");
            assert_eq!(endpoint(near, Some(near), true).outcome, LinkOutcome::Broken, "{near}");
            assert_eq!(endpoint(near, Some(near), false).outcome, LinkOutcome::Holds, "{near}");
        }
        for far in ["https://host.example/mcp/a", "http://10.0.0.1:1/x", "http://localhost.example/x"] {
            assert!(!is_loopback(far), "{far}");
            assert_eq!(endpoint(far, Some(far), true).outcome, LinkOutcome::Holds, "{far}");
        }
    }

    #[test]
    fn another_endpoint_than_was_asked_about_breaks_the_chain() {
        let holds = |served: Option<&str>| endpoint("http://a/mcp/clock/", served, false).outcome;
        assert_eq!(holds(Some("http://a/mcp/clock")), LinkOutcome::Holds);
        for served in [Some("http://b/mcp/clock"), None] {
            assert_eq!(holds(served), LinkOutcome::Broken);
        }
    }
}
