//! Gets repositories, by the user's own git: only objects are read, nothing is checked out.
//!
//! So no hook, filter, attribute, submodule or large-file pointer has a say in what the tree holds.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::fetcher::{Fetcher, blocking};
use super::git_objects::{self, Item, Take};
use super::run::{Call, Runner};
use crate::domain::{SourceKind, part_credentials};
use crate::source::archive::Unpack;
use crate::source::copy::write_new;
use crate::source::scratch::Scratch;
use crate::source::tree::Limits;
use crate::source::{Progress, SourceError, SourceTree};

/// Settings that no configuration of the user or of the repository overrides.
const SETTINGS: [&str; 9] = [
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "protocol.ext.allow=never",
    "submodule.recurse=false",
    "fetch.recurseSubmodules=false",
    "fetch.fsckObjects=false",
    "transfer.bundleURI=false",
    "gc.auto=0",
    "maintenance.auto=false",
];
/// Where the commit is put that was asked for.
const WANTED: &str = "refs/sigyl/wanted";

/// One repository being read.
struct Repository<'a> {
    runner: Runner<'a>,
    git: PathBuf,
    folder: PathBuf,
    scratch: &'a Path,
    local: bool,
    /// Settings that keep it to hosts that may be asked.
    kept_to: Vec<String>,
    /// Whether it is kept from what the user of this machine may see.
    is_anonymous: bool,
}

impl Repository<'_> {
    fn call(&self, command: &[&str]) -> Call {
        let protocols = if self.local { "file" } else { "https:http:ssh:git" };
        let file = if self.local { "always" } else { "never" };
        let kept_to = self.kept_to.iter().map(String::as_str);
        let nobody = if self.is_anonymous { &["credential.helper="][..] } else { &[] };
        let call = SETTINGS
            .into_iter()
            .chain(nobody.iter().copied())
            .chain(kept_to)
            .fold(Call::new(&self.git, self.scratch), |call, setting| call.setting("-c", setting))
            .setting("-c", &format!("protocol.file.allow={file}"))
            .args(command)
            .var("GIT_DIR", &self.folder)
            .var("GIT_ALLOW_PROTOCOL", protocols)
            .var("GIT_TERMINAL_PROMPT", "0")
            .var("GIT_NO_REPLACE_OBJECTS", "1")
            .var("GIT_NO_LAZY_FETCH", "1")
            .var("SSH_ASKPASS", "/bin/false")
            .var("SSH_ASKPASS_REQUIRE", "force");
        match self.is_anonymous {
            // Neither its configuration nor its `.netrc`.
            true => call
                .var("HOME", self.scratch)
                .var("XDG_CONFIG_HOME", self.scratch)
                .var("GIT_CONFIG_GLOBAL", "/dev/null")
                .var("GIT_ASKPASS", "/bin/false"),
            false => call,
        }
    }

    /// Fetches what `reference` names, and returns its commit.
    async fn commit(&self, url: &str, reference: Option<&str>) -> Result<String, SourceError> {
        let fetch = ["fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head"];
        let wanted = reference.unwrap_or("HEAD");
        let one = self.call(&fetch).args(&["--depth=1", "--", url, &format!("+{wanted}:{WANTED}")]);
        let found = match self.runner.run(one).await {
            Err(SourceError::Tool { .. }) if may_be_a_commit(wanted) => {
                let all = ["--", url, "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"];
                self.runner.run(self.call(&fetch).args(&all)).await?;
                wanted
            }
            fetched => {
                fetched?;
                WANTED
            }
        };
        let commit = format!("{found}^{{commit}}");
        let parse = self.call(&["rev-parse", "--verify", "--quiet", "--end-of-options", &commit]);
        let printed = self.runner.run(parse).await?;
        Ok(String::from_utf8_lossy(&printed).trim().to_owned())
    }

    /// Lists every file of a commit.
    async fn list(&self, commit: &str) -> Result<Vec<Item>, SourceError> {
        let list = ["ls-tree", "-r", "-z", "-l", "--full-tree", commit];
        Ok(git_objects::parse_list(&self.runner.run(self.call(&list)).await?))
    }

    /// Writes the bytes of objects to a file, one after the other.
    async fn objects(&self, ids: &[&str], name: &str) -> Result<PathBuf, SourceError> {
        let (asked, answer) =
            (self.scratch.join(format!("{name}.asked")), self.scratch.join(format!("{name}.objects")));
        write_new(&asked, format!("{}\n", ids.join("\n")).as_bytes(), false)?;
        let mut call = self.call(&["cat-file", "--batch", "--buffer"]);
        (call.stdin, call.stdout) = (Some(asked), Some(answer.clone()));
        self.runner.run(call).await?;
        Ok(answer)
    }
}

