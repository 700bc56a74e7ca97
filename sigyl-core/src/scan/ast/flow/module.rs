//! Other files of the tree: what they give to those that name them.

use std::borrow::Cow;
use std::collections::HashMap;

use super::run::Flow;
use super::statement::function_value;
use super::value::{Object, Value};
use crate::scan::ast::form::{ALL, DEFAULT, FnId, GIVEN, Import, Word};

/// Files that hand on what they have from others, one behind the other.
pub(super) const STEPS: usize = 8;
/// What compilers wrap around another file, which changes nothing of what it gives.
const WRAPS: &[&str] = &[
    "__importDefault",
    "__importStar",
    "__toESM",
    "_interopRequireDefault",
    "_interopRequireWildcard",
    "interopDefault",
];

impl Flow<'_> {
    pub(super) fn import(&mut self, import: &Import) {
        let (given, local) = match import.local.strip_prefix(GIVEN) {
            Some(local) => (true, local),
            None => (false, &*import.local),
        };
        if local == ALL {
            return self.import_all(import, given);
        }
        let file = self.linked(&import.module);
        let inner = import.as_module().unwrap_or_default();
        let value = match (file, &import.name) {
            (Some(file), None) => module(file),
            (Some(file), Some(name)) => match self.exported(file, name, STEPS) {
                Some(value) => value,
                None => self.linked(&inner).map(module).unwrap_or_default(),
            },
            (None, None) => Value::path(super::effects::canonical(&import.module)),
            (None, Some(_)) => match self.linked(&inner) {
                Some(file) => module(file),
                None => match &*super::effects::canonical(&inner) {
                    "os.sep" | "path.sep" | "os.path.sep" => Value::text("/"),
                    path => Value::path(path),
                },
            },
        };
        self.bind(&import.local, value);
    }

    /// Binds every name of a file: `from a import *`, `export * from './a'`.
    fn import_all(&mut self, import: &Import, given: bool) {
        match self.linked(&import.module) {
            Some(file) => self.take_all(file, given),
            None => {
                let whole = self.whole();
                let module = super::effects::canonical(&import.module);
                self.stars.entry(whole).or_default().push(module);
            }
        }
    }

    /// Takes every name of a file, once: again it changes nothing that matters, and costs as much.
    fn take_all(&mut self, file: FnId, given: bool) {
        let whole = self.whole();
        if !self.taken.insert((whole, file, given)) {
            return;
        }
        self.load(file);
        // Python takes what `__all__` lists: what is not known to be listed replaces nothing.
        let listed = !given && self.finals.get(&file).is_some_and(|vars| vars.contains_key("__all__"));
        let vars = self.finals.get(&file).cloned().unwrap_or_default();
        let fields = self.fields_of(file);
        self.steps = self.steps.saturating_sub(own(&vars).count() + fields.len());
        for (name, value) in own(&vars).chain(fields.iter().map(|(name, value)| (Cow::Borrowed(name), value)))
        {
            if given {
                self.bind(&format!("{GIVEN}{name}").into(), value.clone());
                continue;
            }
            let stays = listed && self.state().vars.contains_key(&*name);
            if !stays && !name.starts_with('_') {
                self.bind(&name, value.clone());
            }
        }
    }

    /// Every name that a file gives.
    pub(super) fn all_of(&mut self, file: FnId) -> Vec<(Word, Value)> {
        let vars = self.finals.get(&file).cloned().unwrap_or_default();
        let fields = self.fields_of(file);
        let own = own(&vars).map(|(name, value)| (name.into_owned(), value.clone()));
        own.chain(fields).collect()
    }

    /// What is held by what a file gives as a whole.
    fn fields_of(&mut self, file: FnId) -> Vec<(Word, Value)> {
        self.default_of(file).and_then(|value| value.fields).map(|fields| fields.to_vec()).unwrap_or_default()
    }

    /// Returns what a name stands for that only a module gives of which all names were taken.
    pub(super) fn starred(&mut self, name: &Word) -> Option<Value> {
        if self.stars.is_empty() {
            return None;
        }
        let whole = self.whole();
        let modules = self.stars.get(&whole)?;
        let ways = modules.iter().map(|module| format!("{module}.{name}"));
        let known = |way: &String| super::sink::is_sink(way) || super::sink::is_process(way);
        ways.map(|way| super::effects::canonical(&way).to_string()).find(known).map(Value::path)
    }

    /// Returns the body of the file that runs.
    pub(super) fn whole(&mut self) -> FnId {
        let mut at = self.frame().function;
        while let Some(outer) = self.form.function(at).outer {
            at = outer;
        }
        at
    }

    /// Returns the file that the one which runs calls so.
    pub(super) fn linked(&mut self, name: &str) -> Option<FnId> {
        if self.links.is_empty() {
            return None;
        }
        let whole = self.whole();
        self.links.get(&(whole, name.into())).copied()
    }

    /// Returns the file that is loaded by what is called now.
    pub(super) fn loads(&mut self) -> Option<Value> {
        let file = *self.loads.get(&self.calling?)?;
        Some(module(file))
    }

    /// Runs a file that another names before its turn.
    fn load(&mut self, file: FnId) {
        let runs = self.frames.iter().any(|frame| frame.function == file);
        if !runs && !self.finals.contains_key(&file) {
            self.enter(file, None, Vec::new());
        }
    }

    /// Returns what a file gives under a name.
    pub(super) fn exported(&mut self, file: FnId, name: &Word, steps: usize) -> Option<Value> {
        let steps = steps.checked_sub(1)?;
        self.load(file);
        let vars = self.finals.get(&file).cloned().unwrap_or_default();
        let given = vars.get("module").and_then(|module| module.field("exports"));
        if let Some(Object::Module(inner)) = given.map(|given| &given.object)
            && *inner != file
        {
            return self.exported(*inner, name, steps);
        }
        let part = |value: Option<&Value>| value.and_then(|value| value.field(name)).cloned();
        if let Some(value) = part(given).or_else(|| part(vars.get("exports"))) {
            return Some(value);
        }
        if let Some(value) = vars.get(&*format!("{GIVEN}{name}")).or_else(|| vars.get(name)) {
            return Some(value.clone());
        }
        if &**name == DEFAULT {
            return Some(self.default_of(file).unwrap_or_else(|| module(file)));
        }
        if let Some(inner) = self.links.get(&(file, format!(".{name}").into())) {
            return Some(module(*inner));
        }
        match self.default_of(file) {
            // What is held by what it gives as a whole.
            Some(whole) if !matches!(whole.object, Object::Module(_)) => {
                let value = self.member(&whole, name);
                if !matches!(value.object, Object::Unknown) || value.fields.is_some() {
                    return Some(value);
                }
            }
            _ => {}
        }
        // A file that runs still has its functions already.
        let own = self.form.functions().find(|(_, one)| one.outer == Some(file) && one.name == *name);
        own.map(|(id, _)| function_value(id))
    }

    /// Returns what a file gives as a whole: `export default`, `module.exports =`.
    pub(super) fn default_of(&mut self, file: FnId) -> Option<Value> {
        self.load(file);
        let vars = self.finals.get(&file)?;
        let given = || vars.get("module").and_then(|module| module.field("exports"));
        vars.get(&*format!("{GIVEN}{DEFAULT}")).or_else(given).cloned()
    }

    /// Calls that load a file, or hand one on as it is.
    pub(super) fn file_call(&mut self, name: &Word, given: &super::call::Given) -> Option<Value> {
        if WRAPS.contains(&&**name) {
            let is_file = |value: &&Value| matches!(value.object, Object::Module(_) | Object::Path(_));
            return given.at(0).filter(is_file).cloned();
        }
        if &**name == "__exportStar" {
            if let Some(Object::Module(file)) = given.at(0).map(|value| &value.object) {
                self.take_all(*file, true);
            }
            return given.at(0).cloned();
        }
        // `import('./a').then((a) => …)`.
        let is_loaded = |base: &&Value| match &base.object {
            Object::Module(_) => true,
            Object::Path(path) => !path.ends_with(')') && base.taint.is_empty(),
            _ => false,
        };
        let file = given.base.as_ref().filter(is_loaded)?;
        match (&**name, given.at(0).map(|value| &value.object)) {
            ("then", Some(Object::Functions(functions))) => {
                let (file, function) = (file.clone(), *functions.first()?);
                Some(self.enter(function, None, vec![(None, file)]))
            }
            _ => None,
        }
    }
}

/// The names that a file defines itself, without the mark that some are given to others.
fn own(vars: &HashMap<Word, Value>) -> impl Iterator<Item = (Cow<'_, Word>, &Value)> {
    let own = vars.iter().filter(|(name, _)| !name.starts_with("__") && &***name != "module");
    own.map(|(name, value)| match name.strip_prefix(GIVEN) {
        Some(name) => (Cow::Owned(name.into()), value),
        None => (Cow::Borrowed(name), value),
    })
}

pub(super) fn module(file: FnId) -> Value {
    Value { object: Object::Module(file), ..Value::default() }
}
