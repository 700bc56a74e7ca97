//! Turns joined values into a [`Manifest`]: every value checked, every problem reported.

use std::collections::BTreeMap;
use std::fmt::Display;

use crate::domain::{Resources, SecretName, ServerName, Transport, Version};

use super::model::{Build, Health, Manifest, Runtime, Start};
use super::node::{Node, Value};
use super::problem::{Place, Problem, Problems, shown};
use super::{declared, inside, quantity, words};

/// Checks everything; returns nothing when a problem was reported.
pub(super) fn check(root: &Node, file: &Place, problems: &mut Problems) -> Option<Manifest> {
    let mut checker = Checker { root, file, problems };
    let manifest = checker.manifest();
    manifest.filter(|_| !problems.has_errors())
}

/// The joined values, and where problems go.
pub(super) struct Checker<'a> {
    pub(super) root: &'a Node,
    pub(super) file: &'a Place,
    pub(super) problems: &'a mut Problems,
}

impl Checker<'_> {
    fn manifest(&mut self) -> Option<Manifest> {
        let name = self.required("name", "give it one, such as `name: clock`");
        let runtime = self.required("runtime", "name what it needs to run, such as `runtime: node`");
        let transport = self.required("startCommand.type", "write stdio or http");
        let name = self.name().filter(|_| name);
        let runtime = self.word("runtime").filter(|_| runtime);
        let transport = transport.then(|| self.transport()).flatten();
        let build = self.build(runtime);
        let start = self.start(runtime, transport);
        let health = self.health(start.as_ref());
        let env = self.env();
        let secrets = declared::secrets(self, &env);
        let tools = declared::tools(self);
        let permissions = declared::permissions(self);
        let resources = self.resources();
        let version = self.parsed("version", Version::parse);
        let repository = self.parsed("repository", inside::repository);
        let homepage = self.parsed("homepage", inside::web_address);
        let icon = self.parsed("icon", inside::web_address);
        Some(Manifest {
            name: name?,
            title: self.text("title"),
            description: self.text("description"),
            version,
            tags: self.texts("tags"),
            category: self.text("category"),
            license: self.text("license"),
            repository,
            homepage,
            authors: self.texts("authors"),
            icon,
            runtime: runtime?,
            language: self.text("language"),
            build,
            start: start?,
            env,
            secrets,
            tools,
            permissions,
            resources,
            health,
            oauth: self.root.find("oauth").map(Node::to_json),
            security: self.root.find("security").map(Node::to_json),
        })
    }

    fn name(&mut self) -> Option<ServerName> {
        let text = self.text("name")?;
        match ServerName::parse(&text) {
            Ok(name) => Some(name),
            Err(error) => {
                let hint = ServerName::derive(&text).map(|near| format!("write `{near}`, for example"));
                self.wrong("name", format!("is wrong: {error}"), &hint.unwrap_or_default());
                None
            }
        }
    }

    fn required(&mut self, path: &str, hint: &str) -> bool {
        let found = self.root.find(path).is_some();
        if !found {
            self.problems.error(self.file.problem(path, "is missing").hint(hint));
        }
        found
    }

    /// Reports a problem with the value under a path.
    pub(super) fn wrong(&mut self, path: &str, message: impl Into<String>, hint: &str) {
        let place = self.root.find(path).map_or(self.file, |node| &node.place);
        let problem = place.problem(path, message);
        self.error(problem, hint);
    }

    /// Reports a problem, with a hint if there is one.
    pub(super) fn error(&mut self, problem: Problem, hint: &str) {
        self.problems.error(if hint.is_empty() { problem } else { problem.hint(hint) });
    }

    pub(super) fn text(&self, path: &str) -> Option<String> {
        self.root.find(path).and_then(Node::as_text).map(str::to_owned)
    }

    pub(super) fn texts(&self, path: &str) -> Vec<String> {
        let items = self.root.find(path).map_or(&[][..], Node::items);
        items.iter().filter_map(Node::as_text).map(str::to_owned).collect()
    }

    fn parsed<T, E: Display>(&mut self, path: &str, parse: impl Fn(&str) -> Result<T, E>) -> Option<T> {
        let text = self.text(path)?;
        match parse(&text) {
            Ok(value) => Some(value),
            Err(error) => {
                self.wrong(path, format!("is wrong: {error}"), "");
                None
            }
        }
    }

    fn word<T: serde::de::DeserializeOwned>(&self, path: &str) -> Option<T> {
        // The form was checked: the word is one of the known ones, or was reported.
        serde_json::from_value(self.text(path)?.into()).ok()
    }

    fn whole<T: TryFrom<u64>>(&self, path: &str) -> Option<T> {
        match &self.root.find(path)?.value {
            // The form was checked: the number is within bounds that fit, or was reported.
            Value::Number(number, _) => number.as_u64().and_then(|whole| T::try_from(whole).ok()),
            _ => None,
        }
    }

    fn quantity<T>(&mut self, path: &str, read: fn(&Node) -> Option<T>, hint: &str) -> Option<T> {
        let node = self.root.find(path).filter(|node| node.value != Value::Wrong)?;
        let value = read(node);
        if value.is_none() {
            let written = match &node.value {
                Value::Text(text) | Value::Number(_, text) => shown(text),
                _ => String::new(),
            };
            self.wrong(path, format!("cannot be `{written}`"), hint);
        }
        value
    }

    fn transport(&mut self) -> Option<Transport> {
        let port = self.whole("startCommand.port");
        let path = self.text("startCommand.path");
        if self.text("startCommand.type")? == "stdio" {
            for field in ["startCommand.port", "startCommand.path"] {
                if self.root.find(field).is_some() {
                    self.wrong(field, "is for `type: http` only", "remove it, or write `type: http`");
                }
            }
            return Some(Transport::Stdio);
        }
        let path = path.unwrap_or_else(|| "/mcp".to_owned());
        self.http_path("startCommand.path", &path);
        Some(Transport::Http { path, port })
    }

    fn http_path(&mut self, field: &str, path: &str) {
        let plain = |b: u8| b.is_ascii_graphic() && !b"?#\\\"<>".contains(&b);
        if !path.starts_with('/') || !path.bytes().all(plain) {
            self.wrong(field, format!("cannot be `{}`", shown(path)), "write a path such as /mcp");
        }
    }

    fn build(&mut self, runtime: Option<Runtime>) -> Build {
        let command = self.text("build.command").and_then(|line| match words::split(&line) {
            Ok(words) => Some(words),
            Err(error) => {
                self.wrong("build.command", error.to_string(), "put it in a script and name the script");
                None
            }
        });
        for path in ["build.dockerfile", "build.context"] {
            if self.root.find(path).is_some() && runtime.is_some_and(|is| is != Runtime::Container) {
                self.wrong(path, "is for `runtime: container` only", "remove it, or change the runtime");
            }
        }
        let mut tree_path = |path| {
            let text = self.text(path);
            text.and_then(|text| self.inside_tree(path, &text))
        };
        Build {
            command,
            output_dir: tree_path("build.outputDir"),
            dockerfile: tree_path("build.dockerfile"),
            context: tree_path("build.context"),
        }
    }

    fn inside_tree(&mut self, path: &str, text: &str) -> Option<String> {
        let inside = inside::tree_path(text);
        if inside.is_none() {
            let message = format!("leaves the tree: `{}`", shown(text));
            self.wrong(path, message, "write a path inside the folder of the server, with `/`");
        }
        inside
    }

    fn start(&mut self, runtime: Option<Runtime>, transport: Option<Transport>) -> Option<Start> {
        let command = self.text("startCommand.command").and_then(|text| self.program(&text));
        let entry_point = self.text("entryPoint").and_then(|text| self.entry_point(runtime, &text));
        let named =
            self.root.find("startCommand.command").is_some() || self.root.find("entryPoint").is_some();
        if !named && runtime.is_some_and(|runtime| runtime != Runtime::Container) {
            let problem = self.file.problem("entryPoint", "is missing");
            self.error(problem, "name what is run, or the program in `startCommand.command`");
        }
        Some(Start {
            transport: transport?,
            command,
            args: self.texts("startCommand.args"),
            entry_point,
            config_schema: self.root.find("startCommand.configSchema").map(Node::to_json),
            example_config: self.root.find("startCommand.exampleConfig").map(Node::to_json),
        })
    }

    fn program(&mut self, text: &str) -> Option<String> {
        const FIELD: &str = "startCommand.command";
        if text.contains(char::is_whitespace) {
            let message = format!("holds a blank: `{}`", shown(text));
            self.wrong(FIELD, message, "name the program alone, and its arguments in `startCommand.args`");
            return None;
        }
        if text.contains('/') && !text.starts_with('/') {
            self.inside_tree(FIELD, text)?;
        }
        Some(text.to_owned())
    }

    fn entry_point(&mut self, runtime: Option<Runtime>, text: &str) -> Option<String> {
        let hint = match runtime {
            Some(Runtime::Python) | None if inside::is_python_entry(text) => return Some(text.to_owned()),
            Some(Runtime::Rust) if inside::is_program_name(text) => return Some(text.to_owned()),
            Some(Runtime::Rust) => "write the name of the binary",
            Some(Runtime::Python) => "write a file, or `module:function`",
            _ => "write a file inside the folder of the server, with `/`",
        };
        let path = inside::tree_path(text).filter(|_| runtime != Some(Runtime::Rust));
        if path.is_none() {
            self.wrong("entryPoint", format!("cannot be `{}`", shown(text)), hint);
        }
        path
    }

    fn env(&mut self) -> BTreeMap<String, String> {
        let mut env = BTreeMap::new();
        for entry in self.root.find("env").map_or(&[][..], Node::entries) {
            if let Err(error) = SecretName::parse(&entry.key) {
                let problem =
                    entry.place.problem(&format!("env.{}", entry.key), format!("is wrong: {error}"));
                self.error(problem, "");
            }
            if let Some(text) = entry.node.as_text() {
                env.insert(entry.key.clone(), text.to_owned());
            }
        }
        env
    }

    fn resources(&mut self) -> Resources {
        let resources = Resources {
            cpu: self.quantity("resources.cpu", quantity::cpu, quantity::CPU),
            memory: self.quantity("resources.memory", quantity::memory, quantity::MEMORY),
            concurrency: self.whole("resources.concurrency"),
            timeout: self.quantity("resources.timeout", quantity::seconds, quantity::SECONDS),
            min_instances: self.whole("resources.minInstances"),
            max_instances: self.whole("resources.maxInstances"),
        };
        if let (Some(least), Some(most)) = (resources.min_instances, resources.max_instances)
            && least > most
        {
            let message = format!("is {least}, more than `maxInstances`, which is {most}");
            self.wrong("resources.minInstances", message, "lower it, or raise the other");
        }
        resources
    }

    fn health(&mut self, start: Option<&Start>) -> Health {
        let path = self.text("health.path");
        if let Some(path) = &path {
            self.http_path("health.path", path);
            if start.is_some_and(|start| start.transport == Transport::Stdio) {
                self.wrong("health.path", "is for `type: http` only", "remove it");
            }
        }
        Health {
            path,
            interval: self.quantity("health.interval", quantity::seconds, quantity::SECONDS),
            timeout: self.quantity("health.timeout", quantity::seconds, quantity::SECONDS),
        }
    }
}
