//! `sigyl namespaces`: namespaces of the registry that an account proves to be its own.

use std::io::Read as _;
use std::path::PathBuf;

use sigyl_core::access::DomainKey;
use sigyl_core::clock::{Clock as _, SystemClock};
use sigyl_core::domain::{ProvenNamespace, SecretValue};
use sigyl_core::wire::v1::{DomainRecord, Request, WhoAmI};

use super::Context;
use crate::exit::Exit;
use crate::problem::{Problem, chain};
use crate::render;

const EXAMPLES: &str = "\
Examples:
  sigyl namespaces record domain.pem
      Print what the domain has to publish for a key that openssl genpkey -algorithm ed25519 made.
  sigyl namespaces prove example.com --key domain.pem --server https://x.org
      Prove that example.com is yours, by what it publishes; with --dns by its TXT record.";

/// Bytes of a key file.
const MOST: u64 = 16 << 10;

/// Prove namespaces of the registry, or list the proven ones
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// List the namespaces that your account proved
    List,
    /// Print what a domain has to publish for a key
    Record {
        /// The private key: ed25519, PKCS #8, PEM
        key: PathBuf,
    },
    /// Sign the present time with the key of a domain, and show that to the server
    Prove {
        /// The domain, such as example.com
        domain: String,
        /// The private key: ed25519, PKCS #8, PEM; it stays here
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
        /// The domain has the key on record in DNS (TXT), not at https://DOMAIN/.well-known/mcp-registry-auth
        #[arg(long)]
        dns: bool,
    },
}

impl Args {
    /// Does it.
    pub(super) async fn run(self, cx: &mut Context) -> Result<Exit, Problem> {
        match self.what {
            What::List => {
                let who: WhoAmI = cx.ask(Request::WhoAmI).await?;
                show(&who.account.map(|account| account.namespaces).unwrap_or_default(), cx)
            }
            What::Record { key } => {
                let record = read(&key)?.record();
                cx.say("sigyl.domain-record/1", &serde_json::json!({ "record": record }), &record)
            }
            What::Prove { domain, key, dns } => {
                let by = if dns { DomainRecord::Dns } else { DomainRecord::Http };
                let proof = read(&key)?.sign(&domain, by, SystemClock.now());
                let proven: ProvenNamespace = cx.ask(Request::ProveNamespace(proof)).await?;
                show(&[proven], cx)
            }
        }
    }
}

fn show(namespaces: &[ProvenNamespace], cx: &mut Context) -> Result<Exit, Problem> {
    if cx.output.is_json() {
        cx.output.document("sigyl.namespaces/1", &serde_json::json!({ "namespaces": namespaces }))?;
    } else if namespaces.is_empty() {
        cx.output.note("No namespace is proven.");
    } else {
        cx.output.print(&render::namespaces(namespaces, &cx.output.look))?;
    }
    Ok(Exit::Well)
}

/// Reads a private key; what is wrong is told without any of it.
fn read(path: &std::path::Path) -> Result<DomainKey, Problem> {
    let wrong = |why: String| {
        let message = format!("the key in {} cannot be used: {why}", path.display());
        let hint = "make one: openssl genpkey -algorithm ed25519 -out FILE";
        Problem::wrong_use("E0001", message, hint)
    };
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(|error| wrong(error.to_string()))?;
    file.take(MOST).read_to_string(&mut text).map_err(|error| wrong(error.to_string()))?;
    DomainKey::of_pem(&SecretValue::new(text)).map_err(|error| wrong(chain(&error)))
}
