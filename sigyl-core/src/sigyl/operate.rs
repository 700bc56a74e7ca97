//! Probe, call, backup: operations on what runs and on the store as a whole.

use std::path::Path;
use std::time::Duration;

use super::Sigyl;
use crate::domain::{Action, Caller, Deployment, ServerName};
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
        let view = self.show(caller, name).await?;
        let limits = call_limits(view.deployment.as_ref());
        let upstream = match view.url {
            Some(url) => Upstream::Http { url },
            None => self.upstream(name)?,
        };
        Ok(mcp::call(&upstream, tool, arguments, &limits).await?)
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

/// A call may take as long as at the endpoint, and the handshake before it as long as ever.
fn call_limits(deployment: Option<&Deployment>) -> ProbeLimits {
    let seconds = deployment.and_then(|deployment| deployment.resources.timeout);
    let answer = seconds.map_or(crate::gateway::REQUEST_TIMEOUT, Duration::from_secs);
    let limits = ProbeLimits::default();
    ProbeLimits { answer, whole: limits.whole.saturating_add(answer), ..limits }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::contract::fixture;

    #[test]
    fn a_call_may_take_as_long_as_at_the_endpoint() {
        let mut deployment = fixture::deployment("clock", "1.0.0", "a");
        assert_eq!(call_limits(Some(&deployment)).answer, Duration::from_secs(300));
        deployment.resources.timeout = Some(7);
        assert_eq!(call_limits(Some(&deployment)).answer, Duration::from_secs(7));
    }
}
