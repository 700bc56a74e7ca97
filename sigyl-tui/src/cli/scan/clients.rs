//! `sigyl scan --client-config` and `--discover`: what clients start, and what that comes to.

use std::io::BufRead as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::json;
use sigyl_core::clock::SystemClock;
use sigyl_core::deploy::local_process::Command;
use sigyl_core::domain::{Kind, Report, Verdict};
use sigyl_core::mcp::Probe;
use sigyl_core::scan::{
    ClientConfig, Discovery, Entry, EntryPin, Found, Member, Platform, Roots, Scanner, ServerSet, SetReport,
    discover,
};

use super::{Bench, set};
use crate::cli::{Context, probe};
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render::{self, specimen};
use crate::settings::Format;

/// What the operator allows without being asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Consent {
    pub(super) start: bool,
    pub(super) contact: bool,
}

/// What to look at, and how far.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'a> {
    pub(super) files: &'a [PathBuf],
    /// Whether the configurations of all known clients are looked for.
    pub(super) all: bool,
    pub(super) consent: Consent,
    pub(super) accepted: Option<&'a Path>,
}

/// What became of one server.
struct Asked {
    title: String,
    outcome: Result<Probe, String>,
}

/// Does it.
pub(super) async fn run(wanted: &Wanted<'_>, bench: &Bench, cx: &mut Context) -> Result<Exit, Problem> {
    if !matches!(cx.output.format, Format::Plain | Format::Json) {
        let message = "what clients start is written as plain text or as JSON";
        return Err(Problem::wrong_use("E0001", message, "write --format plain or --format json"));
    }
    let &Wanted { files, all, consent, accepted } = wanted;
    let mut discovery = if all { discover(&roots(cx), platform()) } else { Discovery::default() };
    for file in files {
        match Found::read(file) {
            Ok(found) => discovery.found.push(found),
            Err(skipped) => discovery.skipped.push(skipped),
        }
    }
    let named = |found: &&Found| files.iter().any(|file| file.display().to_string() == found.config.path);
    let with_servers: Vec<&Found> = discovery.with_servers().collect();
    let found: Vec<&Found> = discovery
        .found
        .iter()
        .filter(|one| named(one) || with_servers.iter().any(|other| other.config.path == one.config.path))
        .collect();
    let pins = accepted.map(pins).transpose()?.flatten();
    let scanner = Scanner::new(&bench.rules, bench.policy.clone());
    let report = scanner.scan_clients(&found, &discovery.skipped, pins.as_deref(), &SystemClock);
    let asked = ask(&found, consent, cx).await?;
    let mut set = (!asked.is_empty()).then(|| scanner.scan_set(&set_of(&asked), &SystemClock));
    if let Some(set) = &mut set {
        bench.unreviewed(&mut set.report);
    }
    show(&discovery, &found, &report, &asked, set.as_ref(), cx)?;
    if let Some(file) = accepted.filter(|_| pins.is_none()) {
        accept(file, &found, &report, cx)?;
    }
    let failed = asked.iter().any(|asked| asked.outcome.is_err());
    let live = set.as_ref().map_or(Exit::Well, |set| Exit::of_report(&set.report));
    let exit = Exit::of_report(&report).max(live);
    Ok(if failed { exit.max(Exit::Failed) } else { exit })
}

/// The folders that clients keep their files in.
pub(in crate::cli) fn roots(cx: &Context) -> Roots {
    let path = |name: &str| cx.settings.environment.path(name);
    Roots {
        home: path("HOME").or_else(|| path("USERPROFILE")),
        app_data: path("APPDATA"),
        program_data: path("ProgramData"),
        system: cfg!(unix).then(|| PathBuf::from("/")),
        workspaces: std::env::current_dir().into_iter().collect(),
        claude_config_dir: path("CLAUDE_CONFIG_DIR"),
        codex_home: path("CODEX_HOME"),
        opencode_config: path("OPENCODE_CONFIG"),
    }
}

/// The operating system, as clients tell it.
pub(in crate::cli) fn platform() -> Platform {
    if cfg!(target_os = "macos") {
        Platform::MacOs
    } else if cfg!(windows) {
        Platform::Windows
    } else {
        Platform::Linux
    }
}

/// The servers that somebody accepted.
#[derive(Serialize, Deserialize)]
struct Accepted {
    schema: String,
    servers: Vec<EntryPin>,
}

/// Name of the document that keeps them.
const ACCEPTED: &str = "sigyl.accepted/1";

