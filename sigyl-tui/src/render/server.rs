//! Servers: the list, and one with everything.

use std::collections::BTreeMap;

use sigyl_core::domain::{Confinement, Declaration, Permissions, Resources, Timestamp, Verdict};
use sigyl_core::wire::v1::ServerView;

use super::table::{Cell, Column, Table};
use super::{Glyph, Look, Role, age, duration, size, specimen, wrap};

/// How a server is, in one word, with its sign.
pub(crate) fn state(view: &ServerView) -> (Glyph, &'static str) {
    match (&view.deployment, &view.status) {
        _ if view.quarantine.is_some() => (Glyph::Failed, "quarantine"),
        _ if view.held.is_some() && view.deployment.is_none() => (Glyph::Held, "held"),
        (None, _) => (Glyph::Stopped, "recorded"),
        // An owner that tried to start it has told how that went.
        (Some(_), None) if view.health.is_some() => (Glyph::Failed, "failed"),
        (Some(_), None) => (Glyph::Stopped, "stopped"),
        (Some(_), Some(status)) if status.unknown.is_some() => (Glyph::Warning, "unknown"),
        (Some(_), Some(status)) if !status.running => (Glyph::Failed, "failed"),
        (Some(_), Some(_)) if view.url.is_none() => (Glyph::Starting, "starting"),
        _ if view.held.is_some() => (Glyph::Held, "serving"),
        _ if view.drift.is_some() => (Glyph::Warning, "serving"),
        _ => (Glyph::Serving, "serving"),
    }
}

/// Writes the list, and below it what a reader of the list must not overlook.
pub(crate) fn servers(views: &[ServerView], look: &Look, now: Timestamp) -> String {
    let mut table = Table::new([
        Column::left(""),
        Column::left("STATE"),
        Column::key("NAME"),
        Column::flexible("ACTIVE"),
        Column::flexible("LATEST"),
        Column::right("TOOLS"),
        Column::left("VERDICT"),
        Column::right("SINCE"),
    ]);
    for view in views {
        let (glyph, word) = state(view);
        let active = view.server.active.as_ref();
        let latest = view.server.latest.as_str();
        let same = active.is_some_and(|active| active.as_str() == latest);
        table.push([
            Cell::new(glyph.role(), look.sign(glyph)),
            Cell::new(glyph.role(), word),
            Cell::new(Role::Strong, view.server.name.as_str()),
            specimen(active.map_or("-", |active| active.as_str())).into(),
            Cell::new(if same { Role::Dim } else { Role::Text }, specimen(latest)),
            view.tools.len().to_string().into(),
            verdict(view.verdict),
            Cell::new(Role::Dim, since(view, now)),
        ]);
    }
    table.render(look) + &below(views, look) + &gaps(views, look)
}

/// Since when it is as it is.
pub(crate) fn since(view: &ServerView, now: Timestamp) -> String {
    let running = view.status.as_ref().and_then(|status| status.since);
    let at = running.or(view.deployment.as_ref().map(|deployment| deployment.activated));
    age(at.unwrap_or(view.server.created), now)
}

/// A verdict, with its colour.
pub(crate) fn verdict_word(verdict: Option<Verdict>) -> (Role, &'static str) {
    match verdict {
        None => (Role::Dim, "-"),
        Some(Verdict::Pass) => (Role::Ok, "pass"),
        Some(Verdict::Warn) => (Role::Warn, "warn"),
        Some(Verdict::Hold) => (Role::Warn, "hold"),
        Some(Verdict::Block) => (Role::Block, "block"),
    }
}

pub(super) fn verdict(verdict: Option<Verdict>) -> Cell {
    let (role, word) = verdict_word(verdict);
    Cell::new(role, word)
}

/// What stands below the list: where servers are reached, and what waits.
fn below(views: &[ServerView], look: &Look) -> String {
    let mut notes = Vec::new();
    if let Some((base, _)) = views.iter().filter_map(|view| view.url.as_ref()?.split_once("/mcp/")).next() {
        notes.push(format!("reached at {}/mcp/NAME", specimen(base)));
    } else if views.iter().any(|view| view.deployment.is_some()) {
        notes.push("nothing serves now; `sigyl serve` starts what is active".to_owned());
    }
    for view in views {
        let sign = look.sign(Glyph::Warning);
        notes.extend(observed(view).map(|line| format!("{sign} {} {line}", view.server.name)));
        if let Some(callers) = callers(view) {
            let is_public = view.deployment.as_ref().is_some_and(|it| it.audience.public);
            let word = if is_public { " is" } else { ":" };
            notes.push(format!("{sign} {}{word} {}", view.server.name, specimen(&callers)));
        }
        if let Some(drift) = &view.drift {
            let sign = look.sign(Glyph::Warning);
            let name = &view.server.name;
            let drift = specimen(drift);
            notes.push(format!("{sign} {name} declares other tools than were recorded: {drift}"));
        }
        if let Some(run) = &view.held {
            notes.push(format!(
                "{} {} waits for a decision: sigyl approve {run} --reason TEXT",
                look.sign(Glyph::Held),
                view.server.name
            ));
        }
    }
    if notes.is_empty() {
        return String::new();
    }
    let lines = notes.iter().map(|note| format!("{}\n", look.paint(Role::Dim, &wrap(note, look, 2))));
    std::iter::once("\n".to_owned()).chain(lines).collect()
}

