//! What a command line comes to: a package that is fetched and run, or a line of script.

use super::config::Entry;
use crate::scan::package::Ecosystem;

/// What is fetched and run, and whether it is always the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::scan) struct Fetched<'e> {
    /// The package, image or address as it is written.
    pub(in crate::scan) what: &'e str,
    /// How it is pinned.
    pub(in crate::scan) pin: PinKind,
    /// The package, where it is one of a registry.
    pub(in crate::scan) package: Option<Package<'e>>,
}

/// A package of a registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::scan) struct Package<'e> {
    pub(in crate::scan) ecosystem: Ecosystem,
    pub(in crate::scan) name: &'e str,
    /// The one version, where one is named.
    pub(in crate::scan) version: Option<&'e str>,
}

/// How well what is fetched is pinned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::scan) enum PinKind {
    /// To one content or one version.
    Exact,
    /// To a tag, which somebody may move.
    Tag,
    /// Not at all.
    None,
}

/// A line of script in a command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::scan) struct Script {
    /// The interpreter.
    pub(in crate::scan) program: String,
    /// What it runs.
    pub(in crate::scan) text: String,
    /// Whether it fetches code and runs it.
    pub(in crate::scan) downloads: bool,
}

/// Options of containers that take a value of their own.
const CONTAINER: &[&str] = &[
    "-e",
    "--env",
    "-v",
    "--volume",
    "--name",
    "-p",
    "--publish",
    "--network",
    "--net",
    "--mount",
    "-u",
    "--user",
    "-w",
    "--workdir",
    "--env-file",
    "--entrypoint",
    "-l",
    "--label",
    "--platform",
    "--pull",
    "-m",
    "--memory",
    "--cpus",
    "--add-host",
    "--cap-add",
    "--cap-drop",
    "--security-opt",
    "--device",
    "--runtime",
    "--gpus",
    "-h",
    "--hostname",
    "--log-driver",
    "--restart",
    "--tmpfs",
    "--ulimit",
    "--pids-limit",
    "--shm-size",
];
/// Options of package runners that take a value of their own.
const RUNNER: &[&str] = &[
    "--python",
    "-p",
    "--with",
    "--index-url",
    "--extra-index-url",
    "--directory",
    "--registry",
    "--cache",
    "-c",
    "--call",
    "--index",
    "--default-index",
    "--with-editable",
    "--prefix",
    "--loglevel",
    "--userconfig",
];

/// Returns the name of a program without its folder and ending.
pub(in crate::scan) fn program(command: &str) -> String {
    let name = command.rsplit(['/', '\\']).next().unwrap_or(command).to_ascii_lowercase();
    let ends = [".exe", ".cmd", ".bat", ".ps1"];
    ends.iter().find_map(|end| name.strip_suffix(end)).unwrap_or(&name).to_owned()
}

/// Returns the words of the command proper: what `env` and `cmd /c` lead to.
fn words(entry: &Entry) -> Vec<&str> {
    let mut words = entry.words();
    loop {
        let first = words.first().map(|word| program(word)).unwrap_or_default();
        let skip = match (first.as_str(), words.get(1).map(|word| word.to_ascii_lowercase()).as_deref()) {
            ("cmd", Some("/c" | "/k")) => 2,
            ("env" | "sudo" | "nohup" | "wsl", Some(_)) => 1,
            (name, Some(_)) if name.contains('=') && !name.contains('-') => 1,
            _ => return words,
        };
        words.drain(..skip);
    }
}

/// Finds the package or image that a command fetches and runs.
pub(in crate::scan) fn fetched(entry: &Entry) -> Option<Fetched<'_>> {
    let words = words(entry);
    let rest = |from: usize| words.get(from..).unwrap_or_default();
    let first = program(words.first()?);
    let second = words.get(1).copied().unwrap_or_default();
    let third = words.get(2).copied().unwrap_or_default();
    match (first.as_str(), second, third) {
        ("npx" | "bunx" | "pnpx", ..) => npm(rest(1), &["--package", "-p"]),
        ("npm" | "pnpm", "exec" | "x" | "dlx", _) | ("yarn", "dlx", _) | ("bun", "x", _) => {
            npm(rest(2), &["--package", "-p"])
        }
        ("uvx", ..) => python(rest(1)),
        ("uv", "tool", "run") => python(rest(3)),
        ("uv", "x", _) | ("pipx", "run", _) => python(rest(2)),
        ("docker" | "podman" | "nerdctl", "run" | "create", _) => image(rest(2)),
        ("docker" | "podman", "container", "run") => image(rest(3)),
        _ => None,
    }
}

fn first_word<'e>(words: &[&'e str], named: &[&str], valued: &[&str]) -> Option<&'e str> {
    let mut words = words.iter();
    let mut plain = None;
    while let Some(word) = words.next() {
        if let Some((_, value)) = word.split_once('=').filter(|(name, _)| named.contains(name)) {
            return Some(value);
        }
        if named.contains(word) {
            return words.next().copied();
        }
        if valued.contains(word) {
            words.next();
        } else if !word.starts_with('-') && plain.is_none() {
            plain = Some(*word);
            // What follows the package is given to it.
            break;
        }
    }
    plain
}

