//! Actions of those who judge: decisions, quarantines, policies.

use sigyl_core::domain::{RunId, RunState, Seq, Timestamp};
use sigyl_core::wire::v1::{Request, Response};

use super::{Action, Does, Field, FieldKind, Given, Wrong};
use crate::console::screens::{Asking, Screen, Sheet, seen};
use crate::console::state::State;
use crate::render::{self, Look, Role};

const RUN: Field = Field::needed("run", "the run");
const REASON: Field = Field::needed("reason", "why; it is kept with your name");
const WHAT: Field = Field::needed("what", "a server by name, or a version or tool as sha256:DIGEST");

pub(super) const ACTIONS: &[Action] = &[
    Action::new(
        "approve",
        "Let a held run pass",
        &["approveRun"],
        &[RUN, REASON],
        Does::Run(|given| Ok(Request::Approve { run: given.need("run")?, reason: given.need("reason")? })),
    )
    .each(),
    Action::new(
        "reject",
        "Turn a held run down",
        &["rejectRun"],
        &[RUN, REASON],
        Does::Run(|given| Ok(Request::Reject { run: given.need("run")?, reason: given.need("reason")? })),
    )
    .each(),
    Action::new(
        "cancel",
        "Cancel a run that is at work",
        &["cancelRun"],
        &[RUN, Field::needed("sure", "what it did so far is taken back").by(FieldKind::Switch)],
        Does::Say(|given| Ok(Request::Cancel { run: given.need("run")? }), "it is over; its end says how"),
    )
    .each(),
    Action::new(
        "promote",
        "Let a version that is tried take over now",
        &["promoteRun"],
        &[
            RUN,
            Field::free("to", "percent of new clients to go on to; all of them when empty"),
            Field::needed("sure", "it goes on before its time").by(FieldKind::Switch),
        ],
        Does::Say(
            |given| Ok(Request::Promote { run: given.need("run")?, to: given.maybe("to")? }),
            "it is over; its end says how",
        ),
    )
    .each(),
    Action::new("report", "Show what a scan of a run found", &["showReport"], &[RUN], Does::Open(report))
        .looks(),
    Action::new(
        "seen",
        "Show what the tools of a held run say otherwise than before",
        &["showRun"],
        &[RUN],
        Does::Open(|given| Ok(Box::new(seen(&given.need("run")?)))),
    )
    .looks(),
    Action::new(
        "quarantine",
        "Put a server, a version or a tool under quarantine",
        &["quarantine"],
        &[WHAT, REASON],
        Does::Show(
            |given| Ok(Request::Quarantine { what: given.need("what")?, reason: given.need("reason")? }),
            quarantined,
        ),
    ),
    Action::new(
        "lift-quarantine",
        "Lift a quarantine",
        &["liftQuarantine"],
        &[WHAT, REASON],
        Does::Show(
            |given| Ok(Request::LiftQuarantine { what: given.need("what")?, reason: given.need("reason")? }),
            lifted,
        ),
    ),
    Action::new(
        "test-policy",
        "Try another policy on everything that is on record",
        &["testPolicy"],
        &[Field::needed("policy", "a policy file, YAML").by(FieldKind::File)],
        Does::Show(
            |given| Ok(Request::TestPolicy { file: "the policy".to_owned(), text: given.raw("policy")? }),
            |response, look, _| match response {
                Response::PolicyTest(test) => Some(render::policy_test(test, look)),
                _ => None,
            },
        ),
    ),
    Action::new(
        "rescan",
        "Judge kept sources by the rules and the policy of today",
        &["rescan"],
        &[
            Field::free("name", "the servers; all when empty"),
            Field::free("running", "only what serves").by(FieldKind::Switch),
        ],
        Does::Show(
            |given| Ok(Request::Rescan { names: given.list("name")?, running: given.is_on("running") }),
            |response, look, _| match response {
                Response::Rescanned(versions) => Some(render::rescanned(versions, look)),
                _ => None,
            },
        ),
    ),
];

/// What a run found: all of it once it does not work any more, and until then what its source was scanned to.
fn report(given: &Given<'_>) -> Result<Box<dyn Screen>, Wrong> {
    let run: RunId = given.need("run")?;
    let request = move |state: &State| {
        let known = state.runs.get().into_iter().flatten().find(|known| known.id == run);
        match known.is_some_and(|known| known.state == RunState::Running) {
            // Its end is not waited for.
            true => Request::Report { run: run.clone(), live: false },
            false => Request::Watch { run: run.clone(), after: Seq(0) },
        }
    };
    let text = |response: &Response, look: &Look, _| match response {
        Response::Run(end) => Some(render::run_end(end, &[], look)),
        Response::Report(report) => {
            let says = "So far, in the source: the run goes on.";
            Some(format!("{}\n\n{}", look.paint(Role::Dim, says), render::report(report, look, None)))
        }
        _ => None,
    };
    Ok(Box::new(Sheet::new("report", Asking::Standing(Box::new(request), Box::new(text))).renewed()))
}

/// The same once it is over: what stands there was in force until now.
fn lifted(response: &Response, look: &Look, now: Timestamp) -> Option<String> {
    let says = "The quarantine is lifted. This was in force until now:";
    let text = quarantined(response, look, now)?;
    Some(format!("{}\n\n{text}", look.paint(Role::Ok, says)))
}

fn quarantined(response: &Response, look: &Look, _now: Timestamp) -> Option<String> {
    match response {
        Response::Quarantine(view) => Some(render::quarantine(view, look)),
        _ => None,
    }
}
