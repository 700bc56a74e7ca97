//! Makes the admitted tree runnable.

use async_trait::async_trait;

use super::super::context::Context;
use super::super::failure::StepError;
use super::super::step::{Outcome, Step};
use super::admit::require_free;
use crate::deploy::BuildSpec;
use crate::domain::StepId;

pub(crate) struct BuildImage;

#[async_trait]
impl Step for BuildImage {
    fn id(&self) -> StepId {
        StepId::BuildImage
    }

    async fn run(&self, cx: &mut Context) -> Result<Outcome, StepError> {
        require_free(cx, cx.declared_tools()).await?;
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
        let spec = BuildSpec {
            server: &record.server,
            version: &record.version,
            tree,
            manifest,
            allowed_scripts: &allowed,
        };
        let progress = cx.progress(self.id());
        let built = cx.target()?.build(admission, spec, &progress).await?;
        let note = if built.cached { "from the cache" } else { "built" };
        cx.results.built = Some(built);
        Ok(Outcome::done(note))
    }
}
