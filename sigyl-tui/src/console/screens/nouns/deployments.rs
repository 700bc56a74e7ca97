//! What serves, where, and to whom: for each server the version that serves, and one that is tried beside it.

use sigyl_core::deploy::LOCAL;
use sigyl_core::domain::{Failure, Resources, Run, ServerName, StepId, StepState, Timestamp, Transport};
use sigyl_core::wire::v1::{Request, Response, ServerView};

use super::super::{Asking, Key, Noun, Sheet, server};
use crate::console::command::{Command, Place};
use crate::console::keymap::Scope;
use crate::console::state::{State, Tried};
use crate::console::turn::{Turn, Values};
use crate::console::view::View;
use crate::console::widgets::{Cell, Column, cell, fraction};
use crate::render::{self, Glyph, Look, Role, age, duration, specimen, wrap};

/// Columns of the bar of a share.
const BAR: usize = 8;

const COLUMNS: &[Column] = &[
    Column::fixed("", 1),
    Column::wide("SERVER", 14),
    Column::wide("VERSION", 12),
    Column::fixed("SHARE", 13),
    Column::fixed("STATE", 10),
    Column::number("SINCE", 9),
    Column::fixed("WHERE", 12).optional(),
    Column::number("RESTARTS", 8).optional(),
    Column::number("INSTANCES", 9).optional(),
    Column::wide("HEALTH", 16).optional(),
];

/// What is deployed of all servers, or of one.
pub(in crate::console) struct Deployments {
    /// The only server that is looked at.
    pub(in crate::console) only: Option<ServerName>,
}

/// A version that clients reach.
#[derive(Clone)]
pub(in crate::console) struct Deployed {
    server: ServerName,
    version: String,
    /// Percent of new clients that reach it; nothing where nobody does, or it is not known.
    share: Option<u8>,
    /// Whether the share is known: a trial that began before the console did tells it only when it is looked at next.
    told: bool,
    /// The run that tries it, and until when the share stays, where that is known.
    trial: Option<(String, Option<Timestamp>)>,
    glyph: Glyph,
    word: &'static str,
    target: String,
    since: Timestamp,
    restarts: Option<u32>,
    /// Processes; nothing where somebody else runs it.
    instances: Option<usize>,
    health: Option<String>,
    facts: Vec<(&'static str, String)>,
}

/// What serves of a server, and what is tried of it.
fn deployed(view: &ServerView, state: &State) -> Vec<Deployed> {
    let Some(deployment) = &view.deployment else { return Vec::new() };
    let tried = state.tried.iter().find(|(_, tried)| tried.server == view.server.name);
    // A trial that is at work and of which nothing was told yet: the share of either version is not known.
    let untold = state.running(&view.server.name).find_map(|run| {
        let step = run.steps.iter().find(|it| it.step == StepId::Canary && it.state == StepState::Started)?;
        Some((run, step.started)).filter(|_| tried.is_none())
    });
    let (glyph, word) = render::server_state(view);
    let running = view.status.as_ref().is_some_and(|status| status.running);
    let rest = 100_u8.saturating_sub(tried.map_or(0, |(_, tried)| tried.percent));
    let target = deployment.elsewhere().unwrap_or(LOCAL).to_owned();
    let status = view.status.as_ref().filter(|status| status.unknown.is_none());
    let serves = Deployed {
        server: view.server.name.clone(),
        version: deployment.version.to_string(),
        share: Some(rest).filter(|_| running && untold.is_none()),
        told: untold.is_none(),
        trial: None,
        glyph,
        word,
        target: target.clone(),
        since: view.status.as_ref().and_then(|status| status.since).unwrap_or(deployment.activated),
        restarts: status.map(|status| status.restarts),
        instances: status.map(|status| status.pids.len()).filter(|_| deployment.elsewhere().is_none()),
        health: view.health.clone(),
        facts: facts(view),
    };
    let of_untold = untold.map(|(run, since)| of_untold(view, run, since, target.clone()));
    let trial = tried.map(|(run, tried)| of_trial(run, tried, target));
    std::iter::once(serves).chain(trial).chain(of_untold).collect()
}

/// Columns of the bar of a share: what is little is not drawn as nothing, and what is not all not as all.
fn columns_of(share: u8) -> u64 {
    let all = BAR as u64;
    match share {
        0 => 0,
        1..100 => ((u64::from(share) * all + 50) / 100).clamp(1, all - 1),
        _ => all,
    }
}

fn of_trial(run: &str, tried: &Tried, target: String) -> Deployed {
    Deployed {
        server: tried.server.clone(),
        version: tried.version.to_string(),
        share: Some(tried.percent.min(100)),
        told: true,
        trial: Some((run.to_owned(), Some(tried.until))),
        glyph: Glyph::Starting,
        word: "tried",
        target,
        since: tried.since,
        restarts: None,
        instances: None,
        health: None,
        facts: vec![("tried by the run", run.to_owned()), ("share stays until", tried.until.to_string())],
    }
}

/// A trial that its run did not tell of since this console began.
fn of_untold(view: &ServerView, run: &Run, since: Timestamp, target: String) -> Deployed {
    Deployed {
        server: view.server.name.clone(),
        version: run.version.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string),
        share: None,
        told: false,
        trial: Some((run.id.to_string(), None)),
        glyph: Glyph::Starting,
        word: "tried",
        target,
        since,
        restarts: None,
        instances: None,
        health: None,
        facts: vec![("tried by the run", run.id.to_string())],
    }
}

