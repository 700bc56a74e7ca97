//! Walks two definitions of one thing side by side and writes down each field that differs.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::words;
use crate::domain::{Entity, FieldChange, Gravity, Pin};
use crate::scan::evidence::Masker;

/// Bytes of the path of a field: the beginning is what is shown of it.
const PATH: usize = 600;
/// Depth to which definitions are compared.
pub(super) const DEPTH: usize = 64;
/// Fields of one thing that are listed; more are counted, and the gravest stay.
const FIELDS: usize = 50;
/// Bytes before a difference that are shown with it.
const BEFORE: usize = 40;

/// What differs between two definitions.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    masker: &'a Masker,
    changes: Vec<FieldChange>,
    unlisted: usize,
    gravity: Gravity,
}

impl<'a> Fields<'a> {
    pub(super) fn new(masker: &'a Masker) -> Self {
        Self { masker, changes: Vec::new(), unlisted: 0, gravity: Gravity::Inform }
    }

    pub(super) fn gravity(&self) -> Gravity {
        self.gravity
    }

    pub(super) fn unlisted(&self) -> usize {
        self.unlisted
    }

    pub(super) fn finish(mut self) -> Vec<FieldChange> {
        self.changes.sort_by_key(|change| std::cmp::Reverse(change.gravity));
        self.changes
    }

    /// Judges the texts of something that was not there before.
    pub(super) fn whole(&mut self, pin: &Pin) {
        match &pin.definition {
            Value::Object(members) => {
                // A resource is its address.
                let texts = members.iter().filter(|(key, _)| !matches!(key.as_str(), "name" | "uri"));
                texts.for_each(|(key, value)| self.new_texts(key, value, 0));
            }
            other => self.new_texts(&pin.entity.to_string(), other, 0),
        }
        // That it is new is said once; its harmless texts are no further difference.
        self.changes.retain(|change| change.gravity > Gravity::Inform);
    }

    /// Compares two definitions of one thing.
    pub(super) fn compare(&mut self, entity: Entity, old: &Value, new: &Value) {
        let (Value::Object(old), Value::Object(new)) = (old, new) else {
            return self.value(&entity.to_string(), Some(old), Some(new), 0);
        };
        for key in keys(old, new) {
            let (was, is) = (old.get(key), new.get(key));
            match key {
                "inputSchema" => self.schema(key, was, is, true, 0),
                "outputSchema" => self.schema(key, was, is, false, 0),
                "annotations" => self.annotations(was, is),
                "arguments" if entity == Entity::Prompt => self.arguments(was, is),
                _ => self.value(key, was, is, 0),
            }
        }
    }

    /// Writes down one difference.
    pub(super) fn note(
        &mut self,
        field: &str,
        what: &str,
        was: Option<&Value>,
        is: Option<&Value>,
        gravity: Gravity,
    ) {
        self.gravity = self.gravity.max(gravity);
        let place = match self.changes.len() < FIELDS {
            true => None,
            false => {
                self.unlisted += 1;
                match self.changes.iter_mut().min_by_key(|change| change.gravity) {
                    Some(mildest) if mildest.gravity < gravity => Some(mildest),
                    _ => return,
                }
            }
        };
        let from = common(was, is);
        let change = FieldChange {
            field: crate::scan::evidence::bounded(field),
            what: what.to_owned(),
            was: was.map(|value| shown(self.masker, value, from)),
            is: is.map(|value| shown(self.masker, value, from)),
            gravity,
        };
        match place {
            Some(place) => *place = change,
            None => self.changes.push(change),
        }
    }

    /// Compares two values that are no schema: their texts are what matters.
    pub(super) fn value(&mut self, field: &str, was: Option<&Value>, is: Option<&Value>, depth: usize) {
        if depth > DEPTH {
            return self.too_deep(field);
        }
        match (was, is) {
            (Some(Value::Object(old)), Some(Value::Object(new))) => {
                for key in keys(old, new) {
                    self.value(
                        &part_of(field, format_args!(".{key}")),
                        old.get(key),
                        new.get(key),
                        depth + 1,
                    );
                }
            }
            (Some(Value::Array(old)), Some(Value::Array(new))) => self.list(field, old, new, depth),
            (Some(Value::String(old)), Some(Value::String(new))) => self.text(field, old, new),
            (_, None) => self.note(field, "removed", was, None, Gravity::Inform),
            (_, Some(new)) => {
                self.note(field, "other value", was, is, Gravity::Inform);
                self.new_texts(field, new, depth);
            }
        }
    }

    fn list(&mut self, field: &str, old: &[Value], new: &[Value], depth: usize) {
        for at in 0..old.len().max(new.len()) {
            let (was, is) = (old.get(at), new.get(at));
            if was != is {
                self.value(&part_of(field, format_args!("[{at}]")), was, is, depth + 1);
            }
        }
    }

    /// Compares two texts that a model reads.
    pub(super) fn text(&mut self, field: &str, was: &str, is: &str) {
        let (what, gravity) = words::judge(was, is);
        let value = |text: &str| (!text.is_empty()).then(|| Value::from(text));
        self.note(field, what, value(was).as_ref(), value(is).as_ref(), gravity);
    }

