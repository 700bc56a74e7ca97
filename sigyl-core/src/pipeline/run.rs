//! Drives one run: step after step, and back when one fails.

use std::collections::BTreeMap;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::context::{Context, Order, Platform, Results};
use super::failure::{StepError, failure};
use super::plan;
use super::promotion::{NotPromoted, Promotion, Told};
use super::step::{Outcome, Step};
use super::steps::end_earlier;
use crate::domain::{
    Audience, Caller, Failure, Hold, Plan, Refusal, Run, RunId, RunState, SecretName, SecretValue, StepId,
    StepRecord, StepState,
};
use crate::event::EventKind;
use crate::store::{Change, StoreError};

/// A run at work.
#[derive(Clone, Debug)]
pub struct Started {
    /// Its identity.
    pub id: RunId,
    cancel: CancellationToken,
    promotion: Promotion,
    over: watch::Receiver<bool>,
}

impl Started {
    /// Stops it; it unwinds before it is over.
    pub fn cancel(&self) {
        self.cancel.cancel();
    }

    /// Lets a version that is tried go on at once, to a larger share of new clients or to all of them, in somebody's name. The
    /// trial looks once more as at the end of a share, and what it would take back then is taken back. Until it takes over,
    /// [`Started::cancel`] wins. Returns the share that the version has now.
    pub fn promote(&self, by: &str, to: Option<u8>) -> Result<u8, NotPromoted> {
        if self.cancel.is_cancelled() {
            return Err(NotPromoted::Cancelled);
        }
        self.promotion.tell(Told { by: by.to_owned(), to })
    }

    /// Waits until it is over or held.
    pub async fn wait(&mut self) {
        // An error means that the driver is gone, which is over too.
        self.over.wait_for(|over| *over).await.ok();
    }
}

/// Records a run and starts it.
pub async fn start(
    platform: Platform,
    plan: Plan,
    caller: &Caller,
    order: Order,
    secrets: BTreeMap<SecretName, SecretValue>,
) -> Result<Started, StoreError> {
    let now = platform.clock.now();
    let run = Run {
        id: new_id(now)?,
        plan,
        caller: caller.name().to_owned(),
        account: caller.account().cloned(),
        workspace: order.workspace.clone(),
        request: as_json(&order)?,
        server: order.name.clone(),
        version: None,
        state: RunState::Running,
        steps: Vec::new(),
        source: None,
        report: None,
        live: None,
        judgement: None,
        seen: None,
        decision: None,
        failure: None,
        notices: Vec::new(),
        removed: Vec::new(),
        created: now,
        updated: now,
    };
    platform.store.apply(Change::PutRun(Box::new(run.clone()))).await?;
    let promotion = Promotion::default();
    let cx = Context { platform, run, order, secrets, results: Results::default(), promotion };
    Ok(spawn(cx))
}

/// Starts what is left of a run whose context is made.
pub(super) fn spawn(cx: Context) -> Started {
    let cancel = CancellationToken::new();
    let (over, receiver) = watch::channel(false);
    let (id, promotion) = (cx.run.id.clone(), cx.promotion.clone());
    let started = Started { id, cancel: cancel.clone(), promotion, over: receiver };
    tokio::spawn(async move {
        drive(cx, &cancel).await;
        over.send_replace(true);
    });
    started
}

/// Makes the id of a run that begins now.
pub(crate) fn new_id(now: crate::domain::Timestamp) -> Result<RunId, StoreError> {
    let millis = u64::try_from(now.millis()).unwrap_or(0);
    let at = uuid::Timestamp::from_unix(uuid::NoContext, millis / 1000, ((millis % 1000) * 1_000_000) as u32);
    RunId::parse(&uuid::Uuid::new_v7(at).to_string()).map_err(|error| StoreError::Engine(error.to_string()))
}

pub(super) fn as_json(order: &Order) -> Result<serde_json::Value, StoreError> {
    serde_json::to_value(order)
        .map_err(|error| StoreError::Corrupt { key: "order".into(), why: error.to_string() })
}

async fn drive(mut cx: Context, cancel: &CancellationToken) {
    tell_state(&cx, None);
    for step in plan::steps(cx.run.plan) {
        if !step.is_wanted(&cx) {
            continue;
        }
        if let Err(error) = take(&mut cx, *step, cancel).await {
            end(&mut cx, &error).await;
            return;
        }
    }
    cx.run.state = RunState::Done;
    settle(&mut cx, None).await;
}

