//! The laws of the house, read off the sources: ranks, rooms, sizes, docs, and what the core never touches.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Rooms by rank: a room imports from lower ranks only.
const RANKS: &[&[&str]] = &[
    &["domain", "clock"],
    &["manifest", "event", "source"],
    &["store", "dns", "github", "mcp", "web", "wire"],
    &["vault", "access", "attest", "client", "scan", "registry", "deploy"],
    &["guard"],
    &["gateway", "pipeline"],
    &["sigyl", "error", "control"],
];

/// Edges that do not point down, each with its reason.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("clock", "domain", "a clock tells the domain's timestamp"),
    ("sigyl", "error", "rank 6 is one floor: the handle's methods fail with the one error type"),
    ("control", "error", "rank 6 is one floor: an owner's failure crosses the socket"),
    ("control", "sigyl", "rank 6 is one floor: the socket's owner is the handle"),
    ("sigyl", "control", "rank 6 is one floor: serving opens the socket beside the endpoint"),
    ("access", "vault", "the pepper of keys is sealed as secrets are"),
    ("attest", "vault", "the key of statements is sealed as secrets are"),
    ("client", "deploy", "the client tells deploy's plain value: a log line"),
    ("web", "mcp", "there is one way to make a client: its TLS, addresses and redirects"),
    ("github", "web", "GitHub is asked as every other server is"),
    ("wire", "deploy", "wire carries deploy's plain values: a log line and a status"),
    ("wire", "mcp", "wire carries the probe as it was recorded"),
    ("wire", "store", "wire carries the record of a call as it was kept"),
];

/// Names that say nothing about what is inside.
const FORBIDDEN_ROOMS: &[&str] =
    &["utils", "util", "helpers", "helper", "common", "misc", "shared", "manager", "types", "imp", "lib2"];

/// What the core never touches outside tests, and where it may after all.
const FORBIDDEN_TEXTS: &[(&str, &[&str])] = &[
    ("std::env", &["deploy/local_process/launcher/", "source/fetch/tool_env.rs"]),
    ("SystemTime::now", &["clock.rs"]),
    ("std::time::Instant", &["clock.rs"]),
    ("std::process::exit", &["deploy/local_process/launcher/"]),
];

/// Public enums that will never have another variant, each with its reason: whoever matches all of them is right to.
const CLOSED: &[(&str, &str)] = &[
    ("Severity", "an order from least to worst, which the score and the policy rest on"),
    ("Confidence", "an order, as that of severities"),
    ("Verdict", "an order from best to worst: who acts on a verdict must act on each"),
    ("Heard", "an event, a gap, or the end: there is no fourth way to hear"),
];

/// Rooms that know places where servers run by their contract alone.
const KNOW_NO_PLACE: &[&str] = &["domain", "pipeline", "gateway", "sigyl", "control", "store", "registry"];

/// What no such room says, in small letters: a place by its name.
const PLACES: &[&str] = &["cloud_run", "cloud-run", "cloud run", "google", "knative", "kubernetes"];

const MOST_CODE_LINES: usize = 500;

struct Source {
    /// Path below `src`, with `/`.
    path: String,
    text: String,
    /// Whether it is compiled for tests only.
    is_test: bool,
}

impl Source {
    fn room(&self) -> &str {
        let first = self.path.split('/').next().unwrap_or_default();
        first.strip_suffix(".rs").unwrap_or(first)
    }

    /// Everything before the tests at the end, without comments.
    fn code(&self) -> String {
        without_comments(self.before_tests())
    }

    fn before_tests(&self) -> &str {
        const TESTS: &str = "#[cfg(test)]\nmod ";
        let opens = |at: &usize| {
            self.text[*at + TESTS.len()..].lines().next().is_some_and(|line| line.ends_with('{'))
        };
        let end = self.text.match_indices(TESTS).map(|(at, _)| at).find(opens).unwrap_or(self.text.len());
        &self.text[..end]
    }
}

fn without_comments(text: &str) -> String {
    text.lines()
        .map(|line| if line.trim_start().starts_with("//") { "" } else { line })
        .collect::<Vec<_>>()
        .join("\n")
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn sources(folder: &Path) -> Vec<Source> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let below = path.strip_prefix(folder).unwrap().to_str().unwrap().replace('\\', "/");
                let is_test = below.ends_with("/tests.rs") || below.contains("/tests/");
                found.push(Source { path: below, text: fs::read_to_string(&path).unwrap(), is_test });
            }
        }
    }
    assert!(!found.is_empty(), "no sources in {}", folder.display());
    found.sort_by(|a, b| a.path.cmp(&b.path));
    let tests: BTreeSet<_> = found.iter().flat_map(test_modules).collect();
    found.iter_mut().for_each(|source| source.is_test |= tests.contains(&source.path));
    found
}

