//! Go: `go mod download` with the user's go, then `go build` without network and confined.

use std::path::{Path, PathBuf};

use async_trait::async_trait;

use super::super::confinement::Workshop;
use super::super::folder;
use super::super::instance::io;
use super::recipe::{Place, Recipe};
use super::work::{Call, Work};
use crate::deploy::TargetError;
use crate::domain::Launch;
use crate::source::LockKind;

/// Name of the binary that is built.
const SERVER: &str = "server";

/// The go that builds.
pub(super) struct Go {
    go: PathBuf,
    version: String,
    root: PathBuf,
    modules: PathBuf,
}

impl Go {
    /// Finds go.
    pub(super) async fn find(work: &Work<'_>) -> Result<Self, TargetError> {
        let go = work.builder.tools.find("go").ok_or_else(|| TargetError::MissingTool {
            tool: "go".to_owned(),
            remedy: "install Go (go.dev)".to_owned(),
        })?;
        let call = Call::new(&go, Path::new("/")).args(["env", "GOVERSION", "GOROOT", "GOMODCACHE"]);
        let said = work.ask(call.var("GOTOOLCHAIN", "local")).await?;
        let mut lines = said.lines();
        let mut next = || lines.next().unwrap_or_default().trim().to_owned();
        let (version, root, modules) = (next(), PathBuf::from(next()), PathBuf::from(next()));
        Ok(Self { go, version, root, modules })
    }
}

#[async_trait]
impl Recipe for Go {
    fn identity(&self) -> String {
        format!("go\n{}", self.version)
    }

    async fn make(&self, work: &Work<'_>) -> Result<(), TargetError> {
        let (tree, bin) = (work.tree(), work.dir.join("bin"));
        let kept = work.kept("go", &self.version, LockKind::Go).await?;
        folder::private(&bin).map_err(|source| io(format!("make the folder {}", bin.display()), source))?;
        // A newer toolchain that go.mod asks for is not fetched.
        let download = Call::new(&self.go, &tree).args(["mod", "download"]).var("GOTOOLCHAIN", "local");
        work.fetch(if work.builder.offline { download.var("GOPROXY", "off") } else { download }).await?;
        let package = work.spec.manifest.start.entry_point.as_deref().unwrap_or(".");
        let package = if package.starts_with('.') { package.to_owned() } else { format!("./{package}") };
        let call = match work.spec.manifest.build.command.as_deref() {
            Some([program, args @ ..]) if program == "go" => Call::new(&self.go, &tree).args(args),
            Some([program, args @ ..]) => Call::new(&tree.join(program), &tree).args(args),
            _ => Call::new(&self.go, &tree)
                .args(["build", "-trimpath", "-mod=readonly", "-o"])
                .arg(bin.join(SERVER))
                .args([package]),
        };
        let call = call.var("GOTOOLCHAIN", "local").var("GOPROXY", "off").var("GOFLAGS", "-buildvcs=false");
        let call = call.var("GOROOT", &self.root).var("GOMODCACHE", &self.modules).var("GOCACHE", &kept.dir);
        let workshop = Workshop {
            execute: vec![self.root.clone()],
            read: vec![self.modules.clone()],
            write: vec![kept.dir.clone(), bin],
            network: false,
        };
        work.make(call, &[self.root.join("bin")], workshop).await
    }

    fn launch(&self, built: &Place<'_>) -> Result<Launch, TargetError> {
        let own = built.dir.join("bin").join(SERVER);
        let program = match &built.manifest.start.command {
            Some(command) => built.command(command, &[])?,
            None if own.is_file() => own,
            None => built.entry()?,
        };
        Ok(built.start(program, Vec::new(), &[]))
    }
}
