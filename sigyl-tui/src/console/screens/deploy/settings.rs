//! What a server needs to know and asks to touch, as its manifest says it: lines of a form.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use sigyl_core::domain::{Permissions, SecretName, SecretValue, specimen};
use sigyl_core::manifest::Manifest;

use crate::console::widgets::{Fill, Line};

/// Lines that a form has at most.
const MOST: usize = 200;
/// Values that are chosen from, at most, and their letters together; of more, one is typed.
const CHOICES: (usize, usize) = (6, 36);

/// What a line gives to the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Gives {
    /// A plain setting.
    Env(SecretName),
    /// A secret.
    Secret(SecretName),
    /// A permission, as `kind=value`.
    Grant(String),
}

impl Gives {
    /// What it is known by when the manifest is read again.
    fn key(&self) -> (u8, &str) {
        match self {
            Self::Env(name) => (0, name.as_str()),
            Self::Secret(name) => (1, name.as_str()),
            Self::Grant(right) => (2, right),
        }
    }
}

/// One line.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    pub(super) gives: Gives,
    pub(super) line: Line,
}

/// All of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Settings {
    pub(super) lines: Vec<Setting>,
    /// What cannot be given here, and why.
    pub(super) notes: Vec<String>,
}

impl Settings {
    /// Lines of a manifest: first what has to be given. What was typed before stays.
    pub(super) fn of(manifest: &Manifest, before: &Self, env: &BTreeMap<String, String>) -> Self {
        let mut all = Self::default();
        all.secrets(manifest);
        all.schema(manifest);
        all.env(manifest);
        all.lines.sort_by_key(|setting| !setting.line.needed);
        all.grants(manifest);
        if all.lines.len() > MOST {
            all.notes.push(format!("{} further settings are not shown", all.lines.len() - MOST));
            all.lines.truncate(MOST);
        }
        for setting in &mut all.lines {
            let typed = before.lines.iter().find(|old| old.gives.key() == setting.gives.key());
            let known = match &setting.gives {
                Gives::Env(name) => env.get(name.as_str()).map(String::as_str),
                Gives::Secret(_) | Gives::Grant(_) => None,
            };
            if let Some(text) = typed.map(|old| old.line.text()).or(known) {
                setting.line.set(text);
            }
        }
        all
    }

    fn knows(&self, name: &str) -> bool {
        self.lines.iter().any(|setting| setting.gives.key().1 == name)
    }

    fn push(&mut self, gives: Gives, words: String, fill: Fill, needed: bool) {
        let line = Line::new(gives.key().1, words, fill, "").needed(needed);
        self.lines.push(Setting { gives, line });
    }

    fn secrets(&mut self, manifest: &Manifest) {
        for secret in &manifest.secrets {
            let words = secret.description.as_deref().map_or("a secret", sentence);
            let words = format!("{}; sealed, and never shown", specimen(words));
            self.push(Gives::Secret(secret.name.clone()), words, Fill::Hidden, secret.required);
        }
    }

