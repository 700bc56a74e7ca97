//! What one configuration says: the servers of a client, and the switches that let them run unasked.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::jsonc::Broken;
use super::known::Scope;
use super::locate::{Located, servers};
use super::tree::{Node, Value};
use super::{jsonc, toml_tree, yaml_tree};
use crate::domain::Digest;

/// Bytes of a configuration that are read.
pub(crate) const BYTES: usize = 8 << 20;
/// Servers of one configuration that are looked at.
const SERVERS: usize = 1_000;

/// The servers that one file names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientConfig {
    /// The client, as far as the place tells.
    pub client: String,
    /// For whom it counts.
    pub scope: Scope,
    /// The file, as it is shown.
    pub path: String,
    /// Its servers, in order.
    pub servers: Vec<Entry>,
    /// Switches that let servers act without being asked, each with its line.
    pub switches: Vec<(String, u32)>,
    /// What could not be read.
    pub defects: Vec<Defect>,
}

/// Something that could not be read; its siblings were.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Defect {
    /// The line, from 1.
    pub line: u32,
    /// What is wrong.
    pub why: String,
}

/// One server, as a client is told to start or reach it. Its arguments, variables and headers may hold secrets:
/// [`Entry::shown`] writes it without.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// The line it is named on.
    pub line: u32,
    /// The project that it is for, if it is for one.
    pub project: Option<String>,
    /// The program.
    pub command: Option<String>,
    /// What it is given, each with its line.
    pub args: Vec<(String, u32)>,
    /// Its environment, each with its line. Values may be secrets: they are shown to nobody.
    pub env: BTreeMap<String, (String, u32)>,
    /// The address, with its line, when it is reached and not started.
    pub url: Option<(String, u32)>,
    /// What is sent with each request. Values may be secrets.
    pub headers: BTreeMap<String, (String, u32)>,
    /// Tools that the client calls without asking, with their line.
    pub unasked: Vec<(String, u32)>,
    /// Whether the client leaves it alone.
    pub disabled: bool,
}

/// What was accepted of one server: another command, address or set of variables is another server.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EntryPin {
    /// Its name.
    pub name: String,
    /// Digest of command, arguments, address and the names of variables and headers.
    pub sha256: Digest,
}

impl Entry {
    /// Pins how it is started or reached. Values of variables are not part of it: they may be secrets, and change.
    pub fn pin(&self) -> EntryPin {
        let args: Vec<&str> = self.args.iter().map(|(arg, _)| arg.as_str()).collect();
        let names = |of: &BTreeMap<String, (String, u32)>| of.keys().cloned().collect::<BTreeSet<_>>();
        let url = self.url.as_ref().map(|(url, _)| url.as_str());
        let parts = (&self.command, args, url, names(&self.env), names(&self.headers));
        // It holds only strings and lists, which always serialise.
        let sha256 = Digest::of(&serde_json::to_vec(&parts).unwrap_or_default());
        EntryPin { name: self.name.clone(), sha256 }
    }

    /// Writes how it is started or reached, without the secrets in it.
    pub fn shown(&self) -> String {
        super::secret::shown(self)
    }

    /// Returns the words of its command line.
    pub fn words(&self) -> Vec<&str> {
        let args = self.args.iter().map(|(arg, _)| arg.as_str());
        self.command.as_deref().into_iter().chain(args).collect()
    }
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.name, self.shown())
    }
}

impl ClientConfig {
    /// Reads one file; `client` and `scope` are what is known of it by its place.
    pub fn read(client: &str, scope: Scope, path: &str, text: &str) -> Self {
        let lines = Lines::of(text);
        let mut config = Self {
            client: client.to_owned(),
            scope,
            path: path.to_owned(),
            servers: Vec::new(),
            switches: Vec::new(),
            defects: Vec::new(),
        };
        if text.len() > BYTES {
            let why = format!("{} bytes; configurations up to {BYTES} bytes are read", text.len());
            config.defects.push(Defect { line: 1, why });
            return config;
        }
        let (root, broken) = tree(path, text);
        if let Some(broken) = broken {
            config.defects.push(Defect { line: lines.at(broken.at), why: broken.why });
        }
        let located = servers(&root);
        if located.len() > SERVERS {
            let why = format!("{} servers; the first {SERVERS} are looked at", located.len());
            config.defects.push(Defect { line: 1, why });
        }
        for located in located.into_iter().take(SERVERS) {
            match entry(&located, &lines) {
                Ok(entry) => config.servers.push(entry),
                Err(defect) => config.defects.push(defect),
            }
        }
        switches(&root, "", 0, &lines, &mut config.switches);
        config
    }
}

