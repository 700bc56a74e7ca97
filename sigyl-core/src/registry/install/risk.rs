//! What of a command of a document gives its server more than a server needs.
//!
//! What a document says of the program that starts its package is the publisher's word, and no scan has seen it: flags that
//! open the machine, or take other code than the package, are not put into a client's file without somebody's consent.

use serde::Serialize;

use crate::domain::steers;

/// What somebody has to allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Power {
    /// It is worth knowing.
    Notable,
    /// It runs other code than the package that was named.
    Code,
    /// It reaches the machine past its container.
    Host,
}

/// One thing that a command of a document does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Risk {
    /// What has to be allowed.
    pub power: Power,
    /// The argument or variable.
    pub what: String,
    /// Why it matters.
    pub why: &'static str,
}

impl Risk {
    pub(super) fn new(power: Power, what: impl Into<String>, why: &'static str) -> Self {
        Self { power, what: what.into(), why }
    }
}

/// Finds what clients fill in by themselves in a text that a document fixes: some read every value as a shell does.
pub(super) fn of_text(text: &str) -> Option<Risk> {
    let names = |rest: &str| rest.starts_with(|next: char| next.is_ascii_alphabetic() || "_{".contains(next));
    let is_filled =
        text.split('$').skip(1).any(names) || ["{env:", "{file:"].iter().any(|mark| text.contains(mark));
    if text.contains("$(") || text.contains('`') {
        Some(Risk::new(Power::Code, text, "a client may run what stands in it"))
    } else if is_filled {
        Some(Risk::new(
            Power::Host,
            text,
            "a client may put its own variables and files in, secrets among them",
        ))
    } else {
        None
    }
}

/// A flag, and its value when one was found.
type Flag<'a> = (&'a str, Option<&'a str>);

/// The arguments between a program and its package, as the program reads them.
struct Line<'a> {
    flags: Vec<Flag<'a>>,
    /// Words that are no flag and no value of one: the program takes the first for the package.
    words: Vec<&'a str>,
}

impl<'a> Line<'a> {
    fn read(args: &'a [String], takes_value: impl Fn(&str) -> bool) -> Self {
        let mut line = Self { flags: Vec::new(), words: Vec::new() };
        let mut args = args.iter().map(String::as_str).peekable();
        while let Some(arg) = args.next() {
            let long = arg.starts_with("--");
            if !arg.starts_with('-') || arg == "-" {
                line.words.push(arg);
                continue;
            }
            let (flag, value) = match arg.split_once('=') {
                Some((flag, value)) if long => (flag, Some(value)),
                // A short flag may have its value at its end.
                _ if !long && arg.is_char_boundary(2) && arg.len() > 2 && takes_value(&arg[..2]) => {
                    (&arg[..2], Some(arg[2..].trim_start_matches('=')))
                }
                _ if takes_value(arg) => (arg, args.next_if(|next| long || !next.is_empty())),
                _ => (arg, None),
            };
            line.flags.push((flag, value));
        }
        line
    }
}

/// Finds what `docker run` is told beside the image. `args` stand between `run` and the image.
pub(super) fn of_docker(args: &[String], image: &str) -> Vec<Risk> {
    let line = Line::read(args, |flag| !DOCKER_SWITCHES.contains(&flag) && !is_bundle(flag));
    let mut risks: Vec<_> = line.flags.iter().filter_map(|(flag, value)| docker_flag(flag, *value)).collect();
    risks.extend(
        line.words.first().map(|word| Risk::new(Power::Code, *word, "it is started instead of the image")),
    );
    let tag = image.rsplit('/').next().and_then(|last| last.split_once(':')).map(|(_, tag)| tag);
    if !image.contains("@sha256:") && matches!(tag, None | Some("latest")) {
        risks.push(Risk::new(
            Power::Notable,
            image,
            "the image is not pinned: it may be another one tomorrow",
        ));
    }
    risks
}

/// Flags of `docker run` without a value. Whatever is not known is taken to have one.
const DOCKER_SWITCHES: &[&str] = &[
    "-i",
    "-t",
    "-d",
    "-P",
    "-q",
    "--interactive",
    "--tty",
    "--rm",
    "--init",
    "--detach",
    "--privileged",
    "--publish-all",
    "--read-only",
    "--no-healthcheck",
    "--oom-kill-disable",
    "--sig-proxy",
    "--quiet",
    "--disable-content-trust",
];