/// Gets the files of a commit of a repository.
pub(super) async fn fetch(
    fetcher: &Fetcher,
    url: &str,
    reference: Option<&str>,
    subdir: Option<&str>,
    progress: &dyn Progress,
) -> Result<SourceTree, SourceError> {
    let (public, credentials) = part_credentials(url);
    let local = is_local(url);
    if fetcher.offline && !local {
        return Err(SourceError::Offline(format!("git:{public}")));
    }
    if reference.is_some_and(|reference| !is_plain(reference)) {
        let reference = crate::source::path::shown(reference.unwrap_or_default());
        return Err(SourceError::NotFound(format!("`{reference}` in {public}")));
    }
    let kept_to = if local { Vec::new() } else { fetcher.reach.check(&public).await? };
    let scratch = Scratch::new(&fetcher.work)?;
    // Objects of the past are fetched too where a commit is named by a part of its id.
    let runner = Runner::new(&fetcher.env, progress, scratch.path(), fetcher.limits.total.saturating_mul(3));
    let git = runner.find(&["git"], "install git, or name a folder or an archive instead")?;
    let folder = scratch.path().join("repository");
    let is_anonymous = fetcher.github.is_anonymous && !local;
    let repository = Repository {
        runner,
        git,
        folder: folder.clone(),
        scratch: scratch.path(),
        local,
        kept_to,
        is_anonymous,
    };
    let init = repository.call(&["init", "--quiet", "--bare", "--template="]);
    repository.runner.run(init).await?;
    if let Some(credentials) = &credentials {
        give(&folder, scratch.path(), credentials)?;
    }
    let from = if local { local_path(&public)? } else { public.clone() };
    let commit = repository.commit(&from, reference).await?;
    let subdir_suffix = subdir.map(|subdir| format!(":{subdir}")).unwrap_or_default();
    let locator = format!("git:{public}#{commit}{subdir_suffix}");
    let items = repository.list(&commit).await?;
    let take = choose(&repository, items, subdir, &locator, &fetcher.limits).await?;
    let ids: Vec<&str> = take.files.iter().map(|file| file.id.as_str()).collect();
    let objects = repository.objects(&ids, "files").await?;
    let limits = fetcher.limits;
    blocking(move || {
        let mut unpack = Unpack::new(&locator, &scratch.path().join("tree"), &limits, u64::MAX)?;
        git_objects::unpack(&objects, take, &mut unpack)?;
        let tree = SourceTree::assemble(unpack.finish(false)?, SourceKind::Git, locator)?;
        Ok(tree.in_scratch(Arc::new(scratch)))
    })
    .await
}

/// Chooses what is taken: links are read first, since they may stand for a file elsewhere in the repository.
async fn choose(
    repository: &Repository<'_>,
    items: Vec<Item>,
    subdir: Option<&str>,
    locator: &str,
    limits: &Limits,
) -> Result<Take, SourceError> {
    let chosen = git_objects::below(&items, subdir);
    if chosen.is_empty() {
        return Err(SourceError::NotFound(locator.to_owned()));
    }
    if chosen.len() > limits.entries {
        let limit = format!("{} entries", limits.entries);
        return Err(SourceError::TooLarge { what: locator.to_owned(), limit });
    }
    let links: Vec<&str> = chosen.iter().filter(|item| item.is_link()).map(|item| item.id.as_str()).collect();
    let targets = match links.is_empty() {
        true => Vec::new(),
        false => {
            let objects = repository.objects(&links, "links").await?;
            git_objects::read_links(&objects, links.len(), locator)?
        }
    };
    let take = git_objects::take(&items, subdir, targets);
    match take.files.iter().map(|file| file.size).sum::<u64>() > limits.total {
        true => Err(SourceError::over_bytes(locator, limits.total)),
        false => Ok(take),
    }
}

/// Gives git the credentials in a file, so that they are in no list of processes.
fn give(folder: &Path, scratch: &Path, credentials: &str) -> Result<(), SourceError> {
    let file = scratch.join("credentials");
    write_new(&file, format!("{credentials}\n").as_bytes(), false)?;
    let config = folder.join("config");
    // Quoted for the shell that git starts, then for the file.
    let shell = file.display().to_string().replace('\'', "'\\''");
    let quoted = shell.replace('\\', "\\\\").replace('"', "\\\"");
    let helper = format!("[credential]\n\thelper =\n\thelper = \"store --file='{quoted}'\"\n");
    let written = std::fs::read_to_string(&config).map_err(SourceError::io("read", &config))?;
    std::fs::write(&config, written + &helper).map_err(SourceError::io("write", &config))
}

/// Tells whether git would take an address for a folder of this machine.
fn is_local(url: &str) -> bool {
    let before_colon = url.split(':').next().unwrap_or_default();
    url.starts_with("file://") || (!url.contains("://") && (!url.contains(':') || before_colon.contains('/')))
}

/// Returns the absolute path of a local repository, since git runs in a folder of its own.
fn local_path(url: &str) -> Result<String, SourceError> {
    let path = Path::new(url.strip_prefix("file://").unwrap_or(url));
    let absolute = match path.canonicalize() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(SourceError::NotFound(url.to_owned()));
        }
        absolute => absolute.map_err(SourceError::io("read", path))?,
    };
    absolute.into_os_string().into_string().map_err(|_| SourceError::NotFound(url.to_owned()))
}

/// Tells whether a name is a branch, tag or commit, and no expression or refspec.
pub(super) fn is_plain(reference: &str) -> bool {
    !reference.contains("..")
        && !reference.contains("@{")
        && !reference.starts_with(['-', '+', '^'])
        && !reference.contains(|c: char| c.is_whitespace() || c.is_control() || ":?*[\\^~".contains(c))
}

fn may_be_a_commit(reference: &str) -> bool {
    (4..=64).contains(&reference.len()) && reference.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_git_takes_for_a_folder_is_local() {
        for local in ["/srv/a.git", "../a", "a", "./a:b", "file:///srv/a"] {
            assert!(is_local(local), "{local}");
        }
        for remote in ["https://h/a", "ssh://git@h/a", "git@h:a/b", "h:a", "ext::sh"] {
            assert!(!is_local(remote), "{remote}");
        }
    }

    #[test]
    fn expressions_and_refspecs_are_no_references() {
        assert!(["main", "v1.2", "feature/x", "0123abc"].into_iter().all(is_plain));
        assert!(!["a:b", "+a", "^a", "a~1", "a..b", "a@{1}", "*", "-u", "a b"].into_iter().any(is_plain));
    }
}