fn npm<'e>(words: &[&'e str], named: &[&str]) -> Option<Fetched<'e>> {
    let valued: Vec<&str> = RUNNER.iter().copied().filter(|option| !named.contains(option)).collect();
    let what = first_word(words, named, &valued)?;
    if is_local(what) {
        return None;
    }
    if is_repository(what) {
        return Some(Fetched { what, pin: commit(what, '#'), package: None });
    }
    let named = what.get(1..).and_then(|rest| rest.split_once('@'));
    let name = named.map_or(what, |(rest, _)| &what[..1 + rest.len()]);
    Some(packaged(what, Ecosystem::Npm, name, named.map(|(_, version)| version)))
}

/// A package and the version that is asked for.
fn packaged<'e>(what: &'e str, ecosystem: Ecosystem, name: &'e str, version: Option<&'e str>) -> Fetched<'e> {
    let version = version.filter(|version| is_exact(version));
    let pin = if version.is_some() { PinKind::Exact } else { PinKind::None };
    Fetched { what, pin, package: Some(Package { ecosystem, name, version }) }
}

fn python<'e>(words: &[&'e str]) -> Option<Fetched<'e>> {
    let what = first_word(words, &["--from", "--spec"], RUNNER)?;
    if is_local(what) {
        return None;
    }
    if is_repository(what) {
        return Some(Fetched { what, pin: commit(what, '@'), package: None });
    }
    let named = what.split_once("==").or_else(|| what.split_once('@'));
    let name = named.map_or(what, |(name, _)| name);
    // Extras and bounds are no part of the name.
    let name = name.split(['[', '<', '>', '~', '!', ' ']).next().unwrap_or(name);
    Some(packaged(what, Ecosystem::PyPi, name, named.map(|(_, version)| version)))
}

fn image<'e>(words: &[&'e str]) -> Option<Fetched<'e>> {
    let what = first_word(words, &[], CONTAINER).filter(|what| !what.contains('$'))?;
    let name = what.rsplit('/').next().unwrap_or(what);
    let pin = match name.split_once(':') {
        _ if what.contains("@sha256:") => PinKind::Exact,
        Some((_, tag)) if tag != "latest" => PinKind::Tag,
        _ => PinKind::None,
    };
    Some(Fetched { what, pin, package: None })
}

fn is_local(what: &str) -> bool {
    what.starts_with(['.', '/', '~', '$', '%'])
        || what.starts_with("file:")
        || what.contains("${")
        || what.get(1..3).is_some_and(|drive| drive == ":\\" || drive == ":/")
}

fn is_repository(what: &str) -> bool {
    what.starts_with("git+") || what.starts_with("github:") || what.contains("://") || what.ends_with(".git")
}

/// Tells whether an address of a repository names one commit.
fn commit(what: &str, mark: char) -> PinKind {
    let named = what.rsplit_once(mark).map(|(_, rest)| rest.split('#').next().unwrap_or(rest));
    match named {
        Some(name) if name.len() == 40 && name.bytes().all(|byte| byte.is_ascii_hexdigit()) => PinKind::Exact,
        Some(name) if !name.contains('/') => PinKind::Tag,
        _ => PinKind::None,
    }
}

/// Tells whether a version is one and no range.
fn is_exact(version: &str) -> bool {
    let version = version.trim_start_matches('v');
    version.starts_with(|c: char| c.is_ascii_digit())
        && version.contains('.')
        && !version.contains([' ', '*', '|', '<', '>', '^', '~', 'x'])
}

/// Finds a script in the command line.
pub(in crate::scan) fn script(entry: &Entry) -> Option<Script> {
    let words = match entry.words() {
        all if all.first().map(|word| program(word)).as_deref() == Some("cmd") => all,
        _ => words(entry),
    };
    let name = program(words.first()?);
    let is_flag = |word: &str| {
        let lower = word.to_ascii_lowercase();
        match name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.') {
            "sh" | "bash" | "zsh" | "dash" | "ksh" | "fish" | "ash" => {
                lower.starts_with('-') && !lower.starts_with("--") && lower.ends_with('c')
            }
            "cmd" => matches!(lower.as_str(), "/c" | "/k"),
            "powershell" | "pwsh" => {
                lower.starts_with("-c") || lower.starts_with("-e") && lower != "-executionpolicy"
            }
            "python" | "py" | "pypy" => word == "-c",
            "node" | "bun" => matches!(word, "-e" | "--eval" | "-p" | "--print"),
            "deno" => word == "eval",
            "perl" | "ruby" => word == "-e",
            "php" => word == "-r",
            _ => false,
        }
    };
    // What follows the first plain word is given to that.
    let mut flags = words.iter().skip(1).take_while(|word| word.starts_with(['-', '/']) || **word == "eval");
    let at = flags.position(|word| is_flag(word))? + 1;
    let text = words[at + 1..].join(" ");
    if text.is_empty() || name == "cmd" && !text.contains(['&', '|', '>', '^', '%']) {
        // `cmd /c npx …` is how Windows starts what is no program of its own.
        return None;
    }
    let encoded =
        words[at].to_ascii_lowercase().starts_with("-e") && matches!(name.as_str(), "powershell" | "pwsh");
    let downloads = encoded || downloads(&text);
    Some(Script { program: name, text, downloads })
}

