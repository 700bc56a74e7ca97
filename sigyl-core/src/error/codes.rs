//! The table of stable codes that `sigyl explain` reads.

mod server;
mod sources;

use server::SERVER;
use sources::SOURCES;

/// What `sigyl explain CODE` tells.
#[derive(Clone, Copy, Debug)]
pub struct CodeDoc {
    /// The code: it never changes its meaning.
    pub code: &'static str,
    /// In a few words.
    pub title: &'static str,
    /// What happened.
    pub meaning: &'static str,
    /// What to do.
    pub remedy: &'static str,
}

/// Every code, in order.
pub const CODES: &[CodeDoc] = &joined();

const ALL: usize = SOURCES.len() + OTHERS.len() + SERVER.len();

const fn joined() -> [CodeDoc; ALL] {
    let mut all = [SOURCES[0]; ALL];
    let (others, server) = (SOURCES.len(), SOURCES.len() + OTHERS.len());
    let mut at = 0;
    while at < ALL {
        all[at] = if at < others {
            SOURCES[at]
        } else if at < server {
            OTHERS[at - others]
        } else {
            SERVER[at - server]
        };
        at += 1;
    }
    all
}

/// Those of all else.
const OTHERS: &[CodeDoc] = &[
    doc(
        "E0201",
        "manifest problems",
        "sigyl.yaml or mcp.yaml has the problems that are listed, all at once, each with its line.",
        "`sigyl init` writes a commented manifest from what it finds",
    ),
    doc(
        "E0202",
        "policy problems",
        "A policy file has the problems that are listed, all at once, each with its line.",
        "`sigyl policy check FILE` tells them too; docs/policy.md lists every key",
    ),
    doc(
        "E0301",
        "blocked",
        "Findings forbid that this source is recorded or started.",
        "mend the findings, or waive each with --waive RULE@PATH --reason TEXT --expires DATE",
    ),
    doc(
        "E0302",
        "held",
        "The release waits for a person's decision.",
        "`sigyl approve RUN --reason TEXT` or `sigyl reject RUN --reason TEXT`",
    ),
    doc(
        "E0303",
        "approval void",
        "What was approved is not what is there now, nobody decided in time, or what was let pass by a policy that only \
         observed is to be judged by one that enforces.",
        "start the run again, to be judged anew",
    ),
    doc(
        "E0304",
        "waiver does not apply",
        "A waiver matches no finding, or more than one, or has no reason, or has run out.",
        "name one finding as RULE@FILE:LINE or RULE@TOOL:FIELD",
    ),
    doc(
        "E0305",
        "bad grant",
        "A grant does not read read=PATH, write=PATH, network=HOST:PORT or exec=PROGRAM, or names what is never granted, \
         or a path that became a link after it was granted.",
        "write it in one of these forms, with the place that you mean",
    ),
    doc(
        "E0306",
        "not held",
        "Only a run that waits for a decision can be approved or rejected.",
        "`sigyl runs` shows how runs stand",
    ),
    doc("E0307", "no reason", "A decision is recorded with its reason.", "add --reason TEXT"),
    doc(
        "E0308",
        "under quarantine",
        "The server, its source or something that it declares is under quarantine: it is neither started nor called, recorded nor shown.",
        "`sigyl quarantine lift WHAT --reason TEXT` ends it, for who may approve",
    ),
    doc(
        "E0309",
        "quarantine stands or does not",
        "A quarantine can be set once and lifted once.",
        "`sigyl quarantine list` shows those that stand",
    ),
    doc(
        "E0310",
        "not at work",
        "Only a run that is at work can be cancelled, by the process that it works in; a removal only goes forward.",
        "`sigyl runs` shows how runs stand; `sigyl reject RUN --reason TEXT` turns a held one down",
    ),
    doc(
        "E0311",
        "settings cannot be so",
        "A setting is to be unset that the operator did not set, or limits are out of bounds or exclude each other.",
        "`sigyl show NAME` shows settings and limits; `--reset-limits` goes back to those of the manifest",
    ),
    doc(
        "E0312",
        "not promoted",
        "Only a version that is tried with some of the new clients can be promoted, once, to a larger share of them or to all.",
        "`sigyl watch RUN` shows how it stands; `sigyl cancel RUN` takes it back",
    ),
    doc(
        "E0401",
        "version taken",
        "The version is recorded already, from other bytes; a version never changes.",
        "bump the version in the manifest; `sigyl redeploy NAME` takes a moving source as it is",
    ),
    doc(
        "E0402",
        "no such server",
        "No server of that name is on record.",
        "`sigyl list` shows the servers on record",
    ),
    doc(
        "E0403",
        "no such version",
        "The version is not on record, or there is none to go back to.",
        "`sigyl versions NAME` shows the versions on record",
    ),
    doc(
        "E0404",
        "bad name",
        "The text is not the name of a server.",
        "use a-z, 0-9, `.`, `_`, `-`, or namespace/name",
    ),
    doc("E0405", "no such run", "No run of that id is on record.", "`sigyl runs` shows the runs on record"),
    doc(
        "E0406",
        "not running",
        "The server is on record, but nothing of it runs here and now, or no version of it serves.",
        "`sigyl serve` starts everything that should run",
    ),
    doc(
        "E0407",
        "not confirmed",
        "The name typed is not the name of the server to delete.",
        "type the exact name, or pass --confirm NAME",
    ),
    doc(
        "E0408",
        "cannot be said of a server",
        "A title, description, tag, category, picture or comment is too long, holds what cannot be shown, or there are too many.",
        "say less; pictures are addresses that begin with https://",
    ),
    doc(
        "E0409",
        "not rated",
        "There is no rating of this account to take back.",
        "`sigyl rate NAME` lists the ratings of a server",
    ),
    doc(
        "E0410",
        "no such report",
        "The run scanned nothing, or started nothing that was asked what it is.",
        "`sigyl watch RUN` shows what the run did; without `--live` the report on its source is meant",
    ),
    doc(
        "E0411",
        "source not kept",
        "What was fetched is kept for a version that is recorded and for a run that waits; this one's is not there, or not any more.",
        "`sigyl versions NAME` shows the recorded ones; deploy the source again to have it here",
    ),
    doc(
        "E0412",
        "no such file",
        "The kept source has no file under that path. A path stands inside the source, with `/`, and leads through no link.",
        "name the file as `sigyl report RUN` does where something was found in it",
    ),
    doc(
        "E0413",
        "no such lines",
        "Lines count from 1 up to the last of the file, and a bounded number of them is shown at once.",
        "name a line that the file has, and fewer lines",
    ),
    doc(
        "E0414",
        "source not shown",
        "Lines are shown only with their secrets masked as in reports. Of what is no text in UTF-8, is too large, or holds a secret that cannot be told from the text around it, nothing is shown.",
        "`sigyl report RUN` shows what was found in it; look at the file where the source is from",
    ),
    doc(
        "E0415",
        "no such span",
        "What a place measured is told over one minute to thirty days.",
        "name a span within that, such as `--since 1h`",
    ),
    doc(
        "E0501",
        "build failed",
        "A command of the build ended with an error.",
        "run the command that is shown by hand in a copy of the source",
    ),
    doc(
        "E0502",
        "start failed",
        "The server ended at once, or never listened where it should.",
        "`sigyl logs NAME` shows what the server wrote",
    ),
    doc(
        "E0503",
        "too slow",
        "A build or a start took longer than its limit.",
        "raise health.timeout in sigyl.yaml if the server really needs longer",
    ),
    doc(
        "E0504",
        "not supported here",
        "This target cannot run such a server.",
        "choose another runtime or target",
    ),
    doc(
        "E0505",
        "target failed",
        "The operating system refused something that starting or stopping a server needs.",
        "read the cause; `sigyl doctor` checks what the target needs",
    ),
    doc(
        "E0506",
        "another machine refused",
        "What a server runs on elsewhere refused a call, or did not answer.",
        "read what was refused and what mends it; the page of the target in docs/ says what it needs",
    ),
    doc(
        "E0601",
        "probe failed",
        "The server started but did not speak MCP as it should.",
        "`sigyl logs NAME` shows what the server wrote; `sigyl probe -- CMD` speaks to it directly",
    ),
    doc(
        "E0602",
        "live tools refused",
        "The tools of the started server carry findings that its source did not show.",
        "do not trust this server; if you do, waive each finding",
    ),
    doc(
        "E0603",
        "declares otherwise",
        "A version that was started again declares other tools, prompts, resources or instructions than when it last served, in a way that somebody has to see first.",
        "`sigyl redeploy NAME` shows each difference and holds it for your approval",
    ),
    doc(
        "E0604",
        "canary taken back",
        "A new version was tried with some of the new clients, and did worse than the version that serves, or nobody promoted it in time; that one has all of them again.",
        "`sigyl calls NAME` lists its calls; mend what fails, or allow more of it with --max-failures or --max-latency",
    ),
    doc(
        "E0605",
        "no such canary",
        "The shares, the times or the limits of a trial make no sense.",
        "name shares that grow, such as --canary 10,50, and how long each lasts with --soak",
    ),
    doc(
        "E0701",
        "data directory in use",
        "Another process works on the data directory and did not give it up in time.",
        "wait for it, or end it with `sigyl stop`",
    ),
    doc("E0702", "data directory too new", "A newer Sigyl wrote the data directory.", "use that Sigyl"),
    doc(
        "E0703",
        "disk failed",
        "The disk is full or read-only, or refused access.",
        "free space or mend the permissions; nothing acknowledged was lost",
    ),
    doc(
        "E0704",
        "record damaged",
        "A record cannot be read back.",
        "`sigyl restore` a backup into a new data directory",
    ),
    doc(
        "E0705",
        "owner not understood",
        "The owner of the data directory speaks another version of the protocol, or ended.",
        "use the same Sigyl for both, or `sigyl stop` the owner",
    ),
    doc(
        "E0706",
        "address taken",
        "The address of the endpoint cannot be listened on: mostly another program does already.",
        "name another with --listen, or end what holds it; `sigyl doctor` tells whether it is free",
    ),
    doc(
        "E0707",
        "path too long",
        "The owner's socket stands in the data directory, and the system takes about a hundred bytes for its path.",
        "name a data directory with a shorter path with --data-dir",
    ),
    doc(
        "E0708",
        "backup unusable",
        "The file of a backup cannot be opened or made, is there already, or does not hold a whole backup.",
        "name a new file in a folder that exists for a backup, and a file that `sigyl backup` made for a restore",
    ),
    doc(
        "E0709",
        "data directory not empty",
        "A backup is restored into a data directory without a store only.",
        "name a new folder with --data-dir, or move the store that is there away",
    ),
    doc(
        "E0710",
        "nests too deep",
        "What a server or a manifest says of itself nests deeper than a record that can be read back.",
        "make it flatter: tools with schemas of such a depth help no model",
    ),
    doc(
        "E0801",
        "vault failed",
        "The master key is missing, unreadable or not the one that sealed the secrets.",
        "put the right key back; nothing was lost",
    ),
    doc(
        "E0802",
        "secrets missing",
        "The manifest requires secrets that were not given, or they were given up with a lost master key.",
        "give each with --secret NAME (asked for), NAME=@FILE or NAME=env:VARIABLE, or with `sigyl secrets set`",
    ),
    doc(
        "E0803",
        "no such secret",
        "The server has no secret of that name.",
        "`sigyl secrets list NAME` shows those that it has",
    ),
    doc(
        "E0804",
        "secret refused",
        "The value of a secret is none that can be given to the server, or none that its manifest can mean.",
        "give another value; `sigyl show NAME` tells what the server asks for",
    ),
    doc(
        "E0805",
        "server busy",
        "A run works on the server, and its secrets are not changed meanwhile.",
        "wait until it is over: `sigyl runs` shows it",
    ),
    doc(
        "E0806",
        "master key not replaced",
        "No other master key can take over now: one does already, or nothing gives a new one.",
        "`sigyl secrets key` shows how it stands; docs/config.md says how each kind of key is replaced",
    ),
    doc(
        "E0807",
        "not given up",
        "What a lost master key sealed is given up only when that key is not there, and by whoever names it.",
        "put the key back; if nobody has it, `sigyl secrets forget-all --confirm ID` with the id that the message names",
    ),
    doc(
        "E0901",
        "not allowed",
        "The caller lacks the right for this operation.",
        "ask whoever owns the data directory",
    ),
    doc("E0902", "cancelled", "The run was stopped and taken back.", "start it again"),
    doc(
        "E0903",
        "interrupted",
        "Sigyl ended in the middle of the run; it was taken back at the next start.",
        "start it again",
    ),
    doc(
        "E0999",
        "defect",
        "Something happened that Sigyl holds for impossible.",
        "please report it with the message",
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_sorted_and_explained() {
        assert!(CODES.windows(2).all(|pair| pair[0].code < pair[1].code));
        assert!(CODES.iter().all(|doc| !doc.meaning.is_empty() && !doc.remedy.is_empty()));
    }
}
