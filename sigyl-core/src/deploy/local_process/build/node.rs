//! Node.js: `npm ci` without scripts, then the build command, confined.

use std::path::{Path, PathBuf};

use async_trait::async_trait;

use super::super::confinement::Workshop;
use super::super::instance::io;
use super::recipe::{Place, Recipe, toolchain};
use super::scripts;
use super::work::{Call, Work, blocking};
use crate::deploy::TargetError;
use crate::domain::Launch;
use crate::source::LockKind;

/// Switches of every run of npm.
const QUIET: [&str; 3] = ["--no-audit", "--no-fund", "--no-update-notifier"];
/// Nothing but what the lock names; an npm before 11 does not know the last three and warns of them.
pub(crate) const LOCKED: [&str; 4] =
    ["--ignore-scripts", "--allow-git=none", "--allow-file=none", "--allow-remote=none"];

/// The node that runs it.
pub(super) struct Node {
    node: PathBuf,
    version: String,
    npm: Option<PathBuf>,
    prefix: Vec<PathBuf>,
}

impl Node {
    /// Finds node, behind whatever shim.
    pub(super) async fn find(work: &Work<'_>) -> Result<Self, TargetError> {
        let tools = &work.builder.tools;
        let node = tools.find("node").ok_or_else(|| TargetError::MissingTool {
            tool: "node".to_owned(),
            remedy: "install Node.js (nodejs.org)".to_owned(),
        })?;
        let script = "console.log(process.execPath); console.log(process.version + ' ' + process.arch)";
        let said = work.ask(Call::new(&node, Path::new("/")).args(["-e", script])).await?;
        let (node, version) = said.trim().split_once('\n').unwrap_or((said.trim(), ""));
        let node = PathBuf::from(node);
        let prefix = toolchain(&node, tools.home.as_deref());
        Ok(Self { node, version: version.to_owned(), npm: tools.find("npm"), prefix })
    }

    fn npm(&self, work: &Work<'_>, args: &[&str]) -> Result<Call, TargetError> {
        let npm = self.npm.as_ref().ok_or_else(|| TargetError::MissingTool {
            tool: "npm".to_owned(),
            remedy: "install npm beside node".to_owned(),
        })?;
        let call = Call::new(npm, &work.tree()).args(args.iter().copied()).args(QUIET);
        Ok(if work.builder.offline { call.args(["--offline"]) } else { call.args(["--prefer-offline"]) })
    }

    fn path(&self, work: &Work<'_>) -> Vec<PathBuf> {
        let node = self.node.parent().map(Path::to_owned);
        [work.tree().join("node_modules/.bin")].into_iter().chain(node).collect()
    }

    fn workshop(&self, network: bool) -> Workshop {
        let npm = self.npm.as_ref().and_then(|npm| npm.canonicalize().ok()); // A missing npm fails when it is run.
        let npm = npm.iter().flat_map(|npm| toolchain(npm, None));
        Workshop { execute: self.prefix.iter().cloned().chain(npm).collect(), network, ..Workshop::default() }
    }

