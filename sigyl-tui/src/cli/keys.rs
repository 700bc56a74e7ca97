//! `sigyl keys`: what lets people and programs in.

use sigyl_core::domain::{
    KeyId, Known, Label, Login, Namespace, Network, Scope, Shows, Timestamp, TimestampError, WorkspaceName,
};
use sigyl_core::wire::v1::{KeyView, MadeKey, NewKey, Request};

use super::Context;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render;

const EXAMPLES: &str = "\
Examples:
  sigyl keys create 'release job' --scope deploy:com.example/*
      A key for one thing, on some servers. It is printed this once.
  sigyl keys list --format json
      What is on record of keys; never a key itself.";

/// Make, list and revoke API keys
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Make a key, and print it alone on standard output
    Create(Box<Create>),
    /// List keys, newest first
    List {
        /// Whose [default: everybody's, for the owner of the data directory]
        #[arg(long, value_name = "LOGIN")]
        account: Option<Login>,
    },
    /// Make a key good for nothing, at once
    Revoke {
        /// The public part of the key, as `sigyl keys list` shows it
        id: KeyId,
    },
}

#[derive(Debug, clap::Args)]
struct Create {
    /// What it is for, in words
    label: Label,
    /// What it may be used for, as ACTION:NAMES; may be repeated [default: everything its account may do]
    #[arg(long, value_name = "SCOPE")]
    scope: Vec<Scope>,
    /// The only workspace that it is for
    #[arg(long, value_name = "NAME")]
    workspace: Option<WorkspaceName>,
    /// Where it may be used from, as ADDRESS or ADDRESS/BITS; may be repeated [default: everywhere]
    #[arg(long, value_name = "NETWORK")]
    network: Vec<Network>,
    /// Until when it is good, as YYYY-MM-DD or RFC 3339 [default: until it is revoked]
    #[arg(long, value_name = "DATE", value_parser = date)]
    expires: Option<Timestamp>,
    /// Make it the address of a view, which shows these versions of the registry to who knows it
    #[arg(long, value_name = "anything|scanned|passed|approved", conflicts_with_all = ["scope", "workspace"])]
    view: Option<Known>,
    /// Names that the view shows, such as com.example/*; may be repeated [default: every name]
    #[arg(long, value_name = "NAMES", requires = "view")]
    view_name: Vec<Namespace>,
    /// Whose it will be [default: the first account, which is made where there is none]
    #[arg(long, value_name = "LOGIN")]
    account: Option<Login>,
}

fn date(text: &str) -> Result<Timestamp, TimestampError> {
    Timestamp::parse(text)
}

impl Args {
    /// Does it.
    pub(super) async fn run(self, cx: &mut Context) -> Result<Exit, Problem> {
        match self.what {
            What::Create(create) => make(*create, cx).await,
            What::List { account } => list(account, cx).await,
            What::Revoke { id } => {
                cx.done(Request::RevokeKey { id: id.clone() }).await?;
                cx.say("sigyl.key-revoked/1", &serde_json::json!({ "id": id }), &format!("Revoked {id}."))
            }
        }
    }
}

async fn make(create: Create, cx: &mut Context) -> Result<Exit, Problem> {
    let new = NewKey {
        label: create.label,
        scopes: create.scope,
        workspace: create.workspace,
        networks: create.network,
        expires: create.expires,
        account: create.account,
        view: create.view.map(|known| Shows { known, names: create.view_name }),
    };
    let made: MadeKey = cx.ask(Request::CreateKey(Box::new(new))).await?;
    if cx.output.is_json() {
        cx.output.document("sigyl.key-made/1", &made)?;
    } else {
        cx.output.note(&format!(
            "Key {} of {} for {}. It is shown this once:",
            made.key.id,
            made.key.account,
            render::scopes(&made.key.scopes)
        ));
        if let Some(view) = &made.key.view {
            cx.output.note(&format!("It shows {view} to who asks sigyl-server for /view/KEY/v0.1/servers."));
        }
        cx.output.print(&format!("{}\n", made.plain.reveal()))?;
    }
    Ok(Exit::Well)
}

async fn list(of: Option<Login>, cx: &mut Context) -> Result<Exit, Problem> {
    let keys: Vec<KeyView> = cx.ask(Request::Keys { of }).await?;
    cx.list("sigyl.keys/1", &serde_json::json!({ "keys": keys }), &keys, "No keys yet.", render::keys)
}
