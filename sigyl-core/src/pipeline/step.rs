//! The contract of a step.

use async_trait::async_trait;

use super::context::Context;
use super::failure::StepError;
use crate::domain::{StepId, StepState};

/// What a step that did not fail has to say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// Whether there was nothing to do.
    pub(crate) skipped: bool,
    /// The result in a few words.
    pub(crate) note: Option<String>,
}

impl Outcome {
    pub(crate) fn done(note: impl Into<String>) -> Self {
        Self { skipped: false, note: Some(note.into()) }
    }

    pub(crate) fn skipped(note: impl Into<String>) -> Self {
        Self { skipped: true, note: Some(note.into()) }
    }
}

/// One step of a plan. It takes what earlier steps left in the context, calls rooms below, and never another step.
#[async_trait]
pub(crate) trait Step: Send + Sync {
    /// Which step it is.
    fn id(&self) -> StepId;

    /// Does it. Doing it twice in one run has the effect of doing it once.
    async fn run(&self, cx: &mut Context) -> Result<Outcome, StepError>;

    /// Tells whether the run has a use for it; a step that nobody asked for leaves no trace.
    fn is_wanted(&self, _cx: &Context) -> bool {
        true
    }

    /// Tells whether it may be stopped half way. One that may not ends what it began: what it has handed to the store
    /// happens, waited for or not.
    fn may_stop(&self) -> bool {
        true
    }

    /// Tells whether there is something to take back of a step in this state. What a step only found out, or put on record
    /// as a fact, stays.
    fn can_undo(&self, _state: StepState) -> bool {
        false
    }

    /// Takes it back, also when it got only half way, also after a crash: it relies on the run record alone.
    async fn undo(&self, _cx: &mut Context) -> Result<(), StepError> {
        Ok(())
    }
}