fn facts(view: &ServerView) -> Vec<(&'static str, String)> {
    let Some(deployment) = &view.deployment else { return Vec::new() };
    let status = view.status.as_ref();
    let transport = match &deployment.transport {
        Transport::Stdio => "standard input and output".to_owned(),
        Transport::Http { path, .. } => format!("HTTP at {path}"),
        _ => "another transport".to_owned(),
    };
    let told = [
        ("address", view.url.clone()),
        ("speaks", Some(transport)),
        ("revision", Some(deployment.revision.to_string())),
        ("by the run", Some(deployment.run.to_string())),
        ("serves since", Some(deployment.activated.to_string())),
        ("limits", limits(&deployment.resources)),
        ("callers", deployment.audience.warning()),
        ("last probe", view.health.clone()),
        ("other tools", view.drift.clone()),
        ("last exit", status.and_then(|status| status.last_exit.clone())),
        ("not known because", status.and_then(|status| status.unknown.clone())),
    ];
    told.into_iter().filter_map(|(label, value)| Some((label, value?))).collect()
}

fn limits(limits: &Resources) -> Option<String> {
    let told = [
        limits.cpu.map(|cpu| format!("{cpu} processors")),
        limits.memory.map(|bytes| format!("{} MiB", bytes / (1 << 20))),
        limits.concurrency.map(|count| format!("{count} requests at a time")),
        limits.timeout.map(|seconds| format!("{seconds} s a request")),
        limits.min_instances.map(|count| format!("{count} instances at least")),
        limits.max_instances.map(|count| format!("{count} instances at most")),
    ];
    let told: Vec<String> = told.into_iter().flatten().collect();
    (!told.is_empty()).then(|| told.join(", "))
}

/// All of a row.
fn whole(item: &Deployed, look: &Look) -> String {
    let none = if item.told { "none" } else { "not told yet: a version is tried" };
    let share = item.share.map_or_else(|| none.to_owned(), |share| format!("{share} % of new clients"));
    let head = [
        ("server", item.server.to_string()),
        ("version", item.version.clone()),
        ("state", item.word.to_owned()),
        ("share", share),
        ("where", item.target.clone()),
    ];
    let line = |label: &str, value: &str| {
        format!("{}{}\n", look.paint(Role::Dim, &format!("{label:<19}")), wrap(&specimen(value), look, 19))
    };
    let head = head.iter().map(|(label, value)| line(label, value));
    head.chain(item.facts.iter().map(|(label, value)| line(label, value))).collect()
}

impl Noun for Deployments {
    type Item = Deployed;

