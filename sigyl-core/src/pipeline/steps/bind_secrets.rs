//! Binds the secrets that came with the order, and remembers what they were before.

use async_trait::async_trait;

use super::super::context::Context;
use super::super::failure::StepError;
use super::super::run;
use super::super::step::{Outcome, Step};
use crate::domain::{SecretName, Seq, ServerName, StepId, StepRecord, StepState};
use crate::store::{Change, SealedSecret, StoreError};

pub(crate) struct BindSecrets;

#[async_trait]
impl Step for BindSecrets {
    fn id(&self) -> StepId {
        StepId::BindSecrets
    }

    async fn run(&self, cx: &mut Context) -> Result<Outcome, StepError> {
        if cx.order.sealed.is_empty() {
            return Ok(Outcome::skipped("no secret given"));
        }
        let name = server(cx)?;
        if cx.order.before.is_empty() {
            for sealed in cx.order.sealed.clone() {
                let before = cx.platform.store.secret(&name, &sealed.name).await?;
                cx.order.before.push((sealed.name, before));
            }
            // On record before anything changes, so that a crash in between can be taken back.
            run::save(cx).await?;
        }
        for sealed in cx.order.sealed.clone() {
            let before = cx.order.before.iter().find(|(name, _)| *name == sealed.name);
            let earlier = before.and_then(|(_, sealed)| sealed.as_ref()).map_or(0, |sealed| sealed.version);
            let by = Some(cx.run.caller.clone());
            let sealed = SealedSecret { by, version: earlier.saturating_add(1), ..sealed };
            cx.platform.store.apply(Change::PutSecret(sealed)).await?;
        }
        let names: Vec<&str> = cx.order.sealed.iter().map(|sealed| sealed.name.as_str()).collect();
        Ok(Outcome::done(names.join(", ")))
    }

    fn can_undo(&self, _state: StepState) -> bool {
        true
    }

    async fn undo(&self, cx: &mut Context) -> Result<(), StepError> {
        if cx.order.before.is_empty() {
            return Ok(());
        }
        let owner = server(cx)?;
        let step = |record: &&StepRecord| record.step == StepId::BindSecrets;
        let is_again = cx.run.steps.iter().find(step).is_some_and(|it| it.state == StepState::UndoFailed);
        for (name, before) in cx.order.before.clone() {
            // Another run may have come in between: what that one bound stays.
            if is_again && !is_ours(cx, &owner, &name).await? {
                continue;
            }
            match before {
                Some(sealed) => cx.platform.store.apply(Change::PutSecret(sealed)).await?,
                None => unbind(cx, &owner, name).await?,
            };
        }
        cx.order.before.clear();
        Ok(())
    }
}

/// Tells whether a secret is still what this run bound.
async fn is_ours(cx: &Context, owner: &ServerName, name: &SecretName) -> Result<bool, StoreError> {
    let now = cx.platform.store.secret(owner, name).await?;
    let ours = cx.order.sealed.iter().find(|sealed| sealed.name == *name);
    Ok(now.zip(ours).is_some_and(|(now, ours)| now.sealed == ours.sealed))
}

/// Takes a secret away. A crash may have come before it was bound, or after it was taken away.
async fn unbind(cx: &Context, owner: &ServerName, name: SecretName) -> Result<Seq, StoreError> {
    match cx.platform.store.apply(Change::DeleteSecret { owner: owner.clone(), name }).await {
        Err(StoreError::Missing { .. }) => Ok(Seq::default()),
        other => other,
    }
}

fn server(cx: &Context) -> Result<ServerName, StepError> {
    let missing = || StepError::Defect { step: StepId::BindSecrets, why: "the server is not known".into() };
    cx.run.server.clone().ok_or_else(missing)
}