pub(super) fn tree(path: &str, text: &str) -> (Node, Option<Broken>) {
    let end = path.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    match end.as_str() {
        "toml" => toml_tree::read(text),
        "yaml" | "yml" => yaml_tree::read(text),
        _ => jsonc::read(text),
    }
}

fn entry(located: &Located<'_>, lines: &Lines) -> Result<Entry, Defect> {
    let line = lines.at(located.at);
    let name = &located.name;
    let wrong = |why: String| Defect { line, why: format!("server `{name}`: {why}") };
    let node = located.node;
    if !matches!(node.value, Value::Map(_)) {
        return Err(wrong(format!("it is {}, not a map", node.kind())));
    }
    // Zed wraps the command in a map.
    let inner = node.get(&["command"]).filter(|command| !command.members().is_empty());
    let of = |names: &[&str]| inner.and_then(|it| it.get(names)).or_else(|| node.get(names));
    let mut words = command(of(&["path", "command", "cmd"]).filter(|it| it.members().is_empty()), lines)
        .map_err(&wrong)?;
    match of(&["args", "arguments"]) {
        None => {}
        Some(args) if args.value == Value::Null => {}
        Some(args) => match &args.value {
            Value::List(items) => {
                for item in items {
                    let text =
                        item.plain().ok_or_else(|| wrong(format!("an argument is {}", item.kind())))?;
                    words.push((text, lines.at(item.at)));
                }
            }
            Value::Text(text) => words.extend(split(text).into_iter().map(|word| (word, lines.at(args.at)))),
            _ => return Err(wrong(format!("`args` is {}, not a list", args.kind()))),
        },
    }
    let address = of(&["url", "serverUrl", "httpUrl", "uri", "endpoint"]);
    let url = address.and_then(|it| it.text().map(|text| (plain_address(text), lines.at(it.at))));
    if words.is_empty() && url.is_none() {
        return Err(wrong("it has neither a command nor an address".to_owned()));
    }
    let mut words = words.into_iter();
    let flag = |names: &[&str]| of(names).and_then(Node::flag);
    Ok(Entry {
        name: name.clone(),
        line,
        project: located.project.map(str::to_owned),
        command: words.next().map(|(word, _)| word),
        args: words.collect(),
        env: pairs(of(&["env", "environment", "envs"]), lines),
        url,
        headers: pairs(of(&["headers", "requestInit", "http_headers"]), lines),
        unasked: unasked(node, lines),
        disabled: flag(&["disabled"]) == Some(true) || flag(&["enabled"]) == Some(false),
    })
}

/// Reads a command: one word, a list of them, or a line that holds its arguments too.
fn command(node: Option<&Node>, lines: &Lines) -> Result<Vec<(String, u32)>, String> {
    let Some(node) = node else { return Ok(Vec::new()) };
    let line = lines.at(node.at);
    match &node.value {
        Value::Text(text) if text.trim().is_empty() => Err("its command is empty".to_owned()),
        // A path may hold spaces; a program that is looked up does not.
        Value::Text(text) if text.contains(['/', '\\']) && !text.contains(" -") => {
            Ok(vec![(text.clone(), line)])
        }
        Value::Text(text) => Ok(split(text).into_iter().map(|word| (word, line)).collect()),
        Value::List(items) => {
            let word = |item: &Node| item.plain().map(|word| (word, lines.at(item.at)));
            items
                .iter()
                .map(word)
                .collect::<Option<Vec<_>>>()
                .ok_or("its command holds what is no text".to_owned())
        }
        Value::Null => Ok(Vec::new()),
        _ => Err(format!("its command is {}", node.kind())),
    }
}

