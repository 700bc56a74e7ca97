//! What a place measured of what serves a server.

use std::time::Duration;

use super::Sigyl;
use crate::deploy::{Remote, TargetError};
use crate::domain::{Action, Caller, LOCAL, ServerName, Window};
use crate::error::Error;
use crate::wire::v1::UsageView;

/// How long a place may take to tell it.
const LONGEST: Duration = Duration::from_secs(60);

impl Sigyl {
    /// Tells what was measured of a server where it runs, in the last `since` seconds.
    pub async fn usage(&self, caller: &Caller, name: &ServerName, since: u64) -> Result<UsageView, Error> {
        self.known(caller, Action::ReadLogs, name).await?;
        let platform = &self.inner.platform;
        let window = Window::before(platform.clock.now(), since)?;
        let deployment = platform.store.deployment(name).await?;
        let deployment = deployment.ok_or_else(|| Error::NotRunning(name.clone()))?;
        let target = platform.targets.of(deployment.target.as_deref())?;
        let asked = tokio::time::timeout(LONGEST, target.usage(name, &deployment.revision, window));
        let slow = || TargetError::Timeout { what: "what was measured".to_owned(), limit: LONGEST };
        let usage =
            asked.await.unwrap_or_else(|_| Err(slow())).map_err(|error| told_to(caller, name, error))?;
        let at = deployment.target.unwrap_or_else(|| LOCAL.to_owned());
        Ok(UsageView { server: name.clone(), revision: deployment.revision, target: at, window, usage })
    }
}

/// What is said to whoever does not operate the installation: what mends it names accounts and files of that.
#[derive(Debug, thiserror::Error)]
#[error("the place cannot be asked now; who operates this installation finds the reason in its log")]
struct Unsaid;

fn told_to(caller: &Caller, name: &ServerName, error: TargetError) -> TargetError {
    if caller.may(Action::Operate) {
        return error;
    }
    tracing::warn!(server.name = %name, %error, "what a place measured is not known");
    Remote::new(error.kind(), Unsaid).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Kind;
    use crate::sigyl::tests::house::House;
    use crate::store::contract::fixture;

    #[tokio::test]
    async fn what_is_measured_is_told_to_who_may_see_logs_over_a_span_that_can_be_measured() {
        let house = House::new().await;
        house.server("clock", "red").await;
        let (owner, clock) = (Caller::local_owner(), fixture::name("clock"));
        let none = house.sigyl.usage(&owner, &clock, 3_600).await.unwrap_err();
        assert_eq!((none.kind(), none.code()), (Kind::Conflict, "E0406"));
        let short = house.sigyl.usage(&owner, &clock, 59).await.unwrap_err();
        assert_eq!((short.kind(), short.code()), (Kind::Invalid, "E0415"));
        let error = || TargetError::Unsupported("ada@demo lacks a role".to_owned());
        assert!(told_to(&owner, &clock, error()).to_string().contains("ada@demo"));
        let rita = house.caller("rita", &["*"]).await;
        let told = told_to(&rita, &clock, error());
        assert!(told.kind() == Kind::Invalid && !told.to_string().contains("ada@demo"), "{told}");
        let bert = house.caller("bert", &["*"]).await;
        assert_eq!(house.sigyl.usage(&bert, &clock, 3_600).await.unwrap_err().code(), "E0402");
    }
}
