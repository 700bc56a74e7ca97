//! How a client reaches a server: a command that it starts, or an address.

use super::client::Client;
use super::entry::InstallError;
use super::risk::{self, Power, Risk};
use super::value::{Text, variable};
use crate::registry::document::{Argument, Document, KeyValue, Package, Remote};

/// What to take of a document that has more than one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Choice {
    /// An address if the client can reach one, or else a package.
    #[default]
    Any,
    /// A package.
    Package,
    /// An address.
    Remote,
}

/// How a server is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Way {
    /// The client starts a command and speaks to it.
    Command {
        /// The program.
        program: String,
        /// Its arguments.
        args: Vec<Text>,
        /// Its environment.
        env: Vec<(String, Text)>,
        /// What of it gives the server more than a server needs.
        risks: Vec<Risk>,
    },
    /// The client asks an address.
    Address {
        /// Whether it is the older kind that streams all its answers.
        is_sse: bool,
        /// The address.
        url: Text,
        /// Headers to send.
        headers: Vec<(String, Text)>,
    },
}

impl Way {
    /// Finds the way to the server of a document. `short` stands before the names of what the user is asked for.
    pub fn of(document: &Document, choice: Choice, client: &Client) -> Result<Self, InstallError> {
        let short = short(document);
        let remotes = document.remotes();
        let spoken = |remote: &&(usize, Remote)| client.style.streams || remote.1.kind != "sse";
        let remote = remotes.iter().find(spoken).map(|(_, remote)| address(remote, &short));
        let speaks_http = client.style.url.is_some();
        let package = || {
            let mut packages = document.packages();
            // What no client can start comes last.
            packages.sort_by_key(|(_, package)| starter(package).is_none());
            packages.into_iter().next().map(|(_, package)| command(&package, &short))
        };
        let name = || document.name().clone();
        let none = |what| InstallError::Nothing { name: name(), what };
        let unspoken = || InstallError::Streams { name: name(), client: client.title };
        let is_unspoken = remote.is_none() && !remotes.is_empty();
        match (choice, remote) {
            (Choice::Remote, None) if is_unspoken => Err(unspoken()),
            (Choice::Remote, remote) => remote.ok_or_else(|| none("address")),
            (Choice::Package, _) => package().ok_or_else(|| none("package"))?,
            (Choice::Any, Some(remote)) if speaks_http => Ok(remote),
            (Choice::Any, remote) => match (package(), remote) {
                (Some(Ok(package)), _) => Ok(package),
                (_, Some(remote)) => Ok(remote),
                (Some(error), None) => error,
                (None, None) if is_unspoken => Err(unspoken()),
                (None, None) => Err(none("package and no address")),
            },
        }
    }

    /// Returns every text with places that a user fills.
    pub(super) fn texts(&self) -> Vec<&Text> {
        match self {
            Self::Command { args, env, .. } => args.iter().chain(env.iter().map(|(_, text)| text)).collect(),
            Self::Address { url, headers, .. } => {
                std::iter::once(url).chain(headers.iter().map(|(_, text)| text)).collect()
            }
        }
    }

    /// Returns what of it gives the server, or whoever is on the way, more than they need.
    pub(super) fn risks(&self) -> Vec<Risk> {
        let url = match self {
            Self::Command { risks, .. } => return risks.clone(),
            Self::Address { url, .. } => url.write(|_| "x".to_owned()),
        };
        let host = url.strip_prefix("http://").map(|rest| rest.split(['/', ':']).next().unwrap_or_default());
        let is_open = host.is_some_and(|host| !matches!(host, "localhost" | "127.0.0.1" | "[" | ""));
        let why = "everybody on the way can read and change what is said over http://";
        if is_open { vec![Risk::new(Power::Notable, url, why)] } else { Vec::new() }
    }

    /// The command that reaches an address for clients that only start commands.
    pub(super) fn bridged(self) -> Self {
        let risks = self.risks();
        let Self::Address { url, headers, .. } = self else { return self };
        let mut args = vec![Text::plain("-y"), Text::plain("mcp-remote@0.15.1"), url];
        let mut env = Vec::new();
        for (name, text) in headers {
            // Other users of the machine see arguments, and some clients part them at blanks.
            let held = variable(&[&name, "header"]);
            args.extend([Text::plain("--header"), Text::plain(format!("{name}:${{{held}}}"))]);
            env.push((held, text));
        }
        Self::Command { program: "npx".to_owned(), args, env, risks }
    }
}

/// The last part of a document's name.
pub(super) fn short(document: &Document) -> String {
    let name = document.name().as_str();
    name.rsplit('/').next().unwrap_or(name).to_owned()
}

fn address(remote: &Remote, short: &str) -> Way {
    Way::Address {
        is_sse: remote.kind == "sse",
        url: Text::template(&remote.url, &remote.variables, short),
        headers: pairs(&remote.headers, short),
    }
}

