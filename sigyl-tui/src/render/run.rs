//! Runs: the list, and how one ended.

use sigyl_core::domain::{
    AnalyzerStatus, Finding, Plan, Report, Run, RunState, StepState, Suppressed, Timestamp,
};
use sigyl_core::wire::v1::RunEnd;

use super::table::{Cell, Column, Table};
use super::{Glyph, Look, Role, age, duration, specimen, wrap};

/// The analyzer of what a running server says, by its name in a report.
const LIVE_TOOLS: &str = "live-tools";

/// How a run stands, in one word, with its sign.
pub(crate) fn state(state: RunState) -> (Glyph, &'static str) {
    match state {
        RunState::Running => (Glyph::Starting, "running"),
        RunState::Held => (Glyph::Held, "held"),
        RunState::Done => (Glyph::Done, "done"),
        RunState::Blocked => (Glyph::Blocked, "blocked"),
        RunState::Failed => (Glyph::Failed, "failed"),
        RunState::Rejected => (Glyph::Blocked, "rejected"),
        RunState::Void => (Glyph::Stopped, "void"),
        _ => (Glyph::Stopped, "unknown"),
    }
}

/// A plan, in one word.
pub(crate) fn plan(plan: Plan) -> &'static str {
    match plan {
        Plan::Scan => "scan",
        Plan::Publish => "publish",
        Plan::Release => "deploy",
        Plan::Redeploy => "redeploy",
        Plan::Rollback => "rollback",
        Plan::Reconfigure => "configure",
        Plan::Delete => "delete",
        _ => "other",
    }
}

/// Writes runs, newest first. Each id is cut to what tells it from the others of the list.
pub(crate) fn runs(runs: &[Run], look: &Look, now: Timestamp) -> String {
    let length = distinct(runs);
    let mut table = Table::new([
        Column::left(""),
        Column::left("STATE"),
        Column::left("RUN"),
        Column::left("PLAN"),
        Column::key("SERVER"),
        Column::flexible("VERSION"),
        Column::optional("STEP"),
        Column::right("TOOK"),
        Column::right("WHEN"),
    ]);
    for run in runs {
        let (glyph, word) = state(run.state);
        table.push([
            Cell::new(glyph.role(), look.sign(glyph)),
            Cell::new(glyph.role(), word),
            run.id.as_str().chars().take(length).collect::<String>().into(),
            plan(run.plan).into(),
            Cell::new(Role::Strong, run.server.as_ref().map_or("-", |server| server.as_str())),
            specimen(run.version.as_ref().map_or("-", |version| version.as_str())).into(),
            Cell::new(Role::Dim, step(run)),
            duration(run.updated.since(run.created)).into(),
            Cell::new(Role::Dim, age(run.created, now)),
        ]);
    }
    table.render(look)
}

/// The step that a run is in, or that stopped it.
fn step(run: &Run) -> String {
    let stopped = run.steps.iter().find(|step| matches!(step.state, StepState::Failed | StepState::Held));
    let current = stopped.or(run.steps.last()).filter(|_| run.state != RunState::Done);
    current.map_or_else(String::new, |step| step.step.to_string())
}

/// How many characters of their ids tell these runs apart: at least 8.
fn distinct(runs: &[Run]) -> usize {
    let longest = runs.iter().map(|run| run.id.as_str().len()).max().unwrap_or(0);
    let tells_apart = |length: usize| {
        let heads = runs.iter().map(|run| run.id.as_str().get(..length).unwrap_or(run.id.as_str()));
        heads.collect::<std::collections::BTreeSet<_>>().len() == runs.len()
    };
    (8..longest).find(|&length| tells_apart(length)).unwrap_or(longest)
}