/// Tells whether several switches stand in one word, such as `-it`.
fn is_bundle(flag: &str) -> bool {
    flag.len() > 2 && !flag.starts_with("--") && flag[1..].bytes().all(|byte| b"itdPq".contains(&byte))
}

fn docker_flag(flag: &str, value: Option<&str>) -> Option<Risk> {
    let value = value.unwrap_or_default();
    let shown = if value.is_empty() { flag.to_owned() } else { format!("{flag} {value}") };
    let risk = |power, why| Some(Risk::new(power, shown.clone(), why));
    let is_host = value == "host" || value.starts_with("container:");
    match flag {
        "-i" | "-t" | "--interactive" | "--tty" | "--rm" | "--init" | "--read-only" | "-q" | "--quiet" => {
            None
        }
        "-e" | "--env" | "--name" | "-l" | "--label" | "--memory" | "-m" | "--cpus" | "--pids-limit"
        | "--cap-drop" | "--stop-timeout" | "--platform" | "--pull" | "-w" | "--workdir" | "--tmpfs" => {
            env_flag(flag, value, &shown)
        }
        flag if is_bundle(flag) && !flag.contains(['d', 'P']) => None,
        "--security-opt" if value.starts_with("no-new-privileges") => None,
        "--privileged" => risk(Power::Host, "the container may do all that the machine can"),
        "-v" | "--volume" | "--mount" => mount(value, &shown),
        "--volumes-from" => risk(Power::Host, "it sees the files of another container"),
        "--pid" | "--ipc" | "--uts" | "--userns" | "--cgroupns" if is_host => {
            risk(Power::Host, "it shares processes, memory or users with the machine")
        }
        "--network" | "--net" if is_host => risk(Power::Host, "it reaches every port of this machine"),
        "--cap-add" => risk(Power::Host, "it may do more than a container may"),
        "--device" | "--device-cgroup-rule" | "--gpus" => {
            risk(Power::Host, "it is given devices of the machine")
        }
        "--security-opt" | "--cgroup-parent" | "--runtime" => {
            risk(Power::Host, "it takes away what keeps a container in")
        }
        "--entrypoint" => risk(Power::Code, "it starts something else than the image is made for"),
        "-u" | "--user" if value == "root" || value.starts_with('0') => {
            risk(Power::Notable, "it runs as the administrator of its container")
        }
        "-u" | "--user" => None,
        "-p" | "--publish" | "-P" | "--publish-all" => risk(Power::Notable, "it opens ports of this machine"),
        "--env-file" => risk(Power::Notable, "it reads a file of this machine into its environment"),
        "--network" | "--net" | "--add-host" | "--dns" => risk(Power::Notable, "it decides what it reaches"),
        _ => risk(Power::Notable, "what this does is not known here"),
    }
}

/// A variable whose value the document sets on the command line.
fn env_flag(flag: &str, value: &str, shown: &str) -> Option<Risk> {
    let name = value.split('=').next().unwrap_or_default();
    let is_set = matches!(flag, "-e" | "--env") && value.contains('=');
    (is_set && steers(name)).then(|| Risk::new(Power::Code, shown, "the variable decides which code runs"))
}

/// What a container sees of the machine.
fn mount(value: &str, shown: &str) -> Option<Risk> {
    let field = |name: &str| value.split(',').find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
    let source = match field("type") {
        Some("tmpfs" | "volume") => return None,
        Some(_) => field("source").or_else(|| field("src")).unwrap_or_default(),
        None => value.split_once(':').map_or("", |(source, _)| source),
    };
    if source.ends_with(".sock") {
        return Some(Risk::new(Power::Host, shown, "who speaks to this socket rules what listens on it"));
    }
    let is_volume = !source.is_empty() && !source.contains(['/', '\\', '~', '$', '<', '.']);
    if source.is_empty() || is_volume {
        return None;
    }
    let plain = source.trim_end_matches(['/', '\\', '*', '.']);
    let is_whole = matches!(plain, "" | "~" | "$HOME" | "${HOME}" | "C:" | "c:");
    let is_inner = source.contains("..")
        || SENSITIVE.iter().any(|place| plain == *place || plain.starts_with(&format!("{place}/")));
    let secret = source.split(['/', '\\']).any(|part| SECRET.contains(&part));
    Some(if is_whole || is_inner || secret {
        Risk::new(Power::Host, shown, "it sees files that keys, settings or programs of the machine stand in")
    } else {
        Risk::new(Power::Notable, shown, "it sees files of this machine")
    })
}