    fn schema(&mut self, manifest: &Manifest) {
        let Some(schema) = &manifest.start.config_schema else { return };
        let required: BTreeSet<&str> = schema
            .get("required")
            .and_then(Value::as_array)
            .map(|names| names.iter().filter_map(Value::as_str).collect())
            .unwrap_or_default();
        for (name, schema) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            if self.knows(name) {
                continue;
            }
            let Ok(variable) = SecretName::parse(name) else {
                let name = specimen(&name.chars().take(60).collect::<String>());
                self.notes.push(format!(
                    "`{name}` of configSchema is no name of a variable: it cannot be given here"
                ));
                continue;
            };
            let given = manifest.env.get(name).cloned().or_else(|| schema.get("default").map(plain));
            let needed = required.contains(name.as_str()) && given.is_none();
            if is_secret(schema) {
                let words = format!("{}; sealed, and never shown", words(schema, None));
                self.push(Gives::Secret(variable), words, Fill::Hidden, needed);
            } else {
                let words = words(schema, given.as_deref());
                self.push(Gives::Env(variable), words, fill(schema), needed);
            }
        }
    }

    fn env(&mut self, manifest: &Manifest) {
        for (name, value) in &manifest.env {
            let Ok(variable) = SecretName::parse(name) else { continue };
            if !self.knows(name) {
                let words = format!("a plain setting; {} when empty", quoted(value));
                self.push(Gives::Env(variable), words, Fill::Text, false);
            }
        }
    }

    fn grants(&mut self, manifest: &Manifest) {
        for (kind, value) in manifest.permissions.iter() {
            let right = format!("{kind}={value}");
            if Permissions::default().grant(&right).is_ok() {
                let words = match kind {
                    "read" => "it asks to read this",
                    "write" => "it asks to change this",
                    "network" => "it asks to reach this",
                    _ => "it asks to run this",
                };
                self.push(Gives::Grant(right), words.to_owned(), Fill::Switch, false);
            } else {
                let right = specimen(&right);
                self.notes
                    .push(format!("it asks for {right}, which names no one place: that is never granted"));
            }
        }
    }

    /// What is wrong first: the line, and why. A secret that the server has already need not be given again.
    pub(super) fn check(
        &self,
        manifest: &Manifest,
        kept: &BTreeSet<SecretName>,
    ) -> Result<(), (usize, String)> {
        for (at, setting) in self.lines.iter().enumerate() {
            let name = match &setting.gives {
                Gives::Env(name) => name,
                Gives::Secret(name) if setting.line.text().is_empty() && kept.contains(name) => continue,
                Gives::Secret(name) => name,
                Gives::Grant(_) => continue,
            };
            if setting.line.text().is_empty() {
                match setting.line.needed {
                    true => return Err((at, format!("{name} is needed"))),
                    false => continue,
                }
            }
            let fit = manifest.fit(name, &SecretValue::new(setting.line.text().to_owned()));
            if let Some(fault) = fit.faults.first() {
                return Err((at, format!("{name}: {fault}")));
            }
        }
        Ok(())
    }
}

/// A value of JSON as a variable has it.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A sentence of a manifest, without what ends it: more is said after it.
fn sentence(text: &str) -> &str {
    text.trim().trim_end_matches('.')
}

fn quoted(value: &str) -> String {
    format!("`{}`", specimen(&value.chars().take(60).collect::<String>()))
}

/// Whether a schema says that nobody may see the value.
fn is_secret(schema: &Value) -> bool {
    let says = |word: &str, wanted: &str| schema.get(word).and_then(Value::as_str) == Some(wanted);
    says("format", "password") || schema.get("writeOnly") == Some(&Value::Bool(true))
}

fn words(schema: &Value, given: Option<&str>) -> String {
    let said = ["description", "title"].iter().find_map(|word| schema.get(word).and_then(Value::as_str));
    let kind = schema.get("type").and_then(Value::as_str).unwrap_or("text");
    let said = said.map_or_else(|| specimen(kind), |said| specimen(sentence(said)));
    given.map_or_else(|| said.clone(), |given| format!("{said}; {} when empty", quoted(given)))
}

fn fill(schema: &Value) -> Fill {
    if schema.get("type").and_then(Value::as_str) == Some("boolean") {
        return Fill::Choice(vec!["true".to_owned(), "false".to_owned()]);
    }
    let choices: Vec<String> = schema
        .get("enum")
        .and_then(Value::as_array)
        .map(|values| values.iter().map(plain).collect())
        .unwrap_or_default();
    let letters: usize = choices.iter().map(|choice| choice.chars().count() + 3).sum();
    match choices.is_empty() || choices.len() > CHOICES.0 || letters > CHOICES.1 {
        true => Fill::Text,
        false => Fill::Choice(choices),
    }
}
