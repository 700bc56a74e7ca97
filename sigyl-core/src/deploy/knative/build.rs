//! Builds of images: a tool of this machine makes one of exactly the admitted tree, and pushes it into a registry.
//!
//! The tool sees what other tools of builds see (its own sign-in at the registry is in the home folder), and never a secret
//! of a server. The image is known by the digest that the tool wrote down when it pushed it.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use flate2::read::GzDecoder;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::deploy::image::Names;
use crate::deploy::image::dockerfile::{Recipe, recipe};
use crate::deploy::{BuildSpec, TargetError};
use crate::source::{Call, Progress, Runner, Scratch, SourceError, ToolEnv};

/// Bytes of an archive at most.
const ARCHIVE: u64 = 256 << 20;
/// Bytes that a build may leave in its folder, with the source.
const FOLDER: u64 = 4 << 30;
/// How long one command may take.
const TIME: Duration = Duration::from_secs(1_800);
/// Bytes of what a tool writes down about an image.
const WRITTEN: u64 = 64 << 10;

/// A program that makes images.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Tool {
    /// Podman.
    Podman,
    /// Docker, by its plugin `buildx`.
    Docker,
    /// Buildah.
    Buildah,
}

/// There is no such tool.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no tool that builds images: name podman, docker or buildah")]
pub struct UnknownTool(String);

impl FromStr for Tool {
    type Err = UnknownTool;

    fn from_str(name: &str) -> Result<Self, UnknownTool> {
        [Self::Podman, Self::Docker, Self::Buildah]
            .into_iter()
            .find(|tool| tool.program() == name)
            .ok_or_else(|| UnknownTool(name.to_owned()))
    }
}

impl Tool {
    fn program(self) -> &'static str {
        match self {
            Self::Podman => "podman",
            Self::Docker => "docker",
            Self::Buildah => "buildah",
        }
    }
}

/// Builds images.
#[derive(Clone, Debug)]
pub struct Builder {
    /// The program.
    pub tool: Tool,
    /// Where images are pushed: a registry, with a folder in it if it has some.
    pub registry: String,
    /// What the program sees.
    pub env: ToolEnv,
    /// Where sources are laid out while they are built.
    pub work: PathBuf,
}

/// One build under way.
struct Work<'a> {
    runner: Runner<'a>,
    program: PathBuf,
    folder: &'a Path,
}

impl Builder {
    /// Makes the image of a tree and pushes it; returns its name, by its digest.
    pub(super) async fn make(
        &self,
        names: &Names,
        spec: &BuildSpec<'_>,
        progress: &dyn Progress,
    ) -> Result<String, TargetError> {
        let recipe = recipe(spec)?;
        let scratch = self.lay_out(spec, &recipe).await?;
        let runner = Runner::new(&self.env, progress, scratch.path(), FOLDER).within(TIME);
        let remedy = "install it, or name another tool in `knative.builder`";
        let program = runner.find(&[self.tool.program()], remedy).map_err(failed)?;
        let work = Work { runner, program, folder: scratch.path() };
        let repository = format!("{}/{}", self.registry, names.service());
        let digest =
            work.build(self.tool, &recipe, &format!("{repository}:{}", Names::tag(spec.revision))).await?;
        let image = format!("{repository}@{digest}");
        progress.log(&format!("built {image}"));
        Ok(image)
    }

    /// Lays the admitted tree out, with the recipe beside it: a tree that changed since is refused.
    async fn lay_out(&self, spec: &BuildSpec<'_>, recipe: &Recipe) -> Result<Scratch, TargetError> {
        let (tree, beside, work) = (spec.tree.clone(), recipe.beside.clone(), self.work.clone());
        let laid_out = tokio::task::spawn_blocking(move || {
            let packed = tree.pack_with(&beside, ARCHIVE)?;
            let scratch = Scratch::new(&work)?;
            let place = scratch.path().join("context");
            let mut archive = tar::Archive::new(GzDecoder::new(packed.as_slice()));
            archive.unpack(&place).map_err(SourceError::io("lay out", &place))?;
            Ok::<_, SourceError>(scratch)
        });
        match laid_out.await {
            Ok(Err(SourceError::Changed { .. })) => Err(TargetError::NotAdmitted),
            Ok(laid_out) => laid_out.map_err(failed),
            Err(error) => Err(io("lay out the source", std::io::Error::other(error))),
        }
    }
}

