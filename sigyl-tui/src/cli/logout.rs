//! `sigyl logout`: gives back the key of a server.

use serde_json::json;
use sigyl_core::web::Web;

use super::Context;
use super::login::{address, not_kept, refused, unreachable};
use crate::exit::Exit;
use crate::kept_keys;
use crate::problem::Problem;

const EXAMPLES: &str = "\
Examples:
  sigyl logout --server https://mcp.example.org
      Revokes the key that `sigyl login` kept, and removes its file.
  sigyl logout --server http://127.0.0.1:7447 --format json
      The same, with a JSON object as the answer.";

/// Revoke the key that `sigyl login` kept, and remove it
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {}

impl Args {
    /// Does it. The file stays where the server cannot be told: the key is good until then.
    pub(super) async fn run(self, cx: &mut Context) -> Result<Exit, Problem> {
        let base = address(cx)?;
        let base = base.as_str();
        let file = kept_keys::file(base).map_err(|error| not_kept(&error))?;
        let key = kept_keys::read(&file).map_err(|error| not_kept(&error))?;
        let Some(key) = key else {
            return cx.say(
                "sigyl.logout/1",
                &json!({ "server": base, "done": false }),
                "No key is kept for this server.",
            );
        };
        let id = key.reveal().split('_').nth(1).unwrap_or_default().to_owned();
        let asked = Web::new(cx.settings.offline).delete(&format!("{base}/api/v1/keys/{id}"), &key).await;
        let heard = asked.map_err(|error| unreachable(&error))?;
        // A key that the server does not know any more is as good as given back.
        if !matches!(heard.status, 204 | 401) {
            return Err(refused(&heard));
        }
        std::fs::remove_file(&file).map_err(|error| not_kept(&error))?;
        cx.say(
            "sigyl.logout/1",
            &json!({ "server": base, "done": true }),
            "Signed out: the key is revoked, and its file gone.",
        )
    }
}