/// Tells whether a script fetches something and runs it.
pub(in crate::scan) fn downloads(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let fetches = [
        "curl ",
        "wget ",
        "invoke-webrequest",
        "iwr ",
        "irm ",
        "invoke-restmethod",
        "downloadstring",
        "urlopen(",
        "requests.get(",
        "fetch(",
        "bitsadmin",
        "certutil",
    ];
    let runs = [
        "| sh",
        "|sh",
        "| bash",
        "|bash",
        "| zsh",
        "| sudo",
        "| python",
        "|python",
        "| node",
        "|node",
        "| iex",
        "|iex",
        "iex(",
        "iex (",
        "invoke-expression",
        "eval ",
        "eval(",
        "exec(",
        "$(curl",
        "$(wget",
        "<(curl",
        "<(wget",
        "&& sh ",
        "&& bash ",
        "; sh ",
        "; bash ",
        "chmod +x",
    ];
    let has = |list: &[&str]| list.iter().any(|word| lower.contains(word));
    has(&fetches) && has(&runs)
}

#[cfg(test)]
mod tests {
    use super::super::{ClientConfig, Scope};
    use super::*;

    fn entry(line: &[&str]) -> Entry {
        let (command, args) = line.split_first().unwrap();
        let text = serde_json::json!({"mcpServers": {"s": {"command": command, "args": args}}}).to_string();
        ClientConfig::read("", Scope::User, "a.json", &text).servers.remove(0)
    }

    #[test]
    fn what_is_fetched_and_how_it_is_pinned_is_told() {
        use PinKind::{Exact, None as Loose, Tag};
        for (line, what, pin) in [
            (&["npx", "-y", "p"][..], "p", Loose),
            (&["npx", "-y", "@s/p@1.2.3", "--port", "1"], "@s/p@1.2.3", Exact),
            (&["npx", "-y", "@s/p"], "@s/p", Loose),
            (&["npx", "p@latest"], "p@latest", Loose),
            (&["npx", "p@^1.2.0"], "p@^1.2.0", Loose),
            (&["npx", "--package=p@1.0.0", "run"], "p@1.0.0", Exact),
            (&["cmd", "/c", "npx", "-y", "p"], "p", Loose),
            (&["C:\\node\\npx.cmd", "p"], "p", Loose),
            (&["pnpm", "dlx", "p@1.0.0"], "p@1.0.0", Exact),
            (&["uvx", "--from", "git+https://a.example/r@main", "run"], "git+https://a.example/r@main", Tag),
            (&["uvx", "--python", "3.12", "p==1.0"], "p==1.0", Exact),
            (&["uv", "tool", "run", "p"], "p", Loose),
            (&["docker", "run", "-i", "--rm", "-e", "A", "m/i"], "m/i", Loose),
            (&["docker", "run", "-v", "a:b", "m/i:1.0"], "m/i:1.0", Tag),
            (&["docker", "run", "m/i@sha256:00"], "m/i@sha256:00", Exact),
        ] {
            let entry = entry(line);
            assert_eq!(fetched(&entry).map(|one| (one.what, one.pin)), Some((what, pin)), "{line:?}");
        }
        for line in
            [&["node", "a.js"][..], &["npx", "./local"], &["/usr/bin/server"], &["npx"], &["docker", "ps"]]
        {
            assert_eq!(fetched(&entry(line)), None, "{line:?}");
        }
    }

    #[test]
    fn scripts_are_found_and_the_way_windows_starts_things_is_none() {
        for (line, downloads) in [
            (&["bash", "-c", "curl https://a.example/i | sh"][..], true),
            (&["sh", "-lc", "exec server"], false),
            (&["powershell", "-EncodedCommand", "AAAA"], true),
            (&["python3", "-c", "print(1)"], false),
            (&["node", "-e", "1"], false),
            (&["cmd", "/c", "a & b"], false),
            (&["env", "A=b", "bash", "-c", "x"], false),
        ] {
            assert_eq!(script(&entry(line)).map(|script| script.downloads), Some(downloads), "{line:?}");
        }
        for line in [
            &["cmd", "/c", "npx", "-y", "p"][..],
            &["bash", "run.sh"],
            &["python", "-m", "server"],
            &["node", "a.js", "-e"],
            &["powershell", "-ExecutionPolicy", "Bypass", "-File", "a.ps1"],
        ] {
            assert_eq!(script(&entry(line)), None, "{line:?}");
        }
    }
}