fn wrong(file: &Path, why: &impl ToString) -> Problem {
    let message = format!("{}: {}", file.display(), why.to_string());
    let hint = "remove it, look at the servers, and let them be accepted anew";
    Problem::failed("E0027", Kind::Invalid, message, hint)
}

/// Reads how servers were started or reached when they were accepted; nothing when none were yet.
fn pins(file: &Path) -> Result<Option<Vec<EntryPin>>, Problem> {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(wrong(file, &error)),
    };
    let known: Accepted = serde_json::from_str(&text).map_err(|error| wrong(file, &error))?;
    match known.schema == ACCEPTED {
        true => Ok(Some(known.servers)),
        false => Err(wrong(file, &format!("it is {}, not {ACCEPTED}", known.schema))),
    }
}

/// Accepts the servers that stand there now, unless something about them has to stop.
fn accept(file: &Path, found: &[&Found], report: &Report, cx: &Context) -> Result<(), Problem> {
    if report.verdict >= Verdict::Hold {
        cx.output.note(&format!("nothing was accepted: the verdict is {}", report.verdict));
        return Ok(());
    }
    let entries = found.iter().flat_map(|one| &one.config.servers);
    let mut servers: Vec<EntryPin> = entries.map(Entry::pin).collect();
    servers.sort();
    let known = Accepted { schema: ACCEPTED.to_owned(), servers };
    let text = serde_json::to_string_pretty(&known).map_err(|error| wrong(file, &error))?;
    std::fs::write(file, text + "\n").map_err(|error| wrong(file, &error))
}

/// Starts or reaches the servers that the operator allows, one after the other.
async fn ask(found: &[&Found], consent: Consent, cx: &Context) -> Result<Vec<Asked>, Problem> {
    let mut asked: Vec<Asked> = Vec::new();
    let mut left = 0;
    for (config, entry) in enabled(found) {
        if !allows(consent, config, entry, cx)? {
            left += 1;
            continue;
        }
        let title = set::unused(&entry.name, asked.iter().map(|asked| &asked.title));
        let outcome = match &entry.url {
            Some((url, _)) => probe::of_address(url.clone(), cx).await,
            None => start(entry, cx).await,
        };
        asked.push(Asked { title, outcome: outcome.map_err(|problem| problem.failure.message) });
    }
    if left > 0 {
        cx.output.note(&format!(
            "{left} of the servers were not asked what they declare: --start starts those with a command, --contact reaches those with an address"
        ));
    }
    Ok(asked)
}

fn enabled<'f>(found: &'f [&Found]) -> impl Iterator<Item = (&'f ClientConfig, &'f Entry)> {
    let all = found.iter().flat_map(|one| one.config.servers.iter().map(|entry| (&one.config, entry)));
    all.filter(|(_, entry)| !entry.disabled)
}

/// Tells whether a server may be started or reached; a person at a terminal is asked.
fn allows(consent: Consent, config: &ClientConfig, entry: &Entry, cx: &Context) -> Result<bool, Problem> {
    let (allowed, verb) = match entry.url {
        Some(_) => (consent.contact, "reach"),
        None => (consent.start, "start, without confinement,"),
    };
    if allowed || !cx.output.interactive || cx.output.is_json() {
        return Ok(allowed);
    }
    let line = format!("{} ({}): {verb} `{}`? [y/N] ", entry.name, config.client, entry.shown());
    cx.output.tell(&specimen(&line));
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer).map_err(|error| {
        let message = format!("could not read the answer: {error}");
        Problem::wrong_use("E0009", message, "write --start or --contact, or neither")
    })?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// Starts a server as its client would: with the variables of its configuration, and few of the operator's.
async fn start(entry: &Entry, cx: &Context) -> Result<Probe, Problem> {
    const KEPT: [&str; 9] =
        ["PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TMPDIR", "SHELL", "XDG_RUNTIME_DIR"];
    let (texts, _) = cx.settings.environment.texts();
    let look = |name: &str| texts.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
    let mut env: Vec<(String, String)> =
        KEPT.iter().filter_map(|name| Some(((*name).to_owned(), look(name)?))).collect();
    for (name, (value, _)) in &entry.env {
        env.retain(|(known, _)| known != name);
        env.push((name.clone(), expanded(value, &look)));
    }
    let dir = std::env::current_dir().map_err(|error| {
        let message = format!("could not tell the folder it is in: {error}");
        Problem::failed("E0017", Kind::Unavailable, message, "run it again from a folder that exists")
    })?;
    let command = Command {
        program: PathBuf::from(entry.command.clone().unwrap_or_default()),
        args: entry.args.iter().map(|(arg, _)| expanded(arg, &look)).collect(),
        env,
        dir,
    };
    probe::of_configured(command, cx).await
}

