//! The codes of what goes wrong before the core is asked: E00xx. The core's own are in its table.

pub(crate) use sigyl_core::error::CodeDoc;

/// Every code of the command line, in order.
const CODES: &[CodeDoc] = &[
    doc(
        "E0001",
        "wrong use",
        "The command line cannot be understood, or a value in it cannot be what it is given as.",
        "`sigyl VERB --help` shows what the verb takes, with two examples",
    ),
    doc(
        "E0002",
        "wrong configuration",
        "The configuration file cannot be read, holds a key that nobody knows, or a value of another type.",
        "docs/config.md lists every key; the message names file, line and column",
    ),
    doc(
        "E0003",
        "wrong environment variable",
        "A variable whose name starts with SIGYL_ holds a value that it cannot hold.",
        "correct it or unset it",
    ),
    doc(
        "E0004",
        "not a loopback address",
        "The endpoint asks for no key, so it listens on loopback addresses only.",
        "write ADDR:PORT with 127.0.0.1 or [::1]",
    ),
    doc(
        "E0005",
        "no folder",
        "A folder has no default without a home directory, or the current folder is gone.",
        "set HOME, or name the folders with --data-dir and --cache-dir",
    ),
    doc(
        "E0006",
        "secret on the command line",
        "A secret was given so that other processes and the shell's history can see it; it may be known by now.",
        "write --secret K, K=@FILE or K=env:NAME, and replace the value if it was real",
    ),
    doc(
        "E0007",
        "secret without value",
        "The place that a secret's value should come from does not hold one.",
        "check the file or the variable, or run the command on a terminal to be asked",
    ),
    doc(
        "E0008",
        "incomplete waiver",
        "A waiver accepts exactly one finding, for a reason, until a date; part of that is missing or wrong.",
        "write --waive RULE[@PATH] --reason TEXT --expires YYYY-MM-DD for each",
    ),
    doc(
        "E0009",
        "not confirmed",
        "Deleting needs the exact name of the server, typed by a person or given as --confirm NAME.",
        "type or give the exact name; nothing was deleted",
    ),
    doc(
        "E0010",
        "run not found by its beginning",
        "The beginning of a run's id fits no run, or more than one.",
        "`sigyl runs` shows enough of each id to tell runs apart",
    ),
    doc(
        "E0011",
        "already served",
        "Another process serves this data directory already.",
        "use it: every command goes to it by itself; or end it with `sigyl stop`",
    ),
    doc(
        "E0012",
        "did not start in the background",
        "`serve --detach` started a process that ended, or that did not answer in time.",
        "read serve.log in the data directory, or run `sigyl serve` in the foreground",
    ),
    doc(
        "E0013",
        "result not written",
        "Standard output, or a file that holds the result, could not be written.",
        "free some space, or write elsewhere",
    ),
    doc(
        "E0014",
        "unexpected answer",
        "The owner of the data directory answered something else than what was asked for.",
        "use the same version of sigyl for both",
    ),
    doc(
        "E0015",
        "manifest exists",
        "`sigyl init` never overwrites a manifest.",
        "move the file that is there away, or edit it",
    ),
    doc("E0016", "unknown code", "No error has this code.", "`sigyl explain` without a code lists them all"),
    doc(
        "E0017",
        "probe failed",
        "What was probed could not be started or reached, or does not speak MCP as it should.",
        "read the cause; run the command by hand and look at what it writes",
    ),
    doc(
        "E0018",
        "refused offline",
        "The address is not on this machine, or a command could go out, and --offline refuses that.",
        "run it again without --offline",
    ),
    doc(
        "E0019",
        "still running",
        "The owner was asked to end and did not do so in time.",
        "wait and try again; `sigyl doctor` shows its process",
    ),
    doc("E0020", "interrupted", "The command was stopped by a signal before it was done.", "run it again"),
    doc(
        "E0021",
        "owner is not offline",
        "The work would be done by an owner that was started without --offline, and might go out.",
        "end it with `sigyl stop`, and start it with --offline",
    ),
    doc(
        "E0022",
        "served elsewhere",
        "The owner of the data directory serves at another address than the one that was named.",
        "leave --listen (or SIGYL_LISTEN, or `listen` in the configuration) out, or end the owner with `sigyl stop`",
    ),
    doc(
        "E0023",
        "cannot work here",
        "The operating system refused something that every command needs, such as a thread.",
        "read the cause; `ulimit -a` shows the limits of this shell",
    ),
    doc(
        "E0024",
        "wrong policy",
        "A policy, a file of waivers or a baseline cannot be read, or holds the problems that are listed.",
        "mend what is named; `sigyl policy check FILE` reads a policy alone, and docs/policy.md lists every key",
    ),
    doc(
        "E0025",
        "another policy",
        "The owner of the data directory judges by another policy than the one that was named.",
        "leave --policy and --waivers out, or end the owner with `sigyl stop` and start it with them",
    ),
    doc("E0026", "unknown rule", "No rule has this id.", "`sigyl rules` lists them all"),
    doc(
        "E0027",
        "servers not read",
        "The file of --set holds no list of tools, or that of --accepted no accepted servers.",
        "the message names the file and what is wrong in it; `sigyl scan --help` says what it takes",
    ),
    doc(
        "E0028",
        "entries not read",
        "The file of --tools or --code cannot be read, or holds entries that are no tools or no code; the others were judged.",
        "the message names file and line; `sigyl scan --help` says what an entry looks like",
    ),
    doc(
        "E0029",
        "wrong rule files",
        "A folder of --rules cannot be read, holds no rules, or holds rules that cannot be used; none of them was.",
        "the message names file and line of each; docs/scan.md describes the form",
    ),
    doc(
        "E0030",
        "advisories not read",
        "What --advisories names cannot be read, or holds no advisories in the form of OSV.",
        "the message names the file; docs/scan.md says which files are read",
    ),
    doc(
        "E0031",
        "document not read",
        "The file of `sigyl publish` cannot be read, or is no text.",
        "name a server.json, or `-` for standard input",
    ),
    doc(
        "E0032",
        "import not read",
        "The file of `sigyl import` cannot be read, or holds no documents; what was taken before stays.",
        "`sigyl import --help` says what a file may hold",
    ),
    doc(
        "E0033",
        "file of the client not known",
        "Where this client keeps its configuration on this operating system is not known.",
        "name the file with --file PATH",
    ),
    doc(
        "E0034",
        "nothing to install",
        "The document names no package and no address that the client could use.",
        "`sigyl search NAME --format json` shows what it offers; try --package or --remote",
    ),
    doc(
        "E0035",
        "configuration not changed",
        "The client's file is not what it should be, holds another server of that name, or can only be changed by hand.",
        "`sigyl config CLIENT NAME` prints what goes in, to be put in by hand",
    ),
    doc(
        "E0036",
        "not installed",
        "No `sigyl install` put that server into that file.",
        "take it out by hand, or name the file with --file",
    ),
    doc(
        "E0037",
        "file of the client refused",
        "The operating system refused to read or write the client's file, or the record of what was put in.",
        "check the permissions of the file and its folder",
    ),
    doc(
        "E0038",
        "registry not read",
        "The registry of `sigyl import URL` cannot be reached, or does not answer as one; what was taken before stays.",
        "check the address; importing again goes on",
    ),
    doc(
        "E0039",
        "export not written",
        "The folder of `sigyl export` is there already, or cannot be written; nothing is left of what was begun.",
        "name a folder that is not there yet, where there is room",
    ),
    doc(
        "E0045",
        "not over a server",
        "The verb is about a data directory of this machine, or the server that was named cannot do it.",
        "leave --server out, and unset SIGYL_SERVER, to work on this machine",
    ),
    doc(
        "E0046",
        "source not sent",
        "A source of this machine that should be sent to a server cannot be read, or is larger than 64 MiB when packed.",
        "send less, or name a source that the server reaches: git:https://…, npm:NAME or pypi:NAME",
    ),
    doc(
        "E0047",
        "key not read",
        "The file that should hold the key of a server cannot be read, holds no key, or can be read by others.",
        "put the key alone into a file of mode 0600, or into the variable SIGYL_KEY",
    ),
    doc(
        "E0048",
        "not put in",
        "What a document has a client start gives it power over this machine, or nobody agreed to what is worth knowing.",
        "read what was told; --yes, --allow-host and --allow-code agree to it",
    ),
    doc(
        "E0049",
        "terminal lost",
        "The console could not read keys from its terminal or draw on it, or the terminal is gone.",
        "start it again; the verbs need no terminal: `sigyl --help` lists them",
    ),
    doc(
        "E0050",
        "console broken off",
        "The console met something that it was not made for. What it ran was ended in order, and records are as they were.",
        "start it again, and report what it said",
    ),
    doc(
        "E0051",
        "wrong keys or colours",
        "The file that `keymap` or `theme_file` of `[console]` names cannot be read, or holds what it cannot hold.",
        "the message names file and line of each problem; docs/console.md says what these files hold",
    ),
];