/// Writes how a run ended: findings, notices that were not `told` yet, and what comes next. The address is not in it:
/// that is the result, and goes to standard output.
pub(crate) fn run_end(end: &RunEnd, told: &[String], look: &Look) -> String {
    let mut text = String::new();
    text.push_str(&reports(end, look));
    text.push_str(&accepted(end, look));
    for notice in end.run.notices.iter().filter(|notice| !told.contains(notice)) {
        let line = wrap(&format!("{} {}", look.sign(Glyph::Warning), specimen(notice)), look, 2);
        text.push_str(&look.paint(Role::Warn, &line));
        text.push('\n');
    }
    text.push_str(&summary(&end.run, look));
    text
}

/// Writes which of these findings the order accepts. Those that the policy accepts stand in the reports.
fn accepted(end: &RunEnd, look: &Look) -> String {
    let line = |one: &Suppressed| {
        let place = one.location.as_ref().map_or_else(String::new, |place| format!(" in {place}"));
        let owner = one.owner.as_ref().map_or_else(String::new, |owner| format!(" by {owner}"));
        let until = one.expires.map_or_else(String::new, |until| format!(" until {until}"));
        let word = if one.applied { "accepted" } else { "was accepted" };
        let line = format!("{word}{until}{owner}: {}{place} ({})", one.rule, one.reason);
        format!("{}\n", look.paint(Role::Warn, &wrap(&specimen(&line), look, 2)))
    };
    end.accepted.iter().map(line).collect()
}

/// Writes what was found in the source, then what the started server added to it.
fn reports(end: &RunEnd, look: &Look) -> String {
    let mut text = String::new();
    let worth_reading = |report: &&Report| !report.findings.is_empty() || report.partial;
    let source = end.report.as_ref().map(|report| with_live_tools(report, end.live.as_ref()));
    if let Some(report) = source.as_ref().filter(worth_reading) {
        text.push_str(&super::report(report, look, None));
        text.push('\n');
    }
    let known: Vec<_> = source.iter().flat_map(|report| &report.findings).map(Finding::fingerprint).collect();
    let mut live = end.live.clone();
    if let Some(live) = &mut live {
        live.findings.retain(|finding| !known.contains(&finding.fingerprint()));
        // It says of everything but its tools that they were not looked at: that stands in the other report.
        live.analyzers.retain(|one| one.name == LIVE_TOOLS || one.status == AnalyzerStatus::Failed);
    }
    if let Some(live) = live.as_ref().filter(worth_reading) {
        text.push_str(&look.paint(Role::Strong, "What the started server says of itself"));
        text.push('\n');
        text.push_str(&super::report(live, look, None));
        text.push('\n');
    }
    text
}

/// The report of a source says that no running server was asked. Since then one was.
fn with_live_tools(report: &Report, live: Option<&Report>) -> Report {
    let mut report = report.clone();
    let asked = live.and_then(|live| live.analyzers.iter().find(|analyzer| analyzer.name == LIVE_TOOLS));
    if let Some(asked) = asked {
        report.analyzers.retain(|analyzer| analyzer.name != LIVE_TOOLS);
        report.analyzers.push(asked.clone());
    }
    report
}

fn summary(run: &Run, look: &Look) -> String {
    let (glyph, word) = state(run.state);
    let server = run.server.as_ref().map_or(String::new(), |server| format!(" {server}"));
    let version =
        run.version.as_ref().map_or(String::new(), |version| format!(" {}", specimen(version.as_str())));
    let took = duration(run.updated.since(run.created));
    let mut text = format!(
        "{} {}{}{version}: {word}, {took}\n",
        look.glyph(glyph),
        plan(run.plan),
        look.paint(Role::Strong, &server)
    );
    if let Some(until) = run.judgement.as_ref().and_then(|judged| judged.observed) {
        text.push_str(&super::notice(
            &format!("the policy only observes until {until}: it stops nothing"),
            look,
        ));
    }
    if let Some(failure) = &run.failure {
        text.push_str(&super::error(failure, look));
    }
    if run.state == RunState::Held {
        text.push_str(&held(run, look));
    }
    text
}