/// Says who else may call a server past the endpoint, and that a quarantine keeps them out.
fn callers(view: &ServerView) -> Option<String> {
    let warning = view.deployment.as_ref()?.audience.warning()?;
    let closed = if view.quarantine.is_some() { " (closed by quarantine)" } else { "" };
    Some(format!("{warning}{closed}"))
}

/// Says that a server serves only because the policy stops nothing yet.
fn observed(view: &ServerView) -> Option<String> {
    let observed = view.observed?;
    let verdict = observed.would_be;
    Some(format!(
        "serves because the policy observes until {}: its verdict would be {verdict}",
        observed.until
    ))
}

/// What nothing enforces, one line each; `show` has them whole.
fn gaps(views: &[ServerView], look: &Look) -> String {
    let mut gaps: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for view in views {
        for gap in view.confinement.iter().flat_map(|confinement| &confinement.unenforced) {
            gaps.entry(gap.as_str()).or_default().push(view.server.name.as_str());
        }
    }
    if gaps.is_empty() {
        return String::new();
    }
    let confined = views.iter().filter(|view| view.confinement.is_some()).count();
    let mut text = format!("\n{}\n", look.paint(Role::Dim, "not enforced (`sigyl show NAME` tells more)"));
    for (gap, names) in gaps {
        let whom = if names.len() == confined { String::new() } else { format!("{}: ", names.join(", ")) };
        let line = format!("{} {whom}{}", look.sign(Glyph::Warning), specimen(gap));
        let line = look.width.map_or_else(|| line.clone(), |width| look.cut(&line, width));
        text.push_str(&look.paint(Role::Warn, &line));
        text.push('\n');
    }
    text
}

/// Writes everything about one server.
pub(crate) fn server(view: &ServerView, look: &Look, now: Timestamp) -> String {
    let (glyph, word) = state(view);
    let mut text =
        format!("{} {}  {word}", look.glyph(glyph), look.paint(Role::Strong, view.server.name.as_str()));
    if let Some(title) = &view.server.title {
        text.push_str(&format!("  {}", look.paint(Role::Specimen, &specimen(title))));
    }
    text.push('\n');
    if let Some(description) = &view.server.description {
        let shown = wrap(&specimen(description), look, 2);
        text.push_str(&format!("  {}\n", look.paint(Role::Specimen, &shown)));
    }
    text.push('\n');
    for (label, value) in facts(view, now) {
        let line = wrap(&format!("  {label:<12}{value}"), look, 14);
        text.push_str(&line.replacen(label, &look.paint(Role::Dim, label), 1));
        text.push('\n');
    }
    text.push_str(&confinement(view.confinement.as_ref(), look));
    text.push_str(&tools(view, look));
    text
}

