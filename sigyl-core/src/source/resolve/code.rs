//! Gets the code of the dependencies that the locks of a tree pin, to be looked at: nothing of it is built or run.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::cargo;
use crate::domain::SourceKind;
use crate::source::archive::unpack_file;
use crate::source::copy::write_new;
use crate::source::fetch::{Fetcher, NPM_SWITCHES, Runner, blocking, npm, pip, run_pip};
use crate::source::requirement::{Requirement, write_all};
use crate::source::scratch::Scratch;
use crate::source::{Lock, LockKind, Progress, SourceError, SourceTree, lock};

impl Fetcher {
    /// Gets the code of every dependency that the locks of `tree` pin, by the same tools and under the same limits as
    /// a source; nothing if the tree has no locks, or these name no package.
    ///
    /// Packages of npm are laid out as npm would install them on this machine, without any of their scripts; those of
    /// Python are taken from their wheels, or their source archives where there is none; crates as Cargo vendors them.
    /// Each lies in a folder of its own name.
    pub async fn dependencies(
        &self,
        tree: &SourceTree,
        progress: &dyn Progress,
    ) -> Result<Option<SourceTree>, SourceError> {
        if tree.locks().is_empty() {
            return Ok(None);
        }
        if self.offline {
            let what = format!("the code of the dependencies of {}", tree.reference().locator);
            return Err(SourceError::Offline(what));
        }
        let scratch = Arc::new(Scratch::new(&self.work)?);
        let code = scratch.path().join("code");
        std::fs::create_dir(&code).map_err(SourceError::io("make the folder", &code))?;
        let runner = Runner::new(&self.env, progress, scratch.path(), self.limits.total);
        for lock in tree.locks() {
            let pinned = Pinned { tree, lock, scratch: scratch.path(), code: &code };
            match lock.kind {
                LockKind::Npm => pinned.of_npm(&runner).await?,
                LockKind::Pip => pinned.of_pip(&runner, self).await?,
                LockKind::Cargo => pinned.of_cargo(&runner).await?,
                LockKind::Go => return Err(not_fetched(lock)),
            }
        }
        let (limits, locator) = (self.limits, tree.reference().locator.clone());
        blocking(move || {
            let mut items = std::fs::read_dir(&code).map_err(SourceError::io("read", &code))?;
            if items.next().is_none() {
                return Ok(None);
            }
            let found = SourceTree::from_whole_folder(&code, &limits)?;
            Ok(Some(found.named(SourceKind::Path, locator).in_scratch(scratch)))
        })
        .await
    }
}

fn not_fetched(lock: &Lock) -> SourceError {
    SourceError::BadDependencies {
        file: lock.path.clone(),
        why: "the code of Go modules is not fetched to be looked at".to_owned(),
        remedy: "run `go mod vendor`, which makes it part of the source".to_owned(),
    }
}

/// One lock, and where the code it pins goes.
struct Pinned<'a> {
    tree: &'a SourceTree,
    lock: &'a Lock,
    scratch: &'a Path,
    code: &'a Path,
}