/// The files that `source` declares by `#[cfg(test)] mod name;`.
fn test_modules(source: &Source) -> Vec<String> {
    let folder = match source.path.rsplit_once('/') {
        Some((folder, "mod.rs")) => format!("{folder}/"),
        None if matches!(source.path.as_str(), "lib.rs" | "main.rs") => String::new(),
        _ => format!("{}/", source.path.trim_end_matches(".rs")),
    };
    let lines: Vec<_> = source.text.lines().map(str::trim).collect();
    let declared = lines.windows(2).filter(|pair| pair[0] == "#[cfg(test)]").filter_map(|pair| {
        let name = pair[1].strip_suffix(';')?.rsplit_once("mod ")?.1;
        Some(format!("{folder}{name}.rs"))
    });
    declared.collect()
}

fn core() -> Vec<Source> {
    sources(&workspace().join("sigyl-core/src"))
}

/// The sources of all members, each path with its crate in front.
fn everything() -> Vec<Source> {
    ["sigyl-core", "sigyl-server", "sigyl-tui", "examples", "benches"]
        .iter()
        .flat_map(|member| {
            sources(&workspace().join(member).join("src"))
                .into_iter()
                .map(move |source| Source { path: format!("{member}/src/{}", source.path), ..source })
        })
        .collect()
}

fn rank(room: &str) -> Option<usize> {
    RANKS.iter().position(|rooms| rooms.contains(&room))
}

/// The first names after `crate::`, also those in braces.
fn imports(text: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (at, _) in text.match_indices("crate::") {
        let before = text[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '$') {
            continue;
        }
        let rest = &text[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            Some(group) => names.extend(first_names(group)),
            None => names.extend(name(rest)),
        }
    }
    names
}

/// The first name of each item of a group whose opening brace is already read.
fn first_names(group: &str) -> Vec<String> {
    let (mut depth, mut start, mut names) = (0_usize, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' | ',' if depth == 0 => {
                names.extend(name(group[start..at].trim_start()));
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            '}' => depth -= 1,
            _ => {}
        }
    }
    names
}

fn name(text: &str) -> Option<String> {
    let name: String = text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    (!name.is_empty()).then_some(name)
}

#[test]
fn imports_are_found_in_every_form() {
    let text =
        "use crate::domain::X; use crate::{store::{A, B}, mcp, wire::v1::C}; fn f(_: &crate::scan::R) {}";
    let found: Vec<_> = imports(text).into_iter().collect();
    assert_eq!(found, ["domain", "mcp", "scan", "store", "wire"]);
    assert!(imports("$crate::x other_crate::y").is_empty());
}