/// Puts variables into a text, as clients do: `${NAME}` and `${env:NAME}`.
fn expanded(text: &str, look: &impl Fn(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let Some(length) = rest[start..].find('}') else { break };
        let name = &rest[start + 2..start + length];
        out.push_str(&rest[..start]);
        match look(name.strip_prefix("env:").unwrap_or(name)) {
            Some(value) => out.push_str(&value),
            None => out.push_str(&rest[start..=start + length]),
        }
        rest = &rest[start + length + 1..];
    }
    out + rest
}

fn set_of(asked: &[Asked]) -> ServerSet<'_> {
    let unheard =
        asked.iter().filter_map(|one| Some((one.title.clone(), one.outcome.as_ref().err()?.clone())));
    ServerSet { servers: asked.iter().filter_map(Asked::member).collect(), unheard: unheard.collect() }
}

impl Asked {
    fn member(&self) -> Option<Member<'_>> {
        let probe = self.outcome.as_ref().ok()?;
        Some(Member {
            name: self.title.clone(),
            tools: &probe.tools,
            prompts: &probe.prompts,
            resources: &probe.resources,
            instructions: probe.instructions.as_deref(),
        })
    }
}

fn show(
    discovery: &Discovery,
    found: &[&Found],
    report: &Report,
    asked: &[Asked],
    set: Option<&SetReport>,
    cx: &mut Context,
) -> Result<(), Problem> {
    if cx.output.is_json() {
        let body = json!({
            "clients": found.iter().map(|one| document(&one.config)).collect::<Vec<_>>(),
            "absent": discovery.absent.iter().map(|(client, path)| json!({"client": client, "path": path})).collect::<Vec<_>>(),
            "skipped": discovery.skipped,
            "asked": asked.iter().map(outcome).collect::<Vec<_>>(),
            "report": report,
            "set": set,
        });
        return cx.output.document("sigyl.clients/1", &body);
    }
    let mut text = String::new();
    found.iter().for_each(|one| text.push_str(&listing(&one.config)));
    if found.is_empty() {
        text.push_str("no configuration names a server\n");
    }
    text.push('\n');
    text.push_str(&render::report(report, &cx.output.look, None));
    for asked in asked {
        let how = match &asked.outcome {
            Ok(probe) => format!(
                "{} tools, {} prompts, {} resources",
                probe.tools.len(),
                probe.prompts.len(),
                probe.resources.len()
            ),
            Err(why) => format!("could not be asked: {why}"),
        };
        text.push_str(&format!("{}: {}\n", specimen(&asked.title), specimen(&how)));
    }
    if let Some(set) = set {
        text.push('\n');
        text.push_str(&set::plain(set, cx));
    }
    cx.output.document_text(&text)
}

fn outcome(asked: &Asked) -> serde_json::Value {
    match &asked.outcome {
        Ok(probe) => json!({"server": asked.title, "tools": probe.tools.len(), "error": null}),
        Err(why) => json!({"server": asked.title, "tools": null, "error": why}),
    }
}

fn document(config: &ClientConfig) -> serde_json::Value {
    let server = |entry: &Entry| {
        json!({
            "name": entry.name, "line": entry.line, "project": entry.project, "starts": entry.shown(),
            "env": entry.env.keys().collect::<Vec<_>>(), "headers": entry.headers.keys().collect::<Vec<_>>(),
            "disabled": entry.disabled, "sha256": entry.pin().sha256,
        })
    };
    json!({
        "client": config.client, "scope": config.scope, "path": config.path,
        "servers": config.servers.iter().map(server).collect::<Vec<_>>(), "defects": config.defects,
    })
}

fn listing(config: &ClientConfig) -> String {
    let mut text = format!("{}  {}\n", specimen(&config.client), specimen(&config.path));
    for entry in &config.servers {
        let off = if entry.disabled { " (disabled)" } else { "" };
        text.push_str(&format!("  {}{off}: {}\n", specimen(&entry.name), specimen(&entry.shown())));
    }
    for defect in &config.defects {
        text.push_str(&format!("  line {} cannot be read: {}\n", defect.line, specimen(&defect.why)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_put_in_and_unknown_ones_stay() {
        let look = |name: &str| (name == "A").then(|| "1".to_owned());
        assert_eq!(expanded("x${A}y${env:A}z${B}${", &look), "x1y1z${B}${");
    }
}
