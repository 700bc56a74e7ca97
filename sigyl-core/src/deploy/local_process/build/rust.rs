//! Rust: `cargo fetch` with the user's cargo, then `cargo build` without network and confined.

use std::path::{Path, PathBuf};

use async_trait::async_trait;

use super::super::confinement::Workshop;
use super::super::folder;
use super::super::instance::io;
use super::beneath::Beneath;
use super::recipe::{Place, Recipe};
use super::work::{Call, Work, blocking};
use crate::deploy::TargetError;
use crate::domain::Launch;
use crate::source::LockKind;

/// Where cargo puts what it was asked for.
const RELEASE: &str = "release";

/// The cargo and rustc that build.
pub(super) struct Rust {
    cargo: PathBuf,
    sysroot: PathBuf,
    version: String,
    home: Option<PathBuf>,
}

impl Rust {
    /// Finds the toolchain.
    pub(super) async fn find(work: &Work<'_>) -> Result<Self, TargetError> {
        let tools = &work.builder.tools;
        let missing = |tool: &str| TargetError::MissingTool {
            tool: tool.to_owned(),
            remedy: "install Rust (rustup.rs), or name a server that needs no build".to_owned(),
        };
        let rustc = tools.find("rustc").ok_or_else(|| missing("rustc"))?;
        let root = Path::new("/");
        // A rustup proxy chooses a toolchain by folder; the one that is asked here is used by its own path below.
        let sysroot = work.ask(Call::new(&rustc, root).args(["--print", "sysroot"])).await?;
        let sysroot = PathBuf::from(sysroot.trim());
        let version = work.ask(Call::new(&sysroot.join("bin/rustc"), root).args(["-vV"])).await?;
        let own = sysroot.join("bin/cargo");
        let cargo = if own.is_file() { own } else { tools.find("cargo").ok_or_else(|| missing("cargo"))? };
        let home = tools.vars.get("CARGO_HOME").map(PathBuf::from);
        let home = home.or_else(|| tools.home.as_ref().map(|home| home.join(".cargo")));
        Ok(Self { cargo, sysroot, version: version.trim().to_owned(), home })
    }

    fn workshop(&self, target: &Path) -> Workshop {
        let of_home = |names: &[&str]| -> Vec<PathBuf> {
            self.home.iter().flat_map(|home| names.iter().map(|name| home.join(name))).collect()
        };
        Workshop {
            execute: [of_home(&["registry", "git"]), vec![self.sysroot.clone()]].concat(),
            // Not the whole folder: credentials lie in it.
            read: of_home(&["config.toml", "config"]),
            write: vec![target.to_owned()],
            network: false,
        }
    }

    fn build(&self, work: &Work<'_>, target: &Path, tree: &Path) -> Call {
        let call = match work.spec.manifest.build.command.as_deref() {
            Some([program, args @ ..]) if program == "cargo" => Call::new(&self.cargo, tree).args(args),
            Some([program, args @ ..]) => Call::new(&tree.join(program), tree).args(args),
            _ => {
                let call = Call::new(&self.cargo, tree).args(["build", "--release", "--locked", "--offline"]);
                match &work.spec.manifest.start.entry_point {
                    Some(bin) => call.args(["--bin", bin]),
                    None => call.args(["--bins"]),
                }
            }
        };
        let call = call.var("CARGO_TARGET_DIR", target).var("CARGO_NET_OFFLINE", "true");
        let call = call.var("CARGO_TERM_COLOR", "never").var("RUSTC", self.sysroot.join("bin/rustc"));
        match &self.home {
            Some(home) => call.var("CARGO_HOME", home),
            None => call,
        }
    }
}

#[async_trait]
impl Recipe for Rust {
    fn identity(&self) -> String {
        format!("rust\n{}", self.version)
    }

    async fn make(&self, work: &Work<'_>) -> Result<(), TargetError> {
        let tree = work.tree();
        if !tree.join("Cargo.lock").is_file() {
            return Err(TargetError::Unsupported(
                "the tree has no Cargo.lock: run `cargo generate-lockfile` in it".to_owned(),
            ));
        }
        for file in ["rust-toolchain.toml", "rust-toolchain"] {
            if tree.join(file).is_file() {
                work.progress
                    .log(&format!("{file} is not followed: built with {}", first_line(&self.version)));
            }
        }
        // Compiled dependencies are found again by the same server's next build.
        let kept = work.kept("rust", &self.version, LockKind::Cargo).await?;
        let (target, stale) = (kept.dir.clone(), kept.dir.clone());
        blocking("remove earlier binaries", move || clear(&stale))
            .await?
            .map_err(|source| io("remove earlier binaries".to_owned(), source))?;
        // From a folder outside of the tree, so that the tree's .cargo/config.toml has no say in what runs unconfined.
        let fetch = Call::new(&self.cargo, &work.dir).args(["fetch", "--locked", "--manifest-path"]);
        let fetch = fetch
            .arg(tree.join("Cargo.toml"))
            .args(["--target", host(&self.version)])
            .var("CARGO_TERM_COLOR", "never");
        let fetch = fetch.var("RUSTC", self.sysroot.join("bin/rustc"));
        work.fetch(if work.builder.offline { fetch.args(["--offline"]) } else { fetch }).await?;
        let path = [self.sysroot.join("bin")];
        work.make(self.build(work, &target, &tree), &path, self.workshop(&target)).await?;
        let (dir, entry) = (work.dir.join("bin"), work.spec.manifest.start.entry_point.clone());
        blocking("keep the binary", move || keep(&target, entry.as_deref(), &dir)).await?
    }

