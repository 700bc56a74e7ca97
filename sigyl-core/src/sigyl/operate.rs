//! Probe, call, backup: operations on what runs and on the store as a whole.

use std::path::Path;

use super::Sigyl;
use crate::domain::{Action, Caller, ServerName};
use crate::error::Error;
use crate::mcp::{self, Probe, ProbeLimits, Upstream};

impl Sigyl {
    /// Asks a running server what it is; calls no tool.
    pub async fn probe(&self, caller: &Caller, name: &ServerName) -> Result<Probe, Error> {
        caller.require(Action::Probe)?;
        self.known(name).await?;
        let upstream = self.upstream(name)?;
        Ok(mcp::probe(&upstream, &ProbeLimits::default()).await?)
    }

    /// Calls a tool of a running server, through its endpoint as any client would.
    pub async fn call(
        &self,
        caller: &Caller,
        name: &ServerName,
        tool: &str,
        arguments: serde_json::Value,
    ) -> Result<serde_json::Value, Error> {
        caller.require(Action::Call)?;
        let upstream = match self.show(caller, name).await?.url {
            Some(url) => Upstream::Http { url },
            None => self.upstream(name)?,
        };
        Ok(mcp::call(&upstream, tool, arguments, &ProbeLimits::default()).await?)
    }

    /// Writes every record to a new file; returns how many. It holds no master key: secrets in it stay sealed.
    pub async fn backup(&self, caller: &Caller, to: &Path) -> Result<u64, Error> {
        caller.require(Action::Operate)?;
        Ok(self.inner.platform.store.backup(to).await?)
    }

    pub(super) fn upstream(&self, name: &ServerName) -> Result<Upstream, Error> {
        self.inner.front.upstream(name).ok_or_else(|| Error::NotRunning(name.clone()))
    }
}
