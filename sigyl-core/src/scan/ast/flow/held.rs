//! What holds something: open files, instances, lists and records that grow.

use std::rc::Rc;

use super::call::Given;
use super::effects::is_credential;
use super::run::Flow;
use super::value::{Entry, Object, Source, Value};

/// What an open file is remembered by: where it stands.
pub(super) const PLACE: &str = "(place)";

impl Flow<'_> {
    /// What an instance holds, as a record.
    pub(super) fn held_by(&self, instance: &Value) -> Value {
        let mut value = Value { fields: Some(Rc::default()), ..Value::default() };
        if let Object::Instance(class) = instance.object {
            let held = self.attributes.get(&class).into_iter().flatten();
            let mut held = held.collect::<Vec<_>>();
            held.sort_by(|one, other| one.0.cmp(other.0));
            held.into_iter().for_each(|(name, part)| value.set(name, part.clone()));
        }
        value
    }

    pub(super) fn file(&mut self, path: Option<&Value>) -> Value {
        let secret = path.is_some_and(|path| path.shapes.iter().any(|shape| is_credential(shape)));
        let mut value = Value::path("open()");
        if let Some(place) = path {
            value.set(PLACE, place.clone());
        }
        if secret {
            let origin = self.origins.add("a file of credentials".into());
            value.taint.push(Entry { source: Source::Credential, origin, bits: 0 });
        }
        value
    }

    /// A list that something was added to.
    pub(super) fn grown(&mut self, name: &str, given: &Given) -> Option<Value> {
        let mut base = given.base.clone()?;
        for (_, value) in &given.args {
            match &value.items {
                Some(items) if name == "extend" => items.iter().for_each(|item| base.push(item.clone())),
                _ => base.push(value.clone()),
            }
        }
        self.changed = Some(base.clone());
        Some(base)
    }

    /// A record that something was set in.
    pub(super) fn updated(&mut self, given: &Given) -> Option<Value> {
        let mut base = given.base.clone()?;
        for (_, value) in &given.args {
            base.absorb(&value.taint);
            for (name, part) in value.fields.iter().flat_map(|fields| fields.iter()) {
                base.set(name, part.clone());
            }
        }
        if let (Some(key), Some(value)) = (given.at(0).and_then(Value::known), given.at(1)) {
            base.set(key, value.clone());
        }
        self.changed = Some(base.clone());
        Some(base)
    }
}

/// Tells whether a value is a path that can be opened itself.
pub(super) fn is_path_object(value: &Value) -> bool {
    !value.shapes.is_empty() || value.is_path().is_some_and(|path| path.starts_with("pathlib."))
}
