//! The steps that every build takes, and the choice of the one that fits the runtime.

use std::path::{Path, PathBuf};

use async_trait::async_trait;

use super::super::instance::io;
use super::super::process::is_program;
use super::cache::{Builder, Key};
use super::work::{Work, blocking};
use super::{go, node, python, rust};
use crate::deploy::{BuildSpec, Built, TargetError};
use crate::domain::{Artifact, Launch};
use crate::manifest::{Manifest, Runtime};
use crate::source::Progress;

/// How trees of one runtime are made runnable. The tools were found already.
#[async_trait]
pub(super) trait Recipe: Send + Sync {
    /// Names the tools with their versions: another answer means another build.
    fn identity(&self) -> String;

    /// Fills the folder of the build; the source was copied into it.
    async fn make(&self, work: &Work<'_>) -> Result<(), TargetError>;

    /// Says how a finished build is started.
    fn launch(&self, built: &Place<'_>) -> Result<Launch, TargetError>;
}

/// A finished build, and the manifest that says how it starts.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) dir: &'a Path,
    pub(super) manifest: &'a Manifest,
}

impl Place<'_> {
    /// The copy of the source.
    pub(super) fn tree(&self) -> PathBuf {
        self.dir.join("tree")
    }

    /// Returns the file of the tree that is run.
    pub(super) fn entry(&self) -> Result<PathBuf, TargetError> {
        let Some(entry) = &self.manifest.start.entry_point else {
            return Err(TargetError::Unsupported(
                "the manifest names nothing to start: set entryPoint, or startCommand.command".to_owned(),
            ));
        };
        let file = self.tree().join(entry);
        if file.is_file() {
            return match self.holds(&file) {
                true => Ok(file),
                false => {
                    let why = format!("entryPoint `{entry}` is a link that leads out of the build");
                    Err(TargetError::Unsupported(why))
                }
            };
        }
        let hint = match self.manifest.build.command {
            Some(_) => "the build command did not make it",
            None => "if it has to be built, set build.command",
        };
        Err(TargetError::Unsupported(format!("entryPoint `{entry}` is not there after the build: {hint}")))
    }

    /// Tells whether a path leads to something within the build: what is started may be read by the server, and a link
    /// that the build left would choose it.
    pub(super) fn holds(&self, path: &Path) -> bool {
        let real = (self.dir.canonicalize(), path.canonicalize());
        matches!(&real, (Ok(dir), Ok(path)) if path.starts_with(dir))
    }

    /// Finds the program of `startCommand.command`: in the tree if it has a path, else in these folders.
    pub(super) fn command(&self, command: &str, folders: &[PathBuf]) -> Result<PathBuf, TargetError> {
        if is_fetcher(command) {
            return Err(TargetError::Unsupported(format!(
                "startCommand.command `{command}` would fetch or choose code when it starts; only what was scanned is \
                 run: name entryPoint, or the program itself"
            )));
        }
        let mut found = match command.contains('/') {
            true => vec![self.tree().join(command)],
            false => folders.iter().map(|dir| dir.join(command)).collect(),
        };
        found.retain(|path| is_program(path));
        // To be started is to be read and run, and neither was granted for what lies elsewhere.
        let found = match found.iter().find(|path| self.holds(path)) {
            None if !found.is_empty() => {
                return Err(TargetError::Unsupported(format!(
                    "startCommand.command `{command}` leads out of the server's own tree: name a program that comes \
                     with it, or leave the command out and name entryPoint"
                )));
            }
            found => found.cloned(),
        };
        found.ok_or_else(|| TargetError::MissingTool {
            tool: command.to_owned(),
            remedy: "install it, or correct startCommand.command".to_owned(),
        })
    }

    /// Puts a launch together that may read the build and `more`.
    pub(super) fn start(&self, program: PathBuf, mut args: Vec<String>, more: &[PathBuf]) -> Launch {
        args.extend(self.manifest.start.args.iter().cloned());
        let readable = std::iter::once(self.dir.to_owned()).chain(more.iter().cloned()).collect();
        Launch { program, args, dir: self.tree(), readable }
    }
}

