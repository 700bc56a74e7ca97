//! What one package file says, as far as a manifest is concerned.

use super::super::files::Files;
use super::super::node::{Node, Value};
use super::super::problem::{Place, Problem, Problems, shown};
use super::super::{inside, raw};
use crate::domain::ServerName;

/// A package found in the tree.
pub(super) struct Package {
    pub(super) place: Place,
    pub(super) runtime: &'static str,
    pub(super) fields: Vec<Given>,
    pub(super) programs: Programs,
    /// Command that builds it, and where it is named.
    pub(super) build: Option<(String, String)>,
}

/// A field with its value, and where that came from.
pub(super) struct Given {
    pub(super) path: &'static str,
    pub(super) node: Node,
    pub(super) from: String,
}

/// What of a package can be started.
pub(super) enum Programs {
    /// One, by name or by being alone.
    One { entry: String, from: String },
    /// Several, none of which stands out.
    Several { names: Vec<String>, from: String },
    /// None, and why.
    None(String),
}

/// Collects the fields of a package; what is unfit to be shown is left out with a notice.
pub(super) struct Collector<'a> {
    pub(super) place: Place,
    pub(super) fields: Vec<Given>,
    pub(super) problems: &'a mut Problems,
}

impl<'a> Collector<'a> {
    pub(super) fn new(place: Place, problems: &'a mut Problems) -> Self {
        Self { place, fields: Vec::new(), problems }
    }

    /// Adds a text, if there is one.
    pub(super) fn text(&mut self, path: &'static str, text: Option<&str>, from: &str) {
        let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else { return };
        if text.chars().any(|c| c.is_control() && !(path == "description" && matches!(c, '\n' | '\t'))) {
            self.leave_out(path, text, from);
            return;
        }
        self.add(path, Value::Text(text.to_owned()), from);
    }

    /// Adds a list of texts, if it holds any.
    pub(super) fn texts(&mut self, path: &'static str, texts: Vec<String>, from: &str) {
        let (fit, unfit): (Vec<_>, Vec<_>) =
            texts.into_iter().filter(|text| !text.is_empty()).partition(|t| !t.chars().any(char::is_control));
        if let Some(text) = unfit.first() {
            self.leave_out(path, text, from);
        }
        if !fit.is_empty() {
            let items = fit.into_iter().map(|text| Node::text(self.place.clone(), text)).collect();
            self.add(path, Value::List(items), from);
        }
    }

    /// Adds an address of the web, if there is one.
    pub(super) fn address(&mut self, path: &'static str, text: Option<&str>, from: &str) {
        let fit = |text: &&str| match path {
            "repository" => inside::repository(text).is_ok(),
            _ => inside::web_address(text).is_ok(),
        };
        match text.filter(|text| !text.is_empty()) {
            Some(text) if fit(&text) => self.text(path, Some(text), from),
            Some(text) => self.leave_out(path, text, from),
            None => {}
        }
    }

    /// Adds the name that is made from the name of the package.
    pub(super) fn name(&mut self, package: Option<&str>, from: &str) {
        let Some(package) = package else { return };
        match ServerName::derive(package) {
            Ok(name) => self.text("name", Some(name.as_str()), from),
            Err(_) => self.leave_out("name", package, from),
        }
    }

    fn add(&mut self, path: &'static str, value: Value, from: &str) {
        if self.fields.iter().all(|field| field.path != path) {
            let node = Node { place: self.place.clone(), value };
            let from = format!("{}: {from}", self.place.file);
            self.fields.push(Given { path, node, from });
        }
    }

    fn leave_out(&mut self, path: &str, text: &str, from: &str) {
        let message = format!("is not taken from `{from}`, which is `{}`", shown(text));
        self.problems.notice(self.place.problem(path, message).hint("set it in sigyl.yaml"));
    }
}

/// Reads a package file as text; reports why it cannot be read.
pub(super) fn text_of(files: &dyn Files, path: &str, problems: &mut Problems) -> Option<String> {
    let place = Place::file(path);
    let read = match files.read(path) {
        Ok(bytes) => raw::text_of(&place, &bytes?).map(str::to_owned),
        Err(why) => Err(Box::new(place.problem("", format!("cannot be read: {why}")))),
    };
    keep(read.map_err(|problem| *problem), problems)
}

/// Reads a TOML file; reports where it is wrong.
pub(super) fn toml_of(files: &dyn Files, path: &str, problems: &mut Problems) -> Option<toml::Table> {
    let text = text_of(files, path, problems)?;
    let parsed = toml::from_str(&text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let place = raw::place_after(&Place::file(path), before);
        place.problem("", format!("is not TOML: {}", shown(error.message())))
    });
    keep(parsed, problems)
}

/// Reports what is wrong and returns the rest.
pub(super) fn keep<T>(result: Result<T, Problem>, problems: &mut Problems) -> Option<T> {
    result.map_err(|problem| problems.error(problem)).ok()
}
