//! `sigyl github`: what is at GitHub, to be deployed from there.

use std::str::FromStr;

use sigyl_core::domain::{
    GitHubAsker, GitHubFiles, GitHubInstallations, GitHubRefs, GitHubRepositories, RepositoriesOf,
    RepositoryName, RepositoryOwner,
};
use sigyl_core::wire::v1::Request;

use super::Context;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render;

const EXAMPLES: &str = "\
Examples:
  sigyl github octo-org
      Its repositories, as far as the token or the App sees them.
  sigyl github octo-org/weather
      Its branches and tags, and which files say what it is.";

/// List what is at GitHub: repositories, branches and tags
///
/// Without a name it is what the token or the App of the configuration sees, or the App of `sigyl setup github`.
/// Without these, what everybody sees is listed by name.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// A person or an organisation, a repository, or a branch, tag or commit of one
    #[arg(value_name = "OWNER[/REPO[#REF]]")]
    what: Option<What>,
    /// The repositories of one installation of the App, by its number
    #[arg(long, value_name = "ID", conflicts_with = "what")]
    installation: Option<u64>,
}

/// What is named.
#[derive(Clone, Debug, PartialEq, Eq)]
enum What {
    Owner(RepositoryOwner),
    Repository(RepositoryName),
    Reference(RepositoryName, String),
}

impl FromStr for What {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // As a source is named, too.
        let text = text.strip_prefix("github:").unwrap_or(text);
        match text.split_once('#') {
            Some((_, "")) => Err("after `#` stands the name of a branch, a tag or a commit".to_owned()),
            Some((name, reference)) => RepositoryName::parse(name)
                .map(|name| Self::Reference(name, reference.to_owned()))
                .map_err(|error| error.to_string()),
            None if text.contains('/') => {
                RepositoryName::parse(text).map(Self::Repository).map_err(|error| error.to_string())
            }
            None => RepositoryOwner::parse(text).map(Self::Owner).map_err(|error| error.to_string()),
        }
    }
}

impl Args {
    /// Does it.
    pub(super) async fn run(self, cx: &mut Context) -> Result<Exit, Problem> {
        match (self.what, self.installation) {
            (Some(What::Owner(owner)), _) => repositories(cx, RepositoriesOf::Owner(owner)).await,
            (Some(What::Repository(name)), _) => refs(cx, name).await,
            (Some(What::Reference(name, reference)), _) => files(cx, name, reference).await,
            (None, Some(id)) => repositories(cx, RepositoriesOf::Installation(id)).await,
            (None, None) => seen(cx).await,
        }
    }
}

/// Shows what whoever asks sees: installations of an App, the repositories of a token.
async fn seen(cx: &mut Context) -> Result<Exit, Problem> {
    let seen: GitHubInstallations = cx.ask(Request::GitHubInstallations).await?;
    if seen.asker != GitHubAsker::App {
        return repositories(cx, RepositoriesOf::Token).await;
    }
    let nothing = "The App is installed nowhere: its page at GitHub has \"Install\".";
    let exit = cx.list(
        "sigyl.github-installations/1",
        &serde_json::json!(seen),
        &seen.installations,
        nothing,
        |all, look, _| render::github_installations(all, look),
    )?;
    more(cx, seen.more, seen.installations.len(), "installations");
    Ok(exit)
}

async fn repositories(cx: &mut Context, of: RepositoriesOf) -> Result<Exit, Problem> {
    let found: GitHubRepositories = cx.ask(Request::GitHubRepositories { of }).await?;
    let body = serde_json::json!(found);
    let exit = cx.list(
        "sigyl.github-repositories/1",
        &body,
        &found.repositories,
        "There are no repositories, as far as may be seen.",
        render::github_repositories,
    )?;
    more(cx, found.more, found.repositories.len(), "repositories");
    Ok(exit)
}

async fn refs(cx: &mut Context, repository: RepositoryName) -> Result<Exit, Problem> {
    let refs: GitHubRefs = cx.ask(Request::GitHubRefs { repository: repository.clone() }).await?;
    let files: GitHubFiles = cx.ask(Request::GitHubFiles { repository, reference: None }).await?;
    if cx.output.is_json() {
        let body = serde_json::json!({ "refs": refs, "files": files });
        cx.output.document("sigyl.github-repository/1", &body)?;
        return Ok(Exit::Well);
    }
    let text = render::github_refs(&refs, &files, &cx.output.look);
    cx.output.print(&text)?;
    more(cx, refs.more_branches, refs.branches.len(), "branches");
    more(cx, refs.more_tags, refs.tags.len(), "tags");
    Ok(Exit::Well)
}

async fn files(cx: &mut Context, repository: RepositoryName, reference: String) -> Result<Exit, Problem> {
    let request = Request::GitHubFiles { repository, reference: Some(reference) };
    let files: GitHubFiles = cx.ask(request).await?;
    if cx.output.is_json() {
        cx.output.document("sigyl.github-files/1", &serde_json::json!(files))?;
    } else {
        cx.output.print(&format!("{}\n", render::github_files(&files)))?;
    }
    Ok(Exit::Well)
}

/// Says that a list was cut.
fn more(cx: &Context, is_cut: bool, listed: usize, what: &str) {
    if is_cut && !cx.output.is_json() {
        cx.output.note(&format!("{listed} {what} are listed, and there are more."));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_a_repository_and_a_reference_are_told_apart() {
        let owner = RepositoryOwner::parse("octo-org").unwrap();
        let name = RepositoryName::parse("octo-org/weather").unwrap();
        assert_eq!("octo-org".parse(), Ok(What::Owner(owner)));
        assert_eq!("github:octo-org/weather".parse(), Ok(What::Repository(name.clone())));
        assert_eq!(
            "octo-org/weather#a/b".parse(),
            Ok(What::Reference(name, "a/b".to_owned())),
            "a branch may have slashes"
        );
        for wrong in ["", "octo-org/", "octo-org/weather#", "#main", "a b", "a/b/c"] {
            assert!(wrong.parse::<What>().is_err(), "{wrong}");
        }
    }
}
