//! The library reads no environment: a program that embeds it says where things are.

use std::error::Error;
use std::path::{Path, PathBuf};

use sigyl_core::Config;
use sigyl_core::domain::Locator;
use sigyl_core::source::ToolEnv;
use tempfile::TempDir;

/// A data directory that goes with the example, and a configuration for it.
#[derive(Debug)]
pub struct Surroundings {
    /// The configuration.
    pub config: Config,
    data: TempDir,
}

impl Surroundings {
    /// Makes a data directory, and keeps builds in `target/example-builds`, where the next run finds them.
    pub fn new() -> Result<Self, Box<dyn Error>> {
        let data = tempfile::tempdir()?;
        let builds = std::env::current_dir()?.join("target/example-builds");
        let tools = ToolEnv::pick(std::env::vars_os());
        // The program itself is the launcher: its `main` calls `launcher::run_if_asked` first.
        let config = Config::new(data.path().join("sigyl"), builds, tools, std::env::current_exe()?);
        Ok(Self { config, data })
    }

    /// The folder that is removed at the end.
    pub fn folder(&self) -> &Path {
        self.data.path()
    }
}

/// The source named on the command line, or a folder of this repository.
pub fn source_or(folder: &str) -> Result<Locator, Box<dyn Error>> {
    let named = std::env::args().nth(1).map(|text| Locator::parse(&text)).transpose()?;
    let absolute = |path: PathBuf| std::path::absolute(path).map(Locator::Path);
    Ok(match named {
        Some(Locator::Path(path)) => absolute(path)?,
        Some(other) => other,
        None => absolute(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder))?,
    })
}
