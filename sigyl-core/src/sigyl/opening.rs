//! Who may let others call a server where it runs, and what is written down of it.

use super::Sigyl;
use crate::domain::{Action, Audience, AuditOutcome, Caller, Denied, Run, WorkspaceName};
use crate::error::Error;
use crate::pipeline::{Order, StepError};
use crate::store::StoreError;

impl Sigyl {
    /// Refuses an order that says who else may call a server, unless whoever gives it operates this installation; notes who
    /// may as it is given.
    pub(super) async fn check_opening(&self, caller: &Caller, order: &mut Order) -> Result<(), Error> {
        let Some(audience) = &order.audience else { return Ok(()) };
        audience.check().map_err(StepError::from)?;
        // They come past the endpoint, at a place that acts in the name of whoever operates this installation.
        if !caller.may(Action::Operate) {
            return Err(Denied::new(caller, "say who else may call a server where it runs").into());
        }
        if let Some(name) = &order.name {
            let now = self.inner.platform.store.deployment(name).await?;
            order.found = Some(now.map(|now| now.audience).unwrap_or_default());
        }
        Ok(())
    }

    /// Refuses to let a run go on that lets in more than may now, unless whoever decides could have asked for it.
    pub(super) async fn require_opening(&self, caller: &Caller, run: &Run) -> Result<(), Error> {
        let corrupt = |why: serde_json::Error| StoreError::Corrupt {
            key: format!("run {}", run.id),
            why: why.to_string(),
        };
        let order: Order = serde_json::from_value(run.request.clone()).map_err(corrupt)?;
        let Some(audience) = order.audience else { return Ok(()) };
        let now = match &run.server {
            Some(name) => self.inner.platform.store.deployment(name).await?,
            None => None,
        };
        if audience.is_within(&now.map(|now| now.audience).unwrap_or_default()) || caller.may(Action::Operate)
        {
            return Ok(());
        }
        let what = format!("let a run go on that lets others call a server where it runs ({audience})");
        Err(Denied::new(caller, what).into())
    }

    /// Writes down by its own name that somebody asked for others to call a server: the run says whether it came to that.
    pub(super) async fn tell_opening(
        &self,
        caller: &Caller,
        on: &str,
        workspace: &WorkspaceName,
        audience: Option<&Audience>,
    ) -> Result<(), Error> {
        let Some(audience) = audience else { return Ok(()) };
        let (on, workspace, note) =
            (on.to_owned(), Some(workspace.clone()), Some(format!("asked for: {audience}")));
        self.append(caller, "open_to", on, workspace, AuditOutcome::Done, note).await
    }
}