    /// Judges every text of what was not there before.
    pub(super) fn new_texts(&mut self, field: &str, value: &Value, depth: usize) {
        if depth > DEPTH {
            return self.too_deep(field);
        }
        match value {
            Value::String(text) => self.new_text(field, text),
            Value::Array(items) => {
                for (at, item) in items.iter().enumerate() {
                    self.new_texts(&part_of(field, format_args!("[{at}]")), item, depth + 1);
                }
            }
            Value::Object(members) => {
                for (key, value) in members.iter().filter(|(key, _)| *key != "$schema") {
                    self.new_texts(&part_of(field, format_args!(".{key}")), value, depth + 1);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn new_text(&mut self, field: &str, text: &str) {
        let (what, gravity) = words::judge("", text);
        if gravity > Gravity::Inform {
            self.note(field, what, None, Some(&Value::from(text)), gravity);
        }
    }

    pub(super) fn too_deep(&mut self, field: &str) {
        let what = format!("deeper than {DEPTH} levels, not compared");
        self.note(field, &what, None, None, Gravity::Hold);
    }

    fn annotations(&mut self, was: Option<&Value>, is: Option<&Value>) {
        // What a hint means where it is absent, as the protocol defines it.
        const HINTS: [(&str, bool); 4] = [
            ("readOnlyHint", false),
            ("destructiveHint", true),
            ("idempotentHint", false),
            ("openWorldHint", true),
        ];
        let none = Map::new();
        let members = |value: Option<&'_ Value>| value.and_then(Value::as_object).cloned();
        let (old, new) = (members(was).unwrap_or(none.clone()), members(is).unwrap_or(none));
        for key in keys(&old, &new) {
            let field = format!("annotations.{key}");
            let (was, is) = (old.get(key), new.get(key));
            let Some((_, absent)) = HINTS.iter().find(|(hint, _)| *hint == key) else {
                self.value(&field, was, is, 1);
                continue;
            };
            let means = |value: Option<&Value>| value.and_then(Value::as_bool).unwrap_or(*absent);
            let flipped = means(was) != means(is);
            let gravity = match flipped && key != "idempotentHint" {
                true => Gravity::Hold,
                false => Gravity::Inform,
            };
            self.note(&field, if flipped { "flipped" } else { "said otherwise" }, was, is, gravity);
        }
    }

    /// Compares the arguments of a prompt, each by its name.
    fn arguments(&mut self, was: Option<&Value>, is: Option<&Value>) {
        let list = |value: Option<&'_ Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
        let (old, new) = (list(was), list(is));
        let (known, now) = (by_name(&old), by_name(&new));
        for argument in &new {
            let field = format!("arguments.{}", name(argument).unwrap_or_default());
            match known.get(&name(argument)) {
                None => {
                    self.note(&field, "new argument", None, Some(argument), Gravity::Hold);
                    self.new_texts(&field, argument, 1);
                }
                Some(known) if *known != argument => {
                    self.value(&field, Some(known), Some(argument), 1);
                }
                Some(_) => {}
            }
        }
        for argument in old.iter().filter(|known| !now.contains_key(&name(known))) {
            let field = format!("arguments.{}", name(argument).unwrap_or_default());
            self.note(&field, "removed", Some(argument), None, Gravity::Inform);
        }
        if self.changes.is_empty() {
            self.note("arguments", "other value", was, is, Gravity::Inform);
        }
    }
}

fn name(argument: &Value) -> Option<&str> {
    argument.get("name").and_then(Value::as_str)
}

/// The first argument of each name.
fn by_name(arguments: &[Value]) -> HashMap<Option<&str>, &Value> {
    arguments.iter().rev().map(|argument| (name(argument), argument)).collect()
}

/// Makes the path of a part of a field. A long name is not written out for each of its parts.
pub(super) fn part_of(field: &str, part: std::fmt::Arguments<'_>) -> String {
    let mut path = format!("{}{part}", &field[..field.floor_char_boundary(PATH)]);
    path.truncate(path.floor_char_boundary(PATH));
    path
}

/// Returns the keys of both whose values differ, in order.
pub(super) fn keys<'m>(old: &'m Map<String, Value>, new: &'m Map<String, Value>) -> Vec<&'m str> {
    let mut keys: Vec<&str> = old.keys().chain(new.keys()).map(String::as_str).collect();
    keys.sort_unstable();
    keys.dedup();
    keys.retain(|key| old.get(*key) != new.get(*key));
    keys
}

/// Counts the bytes that two texts begin with alike.
fn common(was: Option<&Value>, is: Option<&Value>) -> usize {
    match (was, is) {
        (Some(Value::String(was)), Some(Value::String(is))) => {
            was.bytes().zip(is.bytes()).take_while(|(one, other)| one == other).count()
        }
        _ => 0,
    }
}

/// Shows a value from shortly before the place where it differs.
fn shown(masker: &Masker, value: &Value, differs: usize) -> String {
    let Value::String(text) = value else {
        let text = value.to_string();
        return masker.evidence(&text, 0, text.len());
    };
    let from = text.floor_char_boundary(differs.saturating_sub(BEFORE));
    let shown = masker.evidence(text, from, text.len());
    if from > 0 { format!("…{shown}") } else { shown }
}
