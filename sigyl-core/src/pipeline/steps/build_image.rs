//! Makes the admitted tree runnable.

use async_trait::async_trait;

use super::super::context::Context;
use super::super::failure::StepError;
use super::super::step::{Outcome, Step};
use super::admit::require_free;
use super::release::revision_of;
use crate::deploy::BuildSpec;
use crate::domain::{Artifact, StepId, StepState, VersionRecord};
use crate::store::Change;

pub(crate) struct BuildImage;

#[async_trait]
impl Step for BuildImage {
    fn id(&self) -> StepId {
        StepId::BuildImage
    }

    async fn run(&self, cx: &mut Context) -> Result<Outcome, StepError> {
        require_free(cx, cx.declared_tools()).await?;
        note_place(cx).await?;
        let results = &cx.results;
        let (Some(tree), Some(manifest), Some(admission), Some(record)) =
            (&results.tree, &results.manifest, &results.admission, &results.record)
        else {
            return Err(StepError::Defect {
                step: self.id(),
                why: "no tree, manifest, admission or record".into(),
            });
        };
        let allowed: Vec<String> = results.allow_scripts.iter().cloned().collect();
        if !allowed.is_empty() {
            cx.log(self.id(), format!("install scripts of {} may run", allowed.join(", ")));
        }
        let revision = revision_of(&cx.run.id)?;
        let spec = BuildSpec {
            server: &record.server,
            version: &record.version,
            revision: &revision,
            tree,
            manifest,
            allowed_scripts: &allowed,
            earlier: earlier(cx, record),
        };
        let progress = cx.progress(self.id());
        let built = cx.target()?.build(admission, spec, &progress).await?;
        let note = if built.cached { "from the cache" } else { "built" };
        cx.results.built = Some(built);
        Ok(Outcome::done(note))
    }

    /// On this machine what was built stays for the next run; elsewhere it may still go on, or lie there.
    fn can_undo(&self, _state: StepState) -> bool {
        true
    }

    async fn undo(&self, cx: &mut Context) -> Result<(), StepError> {
        // What comes of a build is taken back with what was released of it.
        if cx.run.steps.iter().any(|record| record.step == StepId::Release) {
            return Ok(());
        }
        let revision = revision_of(&cx.run.id)?;
        let Some(server) = cx.run.server.clone() else { return Ok(()) };
        Ok(cx.target()?.abandon(&server, &revision).await?)
    }
}

/// What a version that served before was started from. A place tells whether it is still there.
fn earlier<'a>(cx: &'a Context, record: &VersionRecord) -> Option<&'a Artifact> {
    let earlier = cx.results.earlier.as_ref().filter(|_| cx.run.plan.takes_recorded())?;
    let is_same = earlier.source == record.source.digest && earlier.elsewhere() == cx.order.elsewhere();
    is_same.then_some(&earlier.launch)
}

/// Puts on record where this run makes something, before it makes anything there: whatever becomes of the run, a delete
/// looks there.
async fn note_place(cx: &mut Context) -> Result<(), StepError> {
    let Some(place) = cx.order.elsewhere().map(str::to_owned) else { return Ok(()) };
    let missing = || StepError::Defect { step: StepId::BuildImage, why: "the server is not known".into() };
    let server = cx.results.server.as_mut().ok_or_else(missing)?;
    // What activates writes the whole record of the server, by what is known here.
    if !server.targets.insert(place.clone()) {
        return Ok(());
    }
    let change = Change::NotePlace { name: server.name.clone(), place };
    cx.platform.store.apply(change).await?;
    Ok(())
}