    fn title(&self) -> String {
        if self.only.is_some() { "deployments".to_owned() } else { Place::Deployments.title().to_owned() }
    }

    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Deployments]
    }

    fn place(&self) -> Option<Place> {
        self.only.is_none().then_some(Place::Deployments)
    }

    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn request(&self) -> Option<Request> {
        None
    }

    fn items(&self, _response: Response) -> Result<Vec<Deployed>, Failure> {
        Ok(Vec::new())
    }

    fn known(&self, state: &State) -> Option<Vec<Deployed>> {
        match &self.only {
            Some(name) => Some(state.server(name).map_or_else(Vec::new, |view| deployed(view, state)))
                .filter(|_| state.servers.get().is_some()),
            None => {
                state.servers.get().map(|all| all.iter().flat_map(|view| deployed(view, state)).collect())
            }
        }
    }

    fn id(&self, item: &Deployed) -> String {
        format!("{} {}{}", item.server, item.version, if item.trial.is_some() { " tried" } else { "" })
    }

    fn cells(&self, item: &Deployed, view: &View<'_>) -> Vec<Cell> {
        let share = item.share.map_or_else(
            || cell(Role::Dim, "-"),
            |share| {
                let bar = fraction(columns_of(share), BAR as u64, BAR, view.look.ascii);
                cell(item.glyph.role(), format!("{share:>3}% {bar}"))
            },
        );
        let number = |count: Option<usize>| count.map_or_else(|| "-".to_owned(), |count| count.to_string());
        let until = item.trial.as_ref().and_then(|(_, until)| *until);
        let left = until.map(|until| format!("{} more", duration(until.since(view.now))));
        vec![
            cell(item.glyph.role(), view.look.sign(item.glyph)),
            cell(Role::Strong, item.server.as_str()),
            cell(Role::Text, specimen(&item.version)),
            share,
            cell(item.glyph.role(), item.word),
            cell(Role::Dim, age(item.since, view.now)),
            cell(Role::Dim, specimen(&item.target)),
            cell(
                if item.restarts > Some(0) { Role::Warn } else { Role::Dim },
                number(item.restarts.and_then(|count| usize::try_from(count).ok())),
            ),
            cell(Role::Text, number(item.instances)),
            cell(Role::Dim, left.or(item.health.as_deref().map(specimen)).unwrap_or_default()),
        ]
    }

    fn key(&self, item: &Deployed, column: usize) -> Key {
        match column {
            1 => Key::Text(item.server.to_string()),
            2 => Key::Text(item.version.clone()),
            3 => Key::Number(item.share.map_or(-1, i64::from)),
            4 => Key::Text(item.word.to_owned()),
            5 => Key::Number(-item.since.millis()),
            6 => Key::Text(item.target.clone()),
            7 => Key::Number(-item.restarts.map_or(-1, i64::from)),
            8 => Key::Number(-item.instances.and_then(|count| i64::try_from(count).ok()).unwrap_or(-1)),
            _ => Key::Text(item.health.clone().unwrap_or_default()),
        }
    }

    fn words(&self, item: &Deployed) -> String {
        let health = item.health.as_deref().unwrap_or_default();
        format!("{} {} {} {} {health}", item.server, item.version, item.word, item.target)
    }

    fn values(&self, item: Option<&Deployed>) -> Values {
        let Some(item) = item else { return Values::new() };
        let mut values = Values::from([("name", item.server.to_string())]);
        values.extend(item.trial.as_ref().map(|(run, _)| ("run", run.clone())));
        values
    }

    fn offers(&self, item: Option<&Deployed>, command: Command) -> bool {
        let tried = item.is_some_and(|item| item.trial.is_some());
        match command {
            Command::Act("cancel" | "promote") => tried,
            Command::Act("rollback" | "restart" | "configure" | "redeploy") => !tried,
            _ => true,
        }
    }

    fn open(&self, item: &Deployed, turn: &mut Turn<'_>) {
        match &self.only {
            Some(_) => {
                let (title, item) = (specimen(&item.version), item.clone());
                turn.open(Sheet::new(title, Asking::Here(Box::new(move |look| whole(&item, look)))));
            }
            None => turn.open(server(&item.server)),
        }
    }

    fn whole(&self, item: &Deployed, look: &Look, _now: Timestamp) -> Option<String> {
        self.only.is_some().then(|| whole(item, look))
    }

    fn none(&self) -> &'static str {
        "Nothing serves: no version is active. d on the dashboard deploys one."
    }
}

#[cfg(test)]
mod tests {
    use sigyl_core::domain::RunState;
    use sigyl_core::event::Event;

    use super::*;
    use crate::console::tests::Desk;
    use crate::fixtures;

    const RUN: &str = "019aa1b3-e0f1-7e5a-9c0d-51a3b7d20c55";

    fn event(kind: &serde_json::Value) -> Event {
        let mut whole =
            serde_json::json!({"seq": 1, "at": "2026-11-22T14:01:30Z", "run": RUN, "server": "clock"});
        whole.as_object_mut().unwrap().extend(kind.as_object().unwrap().clone());
        serde_json::from_value(whole).unwrap()
    }

    fn tried() -> Event {
        event(&serde_json::json!({
            "kind": "tried", "version": "1.3.0", "percent": 10, "until": "2026-11-22T14:03:30Z",
            "serving": {"calls": 90, "failed": 0, "p50": 3_000, "p95": 9_000},
            "tried": {"calls": 10, "failed": 1, "p50": 4_000, "p95": 12_000},
        }))
    }

    fn known() -> State {
        let mut state = State::default();
        state.servers.take(Ok(vec![fixtures::serving(), fixtures::stopped(), fixtures::held()]));
        state
    }