fn facts(view: &ServerView, now: Timestamp) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    let mut fact = |label, value: Option<String>| facts.extend(value.map(|value| (label, value)));
    let deployment = view.deployment.as_ref();
    fact("url", view.url.as_deref().map(specimen));
    fact("active", view.server.active.as_ref().map(|version| specimen(version.as_str())));
    fact("latest", Some(specimen(view.server.latest.as_str())));
    fact("verdict", view.verdict.map(|verdict| format!("{verdict}{}", accepted(view))));
    fact("observed", observed(view));
    fact("source", Some(specimen(&view.server.locator)));
    // Without its prefix it fits a line of 80 columns, and can be copied whole.
    fact("sha256", deployment.map(|deployment| deployment.source.hex()));
    fact("activated", deployment.map(|it| format!("{} ({})", age(it.activated, now), it.activated)));
    fact("created", Some(format!("{} ({})", age(view.server.created, now), view.server.created)));
    let declared = deployment.and_then(|it| it.declared.as_ref());
    fact("speaks", declared.map(speaks));
    fact("offers", declared.map(offers));
    match deployment.and_then(|it| it.elsewhere()) {
        Some(target) => fact("runs on", Some(elsewhere(target, view.status.as_ref()))),
        None => fact("process", view.status.as_ref().map(process)),
    }
    fact("callers", callers(view).map(|callers| specimen(&callers)));
    fact("health", view.health.as_deref().map(specimen));
    fact("drift", view.drift.as_deref().map(specimen));
    let profile = view.overlay.as_ref().map(|overlay| &overlay.profile);
    fact("title", profile.and_then(|it| it.title.as_ref()).map(|it| specimen(it.as_str())));
    fact("about", profile.and_then(|it| it.description.as_ref()).map(|it| specimen(it.as_str())));
    fact("tags", profile.filter(|it| !it.tags.is_empty()).map(|it| names(it.tags.iter())));
    fact("category", profile.and_then(|it| it.category.as_ref()).map(ToString::to_string));
    fact("rating", view.rating.as_ref().map(super::rated));
    fact("downloads", Some(view.downloads).filter(|count| *count > 0).map(|count| count.to_string()));
    fact("quarantine", view.quarantine.as_ref().map(|it| specimen(&format!("{} ({})", it.reason, it.what))));
    fact("held run", view.held.as_ref().map(ToString::to_string));
    fact("granted", Some(granted(deployment.map_or(&view.server.granted, |it| &it.granted))));
    let scripts = &view.server.allow_scripts;
    fact("scripts", Some(names(scripts.iter())).filter(|_| !scripts.is_empty()));
    fact("env", deployment.filter(|it| !it.env.is_empty()).map(|it| names(it.env.keys())));
    let limits = deployment.map_or(&view.server.limits, |it| &it.resources);
    fact("limits", Some(limits_of(limits, &view.server.limits)).filter(|_| !limits.is_empty()));
    fact("secrets", deployment.filter(|it| !it.secrets.is_empty()).map(|it| names(it.secrets.iter())));
    facts
}

/// How many findings are accepted for now, behind the verdict on what was found.
fn accepted(view: &ServerView) -> String {
    let Some(found) = view.found.filter(|_| view.accepted > 0) else { return String::new() };
    let all = found.block + found.error + found.warning + found.info;
    let plural = if all == 1 { "" } else { "s" };
    format!(" without what is accepted: {} of {all} finding{plural}", view.accepted)
}

fn speaks(declared: &Declaration) -> String {
    let info = |key: &str| declared.server_info.get(key).and_then(serde_json::Value::as_str);
    let name = [info("name"), info("version")].into_iter().flatten().collect::<Vec<_>>().join(" ");
    let by = if name.is_empty() { name } else { format!(", as {}", specimen(&name)) };
    format!("{} era, {}{by}", declared.era, specimen(&declared.versions.join(" ")))
}

fn offers(declared: &Declaration) -> String {
    let plural = |count, one: &str| format!("{count} {one}{}", if count == 1 { "" } else { "s" });
    let latency = duration(std::time::Duration::from_micros(declared.latency_micros));
    let prompts = plural(declared.prompts.len(), "prompt");
    format!("{prompts}, {}; first answer after {latency}", plural(declared.resources.len(), "resource"))
}

/// Only names: the value of a setting may be as private as a secret that nobody declared.
fn names<T: ToString>(names: impl Iterator<Item = T>) -> String {
    names.map(|name| specimen(&name.to_string())).collect::<Vec<_>>().join(", ")
}