/// Folders of the system, and those that hold everybody's.
const SENSITIVE: &[&str] = &[
    "/etc", "/root", "/home", "/Users", "/var", "/run", "/proc", "/sys", "/dev", "/boot", "/usr", "/bin",
    "/sbin", "/lib", "/opt",
];

/// Folders and files that hold what lets somebody in.
const SECRET: &[&str] = &[
    ".ssh",
    ".aws",
    ".gnupg",
    ".kube",
    ".docker",
    ".config",
    ".netrc",
    ".npmrc",
    ".pypirc",
    ".git-credentials",
    ".azure",
];

/// How a program that fetches packages reads its arguments.
struct Runner {
    /// Flags that change nothing that matters.
    plain: &'static [&'static str],
    /// Of these and the others, those with a value.
    valued: &'static [&'static str],
    /// Flags that name another place to fetch from.
    places: &'static [&'static str],
    /// Flags that name another package, or code.
    code: &'static [&'static str],
}

const NPX: Runner = Runner {
    plain: &[
        "-y",
        "--yes",
        "-q",
        "--quiet",
        "--silent",
        "--prefer-offline",
        "--prefer-online",
        "--loglevel",
        "--no-install",
    ],
    valued: &[
        "--registry",
        "--loglevel",
        "-p",
        "--package",
        "-c",
        "--call",
        "--node-options",
        "--userconfig",
        "--prefix",
    ],
    places: &["--registry", "--userconfig", "--globalconfig", "--prefix"],
    code: &[
        "-p",
        "--package",
        "-c",
        "--call",
        "--node-options",
        "-n",
        "--node-arg",
        "--script-shell",
        "--shell",
    ],
};
const UVX: Runner = Runner {
    plain: &[
        "-q",
        "--quiet",
        "-v",
        "--verbose",
        "--isolated",
        "--no-cache",
        "--refresh",
        "--no-progress",
        "--native-tls",
        "--python",
        "-p",
    ],
    valued: &[
        "--from",
        "--with",
        "--with-editable",
        "--with-requirements",
        "--python",
        "-p",
        "--index",
        "--default-index",
        "--index-url",
        "-i",
        "--extra-index-url",
        "--find-links",
        "-f",
        "--env-file",
        "--directory",
        "--config-file",
    ],
    places: &[
        "--index",
        "--default-index",
        "--index-url",
        "-i",
        "--extra-index-url",
        "--find-links",
        "-f",
        "--env-file",
        "--config-file",
    ],
    code: &["--from", "--with", "--with-editable", "--with-requirements", "--directory"],
};
const DNX: Runner = Runner {
    plain: &["-y", "--yes", "--prerelease", "--verbosity", "--version"],
    valued: &["--source", "--add-source", "--configfile", "--verbosity", "--version"],
    places: &["--source", "--add-source", "--configfile"],
    code: &[],
};

/// Finds what a program that fetches packages is told beside the package. `args` stand before it; `package` is what it is
/// told to start, and `name` what the document calls it.
pub(super) fn of_runner(program: &str, args: &[String], package: &str, name: &str) -> Vec<Risk> {
    let runner = match program {
        "npx" => &NPX,
        "uvx" => &UVX,
        _ => &DNX,
    };
    let line = Line::read(args, |flag| runner.valued.contains(&flag));
    let mut risks = Vec::new();
    for (flag, value) in &line.flags {
        let shown = value.map_or_else(|| (*flag).to_owned(), |value| format!("{flag} {value}"));
        let own = value
            .and_then(|value| value.strip_prefix(name))
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['=', '@', '[', '>', '~']));
        match *flag {
            "--from" | "-p" | "--package" if own => {}
            flag if runner.code.contains(&flag) => {
                risks.push(Risk::new(
                    Power::Code,
                    shown,
                    "it runs other code than the package that was named",
                ));
            }
            flag if runner.places.contains(&flag) => {
                risks.push(Risk::new(
                    Power::Notable,
                    shown,
                    "packages come from another place than the usual one",
                ));
            }
            flag if runner.plain.contains(&flag) => {}
            _ => risks.push(Risk::new(Power::Notable, shown, "what this does is not known here")),
        }
    }
    risks.extend(
        line.words.first().map(|word| Risk::new(Power::Code, *word, "it is started instead of the package")),
    );
    if package == name {
        risks.push(Risk::new(
            Power::Notable,
            package,
            "the version is not pinned: it may be another one tomorrow",
        ));
    }
    risks
}