async fn take(cx: &mut Context, step: &dyn Step, cancel: &CancellationToken) -> Result<(), StepError> {
    let id = step.id();
    begin(cx, id).await?;
    let result = work(cx, step, cancel).await;
    let (state, note) = match &result {
        Ok(Outcome { skipped: true, note }) => (StepState::Skipped, note.clone()),
        Ok(Outcome { skipped: false, note }) => (StepState::Done, note.clone()),
        Err(StepError::Refused(Refusal::Held(holds))) => (StepState::Held, Some(waits_for(cx, holds))),
        Err(error) => (StepState::Failed, Some(failure(error).message)),
    };
    mark(cx, id, state, note);
    result.map(|_| ())
}

/// Lets a step work until it ends, or until the run is stopped if the step may be.
async fn work(cx: &mut Context, step: &dyn Step, cancel: &CancellationToken) -> Result<Outcome, StepError> {
    if cancel.is_cancelled() {
        return Err(StepError::Cancelled);
    }
    if !step.may_stop() {
        return step.run(cx).await;
    }
    tokio::select! {
        biased;
        () = cancel.cancelled() => Err(StepError::Cancelled),
        result = step.run(cx) => result,
    }
}

/// Stores that a step begins before it does anything: after a crash its undo is known to be due.
async fn begin(cx: &mut Context, step: StepId) -> Result<(), StepError> {
    let now = cx.platform.clock.now();
    cx.run.steps.retain(|record| record.step != step);
    cx.run.steps.push(StepRecord { step, state: StepState::Started, started: now, ended: None, note: None });
    tell_step(cx, step, StepState::Started, None);
    save(cx).await?;
    Ok(())
}

fn mark(cx: &mut Context, step: StepId, state: StepState, note: Option<String>) {
    let now = cx.platform.clock.now();
    if let Some(record) = cx.run.steps.iter_mut().find(|record| record.step == step) {
        record.state = state;
        record.ended = Some(now);
        record.note.clone_from(&note);
    }
    tell_step(cx, step, state, note);
}

/// Stores the run as it stands.
pub(super) async fn save(cx: &mut Context) -> Result<(), StoreError> {
    cx.run.updated = cx.platform.clock.now();
    if cx.run.state.is_over() {
        // It is for whoever decides, and there is nothing to decide any more.
        cx.run.seen = None;
    }
    if cx.run.is_settled() {
        // They are bound or taken back: a copy here would outlive a secret that is replaced.
        cx.order.sealed.clear();
        cx.order.before.clear();
    }
    cx.run.request = as_json(&cx.order)?;
    cx.run.notices.clone_from(&cx.results.notices);
    cx.run.removed.clone_from(&cx.results.removed);
    hide_secrets(cx);
    cx.platform.store.apply(Change::PutRun(Box::new(cx.run.clone()))).await.map(|_| ())
}

/// Hides what the server was given in what is kept of what it said.
fn hide_secrets(cx: &mut Context) {
    let Some(mask) = cx.run.server.as_ref().map(|server| cx.platform.masks.of(server)) else { return };
    let notes = cx.run.steps.iter_mut().filter_map(|record| record.note.as_mut());
    let failure = cx.run.failure.iter_mut().map(|failure| &mut failure.message);
    notes.chain(failure).chain(&mut cx.run.notices).for_each(|text| mask.hide(text));
}

async fn end(cx: &mut Context, error: &StepError) {
    if let StepError::Refused(Refusal::Held(holds)) = error {
        stand_down(cx).await;
        cx.run.state = RunState::Held;
        let note = waits_for(cx, holds);
        settle(cx, Some(note)).await;
        return;
    }
    unwind(cx).await;
    cx.run.state = match error {
        StepError::Refused(Refusal::Blocked(_) | Refusal::Incomplete(_))
        | StepError::LiveTools(_)
        | StepError::Quarantined(_)
        | StepError::Store(StoreError::Quarantined(_)) => RunState::Blocked,
        StepError::Refused(_) => RunState::Void,
        _ => RunState::Failed,
    };
    let failure = failure(error);
    let note = failure.message.clone();
    cx.run.failure = Some(failure);
    settle(cx, Some(note)).await;
}

/// Says what a person has to decide, and whom a run lets in that passes.
fn waits_for(cx: &Context, holds: &[Hold]) -> String {
    let opens = cx.order.audience.as_ref().and_then(Audience::warning);
    let opens = opens.map(|warning| format!("who lets it pass lets others in too: {warning}"));
    holds.iter().map(ToString::to_string).chain(opens).collect::<Vec<_>>().join("; ")
}