#[test]
fn imports_point_down_the_ranks_only() {
    let mut wrong = Vec::new();
    for source in core().iter().filter(|source| source.path != "lib.rs") {
        let room = source.room();
        let Some(own) = rank(room) else {
            wrong.push(format!("{}: the room `{room}` has no rank", source.path));
            continue;
        };
        for other in imports(&without_comments(&source.text)) {
            let allowed = other == room
                || EXCEPTIONS.iter().any(|(from, to, _)| *from == room && *to == other)
                || rank(&other).is_some_and(|other| other < own);
            if !allowed {
                wrong.push(format!("{}: `{room}` must not import `crate::{other}`", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn no_exception_outlives_its_need() {
    let sources = core();
    for (from, to, reason) in EXCEPTIONS {
        let used = sources.iter().any(|source| source.room() == *from && imports(&source.text).contains(*to));
        assert!(used, "`{from}` no longer imports `{to}`: remove the exception ({reason})");
    }
}

#[test]
fn no_run_knows_the_name_of_a_place_that_servers_run_in() {
    let sources = core();
    let mut wrong = Vec::new();
    for source in sources.iter().filter(|source| !source.is_test && KNOW_NO_PLACE.contains(&source.room())) {
        for (at, line) in source.before_tests().lines().enumerate() {
            let line = line.to_lowercase();
            let named = PLACES.iter().filter(|place| line.contains(**place));
            wrong.extend(named.map(|place| format!("{}:{}: `{place}`", source.path, at + 1)));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    // They do stand somewhere: what is looked for is what there is.
    let is_said = |place: &&str| sources.iter().any(|source| source.text.to_lowercase().contains(place));
    assert!(PLACES.iter().all(is_said));
}

#[test]
fn a_mod_file_holds_docs_modules_and_reexports_only() {
    let mut wrong = Vec::new();
    for source in everything().iter().filter(|source| source.path.ends_with("mod.rs") && !source.is_test) {
        let (mut inside_use, mut inside_attribute) = (false, false);
        for (at, line) in source.text.lines().enumerate() {
            let line = line.trim();
            if inside_attribute {
                inside_attribute = line != ")]";
                continue;
            }
            inside_attribute = line.starts_with("#[") && line.ends_with('(');
            let plain = line.is_empty()
                || ["//", "#[", "#![", "mod ", "pub mod ", "pub(crate) mod ", "pub(super) mod "]
                    .iter()
                    .any(|start| line.starts_with(start));
            let reexport = ["pub use ", "pub(crate) use ", "pub(super) use "]
                .iter()
                .any(|start| line.starts_with(start));
            if !(plain || reexport || inside_use) {
                wrong.push(format!("{}:{}: {line}", source.path, at + 1));
            }
            inside_use = (reexport || inside_use) && !line.ends_with(';');
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn no_room_has_a_name_that_says_nothing() {
    for source in everything() {
        for part in source.path.split('/') {
            let stem = part.strip_suffix(".rs").unwrap_or(part);
            assert!(!FORBIDDEN_ROOMS.contains(&stem), "{}: `{stem}` says nothing", source.path);
        }
    }
}

#[test]
fn no_file_is_longer_than_a_reader_can_hold() {
    let mut wrong = Vec::new();
    for source in everything().iter().filter(|source| !source.is_test) {
        let lines = source.code().lines().filter(|line| !line.trim().is_empty()).count();
        if lines > MOST_CODE_LINES {
            wrong.push(format!("{}: {lines} lines of code", source.path));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn each_module_says_what_it_is_for() {
    let silent: Vec<_> = everything()
        .into_iter()
        .filter(|source| !source.is_test && !source.text.starts_with("//!"))
        .map(|source| source.path)
        .collect();
    assert!(silent.is_empty(), "\n{}", silent.join("\n"));
}

#[test]
fn the_core_touches_no_environment_clock_or_exit() {
    let mut wrong = Vec::new();
    for source in core().iter().filter(|source| !source.is_test) {
        let code = source.code();
        for (text, allowed) in FORBIDDEN_TEXTS {
            if code.contains(text) && !allowed.iter().any(|place| source.path.starts_with(place)) {
                wrong.push(format!("{}: {text}", source.path));
            }
        }
        let grouped = code
            .split(';')
            .any(|item| item.trim_start().starts_with("use std::time::{") && item.contains("Instant"));
        if grouped && source.path != "clock.rs" {
            wrong.push(format!("{}: std::time::Instant", source.path));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn no_lint_is_silenced_without_a_reason() {
    for source in everything() {
        for (at, line) in source.text.lines().enumerate() {
            let line = line.trim();
            let silenced = line.starts_with("#[allow") || line.starts_with("#![allow");
            assert!(!silenced, "{}:{}: use #[expect(…, reason = …)]", source.path, at + 1);
        }
    }
}

#[test]
fn no_test_is_ignored() {
    for source in everything() {
        assert!(!source.text.contains("#[ignore"), "{}: a test is ignored", source.path);
    }
}

#[test]
fn a_public_enum_may_grow_unless_it_is_closed_for_a_reason() {
    let mut closed = Vec::new();
    for source in core().iter().filter(|source| !source.is_test) {
        let lines: Vec<_> = source.text.lines().collect();
        for (at, line) in lines.iter().enumerate() {
            let Some(rest) = line.strip_prefix("pub enum ") else { continue };
            let attributes = lines[..at].iter().rev().take_while(|line| !line.is_empty() && **line != "}");
            if !attributes.into_iter().any(|line| *line == "#[non_exhaustive]") {
                closed.extend(name(rest));
            }
        }
    }
    closed.sort();
    let mut listed: Vec<_> = CLOSED.iter().map(|(name, _)| (*name).to_owned()).collect();
    listed.sort();
    assert_eq!(closed, listed, "public enums without #[non_exhaustive]");
    let promise = fs::read_to_string(workspace().join("docs/stability.md")).unwrap();
    for name in listed {
        assert!(
            promise.contains(&format!("`{name}`")),
            "docs/stability.md does not say that {name} is closed"
        );
    }
}

#[test]
fn a_result_is_dropped_only_where_a_comment_says_why() {
    let mut wrong = Vec::new();
    for source in everything().iter().filter(|source| !source.is_test) {
        let lines: Vec<_> = source.before_tests().lines().map(str::trim).collect();
        for (at, line) in lines.iter().enumerate() {
            let used = line.starts_with("let ") || line.starts_with("return ") || line.contains(" = ");
            let dropped =
                (line.ends_with(".ok();") && !used) || (line.contains("drop(") && line.contains("send("));
            let said = lines[at.saturating_sub(6)..at].iter().any(|line| line.starts_with("//"));
            if dropped && !said {
                wrong.push(format!("{}:{}: {line}", source.path, at + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