/// Finds what a variable does that a document gives a value, or asks its user for.
pub(super) fn of_variable(name: &str, is_fixed: bool) -> Option<Risk> {
    let power = if is_fixed { Power::Code } else { Power::Notable };
    steers(name).then(|| Risk::new(power, name, "the variable decides which code runs"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn docker(args: &str) -> Option<Power> {
        let args: Vec<_> = args.split_whitespace().map(str::to_owned).collect();
        of_docker(&args, "ghcr.io/a/b:1").into_iter().map(|risk| risk.power).max()
    }

    #[test]
    fn what_opens_the_machine_has_to_be_allowed() {
        for args in [
            "-v /:/host",
            "-v/:/host",
            "--volume=/etc:/etc:ro",
            "--mount type=bind,source=/,target=/x",
            "--mount type=bind,src=/home/ada,dst=/x",
            "-v /var/run/docker.sock:/var/run/docker.sock",
            "-v $HOME:/home",
            "-v ~/.ssh:/ssh",
            "-v ./a/../../..:/x",
            "--privileged",
            "--network host",
            "--net=host",
            "--pid=host",
            "--pid host",
            "--ipc host",
            "--cap-add SYS_ADMIN",
            "--device /dev/sda",
            "--security-opt seccomp=unconfined",
            "--volumes-from other",
            "-it --privileged",
            "--unknown x --privileged",
        ] {
            assert_eq!(docker(args), Some(Power::Host), "{args}");
        }
    }

    #[test]
    fn what_runs_other_code_has_to_be_allowed() {
        for args in
            ["--entrypoint /bin/sh", "evil/image", "-e NODE_OPTIONS=--require=/x", "--rm evil/image -v x"]
        {
            assert_eq!(docker(args), Some(Power::Code), "{args}");
        }
        let npx = |args: &str| {
            let args: Vec<_> = args.split_whitespace().map(str::to_owned).collect();
            of_runner("npx", &args, "@a/b@1.0.0", "@a/b").into_iter().map(|risk| risk.power).max()
        };
        for args in [
            "-y evil",
            "-y -p evil",
            "-c id",
            "--call=id",
            "--node-options=--require=/x",
            "-y --package evil",
        ] {
            assert_eq!(npx(args), Some(Power::Code), "{args}");
        }
        assert_eq!(npx("-y --registry=https://npm.corp.example"), Some(Power::Notable));
        assert_eq!(npx("-y --frobnicate"), Some(Power::Notable));
        assert_eq!(npx("-y"), None);
        let uvx = |args: &str| {
            let args: Vec<_> = args.split_whitespace().map(str::to_owned).collect();
            of_runner("uvx", &args, "x@2.0", "x").into_iter().map(|risk| risk.power).max()
        };
        assert_eq!(uvx("--from x==2.0"), None);
        assert_eq!(uvx("--from git+https://a.example/x"), Some(Power::Code));
        assert_eq!(uvx("--from xy"), Some(Power::Code));
        assert_eq!(uvx("--with evil"), Some(Power::Code));
    }

    #[test]
    fn what_every_server_needs_is_not_spoken_of() {
        for args in [
            "-i --rm -e KEY",
            "-it --rm --init -e A=1 --name x",
            "--rm -v data:/data",
            "--cap-drop ALL --read-only",
        ] {
            assert_eq!(docker(args), None, "{args}");
        }
        for args in ["-v /work/notes:/notes", "-p 8080:8080", "-u 0", "--frobnicate"] {
            assert_eq!(docker(args), Some(Power::Notable), "{args}");
        }
    }

    #[test]
    fn what_is_not_pinned_is_told() {
        for (image, pinned) in [("a/b:1", true), ("a/b", false), ("h:5000/a/b", false), ("a/b:latest", false)]
        {
            assert_eq!(of_docker(&[], image).is_empty(), pinned, "{image}");
        }
        assert!(of_docker(&[], &format!("a/b@sha256:{:064}", 0)).is_empty());
        assert_eq!(of_runner("npx", &["-y".to_owned()], "x", "x").len(), 1);
        assert_eq!(of_variable("LD_PRELOAD", true).map(|risk| risk.power), Some(Power::Code));
        assert_eq!(of_variable("PYTHONSTARTUP", false).map(|risk| risk.power), Some(Power::Notable));
        assert_eq!(of_variable("API_KEY", true), None);
    }
}