/// Takes back, in reverse order, every step that did or may have done something.
pub(super) async fn unwind(cx: &mut Context) {
    take_back(cx, plan::steps(cx.run.plan)).await;
}

/// Takes back what was started before something was found that a person has to decide: a held run starts nothing, and
/// keeps what it is about.
async fn stand_down(cx: &mut Context) {
    let steps = plan::steps(cx.run.plan);
    let admit = steps.iter().position(|step| step.id() == StepId::Admit);
    take_back(cx, &steps[admit.map_or(0, |at| at + 1)..]).await;
}

/// Takes back what could not be taken back when a run ended.
pub(super) async fn take_back_again(cx: &mut Context) -> Result<(), StoreError> {
    for step in plan::steps(cx.run.plan).iter().rev() {
        let is_left =
            |record: &&StepRecord| record.step == step.id() && record.state == StepState::UndoFailed;
        if !cx.run.steps.iter().any(|record| is_left(&record)) {
            continue;
        }
        match step.undo(cx).await {
            Ok(()) => mark(cx, step.id(), StepState::Undone, None),
            Err(error) => mark(cx, step.id(), StepState::UndoFailed, Some(failure(&error).message)),
        }
    }
    save(cx).await?;
    cx.platform.emitter.flush().await;
    Ok(())
}

async fn take_back(cx: &mut Context, steps: &[&dyn Step]) {
    for step in steps.iter().rev() {
        let record = cx.run.steps.iter().find(|record| record.step == step.id());
        let Some(state) = record.map(|record| record.state) else { continue };
        let did_something = matches!(
            state,
            StepState::Started
                | StepState::Done
                | StepState::Failed
                | StepState::Held
                | StepState::UndoFailed
        );
        if !did_something || !step.can_undo(state) {
            continue;
        }
        match step.undo(cx).await {
            Ok(()) if matches!(state, StepState::Failed | StepState::Held) => {}
            Ok(()) => mark(cx, step.id(), StepState::Undone, None),
            Err(error) => mark(cx, step.id(), StepState::UndoFailed, Some(failure(&error).message)),
        }
    }
}

async fn settle(cx: &mut Context, note: Option<String>) {
    if let Err(error) = save(cx).await {
        // The run stays open on record: the tracker settles it when the store works again.
        tracing::error!(run.id = %cx.run.id, %error, "could not store the end of a run");
        cx.run.failure.get_or_insert_with(|| -> Failure { failure(&StepError::Store(error)) });
    }
    tell_state(cx, note);
    cx.platform.emitter.flush().await;
}

/// Tells how a run ended that was over on record already.
pub(super) async fn tell(cx: &Context) {
    tell_state(cx, None);
    cx.platform.emitter.flush().await;
}

fn tell_state(cx: &Context, note: Option<String>) {
    let kind = EventKind::Run { state: cx.run.state, note };
    cx.platform.emitter.emit(Some(&cx.run.id), cx.run.server.as_ref(), kind);
}

fn tell_step(cx: &Context, step: StepId, state: StepState, note: Option<String>) {
    let kind = EventKind::Step { step, state, note };
    cx.platform.emitter.emit(Some(&cx.run.id), cx.run.server.as_ref(), kind);
}

/// Ends a run that another process left at work: completed if it had taken over, else unwound.
pub(super) async fn settle_abandoned(mut cx: Context, completed: bool) {
    if completed {
        if let Err(error) = end_earlier(&mut cx).await {
            tracing::error!(run.id = %cx.run.id, %error, "what served before a run could not be looked up");
        }
        cx.run.state = RunState::Done;
        settle(&mut cx, None).await;
    } else {
        end(&mut cx, &StepError::Interrupted).await;
    }
}

/// Ends a held run that nobody decided in time.
pub(super) async fn void(cx: &mut Context, error: &StepError) {
    end(cx, error).await;
}

/// Makes the context of a run that is on record.
pub(super) fn reopen(platform: Platform, run: Run) -> Result<Context, StoreError> {
    let order: Order = serde_json::from_value(run.request.clone())
        .map_err(|error| StoreError::Corrupt { key: format!("run {}", run.id), why: error.to_string() })?;
    let results =
        Results { notices: run.notices.clone(), removed: run.removed.clone(), ..Results::default() };
    let promotion = Promotion::default();
    Ok(Context { platform, run, order, secrets: BTreeMap::new(), results, promotion })
}
