//! Takes a server out of service: nobody reaches it, nothing of it runs.

use async_trait::async_trait;

use super::super::context::Context;
use super::super::failure::StepError;
use super::super::step::{Outcome, Step};
use super::read_manifest::enter;
use crate::deploy::Suspended;
use crate::domain::StepId;

pub(crate) struct Retire;

#[async_trait]
impl Step for Retire {
    fn id(&self) -> StepId {
        StepId::Retire
    }

    async fn run(&self, cx: &mut Context) -> Result<Outcome, StepError> {
        let missing = || StepError::Defect { step: StepId::Retire, why: "the order names no server".into() };
        let name = cx.order.name.clone().ok_or_else(missing)?;
        enter(cx, &name).await?;
        cx.platform.front.unroute(&name);
        let Some(deployment) = cx.platform.store.deployment(&name).await? else {
            return Ok(Outcome::skipped("nothing of it runs"));
        };
        let target = cx.platform.targets.of(deployment.target.as_deref())?;
        // What was made for it elsewhere is removed piece by piece, by the step that says of each that it is gone.
        match target.suspend(&name, &deployment.revision, cx.platform.settings.grace).await? {
            Suspended::Stopped => {
                cx.results.removed.push(format!("what ran of {name} {}", deployment.version));
                Ok(Outcome::done(format!("{} stopped", deployment.version)))
            }
            Suspended::NotCalled => {
                Ok(Outcome::done(format!("{} is not called any more", deployment.version)))
            }
        }
    }
}
