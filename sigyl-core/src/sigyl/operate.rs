//! Probe, call, backup: operations on what runs and on the store as a whole.

use std::path::Path;
use std::time::Duration;

use super::Sigyl;
use super::audit::{Act, Told};
use crate::domain::{Action, Caller, Deployment, Server, ServerName};
use crate::error::Error;
use crate::mcp::{self, McpError, Probe, ProbeLimits, Upstream};
use crate::pipeline::StepError;
use crate::store::{CallOutcome, CallRecord, Change};

/// Characters of a tool's name that a record keeps.
const TOOL_MOST: usize = 128;

impl Told for u64 {
    fn told(&self) -> Option<String> {
        Some(format!("{self} records"))
    }
}

impl Sigyl {
    /// Asks a running server what it is; calls no tool.
    pub async fn probe(&self, caller: &Caller, name: &ServerName) -> Result<Probe, Error> {
        let server = self.known(caller, Action::Probe, name).await?;
        let upstream = self.reached(&server).await?;
        let probe = self.probed(name, &upstream, &ProbeLimits::default()).await?;
        if let Some(deployment) = self.inner.platform.store.deployment(name).await? {
            self.observe_probe(name, &deployment.version, &probe).await?;
        }
        Ok(probe)
    }

    /// Asks a server what it is, and hides what it repeats of its secrets.
    pub(super) async fn probed(
        &self,
        name: &ServerName,
        upstream: &Upstream,
        limits: &ProbeLimits,
    ) -> Result<Probe, Error> {
        let mask = self.inner.platform.masks.of(name);
        let probe = mcp::probe(upstream, limits).await.map_err(|error| Error::from(error).hiding(&mask))?;
        Ok(probe.masked(&mask).map_err(|error| StepError::LiveTools(error.to_string()))?)
    }

    /// Calls a tool of a running server: through its endpoint as any client would, or straight when the endpoint asks
    /// for keys. Either way the call is on record.
    pub async fn call(
        &self,
        caller: &Caller,
        name: &ServerName,
        tool: &str,
        arguments: serde_json::Value,
    ) -> Result<serde_json::Value, Error> {
        self.require_as_before(caller).await?;
        let server = self.known(caller, Action::Call, name).await?;
        self.reached(&server).await?;
        let view = self.look(caller, server).await?;
        let limits = call_limits(view.deployment.as_ref());
        if let Some(url) = view.url.filter(|_| !self.inner.front.is_guarded()) {
            let called = mcp::call(&Upstream::Http { url }, tool, arguments, &limits).await;
            return self.shown(name, called);
        }
        let upstream = self.upstream(name)?;
        let (at, start) = (self.inner.platform.clock.now(), tokio::time::Instant::now());
        let called = mcp::call(&upstream, tool, arguments, &limits).await;
        if let Some(deployment) = view.deployment {
            let record = CallRecord {
                server: name.clone(),
                version: deployment.version,
                tool: tool
                    .chars()
                    .take(TOOL_MOST)
                    .map(|c| if c.is_control() { '\u{fffd}' } else { c })
                    .collect(),
                caller: Some(caller.name().to_owned()),
                at,
                micros: u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX),
                outcome: outcome(&called),
                trace: None,
            };
            self.inner.front.count(&record);
            self.inner.platform.store.apply(Change::Calls(vec![record])).await?;
            self.inner.front.kept.send_replace(());
        }
        self.shown(name, called)
    }

    /// Hides what a tool repeats of its server's secrets.
    fn shown(
        &self,
        name: &ServerName,
        called: Result<serde_json::Value, McpError>,
    ) -> Result<serde_json::Value, Error> {
        let mask = self.inner.platform.masks.of(name);
        let mut said = called.map_err(|error| Error::from(error).hiding(&mask))?;
        mask.json(&mut said);
        Ok(said)
    }

    /// Writes every record to a new file; returns how many. It holds no master key: secrets in it stay sealed.
    pub async fn backup(&self, caller: &Caller, to: &Path) -> Result<u64, Error> {
        let act = Act::on("backup", to.display(), None);
        let (sigyl, who, to) = (self.clone(), caller.clone(), to.to_owned());
        let work = async move {
            who.require(Action::Operate)?;
            Ok(sigyl.inner.platform.store.backup(&to).await?)
        };
        self.audited(caller, act, work).await
    }

    pub(super) fn upstream(&self, name: &ServerName) -> Result<Upstream, Error> {
        self.inner.front.upstream(name).ok_or_else(|| Error::NotRunning(name.clone()))
    }

    /// Finds how to speak to what serves a server, or says what keeps it from serving.
    pub(super) async fn reached(&self, server: &Server) -> Result<Upstream, Error> {
        match self.upstream(&server.name) {
            Ok(upstream) => Ok(upstream),
            Err(error) => match self.covering_active(server).await? {
                Some(found) => Err(found.refuse(&server.name).into()),
                None => Err(error),
            },
        }
    }
}

fn outcome(called: &Result<serde_json::Value, McpError>) -> CallOutcome {
    match called {
        Ok(result) if result.get("isError") == Some(&serde_json::Value::Bool(true)) => CallOutcome::ToolError,
        Ok(_) => CallOutcome::Ok,
        Err(McpError::Refused { .. }) => CallOutcome::ProtocolError,
        Err(_) => CallOutcome::Failed,
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
    use crate::domain::Resources;
    use crate::pipeline::Front as _;
    use crate::registry::Endpoint;
    use crate::sigyl::{Config, front};
    use crate::store::Page;
    use crate::store::contract::fixture;

    #[tokio::test]
    async fn a_call_past_a_guarded_endpoint_is_on_record() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let config = Config::new(at("data"), at("cache"), Default::default(), "/nonexistent".into());
        let sigyl = Sigyl::open(config).await.unwrap();
        let (store, front) = (&sigyl.inner.platform.store, &sigyl.inner.front);
        store.apply(fixture::publish("clock", "1.0.0", "a")).await.unwrap();
        store.apply(fixture::activate("clock", "1.0.0", "a", Vec::new())).await.unwrap();
        let (name, version) = (fixture::name("clock"), fixture::version("1.0.0"));
        let url = "http://127.0.0.1:9/mcp".to_owned();
        drop(front.route(&name, &version, Upstream::Http { url }, &Resources::default(), None));
        let endpoint = Endpoint { base: "https://mcp.example.org".to_owned(), keyed: true };
        front.reached_at(Some(front::Base { endpoint, guarded: true }));
        let caller = Caller::local_owner();
        assert_eq!(
            sigyl.show(&caller, &name).await.unwrap().url.unwrap(),
            "https://mcp.example.org/mcp/clock"
        );
        sigyl.call(&caller, &name, "now", serde_json::json!({})).await.unwrap_err();
        let kept = store.calls(&name, Page::first(9)).await.unwrap();
        assert_eq!(kept.len(), 1);
        assert_eq!((kept[0].1.tool.as_str(), kept[0].1.outcome), ("now", CallOutcome::Failed));
        sigyl.shutdown().await;
    }

    #[test]
    fn a_call_may_take_as_long_as_at_the_endpoint() {
        let mut deployment = fixture::deployment("clock", "1.0.0", "a");
        assert_eq!(call_limits(Some(&deployment)).answer, Duration::from_secs(300));
        deployment.resources.timeout = Some(7);
        assert_eq!(call_limits(Some(&deployment)).answer, Duration::from_secs(7));
    }
}