impl Work<'_> {
    async fn build(&self, tool: Tool, recipe: &Recipe, image: &str) -> Result<String, TargetError> {
        let (place, written) = (self.folder.join("context"), self.folder.join("written"));
        let (file, context) = (place.join(&recipe.file), place.join(&recipe.context));
        match tool {
            Tool::Docker => {
                let call = self.call().args(&["buildx", "build", "--push", "--provenance=false"]);
                let call = call.arg("--metadata-file").arg(&written).args(&["--tag", image]);
                self.run(call.arg("--file").arg(file).arg(context)).await?;
                let said = read(&written)?;
                let said = serde_json::from_str::<Value>(&said).unwrap_or_default();
                digest(said["containerimage.digest"].as_str().unwrap_or_default())
            }
            Tool::Podman | Tool::Buildah => {
                let call = self.call().args(&["build", "--tag", image]);
                self.run(call.arg("--file").arg(file).arg(context)).await?;
                let call = self.call().args(&["push"]).arg("--digestfile").arg(&written).arg(image);
                let pushed = self.run(call).await;
                // It is in the registry, or of no use: in the store of this machine it would stay for ever.
                let removed = self.run(self.call().args(&["rmi", image])).await;
                pushed?;
                if let Err(error) = removed {
                    tracing::warn!(image, %error, "a pushed image could not be removed from this machine");
                }
                digest(&read(&written)?)
            }
        }
    }

    fn call(&self) -> Call {
        Call::new(&self.program, self.folder)
    }

    async fn run(&self, call: Call) -> Result<(), TargetError> {
        self.runner.run(call).await.map(|_| ()).map_err(failed)
    }
}

fn read(path: &Path) -> Result<String, TargetError> {
    use std::io::Read as _;
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(|source| io("read the digest of the image", source))?;
    let read = file.take(WRITTEN).read_to_string(&mut text);
    read.map_err(|source| io("read the digest of the image", source))?;
    Ok(text)
}

/// Takes what is a digest and nothing else.
fn digest(said: &str) -> Result<String, TargetError> {
    let said = said.trim();
    let hex = said.strip_prefix("sha256:").unwrap_or_default();
    match hex.len() == 64 && hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        true => Ok(said.to_owned()),
        false => Err(TargetError::Unsupported(
            "the tool that builds images wrote down no digest of the one that it pushed: take a current version of it, or \
             name another one in `knative.builder`"
                .to_owned(),
        )),
    }
}

fn failed(error: SourceError) -> TargetError {
    match error {
        SourceError::MissingTool { tool, remedy } => TargetError::MissingTool { tool, remedy },
        SourceError::Tool { command, tail } => {
            TargetError::Build { command, status: "an error".to_owned(), tail }
        }
        other => io("build the image", std::io::Error::other(other)),
    }
}

fn io(action: &str, source: std::io::Error) -> TargetError {
    TargetError::Io { action: action.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_digest_is_one() {
        let whole = format!("sha256:{}", "0a".repeat(32));
        assert_eq!(digest(&format!("{whole}\n")).unwrap(), whole);
        for wrong in ["", "latest", "sha256:00", &format!("sha256:{}", "0A".repeat(32)), &whole[7..]] {
            assert!(digest(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn tools_have_the_names_of_their_programs() {
        assert_eq!("buildah".parse::<Tool>().unwrap(), Tool::Buildah);
        assert!("kaniko".parse::<Tool>().unwrap_err().to_string().contains("podman, docker or buildah"));
    }
}