/// The limits in force; those that the operator set over the manifest's are marked.
fn limits_of(limits: &Resources, set: &Resources) -> String {
    let mark = |is_set: bool| if is_set { " (set)" } else { "" };
    let one = |name: &str, value: Option<String>, is_set: bool| {
        value.map(|value| format!("{name} {value}{}", mark(is_set)))
    };
    let number = |count: Option<u32>| count.map(|count| count.to_string());
    let within = |time: u64| duration(std::time::Duration::from_secs(time));
    let all = [
        one("cpu", limits.cpu.map(|cpu| cpu.to_string()), set.cpu.is_some()),
        one("memory", limits.memory.map(size), set.memory.is_some()),
        one("concurrency", number(limits.concurrency), set.concurrency.is_some()),
        one("timeout", limits.timeout.map(within), set.timeout.is_some()),
        one("instances from", number(limits.min_instances), set.min_instances.is_some()),
        one("instances to", number(limits.max_instances), set.max_instances.is_some()),
    ];
    all.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn granted(granted: &Permissions) -> String {
    if granted.is_empty() {
        "nothing beyond its own folder".to_owned()
    } else {
        specimen(&granted.to_string())
    }
}

/// Says how an instance is that has no process of this machine.
fn elsewhere(target: &str, status: Option<&sigyl_core::deploy::Status>) -> String {
    if let Some(why) = status.and_then(|status| status.unknown.as_deref()) {
        return format!("{target}; how it is there is not known: {}", specimen(why));
    }
    match status.map(|status| status.last_exit.as_deref()) {
        Some(None) => target.to_owned(),
        Some(Some(trouble)) => format!("{target}; {}", specimen(trouble)),
        None => format!("{target}, where it is not any more"),
    }
}

fn process(status: &sigyl_core::deploy::Status) -> String {
    let pids = status.pids.iter().map(u32::to_string).collect::<Vec<_>>().join(" ");
    let mut text = match (status.running, pids.is_empty()) {
        (true, true) => "ready; one process for each session".to_owned(),
        (true, false) => format!("pid {pids}"),
        (false, _) => "not running".to_owned(),
    };
    match status.restarts {
        0 => {}
        1 => text.push_str(", restarted once"),
        more => text.push_str(&format!(", restarted {more} times")),
    }
    if let Some(exit) = &status.last_exit {
        text.push_str(&format!("; the last one {}", specimen(exit)));
    }
    text
}

fn confinement(confinement: Option<&Confinement>, look: &Look) -> String {
    let Some(confinement) = confinement else { return String::new() };
    let line = |glyph, role, text: &str| {
        let wrapped = wrap(&format!("  {} {}", look.sign(glyph), specimen(text)), look, 4);
        format!("{}\n", look.paint(role, &wrapped))
    };
    let mut text = format!("\n{}\n", look.paint(Role::Dim, "Confinement"));
    for item in &confinement.enforced {
        text.push_str(&line(Glyph::Done, Role::Text, item));
    }
    for item in &confinement.unenforced {
        text.push_str(&line(Glyph::Warning, Role::Warn, &format!("not enforced: {item}")));
    }
    text
}

fn tools(view: &ServerView, look: &Look) -> String {
    if view.tools.is_empty() {
        return String::new();
    }
    let mut table = Table::new([Column::key("TOOL"), Column::flexible("DESCRIPTION")]);
    for tool in &view.tools {
        let first = tool.description().unwrap_or_default().trim().lines().next().unwrap_or_default();
        table.push([
            Cell::new(Role::Strong, specimen(tool.name())),
            Cell::new(Role::Specimen, specimen(first)),
        ]);
    }
    format!("\n{}", table.render(look))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures;

    #[test]
    fn the_list_fits_80_columns_and_says_what_needs_a_person() {
        let views = [fixtures::serving(), fixtures::stopped(), fixtures::held()];
        let text = servers(&views, &Look::PLAIN, fixtures::now());
        assert!(text.lines().all(|line| console::measure_text_width(line) <= 80), "{text}");
        insta::assert_snapshot!(text, @r"
           STATE    NAME                       ACTIVE  LATEST    TOOLS  VERDICT    SINCE
        ●  serving  clock                      1.2.0   1.2.0         2  pass     3 m ago
        ○  stopped  io.github.ada/notes-with…  0.9.0   0.9.1+s…      0  warn     3 m ago
        ▲  held     jira                       -       0.1.0         0  hold     2 d ago

        reached at http://127.0.0.1:8640/mcp/NAME
        ▲ jira waits for a decision: sigyl approve 019aa1b2-9d04-7c1f-a6b3-8e2f6d5c4b10
          --reason TEXT

        not enforced (`sigyl show NAME` tells more)
        ◆ network by host name (the kernel knows ports only)
        ");
    }

    #[test]
    fn who_else_may_call_is_said_by_form_and_closed_under_quarantine() {
        use sigyl_core::domain::{Audience, Member, Quarantine, Suspect, Timestamp};
        let mut view = fixtures::serving();
        let ada = Member::parse("user:ada@example.org").unwrap();
        let mut told = |audience: Audience, quarantine: Option<Quarantine>| {
            view.deployment.as_mut().unwrap().audience = audience;
            view.quarantine = quarantine;
            let text = servers(std::slice::from_ref(&view), &Look::PLAIN, fixtures::now());
            text.split_whitespace().collect::<Vec<_>>().join(" ")
        };
        let (public, named) = (
            Audience { public: true, ..Audience::default() },
            Audience { members: [ada].into(), ..Audience::default() },
        );
        let text = told(public.clone(), None);
        assert!(text.contains("clock is public: anybody on the internet may call it"), "{text}");
        let text = told(named, None);
        assert!(text.contains("clock: user:ada@example.org may call it, past"), "{text}");
        assert!(!text.contains("closed by quarantine"), "{text}");
        let quarantine = Quarantine {
            what: Suspect::Name(fixtures::serving().server.name),
            reason: "it lies".to_owned(),
            by: "ada".to_owned(),
            account: None,
            workspace: None,
            since: Timestamp::EPOCH,
        };
        let text = told(public, Some(quarantine));
        assert!(text.contains("guard (closed by quarantine)"), "{text}");
    }

    #[test]
    fn what_is_not_known_of_a_server_elsewhere_is_not_said_of_it() {
        let unknown = sigyl_core::deploy::Status::unknown("no\u{1b} answer");
        let line = "there; how it is there is not known: no⟦ESC⟧ answer";
        assert_eq!(elsewhere("there", Some(&unknown)), line);
        assert_eq!(elsewhere("there", None), "there, where it is not any more");
        let view = ServerView { status: Some(unknown), ..fixtures::serving() };
        assert_eq!(state(&view), (Glyph::Warning, "unknown"));
    }

    #[test]
    fn a_server_that_serves_because_a_policy_observes_is_told_in_the_list_and_alone() {
        let until = Timestamp::parse("2026-12-24").unwrap();
        let observed = Some(sigyl_core::wire::v1::Observed { would_be: Verdict::Block, until });
        let view = ServerView { observed, ..fixtures::serving() };
        let told = "observes until 2026-12-24T23:59:59.999Z: its verdict would be block";
        let flat = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
        for text in [
            servers(std::slice::from_ref(&view), &Look::PLAIN, fixtures::now()),
            server(&view, &Look::PLAIN, fixtures::now()),
        ] {
            assert!(flat(text.clone()).contains(told), "{text}");
        }
        let other = servers(&[fixtures::serving()], &Look::PLAIN, fixtures::now());
        assert!(!other.contains("observes"), "{other}");
    }

    #[test]
    fn a_server_whose_tools_changed_is_marked_in_the_list() {
        let mut view = fixtures::serving();
        view.drift = Some("added b\u{1b}; changed now (description)".to_owned());
        view.confinement = None;
        let text = servers(&[view.clone()], &Look::PLAIN, fixtures::now());
        insta::assert_snapshot!(text, @r"
           STATE    NAME   ACTIVE  LATEST  TOOLS  VERDICT    SINCE
        ◆  serving  clock  1.2.0   1.2.0       2  pass     3 m ago

        reached at http://127.0.0.1:8640/mcp/NAME
        ◆ clock declares other tools than were recorded: added b⟦ESC⟧; changed now
          (description)
        ");
        let one = server(&view, &Look::PLAIN, fixtures::now());
        assert!(one.contains("  drift       added b⟦ESC⟧"), "{one}");
    }

    #[test]
    fn the_list_works_without_unicode() {
        let ascii = Look { ascii: true, ..Look::PLAIN };
        let text = servers(&[fixtures::serving(), fixtures::held()], &ascii, fixtures::now());
        assert!(text.is_ascii(), "{text}");
    }

    #[test]
    fn one_server_shows_everything_but_values() {
        let text = server(&fixtures::serving(), &Look::PLAIN, fixtures::now());
        assert!(!text.contains("hunter2"), "{text}");
        insta::assert_snapshot!(text, @r"
        ● clock  serving  Clock
          Tells the time in any zone.

          url         http://127.0.0.1:8640/mcp/clock
          active      1.2.0
          latest      1.2.0
          verdict     pass
          source      examples/servers/clock
          sha256      d8198efa3604d164853468608c55efa148bc56e3564d5a30232bf98b8ab43aeb
          activated   3 m ago (2026-11-22T13:59:00.000Z)
          created     2 d ago (2026-11-20T10:00:00.000Z)
          speaks      legacy era, 2025-11-25, as clock 1.2.0
          offers      0 prompts, 1 resource; first answer after 3 ms
          process     pid 4711 4712, restarted once; the last one exited with code 101
          health      answered in 3 ms, 1 m ago
          granted     network=time.example:123
          env         ZONE
          secrets     API_KEY

        Confinement
          ✓ own tree and libraries read-only
          ✓ one private writable folder
          ◆ not enforced: network by host name (the kernel knows ports only)

        TOOL     DESCRIPTION
        now      Tells the time in a zone.
        convert  Converts a time from one zone to another one, given both zones and a t…
        ");
    }

    #[test]
    fn a_hostile_description_stays_text() {
        let mut view = fixtures::serving();
        view.server.description = Some("\u{1b}[31mred\u{202e}".to_owned());
        let text = server(&view, &Look::PLAIN, fixtures::now());
        assert!(text.contains("⟦ESC⟧[31mred⟦RLO⟧"), "{text}");
    }
}
