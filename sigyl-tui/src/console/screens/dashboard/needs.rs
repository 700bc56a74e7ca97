//! What needs somebody now.

use sigyl_core::domain::{Run, RunState, Timestamp};
use sigyl_core::wire::v1::ServerView;

use super::To;
use crate::console::state::State;
use crate::render::{self, Glyph, specimen};

/// How long a run that failed needs somebody.
const RECENT_MILLIS: i64 = 3_600_000;

/// Something that needs somebody.
pub(super) struct Need {
    pub(super) glyph: Glyph,
    pub(super) what: String,
    pub(super) why: String,
    pub(super) at: Option<Timestamp>,
    pub(super) to: To,
}

/// What needs somebody, the gravest first.
pub(super) fn needs(state: &State, now: Timestamp) -> Vec<Need> {
    let servers = state.servers.get().into_iter().flatten();
    let mut needs: Vec<Need> = servers.filter_map(need_of).collect();
    let named: Vec<To> = needs.iter().map(|need| need.to.clone()).collect();
    let recent = |run: &&Run| {
        let failed = matches!(run.state, RunState::Failed | RunState::Blocked);
        failed && now.millis() - run.updated.millis() < RECENT_MILLIS
    };
    // A later run of the same server says how it stands now.
    let runs = state.runs.get().map_or(&[][..], Vec::as_slice);
    let newest =
        |run: &&Run| run.server.is_none() || runs.iter().find(|it| it.server == run.server) == Some(*run);
    needs.extend(runs.iter().filter(recent).filter(newest).map(need_of_run));
    // What is held waits until somebody decides, however long that takes and whatever ran since. A first deploy has no server
    // yet that would say so.
    let waits = |run: &&Run| run.state == RunState::Held && !named.contains(&To::Run(run.id.clone()));
    needs.extend(runs.iter().filter(waits).map(need_of_run));
    let grave = |glyph| match glyph {
        Glyph::Blocked | Glyph::Failed => 0,
        Glyph::Held => 1,
        _ => 2,
    };
    needs.sort_by_key(|need| grave(need.glyph));
    needs
}

fn need_of(view: &ServerView) -> Option<Need> {
    let name = &view.server.name;
    let to = To::Server(name.clone());
    let need = |glyph, why: String, to| Some(Need { glyph, what: name.to_string(), why, at: None, to });
    if let Some(quarantine) = &view.quarantine {
        return need(Glyph::Blocked, format!("quarantine: {}", specimen(&quarantine.reason)), to);
    }
    if let Some(run) = &view.held {
        return need(Glyph::Held, "waits for a decision".to_owned(), To::Run(run.clone()));
    }
    if let Some(drift) = &view.drift {
        return need(Glyph::Held, format!("declares other tools: {}", specimen(drift)), to);
    }
    let (glyph, word) = render::server_state(view);
    if matches!(glyph, Glyph::Failed) || word == "unknown" {
        let why = view.health.as_deref().map(specimen).unwrap_or_default();
        return need(glyph, format!("{word} {why}"), to);
    }
    let observed = view.observed?;
    let verdict = observed.would_be;
    need(Glyph::Warning, format!("serves only because the policy observes: {verdict}"), to)
}

fn need_of_run(run: &Run) -> Need {
    let (glyph, word) = render::run_state(run.state);
    let failure =
        run.failure.as_ref().map_or_else(String::new, |failure| format!(": {}", specimen(&failure.message)));
    let what = run.server.as_ref().map_or_else(|| render::plan(run.plan).to_owned(), ToString::to_string);
    let how = if run.state == RunState::Held { "waits for a decision" } else { word };
    let why = format!("{} {how}{failure}", render::plan(run.plan));
    Need { glyph, what, why, at: Some(run.updated), to: To::Run(run.id.clone()) }
}

#[cfg(test)]
mod tests {
    use sigyl_core::domain::ServerName;

    use super::*;
    use crate::fixtures;

    /// A run that is held since a day, and names a server or none.
    fn held(server: Option<&str>) -> Run {
        let since = Timestamp::from_millis(fixtures::now().millis() - 24 * RECENT_MILLIS);
        let server = server.map(|name| ServerName::parse(name).unwrap());
        Run { server, state: RunState::Held, updated: since, ..fixtures::held_run() }
    }

    fn known(servers: Vec<ServerView>, runs: Vec<Run>) -> State {
        let mut state = State::default();
        state.servers.take(Ok(servers));
        state.runs.take(Ok(runs));
        state
    }

    #[test]
    fn a_first_deploy_that_is_held_needs_somebody_however_long_ago_it_was() {
        let needs = needs(&known(Vec::new(), vec![held(Some("new")), held(None)]), fixtures::now());
        assert_eq!(needs.len(), 2, "it has no server that would say so");
        assert!(needs.iter().all(|need| matches!(&need.to, To::Run(run) if *run == held(None).id)));
        assert_eq!((needs[0].glyph, needs[0].why.as_str()), (Glyph::Held, "deploy waits for a decision"));
    }

    #[test]
    fn a_held_run_is_named_once_and_by_its_server() {
        let needs = needs(&known(vec![fixtures::held()], vec![held(Some("jira"))]), fixtures::now());
        assert_eq!(needs.len(), 1);
        assert_eq!((needs[0].what.as_str(), needs[0].why.as_str()), ("jira", "waits for a decision"));
    }
}