impl Pinned<'_> {
    async fn of_npm(&self, runner: &Runner<'_>) -> Result<(), SourceError> {
        const SHRINKWRAP: &str = "npm-shrinkwrap.json";
        let folder = self.scratch.join("install");
        for entry in self.tree.entries() {
            // The members of a workspace are named by the lock as well.
            if entry.path.ends_with("/package.json") {
                write_new(&folder.join(&entry.path), &self.tree.read(entry)?, false)?;
            }
        }
        let own = self.tree.find("package.json").map(|entry| self.tree.read(entry)).transpose()?;
        let manifest = self.tree.npm_install_manifest()?.or(own).unwrap_or_else(|| b"{}".to_vec());
        write_new(&folder.join("package.json"), &manifest, false)?;
        let name = if self.lock.path == SHRINKWRAP { SHRINKWRAP } else { "package-lock.json" };
        write_new(&folder.join(name), &self.lock.bytes, false)?;
        let switches = ["ci", "--include=dev", "--no-bin-links", "--allow-remote=none"];
        runner.run(npm(runner, &folder)?.args(&switches).args(&NPM_SWITCHES)).await?;
        let installed = folder.join("node_modules");
        if !installed.is_dir() {
            return Ok(());
        }
        drop_links(&installed)?;
        // npm's own record of what it laid out; where there is none, there is none to leave out.
        std::fs::remove_file(installed.join(".package-lock.json")).ok();
        let to = self.code.join("npm");
        std::fs::rename(&installed, &to).map_err(SourceError::io("move", &installed))
    }

    async fn of_pip(&self, runner: &Runner<'_>, fetcher: &Fetcher) -> Result<(), SourceError> {
        let requirements = lock::pinned(&self.lock.bytes).ok_or_else(|| SourceError::BadDependencies {
            file: self.lock.path.clone(),
            why: "it does not pin each package by version and hash".to_owned(),
            remedy: "remove what is no such line".to_owned(),
        })?;
        let packed = self.scratch.join("packed");
        std::fs::create_dir(&packed).map_err(SourceError::io("make the folder", &packed))?;
        match self.download(runner, &requirements, &packed, "--only-binary=:all:").await {
            // A package that has no wheel for this machine comes as its source, which pip hands over one at a time.
            Err(SourceError::Tool { .. }) => {
                for requirement in requirements.chunks(1) {
                    self.download(runner, requirement, &packed, "--prefer-binary").await?;
                }
            }
            done => done?,
        }
        let (code, limits) = (self.code.join("pip"), fetcher.limits);
        blocking(move || {
            for archive in files_of(&packed)? {
                let name =
                    archive.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
                let parts: Vec<&str> = name.trim_end_matches(".tar.gz").split('-').take(2).collect();
                unpack_file(&archive, &name, &code.join(parts.join("-")), &limits)?;
            }
            Ok(())
        })
        .await
    }

    /// Puts the archives of pinned packages into a folder. One that would be built is put there as it is.
    async fn download(
        &self,
        runner: &Runner<'_>,
        requirements: &[Requirement],
        packed: &Path,
        binary: &str,
    ) -> Result<(), SourceError> {
        let given = self.scratch.join("pinned.txt");
        std::fs::write(&given, write_all(requirements)).map_err(SourceError::io("write", &given))?;
        let call = pip(runner, self.scratch, Some(packed), "download")?
            .args(&["--no-deps", "--require-hashes", binary, "--quiet", "--dest"])
            .arg(packed)
            .arg("--requirement")
            .arg(&given);
        run_pip(runner, call).await
    }

    async fn of_cargo(&self, runner: &Runner<'_>) -> Result<(), SourceError> {
        let (tree, scratch) = (self.tree.clone(), self.scratch.to_owned());
        let Some(input) = blocking(move || cargo::prepare(&tree, &scratch)).await? else { return Ok(()) };
        write_new(&input.folder.join("Cargo.lock"), &self.lock.bytes, false)?;
        let cargo = runner.find(&["cargo"], "install Rust, or scan without --deep")?;
        let vendored = self.scratch.join("vendored");
        let call = crate::source::fetch::Call::new(&cargo, &input.folder);
        let call = call.args(&["vendor", "--locked", "--versioned-dirs", "--quiet"]).arg(&vendored);
        runner.run(call).await?;
        if !vendored.is_dir() {
            return Ok(());
        }
        let to = self.code.join("cargo");
        std::fs::rename(&vendored, &to).map_err(SourceError::io("move", &vendored))
    }
}

fn files_of(folder: &Path) -> Result<Vec<PathBuf>, SourceError> {
    let items = std::fs::read_dir(folder).map_err(SourceError::io("read", folder))?;
    let mut files = Vec::new();
    for item in items {
        files.push(item.map_err(SourceError::io("read", folder))?.path());
    }
    files.sort_unstable();
    Ok(files)
}

/// Removes the links by which npm lays the source's own packages among the installed ones: they are looked at as what
/// they are.
fn drop_links(installed: &Path) -> Result<(), SourceError> {
    for item in files_of(installed)? {
        let kind = item.symlink_metadata().map_err(SourceError::io("read", &item))?;
        if kind.is_symlink() {
            std::fs::remove_file(&item).map_err(SourceError::io("remove", &item))?;
        } else if kind.is_dir()
            && item.file_name().is_some_and(|name| name.to_string_lossy().starts_with('@'))
        {
            drop_links(&item)?;
        }
    }
    Ok(())
}
