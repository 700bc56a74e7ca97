//! `sigyl login`: a key of a server, by signing in with GitHub or an issuer of OpenID Connect.

use std::time::Duration;

use serde_json::{Value, json};
use sigyl_core::domain::Kind;
use sigyl_core::web::{Heard, Web, WebError};
use sigyl_core::wire::v1::{DeviceLogin, LoginState, MadeKey};

use super::Context;
use crate::exit::Exit;
use crate::kept_keys;
use crate::problem::{Problem, chain};
use crate::render;

const EXAMPLES: &str = "\
Examples:
  sigyl login --server https://mcp.example.org
      Shows a code to type at GitHub, and keeps the key that comes of it.
  sigyl login --server https://mcp.example.org --oidc
      The same at the issuer that the server names; --oidc=NAME where it names several.";

/// Sign in at a server, and keep its key
///
/// By GitHub, or with --oidc by single sign-on. The key is kept in the configuration folder, for you alone. `sigyl logout` gives it back.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Sign in at an issuer of OpenID Connect instead of GitHub, by the name that the server has for it
    #[arg(long, value_name = "NAME", num_args = 0..=1, require_equals = true, default_missing_value = "oidc")]
    oidc: Option<String>,
}

impl Args {
    /// Does it.
    pub(super) async fn run(self, cx: &mut Context) -> Result<Exit, Problem> {
        let (web, base) = (Web::new(cx.settings.offline), address(cx)?);
        let base = base.as_str();
        let file = kept_keys::file(base).map_err(|error| not_kept(&error))?;
        let begun = web.post_json(&begin(base, self.oidc.as_deref())?, &json!({})).await;
        let begun: DeviceLogin = good(begun.map_err(|error| unreachable(&error))?)?;
        let (at, code) = (render::specimen(&begun.verification_uri), render::specimen(&begun.user_code));
        cx.output.note(&format!("Open {at} in a browser, and type {code}"));
        let made = wait(&web, base, &begun).await?;
        kept_keys::keep(&file, &made.plain).map_err(|error| not_kept(&error))?;
        let (account, file) = (made.key.account.to_string(), file.display().to_string());
        let line = format!("Signed in as {account}. The key is in {file}");
        let body = json!({ "server": base, "account": account, "key": made.key.id, "expires": made.key.expires, "file": file });
        cx.say("sigyl.login/1", &body, &line)
    }
}

/// The server that was named, without a slash at its end.
pub(super) fn address(cx: &Context) -> Result<String, Problem> {
    let named = cx.settings.server.as_ref().map(|server| server.url.trim_end_matches('/').to_owned());
    named.ok_or_else(|| {
        let message = "it is not said at which server";
        Problem::wrong_use("E0001", message, "name it: --server https://HOST, or the variable SIGYL_SERVER")
    })
}

/// The address at which a sign-in begins.
fn begin(base: &str, by: Option<&str>) -> Result<String, Problem> {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    match by {
        None => Ok(format!("{base}/api/v1/login/device")),
        Some(by) if !by.is_empty() && by.bytes().all(plain) => {
            Ok(format!("{base}/api/v1/login/device?by={by}"))
        }
        Some(by) => Err(Problem::wrong_use(
            "E0001",
            format!("`{}` is no name of an issuer", render::specimen(by)),
            "ask whoever runs the server for the name, or leave it out: --oidc",
        )),
    }
}

/// Asks until somebody typed the code, or the time is over.
async fn wait(web: &Web, base: &str, begun: &DeviceLogin) -> Result<MadeKey, Problem> {
    let url = format!("{base}/api/v1/login/device/token");
    let mut pause = begun.interval;
    let asking = async {
        loop {
            tokio::time::sleep(Duration::from_secs(pause.clamp(1, 60))).await;
            let heard = web.post_json(&url, &json!({ "ticket": begun.ticket })).await;
            match good(heard.map_err(|error| unreachable(&error))?)? {
                LoginState::Done(made) => return Ok(*made),
                LoginState::Waiting { interval } => pause = interval,
                _ => {}
            }
        }
    };
    let over = || {
        Problem::failed(
            "E1020",
            Kind::Denied,
            "nobody typed the code in time",
            "run it again, and type the code",
        )
    };
    let within = Duration::from_secs(begun.expires_in.min(3_600));
    tokio::time::timeout(within, asking).await.unwrap_or_else(|_| Err(over()))
}

/// Reads a good answer, or what the server says is wrong.
pub(super) fn good<T: serde::de::DeserializeOwned>(heard: Heard) -> Result<T, Problem> {
    if matches!(heard.status, 200..=202) {
        return heard.json().map_err(|error| unreachable(&error));
    }
    Err(refused(&heard))
}

/// What a server answers that does not do what it was asked for.
pub(super) fn refused(heard: &Heard) -> Problem {
    let told: Value = heard.json().unwrap_or_default();
    let text = |name: &str| told[name].as_str().map(render::specimen);
    let kind = match heard.status {
        404 => Kind::NotFound,
        401 | 403 => Kind::Denied,
        400..=499 => Kind::Invalid,
        _ => Kind::Upstream,
    };
    let message = text("detail").unwrap_or_else(|| format!("the server answered {}", heard.status));
    Problem::failed(
        &text("code").unwrap_or_else(|| "E1020".to_owned()),
        kind,
        message,
        "ask whoever runs the server",
    )
}

pub(super) fn unreachable(error: &WebError) -> Problem {
    Problem::failed(
        "E1020",
        error.kind(),
        chain(error),
        "name the address that the server is reached by, with https://",
    )
}

pub(super) fn not_kept(error: &std::io::Error) -> Problem {
    let message = format!("the file of the key cannot be used: {error}");
    Problem::failed(
        "E0703",
        Kind::Unavailable,
        message,
        "look at `keys` in the configuration folder of sigyl",
    )
}