fn held(run: &Run, look: &Look) -> String {
    let mut text = String::new();
    for hold in run.judgement.iter().flat_map(|judgement| &judgement.holds) {
        text.push_str(&wrap(&format!("  {}", specimen(&hold.to_string())), look, 4));
        text.push('\n');
    }
    let next = [
        format!("  sigyl approve {} --reason TEXT", run.id),
        format!("  sigyl reject {} --reason TEXT", run.id),
    ];
    format!("{text}It starts nothing until somebody decides:\n{}\n", next.join("\n"))
}

#[cfg(test)]
mod tests {
    use sigyl_core::domain::Analyzer;

    use super::*;
    use crate::fixtures;

    #[test]
    fn runs_fit_80_columns_and_their_ids_tell_them_apart() {
        let text = runs(&fixtures::runs(), &Look::PLAIN, fixtures::now());
        assert!(text.lines().all(|line| console::measure_text_width(line) <= 80), "{text}");
        insta::assert_snapshot!(text, @r"
           STATE    RUN         PLAN      SERVER  VERSION  STEP   TOOK     WHEN
        ✓  done     019aa1b3-e  rollback  clock   1.2.0           38 s  2 m ago
        ✖  failed   019aa1b2-c  deploy    clock   1.2.0    probe  38 s  2 m ago
        ▲  held     019aa1b2-9  deploy    clock   1.2.0           38 s  2 m ago
        ■  blocked  019a9fff-1  deploy    -       -               38 s  2 m ago
        ");
    }

    #[test]
    fn a_held_run_says_what_holds_it_and_how_to_decide() {
        let end =
            RunEnd { run: fixtures::held_run(), report: None, live: None, url: None, accepted: Vec::new() };
        insta::assert_snapshot!(run_end(&end, &[], &Look::PLAIN), @r"
        ▲ deploy clock 1.2.0: held, 38 s
          permissions not granted: network=jira.corp:443
          2 part(s) of the source could not be looked at
        It starts nothing until somebody decides:
          sigyl approve 019aa1b2-9d04-7c1f-a6b3-8e2f6d5c4b10 --reason TEXT
          sigyl reject 019aa1b2-9d04-7c1f-a6b3-8e2f6d5c4b10 --reason TEXT
        ");
    }

    #[test]
    fn a_report_of_the_source_does_not_deny_that_the_started_server_was_asked() {
        let mut source = fixtures::report();
        let analyzer = |status, reason: Option<&str>| Analyzer {
            name: LIVE_TOOLS.to_owned(),
            status,
            reason: reason.map(str::to_owned),
        };
        source.partial = true;
        source.analyzers = vec![analyzer(AnalyzerStatus::Skipped, Some("no running server was asked"))];
        let mut end = RunEnd {
            run: fixtures::held_run(),
            report: Some(source),
            live: None,
            url: None,
            accepted: Vec::new(),
        };
        assert!(run_end(&end, &[], &Look::PLAIN).contains("no running server was asked"));
        let mut live = fixtures::report();
        live.analyzers = vec![analyzer(AnalyzerStatus::Ran, None)];
        end.live = Some(live.clone());
        let text = run_end(&end, &[], &Look::PLAIN);
        assert!(!text.contains("no running server"), "{text}");
        assert!(!text.contains("What the started server says"), "it added nothing: {text}");
        live.partial = true;
        live.analyzers.push(Analyzer {
            name: "files".to_owned(),
            ..analyzer(AnalyzerStatus::Skipped, Some("no source was given"))
        });
        end.live = Some(live);
        let text = run_end(&end, &[], &Look::PLAIN);
        assert!(text.contains("What the started server says") && !text.contains("no source"), "{text}");
    }

    #[test]
    fn a_failed_run_shows_its_failure_with_code_and_hint() {
        let end =
            RunEnd { run: fixtures::failed_run(), report: None, live: None, url: None, accepted: Vec::new() };
        insta::assert_snapshot!(run_end(&end, &[], &Look::PLAIN), @r"
        ✖ deploy clock 1.2.0: failed, 38 s
        error[E0602]: the server did not answer
        help: see `sigyl logs clock`
        ");
    }
}
