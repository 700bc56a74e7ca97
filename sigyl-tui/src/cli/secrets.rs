//! `sigyl secrets`: what servers are given at their start and nobody else sees.

use sigyl_core::Sigyl;
use sigyl_core::domain::{Caller, Kind, SecretName, SecretValue, Seq, ServerName};
use sigyl_core::wire::v1::{MasterKeyView, Request, RunEnd, SecretView, SetSecret};

use super::{Context, ending};
use crate::exit::Exit;
use crate::problem::Problem;
use crate::{link, render, secret};

const EXAMPLES: &str = "\
Examples:
  sigyl secrets set weather API_KEY --restart
      Ask for the value, seal it, and start the server anew with it.
  sigyl secrets list weather --format json
      Which secrets it has, since when and by whom; never their values.";

/// Set, list, remove or reveal secrets, or change their master key
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// List the secrets of a server, without their values
    List {
        /// The server
        name: ServerName,
    },
    /// Set a secret; the server gets it at its next start
    Set {
        /// The server
        name: ServerName,
        /// K, for the value on the terminal or else on standard input; K=@FILE, or K=env:VARIABLE
        secret: String,
        /// Start the server anew with it, beside itself and without a gap
        #[arg(long)]
        restart: bool,
    },
    /// Take a secret from a server
    Remove {
        /// The server
        name: ServerName,
        /// The secret
        secret: SecretName,
    },
    /// Print the value of a secret; the audit says that it was read
    Reveal {
        /// The server
        name: ServerName,
        /// The secret
        secret: SecretName,
    },
    /// Show where the master key comes from, and whether another takes over
    Key,
    /// Let a new master key take over, while servers run
    RotateMasterKey,
    /// Give up what a lost master key sealed: secrets have to be set anew, keys made anew
    ForgetAll {
        /// The id of the lost key, typed by a person; without it, what would be given up is said
        #[arg(long, value_name = "ID", default_value = "")]
        confirm: String,
    },
}

impl Args {
    /// Does it.
    pub(super) async fn run(self, cx: &mut Context) -> Result<Exit, Problem> {
        match self.what {
            What::List { name } => list(name, cx).await,
            What::Set { name, secret, restart } => set(name, &secret, restart, cx).await,
            What::Remove { name, secret } => {
                cx.done(Request::RemoveSecret { name: name.clone(), secret: secret.clone() }).await?;
                let body = serde_json::json!({ "server": name, "name": secret });
                cx.say("sigyl.secret-removed/1", &body, &format!("Removed {secret} of {name}."))
            }
            What::Reveal { name, secret } => reveal(name, secret, cx).await,
            What::Key => key(Request::MasterKey, cx).await,
            What::RotateMasterKey => key(Request::RotateMasterKey, cx).await,
            What::ForgetAll { confirm } => forget_all(&confirm, cx).await,
        }
    }
}

async fn list(name: ServerName, cx: &mut Context) -> Result<Exit, Problem> {
    let secrets: Vec<SecretView> = cx.ask(Request::Secrets { name: name.clone() }).await?;
    if cx.output.is_json() {
        cx.output.document("sigyl.secrets/1", &serde_json::json!({ "secrets": secrets }))?;
    } else if secrets.is_empty() {
        cx.output.note(&format!("{name} has no secrets."));
    } else {
        let text = render::secrets(&secrets, &cx.output.look, cx.output.now());
        cx.output.print(&text)?;
    }
    Ok(Exit::Well)
}

async fn set(name: ServerName, given: &str, restart: bool, cx: &mut Context) -> Result<Exit, Problem> {
    let (secret, value) = secret::read_one(given, &cx.settings.environment, cx.output.interactive)?;
    let request = Request::SetSecret { name: name.clone(), secret: secret.clone(), value, restart };
    let set: SetSecret = cx.ask(request).await?;
    for notice in &set.notices {
        cx.output.note(&render::specimen_lines(notice));
    }
    if let Some(run) = set.run.clone() {
        let end: RunEnd = cx.follow(Request::Watch { run, after: Seq(0) }).await?;
        return ending::show(&end, cx);
    }
    let line = format!("Set {secret} of {name}, version {}.", set.secret.version);
    cx.say("sigyl.secret-set/1", &serde_json::json!(set), &line)
}

async fn reveal(name: ServerName, secret: SecretName, cx: &mut Context) -> Result<Exit, Problem> {
    let request = Request::RevealSecret { name: name.clone(), secret: secret.clone() };
    let value: SecretValue = cx.ask(request).await?;
    if cx.output.is_json() {
        let body = serde_json::json!({ "server": name, "name": secret, "value": value });
        cx.output.document("sigyl.secret-revealed/1", &body)?;
    } else {
        cx.output.print(&format!("{}\n", value.reveal()))?;
    }
    Ok(Exit::Well)
}

async fn key(request: Request, cx: &mut Context) -> Result<Exit, Problem> {
    let view: MasterKeyView = cx.ask(request).await?;
    if cx.output.is_json() {
        cx.output.document("sigyl.master-key/1", &view)?;
        return Ok(Exit::Well);
    }
    cx.output.print(&format!("Key {} seals; it comes from {}.\n", view.key, view.source))?;
    if let Some(change) = &view.change {
        cx.output
            .note(&format!("It takes over from {}, which opens what is not sealed anew yet.", change.from));
    }
    if let Some(warning) = &view.warning {
        cx.output.note(warning);
    }
    Ok(Exit::Well)
}

/// Works on the data directory itself, which no process may have open: without the key, none can open it.
async fn forget_all(confirm: &str, cx: &mut Context) -> Result<Exit, Problem> {
    if let Some(server) = &cx.settings.server {
        let message =
            format!("this is about a data directory, and {} was named", render::specimen(&server.url));
        let hint = "run it where the data directory is, without --server and SIGYL_SERVER";
        return Err(Problem::wrong_use("E0045", message, hint));
    }
    let config = cx.settings.config()?;
    if let Some((_, owner)) = link::owner(&config.data_dir).await? {
        let message = format!("process {} works on {}: it has the key", owner.pid, config.data_dir.display());
        return Err(Problem::failed("E0701", Kind::Conflict, message, "name another --data-dir"));
    }
    if !config.data_dir.join("store").is_dir() {
        let message = format!("there are no records in {}", config.data_dir.display());
        return Err(Problem::failed("E0701", Kind::NotFound, message, "name another --data-dir"));
    }
    let told = Sigyl::forget_sealed(&config, &Caller::local_owner(), confirm).await;
    let told = told.map_err(|error| error.failure())?;
    if cx.output.is_json() {
        cx.output.document("sigyl.secrets-forgotten/1", &told)?;
        return Ok(Exit::Well);
    }
    for secret in &told.secrets {
        cx.output.print(&format!("sigyl secrets set {} {}\n", secret.server, secret.name))?;
    }
    for run in &told.held {
        cx.output.note(&format!("Run {run} waits with secrets that are gone: reject it, and begin another."));
    }
    cx.output.note(&format!(
        "{} secrets have to be set anew, and {} keys were revoked: make new ones with `sigyl keys create`.",
        told.secrets.len(),
        told.keys
    ));
    Ok(Exit::Well)
}
