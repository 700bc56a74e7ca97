//! Every call of a run by every fault: the run ends well or is taken back, and nothing is left that nobody knows of.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;

use super::super::death::Follower;
use super::place::{Act, Place, key_of, leaks, name_of};
use crate::deploy::knative::Patience;
use crate::deploy::knative::tests::fake::{Blow, refusal};
use crate::deploy::knative::tests::short;
use crate::domain::{Run, RunState, StepState};

/// A way to go wrong.
#[derive(Clone, Copy, Debug)]
struct Fault {
    name: &'static str,
    /// Whether the next try goes well.
    passes: bool,
    blow: fn() -> Blow,
    /// Whether the message has to say what mends it.
    mended: bool,
}

const fn fault(name: &'static str, passes: bool, mended: bool, blow: fn() -> Blow) -> Fault {
    Fault { name, passes, blow, mended }
}

fn refused(status: u16, reason: &str, message: &str) -> Blow {
    let (status, body) = refusal(status, reason, message, json!({"name": "x"}));
    Blow::Answer(status, body)
}

const FAULTS: &[Fault] = &[
    fault("401", false, true, || refused(401, "Unauthorized", "Unauthorized")),
    fault("403", false, true, || refused(403, "Forbidden", "User \"sigyl\" cannot do that")),
    fault("quota", false, true, || refused(403, "Forbidden", "exceeded quota: few")),
    fault("policy", false, true, || {
        refused(400, "BadRequest", "admission webhook \"p\" denied the request: no")
    }),
    fault("409", false, false, || refused(409, "Conflict", "the object has been modified")),
    fault("exists", false, false, || refused(409, "AlreadyExists", "it exists")),
    fault("429", false, true, || refused(429, "TooManyRequests", "slow down")),
    fault("500", false, true, || refused(500, "InternalError", "oh")),
    fault("half", false, false, || Blow::Half),
    fault("broken", false, false, || Blow::Broken),
    fault("401!", true, false, || refused(401, "Unauthorized", "Unauthorized")),
    fault("409!", true, false, || refused(409, "Conflict", "the object has been modified")),
    fault("429!", true, false, || refused(429, "TooManyRequests", "slow down")),
    fault("500!", true, false, || refused(500, "InternalError", "oh")),
    fault("half!", true, false, || Blow::Half),
    fault("broken!", true, false, || Blow::Broken),
];

/// Those that take time.
const SLOW: &[Fault] =
    &[fault("hang", false, false, || Blow::Silence), fault("hang!", true, false, || Blow::Silence)];

/// What came of a run in which one call went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It went well all the same.
    Well,
    /// It went well, and something of the version before is left: the run says so.
    Told,
    /// It failed, and all of it was taken back, or it goes on with the next try.
    Back,
}

pub(super) fn patient() -> Patience {
    Patience { tries: 2, ready: Duration::from_secs(20), settling: Duration::from_secs(20), ..short() }
}

fn impatient() -> Patience {
    Patience { answer: Duration::from_millis(400), ..patient() }
}

/// Tells what calls an act makes. How often it is looked whether something is ready differs from run to run.
pub(super) async fn calls(act: Act) -> Vec<String> {
    let mut place = Place::new(patient());
    place.prepare(act).await;
    let (calls, mut follower) = (Arc::new(Mutex::new(Vec::new())), Follower::default());
    let heard = Arc::clone(&calls);
    place.machine.fake.hook(move |asked, _| {
        let mut heard = heard.lock().unwrap();
        if follower.follow(key_of(asked)) == heard.len() {
            heard.push(name_of(asked));
        }
        None
    });
    place.well(act).await;
    let calls = calls.lock().unwrap();
    calls.clone()
}

async fn cell(place: &mut Place, act: Act, fault: Fault, at: usize, name: &str) -> Result<Outcome, String> {
    if act == Act::Redeploy {
        // Nothing of it is there yet.
        place.write(at + 3);
    }
    let before = place.face();
    let (mut follower, mut struck) = (Follower::default(), false);
    place.machine.fake.hook(move |asked, _| {
        let is_it = follower.follow(key_of(asked)) == at && !(struck && fault.passes);
        let is_server = name_of(asked) == "the server";
        struck |= is_it;
        (is_it && !is_server).then(|| (fault.blow)())
    });
    let run = place.take(act).await;
    place.machine.fake.unhook();
    let outcome = judge(&run, fault)?;
    let recovered = place.house.tracker().recover().await;
    recovered.map_err(|error| format!("what is left could not be looked at: {error}"))?;
    let face = place.face();
    let said = run.failure.map(|failure| failure.message).unwrap_or_default();
    let leaked = leaks(&place.machine.fake.change(|state| std::mem::take(&mut state.asked)));
    if !leaked.is_empty() {
        return Err(format!("a secret is in {leaked:?}"));
    }
    match (outcome, act) {
        // What is left of it is looked at when the next try is over.
        (_, Act::Delete) => {}
        (Outcome::Well, _) => {
            if let Some(wrong) = place.machine.fake.world(|world| face.wrong(world)) {
                let is_told = run.notices.iter().any(|notice| notice.contains("did not end"));
                return if is_told { Ok(Outcome::Told) } else { Err(format!("{name}: {wrong}: {said}")) };
            }
        }
        _ if face != before => return Err(format!("{name}: {face:?}, was {before:?}: {said}")),
        _ => {}
    }
    again(place, act, outcome).await?;
    Ok(outcome)
}