fn pairs(given: &[KeyValue], short: &str) -> Vec<(String, Text)> {
    let pair = |it: &KeyValue| {
        let asked = variable(&[short, &it.name]);
        Some((it.name.clone(), value(it, short, &asked)?))
    };
    given.iter().filter_map(pair).collect()
}

fn value(given: &KeyValue, short: &str, asked: &str) -> Option<Text> {
    let name = if given.variables.is_empty() { asked } else { short };
    Text::of(&given.input, &given.variables, name)
}

/// The program that starts a package, and what stands before and after its name; nothing when no client has one.
fn starter(package: &Package) -> Option<(&'static str, Vec<String>, Option<&'static str>)> {
    let base = package.registry_base_url.as_deref().map(|base| base.trim_end_matches('/'));
    let plain = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    match package.registry_type.as_str() {
        "npm" => {
            let own = base.filter(|base| *base != "https://registry.npmjs.org");
            let mut words = plain(&["-y"]);
            words.extend(own.map(|base| format!("--registry={base}")));
            Some(("npx", words, None))
        }
        "pypi" => {
            let own = base.filter(|base| *base != "https://pypi.org");
            Some((
                "uvx",
                own.map(|base| format!("--default-index={base}/simple")).into_iter().collect(),
                None,
            ))
        }
        "oci" => Some(("docker", plain(&["run", "-i", "--rm"]), None)),
        "nuget" => Some(("dnx", Vec::new(), Some("--yes"))),
        _ => None,
    }
}

fn command(package: &Package, short: &str) -> Result<Way, InstallError> {
    let kind = package.registry_type.as_str();
    let Some((program, before, after)) = starter(package) else {
        return Err(InstallError::NoStarter {
            kind: kind.to_owned(),
            identifier: package.identifier.clone(),
        });
    };
    if package.transport.kind != "stdio" {
        return Err(InstallError::NotStdio { identifier: package.identifier.clone() });
    }
    let env: Vec<_> = package
        .environment_variables
        .iter()
        .filter_map(|it| Some((it.name.clone(), value(it, short, &it.name)?)))
        .collect();
    let mut args: Vec<Text> = before.into_iter().map(Text::plain).collect();
    if program == "docker" {
        for (name, _) in &env {
            args.extend([Text::plain("-e"), Text::plain(name)]);
        }
    }
    let given = arguments(&package.runtime_arguments, short);
    // What is said already is not said again, such as `-y`.
    let said: Vec<_> = args.clone();
    args.extend(given.into_iter().filter(|text| !said.contains(text)));
    let exact = match (&package.version, kind) {
        (Some(version), "npm" | "pypi" | "nuget") => format!("{}@{version}", package.identifier),
        _ => package.identifier.clone(),
    };
    let risks = risks(program, &args, &exact, package, &env);
    args.push(Text::plain(exact));
    args.extend(after.map(Text::plain));
    args.extend(arguments(&package.package_arguments, short));
    Ok(Way::Command { program: program.to_owned(), args, env, risks })
}

fn risks(program: &str, args: &[Text], exact: &str, package: &Package, env: &[(String, Text)]) -> Vec<Risk> {
    let words: Vec<_> = args.iter().map(|text| text.write(|asked| format!("<{}>", asked.name))).collect();
    let mut risks = match program {
        // The first word is `run`.
        "docker" => risk::of_docker(words.get(1..).unwrap_or_default(), exact),
        _ => risk::of_runner(program, &words, exact, &package.identifier),
    };
    let variables =
        env.iter().filter_map(|(name, text)| risk::of_variable(name, text.asked().next().is_none()));
    risks.extend(variables);
    risks
}

fn arguments(given: &[Argument], short: &str) -> Vec<Text> {
    let mut words = Vec::new();
    for argument in given {
        let hint = argument.value_hint.as_deref().or(argument.name.as_deref()).unwrap_or("argument");
        let asked = if argument.variables.is_empty() { variable(&[short, hint]) } else { short.to_owned() };
        let text = Text::of(&argument.input, &argument.variables, &asked);
        match (argument.kind.as_str(), &argument.name, text) {
            ("named", Some(name), Some(text)) => words.extend([Text::plain(name), text]),
            // A flag by itself; what is optional and has no value is left away.
            ("named", Some(name), None) if is_flag(argument) => words.push(Text::plain(name)),
            ("positional", _, Some(text)) => words.push(text),
            _ => {}
        }
    }
    words
}

/// Tells whether an argument says all by being there: nothing speaks of a value.
fn is_flag(argument: &Argument) -> bool {
    let Argument { value_hint, input, variables, .. } = argument;
    let spoken_of = [value_hint, &input.placeholder, &input.description].into_iter().any(Option::is_some);
    !spoken_of && input.choices.is_empty() && variables.is_empty()
}