const fn doc(
    code: &'static str,
    title: &'static str,
    meaning: &'static str,
    remedy: &'static str,
) -> CodeDoc {
    CodeDoc { code, title, meaning, remedy }
}

/// Every code, in order.
pub(crate) fn all() -> impl Iterator<Item = &'static CodeDoc> {
    CODES.iter().chain(sigyl_core::error::CODES)
}

/// Finds a code, written in full (`E0001`) or without its zeros (`e1`).
pub(crate) fn find(text: &str) -> Option<&'static CodeDoc> {
    let number: u16 = text.trim_start_matches(['e', 'E']).parse().ok()?;
    let code = format!("E{number:04}");
    all().find(|doc| doc.code == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_sorted_unique_and_explained() {
        let codes: Vec<_> = all().map(|doc| doc.code).collect();
        assert!(codes.windows(2).all(|pair| pair[0] < pair[1]), "{codes:?}");
        assert!(CODES.iter().all(|doc| !doc.title.is_empty() && !doc.meaning.is_empty()));
    }

    #[test]
    fn a_code_is_found_however_it_is_written() {
        for text in ["E0004", "e0004", "4", "E4"] {
            assert_eq!(find(text).map(|doc| doc.code), Some("E0004"), "{text}");
        }
        for text in ["", "E", "E9999", "four", "-1"] {
            assert!(find(text).is_none(), "{text}");
        }
    }

    #[test]
    fn every_code_that_is_used_is_explained() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut folders = vec![root];
        let mut used = std::collections::BTreeSet::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if !path.ends_with("codes.rs") {
                    let text = std::fs::read_to_string(&path).unwrap();
                    let parts = text.split("\"E00").skip(1);
                    used.extend(parts.map(|part| format!("E00{}", &part[..2])));
                }
            }
        }
        assert!(used.len() > 10, "{used:?}");
        for code in used {
            assert!(find(&code).is_some(), "{code}");
        }
    }
}