    /// Installs what the lock names.
    async fn install(&self, work: &Work<'_>) -> Result<(), TargetError> {
        let tree = work.spec.tree;
        let Some(lock) = tree.lock_of(LockKind::Npm) else { return Ok(()) };
        let manifest = tree
            .npm_install_manifest()
            .map_err(|error| io("read package.json".to_owned(), std::io::Error::other(error)))?;
        let own = manifest.map(|bytes| Swapped::new(work.tree().join("package.json"), &bytes)).transpose();
        let own = own.map_err(|source| io("write package.json".to_owned(), source))?;
        let lock_by_name = scripts::by_name(&lock.bytes, work.spec.allowed_scripts)?;
        let swapped =
            lock_by_name.map(|bytes| Swapped::new(work.tree().join(&lock.path), &bytes)).transpose();
        let swapped = swapped.map_err(|source| io(format!("write {}", lock.path), source))?;
        let dev = if work.spec.manifest.build.command.is_some() { "--include=dev" } else { "--omit=dev" };
        work.fetch(self.npm(work, &["ci", dev])?.args(LOCKED)).await?;
        own.map_or(Ok(()), Swapped::back).map_err(|source| io("write package.json".to_owned(), source))?;
        swapped.map_or(Ok(()), Swapped::back).map_err(|source| io(format!("write {}", lock.path), source))?;
        // All are looked at before the first of them runs, for a script may change what it finds.
        let mut allowed = Vec::new();
        for package in work.spec.allowed_scripts {
            let mut installed = Vec::new();
            for place in scripts::places(&lock.bytes, package)? {
                if scripts::check(&work.tree(), &place, package)? {
                    installed.push(format!("./{place}"));
                }
            }
            allowed.push((package, installed));
        }
        for (package, places) in allowed {
            if places.is_empty() {
                work.progress.log(&format!("no script of `{package}` runs: it is not installed"));
                continue;
            }
            let call = self.npm(work, &["rebuild", "--ignore-scripts=false", "--foreground-scripts"])?;
            // They were allowed by name, and most of them fetch something. npm takes a name for that of a folder, so
            // it is told the folders.
            work.make(call.args(places), &self.path(work), self.workshop(true)).await?;
        }
        Ok(())
    }

    async fn command(&self, work: &Work<'_>, command: &[String]) -> Result<(), TargetError> {
        let [program, args @ ..] = command else { return Ok(()) };
        let path = self.path(work);
        let found = match program.as_str() {
            "node" => Some(self.node.clone()),
            "npm" => self.npm.clone(),
            program if program.contains('/') => Some(work.tree().join(program)),
            program => path.iter().map(|dir| dir.join(program)).find(|file| file.is_file()),
        };
        let found = found.or_else(|| work.builder.tools.find(program));
        let program = found.ok_or_else(|| TargetError::MissingTool {
            tool: program.clone(),
            remedy: "install it, or correct build.command".to_owned(),
        })?;
        let call = Call::new(&program, &work.tree()).args(args).var("CI", "true");
        work.make(call, &path, self.workshop(false)).await?;
        if work.spec.tree.lock_of(LockKind::Npm).is_some() {
            let call = self.npm(work, &["prune", "--omit=dev", "--ignore-scripts"])?;
            work.make(call, &path, self.workshop(false)).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl Recipe for Node {
    fn identity(&self) -> String {
        format!("node\n{}", self.version)
    }

    async fn make(&self, work: &Work<'_>) -> Result<(), TargetError> {
        // A project's settings for npm can name programs to run.
        let settings = work.tree().join(".npmrc");
        if settings.exists() {
            work.progress.log(".npmrc of the tree is not followed");
            blocking("remove .npmrc", move || std::fs::remove_file(settings))
                .await?
                .map_err(|source| io("remove .npmrc".to_owned(), source))?;
        }
        self.install(work).await?;
        match &work.spec.manifest.build.command {
            Some(command) => self.command(work, command).await,
            None => Ok(()),
        }
    }

    fn launch(&self, built: &Place<'_>) -> Result<Launch, TargetError> {
        if let Some(command) = built.manifest.start.command.as_deref().filter(|command| *command != "node") {
            let program = built.command(command, &[built.tree().join("node_modules/.bin")])?;
            return Ok(built.start(program, Vec::new(), &self.prefix));
        }
        if built.manifest.start.command.is_some() && built.manifest.start.entry_point.is_none() {
            return Ok(built.start(self.node.clone(), Vec::new(), &self.prefix));
        }
        let entry = built.entry()?.to_string_lossy().into_owned();
        Ok(built.start(self.node.clone(), vec![entry], &self.prefix))
    }
}

/// A file whose content is another for a while.
struct Swapped {
    path: PathBuf,
    original: Vec<u8>,
}

impl Swapped {
    fn new(path: PathBuf, bytes: &[u8]) -> std::io::Result<Self> {
        let original = std::fs::read(&path)?;
        std::fs::write(&path, bytes)?;
        Ok(Self { path, original })
    }

    fn back(self) -> std::io::Result<()> {
        std::fs::write(self.path, self.original)
    }
}
