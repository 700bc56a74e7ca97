//! `sigyl deploy`: from code to a server that answers.

use sigyl_core::domain::{Locator, ServerName, WorkspaceName};
use sigyl_core::wire::v1::{Deploy, Request, RunEnd};

use super::release_args::{Release, ReleaseArgs};
use super::{Context, background, ending, foreground};
use crate::exit::Exit;
use crate::link::Link;
use crate::problem::Problem;
use crate::settings::absolute;

const EXAMPLES: &str = "\
Examples:
  sigyl deploy examples/servers/clock
      Scan, record, build, start and probe it; then serve until Ctrl-C.
  sigyl deploy npm:weather-mcp --secret KEY --grant network=api.example.org:443
      A package, with a secret that is asked for and one permission.";

/// Scan, record, build, start and probe a server; then serve it
///
/// Its address is the only line on standard output, printed once it answers.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[arg(
        help = "Folder, archive, npm:NAME[@VERSION], pypi:NAME[@VERSION], github:OWNER/REPO[#REF][:SUBDIR] or git:URL[#REF][:SUBDIR]"
    )]
    source: Locator,
    /// Name of the server [default: the manifest's]
    #[arg(long)]
    name: Option<ServerName>,
    /// Workspace of the server [default: the one it is in, or the default one]
    #[arg(long, value_name = "NAME")]
    workspace: Option<WorkspaceName>,
    /// Where it runs: `local` or `cloud-run` [default: where it runs already, or `local`]
    #[arg(long, value_name = "NAME")]
    target: Option<String>,
    /// Serve in the background instead of until Ctrl-C; a server that was named serves anyway
    #[arg(long)]
    detach: bool,
    #[command(flatten)]
    release: ReleaseArgs,
}

impl Args {
    /// Does it.
    pub(super) async fn run(self, cx: &mut Context) -> Result<Exit, Problem> {
        let source = from_here(self.source)?;
        let Release { env, secrets, grant, waive, allow_scripts, deep, review, canary, audience } =
            self.release.read(cx)?;
        let (name, workspace, target) = (self.name, self.workspace, self.target);
        let deploy = Deploy {
            source,
            name,
            workspace,
            target,
            env,
            secrets,
            grant,
            waive,
            allow_scripts,
            deep,
            review,
            canary,
            audience,
        };
        if self.detach && cx.settings.server.is_none() {
            background::start(cx).await?;
        }
        let serving = match cx.link().await? {
            Link::Local(local) => Some(foreground::begin(local, cx).await?),
            _ => None,
        };
        let end: RunEnd = cx.follow(Request::Deploy(deploy)).await?;
        let exit = ending::show(&end, cx)?;
        match serving {
            Some(serving) if exit == Exit::Well => serving.until_asked(cx).await.map(|()| exit),
            _ => Ok(exit),
        }
    }
}

/// Makes the paths of a source independent of this process: another one may read it, now or on a redeploy.
pub(crate) fn from_here(source: Locator) -> Result<Locator, Problem> {
    Ok(match source {
        Locator::Path(path) => Locator::Path(absolute(path)?),
        Locator::Archive(path) => Locator::Archive(absolute(path)?),
        Locator::Git { url, reference, subdir } if is_local(&url) => {
            let path = absolute(url.into())?;
            Locator::Git { url: path.to_string_lossy().into_owned(), reference, subdir }
        }
        other => other,
    })
}

/// Tells whether git would take an address for a folder: neither `scheme://` nor `host:path`.
fn is_local(url: &str) -> bool {
    let before_slash = url.split('/').next().unwrap_or_default();
    !before_slash.contains(':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_folders_are_made_absolute() {
        let made = |text: &str| from_here(Locator::parse(text).unwrap()).unwrap().to_string();
        assert!(made("clock").starts_with('/'));
        assert!(made("git:../bare.git#main").starts_with("git:/"));
        for text in
            ["npm:a@1", "git:https://host.example/a.git", "git:git@host.example:a/b.git", "git:ssh://h/a"]
        {
            assert_eq!(made(text), text);
        }
    }
}
