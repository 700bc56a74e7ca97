//! The parts of a document that Sigyl understands. What is of another form than a part asks for is not there.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::place;

/// Where the source is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Repository {
    /// Address for people and for git.
    pub url: String,
    /// The forge, such as `github`.
    pub source: String,
    /// Folder of the server in it.
    pub subfolder: Option<String>,
}

/// A package that runs on the user's machine.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Package {
    /// `npm`, `pypi`, `oci`, `nuget`, `mcpb` or `cargo`.
    #[serde(alias = "registry_type")]
    pub registry_type: String,
    /// Where it is fetched from, when that is not the registry that everybody means.
    #[serde(default, alias = "registry_base_url")]
    pub registry_base_url: Option<String>,
    /// Its name there, or an address.
    pub identifier: String,
    /// Its version.
    #[serde(default)]
    pub version: Option<String>,
    /// The digest of its file.
    #[serde(default, alias = "file_sha256")]
    pub file_sha256: Option<String>,
    /// The program that runs it, such as `npx`.
    #[serde(default, alias = "runtime_hint")]
    pub runtime_hint: Option<String>,
    /// How it is spoken to.
    #[serde(default)]
    pub transport: Transport,
    /// Arguments of the program that runs it.
    #[serde(default, alias = "runtime_arguments")]
    pub runtime_arguments: Vec<Argument>,
    /// Arguments of the package itself.
    #[serde(default, alias = "package_arguments")]
    pub package_arguments: Vec<Argument>,
    /// Its environment.
    #[serde(default, alias = "environment_variables")]
    pub environment_variables: Vec<KeyValue>,
}

impl Package {
    /// Tells whether it is fetched from the registry that everybody means by its type.
    pub fn is_usual(&self) -> bool {
        let public = |base: &String| place::public(base).is_some_and(|kind| kind.name == self.registry_type);
        self.registry_base_url.as_ref().is_none_or(public)
    }
}

/// How a package is spoken to.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Transport {
    /// `stdio`, `streamable-http` or `sse`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Address, with `{templates}`.
    #[serde(default)]
    pub url: Option<String>,
    /// Headers to send.
    #[serde(default)]
    pub headers: Vec<KeyValue>,
}

impl Default for Transport {
    fn default() -> Self {
        Self { kind: "stdio".to_owned(), url: None, headers: Vec::new() }
    }
}

/// A server that runs somewhere else.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Remote {
    /// `streamable-http` or `sse`.
    #[serde(rename = "type", alias = "transport_type")]
    pub kind: String,
    /// Its address, with `{templates}`.
    pub url: String,
    /// Headers to send.
    #[serde(default)]
    pub headers: Vec<KeyValue>,
    /// What the templates stand for.
    #[serde(default)]
    pub variables: BTreeMap<String, Input>,
}

/// Something that a user gives, or a publisher has given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Input {
    /// What it is.
    pub description: Option<String>,
    /// Whether the server cannot do without.
    #[serde(alias = "is_required")]
    pub is_required: bool,
    /// Whether it must not be shown or kept in the clear.
    #[serde(alias = "is_secret")]
    pub is_secret: bool,
    /// What it is for good; a user may not change it.
    pub value: Option<String>,
    /// What it is unless the user says otherwise.
    pub default: Option<String>,
    /// What to show in an empty field.
    pub placeholder: Option<String>,
    /// What it may be; anything when there is none.
    pub choices: Vec<String>,
}

/// An input with a name, and templates in its value.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct KeyValue {
    /// Name of the header or variable.
    pub name: String,
    /// What it is.
    #[serde(flatten)]
    pub input: Input,
    /// What `{templates}` in its value stand for.
    #[serde(default)]
    pub variables: BTreeMap<String, Input>,
}

/// An argument of a command line.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Argument {
    /// `positional` or `named`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The flag of a named one, dashes and all.
    #[serde(default)]
    pub name: Option<String>,
    /// What a positional one is called.
    #[serde(default, alias = "value_hint")]
    pub value_hint: Option<String>,
    /// What it is.
    #[serde(flatten)]
    pub input: Input,
    /// What `{templates}` in its value stand for.
    #[serde(default)]
    pub variables: BTreeMap<String, Input>,
}

/// Most items of a list that are read.
pub(super) const MOST: usize = 200;

/// Reads each item of a list that has the form of a part, with its place.
pub(super) fn list<T: DeserializeOwned>(members: &Map<String, Value>, name: &str) -> Vec<(usize, T)> {
    let items = members.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let read = |(at, item): (usize, &Value)| Some((at, T::deserialize(item).ok()?));
    items.iter().take(MOST).enumerate().filter_map(read).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn parts_are_read_in_both_spellings_that_schemas_had() {
        let old = json!({"packages": [{
            "registry_type": "npm", "identifier": "x", "version": "1.0.0", "runtime_hint": "npx",
            "environment_variables": [{"name": "KEY", "is_secret": true, "is_required": true}],
            "package_arguments": [{"type": "positional", "value_hint": "dir"}],
        }]});
        let new = json!({"packages": [{
            "registryType": "npm", "identifier": "x", "version": "1.0.0", "runtimeHint": "npx",
            "transport": {"type": "stdio"},
            "environmentVariables": [{"name": "KEY", "isSecret": true, "isRequired": true}],
            "packageArguments": [{"type": "positional", "valueHint": "dir"}],
        }]});
        let read = |value: &Value| list::<Package>(value.as_object().unwrap(), "packages");
        assert_eq!(read(&old), read(&new));
        let (_, package) = &read(&new)[0];
        assert!(package.environment_variables[0].input.is_secret);
        assert_eq!(package.package_arguments[0].value_hint.as_deref(), Some("dir"));
    }

    #[test]
    fn what_has_another_form_is_left_out() {
        let odd = json!({"packages": [1, {"identifier": 2}, {"registryType": "npm", "identifier": "x"}], "remotes": "x"});
        let members = odd.as_object().unwrap();
        let read = list::<Package>(members, "packages");
        assert_eq!((read.len(), read[0].0), (1, 2));
        assert!(list::<Remote>(members, "remotes").is_empty());
    }
}