/// Tells whether a program fetches or chooses code when it starts.
fn is_fetcher(command: &str) -> bool {
    matches!(command, "npx" | "uvx" | "uv" | "pipx" | "bunx" | "npm" | "yarn" | "pnpm" | "docker")
}

/// Makes a tree runnable, or finds that it was made so before.
pub(in super::super) async fn build(
    builder: &Builder,
    spec: &BuildSpec<'_>,
    progress: &dyn Progress,
) -> Result<Built, TargetError> {
    let mut work = Work { builder, spec, progress, dir: PathBuf::new() };
    let recipe: Box<dyn Recipe> = match spec.manifest.runtime {
        Runtime::Node => Box::new(node::Node::find(&work).await?),
        Runtime::Python => Box::new(python::Python::find(&work).await?),
        Runtime::Rust => Box::new(rust::Rust::find(&work).await?),
        Runtime::Go => Box::new(go::Go::find(&work).await?),
        Runtime::Container => {
            return Err(TargetError::Unsupported(
                "this target runs processes and no images: give the server a runtime of node, python, rust or go, or \
                 deploy it to a target that runs containers"
                    .to_owned(),
            ));
        }
    };
    let (key, server, cache) = (key(spec, recipe.as_ref()), spec.server.clone(), builder.clone());
    let slot = blocking("use the cache", move || cache.claim(&key, &server)).await??;
    work.dir.clone_from(&slot.dir);
    let place = Place { dir: &slot.dir, manifest: spec.manifest };
    if slot.done {
        progress.log("built before: taken from the cache");
        return Ok(Built { launch: Artifact::Program(recipe.launch(&place)?), cached: true });
    }
    work.copy_tree().await?;
    recipe.make(&work).await?;
    let launch = Artifact::Program(recipe.launch(&place)?);
    let scratch = work.scratch();
    blocking("remove temporary files", move || super::super::folder::remove(&scratch))
        .await?
        .and_then(|_| slot.finish())
        .map_err(|source| io("finish the build".to_owned(), source))?;
    Ok(Built { launch, cached: false })
}

fn key(spec: &BuildSpec<'_>, recipe: &dyn Recipe) -> Key {
    let mut scripts: Vec<&str> = spec.allowed_scripts.iter().map(String::as_str).collect();
    scripts.sort_unstable();
    scripts.dedup();
    let command = spec.manifest.build.command.as_deref().unwrap_or_default().join("\n");
    let entry = spec.manifest.start.entry_point.as_deref().unwrap_or_default();
    Key::of(&[&spec.tree.digest().to_string(), &recipe.identity(), &command, entry, &scripts.join("\n")])
}

/// Returns the folder above `bin`, if it is a toolchain's own and not the user's or the system's.
pub(super) fn toolchain(program: &Path, home: Option<&Path>) -> Vec<PathBuf> {
    let Some(prefix) = program.parent().and_then(Path::parent) else { return Vec::new() };
    let is_system =
        prefix == Path::new("/") || prefix == Path::new("/usr") || prefix == Path::new("/usr/local");
    if is_system || home.is_some_and(|home| home.starts_with(prefix)) {
        return Vec::new();
    }
    vec![prefix.to_owned()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_toolchain_is_never_the_users_home() {
        let home = Some(Path::new("/home/ada"));
        for program in
            ["/usr/bin/node", "/bin/node", "/home/ada/bin/node", "/home/bin/node", "/usr/local/bin/node"]
        {
            assert!(toolchain(Path::new(program), home).is_empty(), "{program}");
        }
        assert_eq!(
            toolchain(Path::new("/home/ada/.nvm/v20/bin/node"), home),
            [Path::new("/home/ada/.nvm/v20")]
        );
    }
}
