//! Makes trees runnable.

use std::path::PathBuf;

use crate::deploy::{BuildSpec, Built, TargetError};
use crate::domain::ServerName;
use crate::source::{Progress, ToolEnv};

#[derive(Debug)]
pub(super) struct Builder {
    cache: PathBuf,
    index: PathBuf,
    tools: ToolEnv,
    offline: bool,
}

impl Builder {
    pub(super) fn new(cache: PathBuf, index: PathBuf, tools: ToolEnv, offline: bool) -> Self {
        Self { cache, index, tools, offline }
    }

    pub(super) fn forget(&self, _server: &ServerName) -> Result<Vec<PathBuf>, TargetError> {
        Ok(vec![])
    }
}

pub(super) async fn build(
    _builder: &Builder,
    _spec: &BuildSpec<'_>,
    _progress: &dyn Progress,
) -> Result<Built, TargetError> {
    Err(TargetError::Unsupported("this target cannot build yet".into()))
}