    fn launch(&self, built: &Place<'_>) -> Result<Launch, TargetError> {
        let bin = built.dir.join("bin");
        if let Some(command) = &built.manifest.start.command {
            let name = command.rsplit('/').next().unwrap_or(command);
            let own = bin.join(name);
            let program = if own.is_file() { own } else { built.command(command, &[])? };
            return Ok(built.start(program, Vec::new(), &[]));
        }
        let mut names = std::fs::read_dir(&bin).into_iter().flatten().flatten().map(|entry| entry.path());
        match (names.next(), names.next()) {
            (Some(only), None) => Ok(built.start(only, Vec::new(), &[])),
            (Some(_), Some(_)) => Err(TargetError::Unsupported(
                "the tree builds several binaries: name one in entryPoint".to_owned(),
            )),
            (None, _) => Err(TargetError::Unsupported("the tree builds no binary".to_owned())),
        }
    }
}

/// Removes the binaries of an earlier build from `target`; what they were linked from stays.
///
/// Code of the source could write in there: a link is refused, for its files are not those of a build.
fn clear(target: &Path) -> std::io::Result<()> {
    let made = match Beneath::open(target)?.folder(Path::new(RELEASE)) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        made => made?,
    };
    made.entries()?.iter().filter(|file| file.is_file).try_for_each(|file| made.remove(&file.name))
}

/// Copies the binary that was asked for, or every one, out of `target`; never through a link.
fn keep(target: &Path, entry: Option<&str>, into: &Path) -> Result<(), TargetError> {
    let keep = || {
        folder::private(into)?;
        let (made, into) = (Beneath::open(target)?.folder(Path::new(RELEASE))?, Beneath::open(into)?);
        for file in made.entries()? {
            let wanted = entry.is_none_or(|entry| file.name == entry);
            let runs = file.is_file && file.runs;
            if wanted && runs && !file.name.to_string_lossy().contains(".so") {
                made.copy(&file, &into)?;
            }
        }
        Ok(())
    };
    keep().map_err(|source| io(format!("keep the binary from {}", target.display()), source))
}

/// Names the machine that rustc builds for: crates of other systems are not fetched.
fn host(version: &str) -> &str {
    version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default()
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn program(path: &Path) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "run").unwrap();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    #[test]
    fn a_linked_folder_is_neither_kept_nor_cleared() {
        let dir = tempfile::tempdir().unwrap();
        let (victim, target) = (dir.path().join("victim"), dir.path().join("target"));
        program(&victim.join("rs"));
        std::fs::create_dir(&target).unwrap();
        symlink(&victim, target.join(RELEASE)).unwrap();
        let into = dir.path().join("bin");
        let error = keep(&target, None, &into).unwrap_err();
        assert!(format!("{error:?}").contains("release is a link"), "{error:?}");
        assert_eq!(std::fs::read_dir(&into).unwrap().count(), 0);
        assert!(clear(&target).unwrap_err().to_string().contains("release is a link"));
        assert!(victim.join("rs").is_file());
    }

    #[test]
    fn only_programs_of_the_build_are_kept() {
        let dir = tempfile::tempdir().unwrap();
        let (target, into) = (dir.path().join("target"), dir.path().join("bin"));
        program(&target.join("release/tool"));
        program(&target.join("release/libx.so"));
        program(&dir.path().join("other"));
        symlink(dir.path().join("other"), target.join("release/link")).unwrap();
        std::fs::write(target.join("release/tool.d"), "").unwrap();
        keep(&target, None, &into).unwrap();
        let kept: Vec<_> = std::fs::read_dir(&into).unwrap().map(|file| file.unwrap().file_name()).collect();
        assert_eq!(kept, ["tool"]);
        clear(&target).unwrap();
        assert!(!target.join("release/tool").exists() && dir.path().join("other").exists());
        clear(&dir.path().join("bin")).unwrap();
    }
}