    #[test]
    fn a_version_that_is_tried_has_a_row_and_its_share_until_its_run_ends() {
        let mut state = known();
        let rows = |state: &State| Deployments { only: None }.known(state).unwrap();
        let shares = |state: &State| rows(state).iter().map(|row| row.share).collect::<Vec<_>>();
        assert_eq!(
            shares(&state),
            [Some(100), None],
            "what is stopped is reached by nobody, what is held is not deployed"
        );
        state.event(&tried());
        assert_eq!(shares(&state), [Some(90), Some(10), None]);
        let noun = Deployments { only: None };
        let offered = |row: &Deployed, name| noun.offers(Some(row), Command::Act(name));
        let all = rows(&state);
        let [serves, tries] = [&all[0], &all[1]];
        for name in ["cancel", "promote"] {
            assert!(offered(tries, name) && !offered(serves, name), "{name}");
        }
        assert!(!offered(tries, "rollback") && offered(serves, "rollback"));
        assert_eq!(noun.values(Some(&all[1]))["run"], RUN);
        state.event(&event(&serde_json::json!({"kind": "run", "state": RunState::Failed, "note": null})));
        assert_eq!(shares(&state), [Some(100), None]);
    }

    #[test]
    fn a_trial_that_began_before_the_console_has_a_row_and_no_share_until_it_is_told() {
        let mut state = known();
        let mut runs = fixtures::runs();
        let mut run = serde_json::to_value(&runs[0]).unwrap();
        run["id"] = RUN.into();
        run["version"] = "1.3.0".into();
        run["state"] = "running".into();
        run["steps"] = serde_json::json!([{
            "step": "canary", "state": "started", "started": "2026-11-22T14:01:00Z", "ended": null, "note": null,
        }]);
        runs.push(serde_json::from_value(run).unwrap());
        state.runs.take(Ok(runs));
        let noun = Deployments { only: None };
        let rows = noun.known(&state).unwrap();
        assert_eq!(rows.iter().map(|row| row.share).collect::<Vec<_>>(), [None, None, None]);
        assert_eq!((rows[1].version.as_str(), noun.values(Some(&rows[1]))["run"].as_str()), ("1.3.0", RUN));
        assert!(noun.offers(Some(&rows[1]), Command::Act("cancel")));
        assert!(whole(&rows[0], &Look::PLAIN).contains("not told yet"), "{}", whole(&rows[0], &Look::PLAIN));
        assert!(whole(&rows[2], &Look::PLAIN).contains("none"), "what is stopped is reached by nobody");
        state.event(&tried());
        let shares: Vec<_> = noun.known(&state).unwrap().iter().map(|row| row.share).collect();
        assert_eq!(shares, [Some(90), Some(10), None]);
        state.event(&event(&serde_json::json!({"kind": "run", "state": RunState::Failed, "note": null})));
        let shares: Vec<_> = noun.known(&state).unwrap().iter().map(|row| row.share).collect();
        assert_eq!(shares, [Some(100), None], "it ended, though the list is older");
    }

    #[test]
    fn a_small_share_is_seen_and_a_great_one_is_not_all() {
        assert_eq!([0, 1, 10, 50, 99, 100].map(columns_of), [0, 1, 1, 4, 7, 8]);
    }

    #[test]
    fn deployments_are_shown_with_what_is_done_to_them() {
        for width in [80, 140] {
            let mut desk = Desk::new(width, 24);
            desk.tell("feed", sigyl_core::wire::v1::Frame::Event(Box::new(tried())));
            desk.press("g y");
            insta::assert_snapshot!(format!("all_{width}"), desk.frame());
            desk.press("Enter 9");
            insta::assert_snapshot!(format!("one_{width}"), desk.frame());
        }
    }

    #[test]
    fn a_trial_is_taken_back_from_its_row() {
        let mut desk = Desk::new(100, 24);
        desk.tell("feed", sigyl_core::wire::v1::Frame::Event(Box::new(tried())));
        desk.press("g y A");
        assert!(desk.app.layers.is_empty(), "what serves is no trial");
        desk.press("Down A Space ^s");
        let cancelled = |request: &Request| matches!(request, Request::Cancel { run } if run.as_str() == RUN);
        assert!(desk.asked.iter().any(cancelled), "{}", desk.frame());
    }

    #[test]
    fn a_trial_is_promoted_from_its_row() {
        let mut desk = Desk::new(100, 24);
        desk.tell("feed", sigyl_core::wire::v1::Frame::Event(Box::new(tried())));
        desk.press("g y P");
        assert!(desk.app.layers.is_empty(), "what serves is no trial");
        desk.press("Down P Space ^s");
        let promoted =
            |request: &Request| matches!(request, Request::Promote { run, to: None } if run.as_str() == RUN);
        assert!(desk.asked.iter().any(promoted), "{}", desk.frame());
    }
}