/// Brings about what the next one begins with.
pub(super) async fn again(place: &mut Place, act: Act, outcome: Outcome) -> Result<(), String> {
    let is_over = act == Act::Delete && outcome == Outcome::Well;
    if matches!(act, Act::Deploy | Act::Delete) {
        let run = if is_over { None } else { Some(place.take(Act::Delete).await) };
        if let Some(run) = run.filter(|run| run.state != RunState::Done) {
            return Err(format!("it could not be deleted: {:?}", run.failure));
        }
        let left = place.face().things;
        if !left.is_empty() {
            return Err(format!("a delete left {left:?}"));
        }
    }
    if act == Act::Delete {
        place.well(Act::Deploy).await;
    }
    place.begin();
    Ok(())
}

fn judge(run: &Run, fault: Fault) -> Result<Outcome, String> {
    let is_left = run.steps.iter().any(|step| step.state == StepState::UndoFailed);
    let failure = match (run.state, &run.failure) {
        (RunState::Done, None) => return Ok(Outcome::Well),
        (RunState::Failed, Some(failure)) => failure,
        (state, failure) => return Err(format!("it ended as {state:?}: {failure:?}")),
    };
    let said = &failure.message;
    let is_named = ["get ", "list ", "create ", "update ", "delete ", "the service clock-"];
    if !is_named.iter().any(|name| said.contains(name)) {
        return Err(format!("the call is not named: {said}"));
    }
    if failure.hint.as_ref().is_none_or(String::is_empty) || fault.mended && !said.contains("to mend it: ") {
        return Err(format!("nothing is said that mends it: {said}"));
    }
    if ["hush", "tok-1"].iter().any(|secret| said.contains(secret)) {
        return Err(format!("a secret is told: {said}"));
    }
    if is_left && fault.passes {
        return Err(format!("it was not taken back, although the next try goes well: {said}"));
    }
    Ok(Outcome::Back)
}

/// Lets each call meet one fault, or every fault.
async fn matrix(act: Act, faults: &'static [Fault], patience: Patience) {
    let (calls, is_every) = (calls(act).await, std::env::var_os("SIGYL_EVERY_FAULT").is_some());
    let mut place = Place::new(patience);
    place.prepare(act).await;
    let mut wrong = Vec::new();
    for (at, name) in calls.iter().enumerate().filter(|(_, name)| *name != "the server") {
        let count = if is_every { faults.len() } else { 3.min(faults.len()) };
        // Each call meets some, and each fault meets many calls.
        for step in 0..count {
            let fault = faults[(at * count + step) % faults.len()];
            let met = cell(&mut place, act, fault, at, name).await;
            println!("{act:?} {at:>3} {name:<44} {:<8} {met:?}", fault.name);
            if met != Ok(Outcome::Well) && met != Ok(Outcome::Back) {
                if let Err(why) = met {
                    wrong.push(format!("{act:?} {at} {name} {}: {why}", fault.name));
                }
                // What is left would be found again and again.
                place = Place::new(patience);
                place.prepare(act).await;
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_deploy_ends_well_or_leaves_nothing_whatever_goes_wrong() {
    matrix(Act::Deploy, FAULTS, patient()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redeploy_ends_well_or_leaves_what_was_there_whatever_goes_wrong() {
    matrix(Act::Redeploy, FAULTS, patient()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rollback_ends_well_or_leaves_what_was_there_whatever_goes_wrong() {
    matrix(Act::Rollback, FAULTS, patient()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delete_is_done_by_the_next_try_whatever_goes_wrong() {
    matrix(Act::Delete, FAULTS, patient()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_that_does_not_answer_is_not_waited_for() {
    matrix(Act::Redeploy, SLOW, impatient()).await;
}