/// Splits a line into words; quotes hold a word together.
fn split(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in line.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// Folds the ways to write the transport into the address.
fn plain_address(text: &str) -> String {
    for scheme in ["streamable-http", "sse+http", "http+sse"] {
        if let Some(rest) = text.strip_prefix(scheme) {
            return format!("http{rest}");
        }
    }
    text.to_owned()
}

fn pairs(node: Option<&Node>, lines: &Lines) -> BTreeMap<String, (String, u32)> {
    let members = node.map(Node::members).unwrap_or_default().iter();
    let inner = |(name, _, value): &(String, usize, Node)| match value.plain() {
        Some(text) => vec![(name.clone(), (text, lines.at(value.at)))],
        // `requestInit` wraps its headers once more.
        None => pairs(Some(value), lines).into_iter().collect(),
    };
    members.flat_map(inner).collect()
}

/// Reads which tools are called without asking.
fn unasked(node: &Node, lines: &Lines) -> Vec<(String, u32)> {
    let mut found = Vec::new();
    for (key, _, value) in node.members() {
        let is_list = matches!(key.as_str(), "alwaysAllow" | "autoApprove" | "auto_approve" | "autoAllow");
        if is_list {
            found.extend(value.items().iter().filter_map(|item| Some((item.plain()?, lines.at(item.at)))));
        }
        if value.flag() == Some(true) && (is_list || matches!(key.as_str(), "trust" | "trusted" | "autoRun"))
        {
            found.push(("*".to_owned(), lines.at(value.at)));
        }
    }
    found
}

/// Depth to which switches are looked for.
const SWITCH_DEPTH: usize = 6;

/// Finds switches that take the question away.
fn switches(node: &Node, path: &str, depth: usize, lines: &Lines, found: &mut Vec<(String, u32)>) {
    const ON: [&str; 6] = [
        "enableAllProjectMcpServers",
        "chat.tools.autoApprove",
        "chat.tools.global.autoApprove",
        "dangerouslySkipPermissions",
        "yolo",
        "autoAccept",
    ];
    if depth > SWITCH_DEPTH {
        return;
    }
    for (key, _, value) in node.members() {
        let here = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        let on = value.flag() == Some(true) && ON.contains(&key.as_str());
        let said = match key.as_str() {
            "defaultMode" => matches!(value.text(), Some("bypassPermissions")),
            "approval_policy" => value.text() == Some("never"),
            "sandbox_mode" => value.text() == Some("danger-full-access"),
            _ => false,
        };
        let all = matches!(key.as_str(), "allow" | "allowedTools" | "allowed-tools")
            && value
                .items()
                .iter()
                .any(|item| matches!(item.text(), Some("*" | "Bash" | "Bash(*)" | "Bash(*:*)" | "mcp__*")));
        if on || said || all {
            let told = value.plain().unwrap_or_else(|| "everything".to_owned());
            found.push((format!("{here}: {told}"), lines.at(value.at)));
        }
        switches(value, &here, depth + 1, lines, found);
    }
}

/// Where the lines of a text begin.
pub(super) struct Lines(Vec<usize>);

impl Lines {
    pub(super) fn of(text: &str) -> Self {
        Self(text.bytes().enumerate().filter(|&(_, byte)| byte == b'\n').map(|(at, _)| at).collect())
    }

    /// Returns the line of a byte, from 1.
    pub(super) fn at(&self, byte: usize) -> u32 {
        u32::try_from(self.0.partition_point(|end| *end < byte) + 1).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &str, text: &str) -> ClientConfig {
        ClientConfig::read("some", Scope::User, path, text)
    }

    fn told(config: &ClientConfig) -> Vec<String> {
        let one = |entry: &Entry| match &entry.url {
            Some((url, _)) => format!("{} {url}", entry.name),
            None => format!("{} {}", entry.name, entry.words().join(" ")),
        };
        config.servers.iter().map(one).collect()
    }

    #[test]
    fn every_shape_is_read() {
        for (path, text) in [
            ("a.json", r#"{"mcpServers": {"s": {"command": "npx", "args": ["-y", "p"]}}}"#),
            ("settings.json", r#"{"mcp": {"servers": {"s": {"command": "npx", "args": ["-y", "p"]}}}}"#),
            ("mcp.json", r#"{"inputs": [], "servers": {"s": {"type": "stdio", "command": "npx -y p"}}}"#),
            (".mcp.json", r#"{"s": {"command": "npx", "args": ["-y", "p"]}}"#),
            ("config.toml", "[mcp_servers.s]\ncommand = \"npx\"\nargs = [\"-y\", \"p\"]\n"),
            ("opencode.jsonc", r#"{"mcp": {"s": {"type": "local", "command": ["npx", "-y", "p"]}}} // c"#),
            (
                "settings.json",
                r#"{"context_servers": {"s": {"command": {"path": "npx", "args": ["-y", "p"]}}}}"#,
            ),
            (
                "config.json",
                r#"{"experimental": {"modelContextProtocolServers": [{"name": "s", "transport": {"type": "stdio", "command": "npx", "args": ["-y", "p"]}}]}}"#,
            ),
            (
                "config.toml",
                "[[mcp_servers]]\nname = \"s\"\ntransport = \"stdio\"\ncommand = \"npx\"\nargs = [\"-y\", \"p\"]\n",
            ),
            ("config.yaml", "mcpServers:\n  - name: s\n    command: npx\n    args: [-y, p]\n"),
            (
                ".claude.json",
                r#"{"projects": {"/w": {"mcpServers": {"s": {"command": "npx", "args": ["-y", "p"]}}}}}"#,
            ),
            ("settings.json", r#"{"amp.mcpServers": {"s": {"command": "npx", "args": ["-y", "p"]}}}"#),
            (
                "config.yaml",
                "extensions:\n  s: {name: s, type: stdio, cmd: npx, args: [-y, p], enabled: true}\n  developer: {type: builtin}\n",
            ),
        ] {
            let config = read(path, text);
            assert_eq!(
                (told(&config), &config.defects[..]),
                (vec!["s npx -y p".to_owned()], &[][..]),
                "{path} {text}"
            );
        }
        let remote = read(
            "a.json",
            r#"{"mcpServers": {"s": {"url": "streamable-https://a.example/mcp", "args": null}}}"#,
        );
        assert_eq!(told(&remote), ["s https://a.example/mcp"]);
    }

    #[test]
    fn valid_siblings_of_a_malformed_entry_are_kept_and_it_is_told() {
        let text = "{\"mcpServers\": {\n \"a\": {\"command\": \"x\"},\n \"b\": \"what\",\n \"c\": {\"args\": 5},\n \"d\": {},\n \"e\": {\"command\": \"y\"}}}";
        let config = read("a.json", text);
        assert_eq!(told(&config), ["a x", "e y"]);
        let lines: Vec<u32> = config.defects.iter().map(|defect| defect.line).collect();
        assert_eq!(lines, [3, 4, 5], "{:?}", config.defects);
        let broken =
            read("a.json", "{\"mcpServers\": {\n\"a\": {\"command\": \"x\"},\n\"b\": {\"command\": }");
        assert_eq!((told(&broken), broken.defects.len()), (vec!["a x".to_owned()], 2));
    }

    #[test]
    fn of_a_name_given_twice_what_counts_is_the_last_as_for_clients() {
        let text =
            r#"{"mcpServers": {"s": {"command": "echo", "args": ["hi"], "command": "sh", "args": ["x"]}}}"#;
        assert_eq!(told(&read("a.json", text)), ["s sh x"]);
        let maps = r#"{"mcpServers": {"a": {"command": "echo"}}, "mcpServers": {"b": {"command": "sh"}}}"#;
        assert_eq!(told(&read("a.json", maps)), ["b sh"]);
    }

    #[test]
    fn what_stands_in_yaml_is_told_with_its_line() {
        let text = "# mine\nmcpServers:\n  - name: s\n    command: npx\n    args: [-y,\n      p]\n";
        let config = read("config.yaml", text);
        let server = &config.servers[0];
        assert_eq!((server.line, &server.args[0].1, &server.args[1].1), (3, &5, &6));
    }

    #[test]
    fn a_pin_changes_with_the_command_and_not_with_a_secret() {
        let pin = |args: &str, value: &str| {
            let text = format!(
                r#"{{"mcpServers": {{"s": {{"command": "x", "args": [{args}], "env": {{"K": "{value}"}}}}}}}}"#
            );
            read("a.json", &text).servers[0].pin()
        };
        assert_eq!(pin("", "1"), pin("", "2"));
        assert_ne!(pin("", "1"), pin("\"-x\"", "1"));
    }

    #[test]
    fn what_takes_the_question_away_is_noted() {
        let text = "{\"enableAllProjectMcpServers\": true,\n\"permissions\": {\"defaultMode\": \"bypassPermissions\",\n\"allow\": [\"Bash(*)\"]},\n\"mcpServers\": {\"a\": {\"command\": \"x\", \"alwaysAllow\": [\"*\"], \"disabled\": true}}}";
        let config = read("settings.json", text);
        let told: Vec<(&str, u32)> =
            config.switches.iter().map(|(what, line)| (what.as_str(), *line)).collect();
        assert_eq!(
            told,
            [
                ("enableAllProjectMcpServers: true", 1),
                ("permissions.defaultMode: bypassPermissions", 2),
                ("permissions.allow: everything", 3)
            ]
        );
        assert_eq!(config.servers[0].unasked, [("*".to_owned(), 4)]);
        assert!(config.servers[0].disabled);
    }

    #[test]
    fn what_is_printed_of_an_entry_holds_no_secret() {
        let text = r#"{"mcpServers": {"s": {"command": "x", "args": ["--token", "q8Zk2mW9xLt4"], "env": {"API_KEY": "q8Zk2mW9xLt4"}}}}"#;
        let told = format!("{:?}", read("a.json", text));
        assert!(told.contains("x --token") && !told.contains("q8Zk2mW9xLt4"), "{told}");
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(300))]

        #[test]
        fn no_text_is_too_odd_to_be_read(
            text in r#"([{}\[\],:"'\\ \n=é/*#-]|mcpServers|command|args|env|url|https?://a:b@c|--token|true|5|npx){0,40}"#,
            end in "json|toml|yaml",
        ) {
            for text in [text.clone(), format!("{{\"mcpServers\": {{\"s\": {{\"command\": {text}")] {
                let config = read(&format!("a.{end}"), &text);
                config.servers.iter().for_each(|entry| drop((entry.shown(), entry.pin())));
            }
        }
    }
}
