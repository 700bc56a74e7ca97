//! Compares two JSON schemas by what they let through.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::field::{DEPTH, Fields, keys, part_of};
use crate::domain::Gravity;
use crate::scan::evidence::bounded;

/// Bounds from above: raised or gone lets more through.
const MOST: [&str; 5] = ["maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"];
/// Bounds from below.
const LEAST: [&str; 5] = ["minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"];

impl Fields<'_> {
    /// Compares two schemas; `input` is whether the model fills what they describe.
    pub(super) fn schema(
        &mut self,
        field: &str,
        was: Option<&Value>,
        is: Option<&Value>,
        input: bool,
        depth: usize,
    ) {
        if depth > DEPTH {
            return self.too_deep(field);
        }
        let widened = if input { Gravity::Hold } else { Gravity::Inform };
        match (was, is) {
            (Some(Value::Object(old)), Some(Value::Object(new))) => {
                for key in keys(old, new) {
                    self.keyword(&Place { field, key, input, depth, widened }, old, new);
                }
            }
            (None, Some(new)) => {
                self.note(field, "new schema", None, is, Gravity::Inform);
                self.new_texts(field, new, depth);
            }
            (Some(_), None) => self.note(field, "schema removed: anything passes", was, None, widened),
            (_, Some(new)) => {
                self.note(field, "another schema", was, is, widened);
                self.new_texts(field, new, depth);
            }
            (None, None) => {}
        }
    }

    fn keyword(&mut self, at: &Place<'_>, old: &Map<String, Value>, new: &Map<String, Value>) {
        let (was, is) = (old.get(at.key), new.get(at.key));
        let path = at.path();
        match at.key {
            "properties" | "patternProperties" => self.named(at, was, is, true),
            "$defs" | "definitions" | "dependentSchemas" => self.named(at, was, is, false),
            "required" => self.required(at, was, is),
            "enum" => self.choices(at, was, is),
            "type" => self.types(at, was, is),
            "additionalProperties" | "unevaluatedProperties" => self.openness(at, was, is),
            "anyOf" | "oneOf" => self.branches(at, was, is, true),
            "allOf" | "prefixItems" => self.branches(at, was, is, false),
            "items" | "contains" | "propertyNames" | "then" | "else" => {
                self.schema(&path, was, is, at.input, at.depth + 1);
            }
            "const" | "pattern" | "format" | "multipleOf" | "uniqueItems" | "contentEncoding" => {
                self.limit(at, was, is, was.is_some());
            }
            "$ref" | "$dynamicRef" | "not" | "if" | "dependentRequired" => self.limit(at, was, is, true),
            "default" => self.default(at, was, is),
            key if MOST.contains(&key) => self.limit(at, was, is, is_looser(was, is, |old, new| new > old)),
            key if LEAST.contains(&key) => self.limit(at, was, is, is_looser(was, is, |old, new| new < old)),
            _ => self.value(&path, was, is, at.depth + 1),
        }
    }

    /// Compares schemas by their names.
    fn named(&mut self, at: &Place<'_>, was: Option<&Value>, is: Option<&Value>, parameters: bool) {
        let none = Map::new();
        let members = |value: Option<&'_ Value>| value.and_then(Value::as_object).cloned();
        let (old, new) = (members(was).unwrap_or(none.clone()), members(is).unwrap_or(none));
        for key in keys(&old, &new) {
            let path = part_of(&at.path(), format_args!(".{key}"));
            match (old.get(key), new.get(key)) {
                (None, Some(new)) => {
                    let gravity = if parameters { at.widened } else { Gravity::Inform };
                    let what = if at.input && parameters { "new parameter" } else { "new" };
                    self.note(&path, what, None, Some(new), gravity);
                    self.new_texts(&path, new, at.depth + 2);
                }
                (Some(old), None) => self.note(&path, "removed", Some(old), None, Gravity::Inform),
                (was, is) => self.schema(&path, was, is, at.input, at.depth + 2),
            }
        }
    }

    fn required(&mut self, at: &Place<'_>, was: Option<&Value>, is: Option<&Value>) {
        let (old, new) = (strings(was), strings(is));
        for name in old.difference(&new) {
            self.note(&at.path(), &format!("`{}` is no longer required", bounded(name)), was, is, at.widened);
        }
        for name in new.difference(&old) {
            self.note(&at.path(), &format!("`{}` is required now", bounded(name)), was, is, at.widened);
        }
        if old == new {
            self.note(&at.path(), "other order", was, is, Gravity::Inform);
        }
    }

    fn choices(&mut self, at: &Place<'_>, was: Option<&Value>, is: Option<&Value>) {
        let list = |value: Option<&Value>| value.and_then(Value::as_array).cloned();
        let (Some(new), old) = (list(is), list(was)) else {
            return self.note(&at.path(), "any value passes", was, is, at.widened);
        };
        let Some(old) = old else {
            self.note(&at.path(), "fewer values pass", was, is, Gravity::Inform);
            return self.new_texts(&at.path(), &Value::Array(new), at.depth);
        };
        let known: BTreeSet<String> = old.iter().map(Value::to_string).collect();
        let more: Vec<Value> = new.into_iter().filter(|value| !known.contains(&value.to_string())).collect();
        match more.is_empty() {
            true => self.note(&at.path(), "fewer values pass", was, is, Gravity::Inform),
            false => {
                self.note(&at.path(), "more values pass", was, is, at.widened);
                self.new_texts(&at.path(), &Value::Array(more), at.depth);
            }
        }
    }

    fn types(&mut self, at: &Place<'_>, was: Option<&Value>, is: Option<&Value>) {
        let of = |value: Option<&Value>| match value {
            Some(Value::String(one)) => BTreeSet::from([one.clone()]),
            value => strings(value),
        };
        let (mut old, new) = (of(was), of(is));
        if old.contains("number") {
            old.insert("integer".to_owned());
        }
        let wider = !old.is_empty() && (new.is_empty() || !new.is_subset(&old));
        self.limit(at, was, is, wider);
    }

    fn openness(&mut self, at: &Place<'_>, was: Option<&Value>, is: Option<&Value>) {
        let open = |value: Option<&Value>| match value {
            Some(Value::Bool(false)) => 0,
            Some(Value::Object(schema)) if !schema.is_empty() => 1,
            _ => 2,
        };
        match (open(was), open(is)) {
            (1, 1) => self.schema(&at.path(), was, is, at.input, at.depth + 1),
            (old, new) => self.limit(at, was, is, new > old),
        }
    }

    /// Compares lists of schemas; of a choice, one more lets more through, of a sum, one less.
    fn branches(&mut self, at: &Place<'_>, was: Option<&Value>, is: Option<&Value>, choice: bool) {
        let list = |value: Option<&Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
        let (old, new) = (list(was), list(is));
        let wider = match choice {
            true => new.is_empty() || new.len() > old.len() && !old.is_empty(),
            false => new.len() < old.len(),
        };
        if old.len() != new.len() {
            self.limit(at, was, is, wider);
        }
        for (index, branch) in new.iter().enumerate() {
            let path = part_of(&at.path(), format_args!("[{index}]"));
            match old.get(index) {
                Some(known) if known != branch => {
                    self.schema(&path, Some(known), Some(branch), at.input, at.depth + 2);
                }
                Some(_) => {}
                None => self.new_texts(&path, branch, at.depth + 2),
            }
        }
    }

    /// A number may be tuned; another text, or something switched on, is passed along unseen.
    fn default(&mut self, at: &Place<'_>, was: Option<&Value>, is: Option<&Value>) {
        let tuned = matches!((was, is), (_, None | Some(Value::Number(_) | Value::Null)));
        self.limit(at, was, is, !tuned && was.is_some());
        if let Some(new) = is {
            self.new_texts(&at.path(), new, at.depth);
        }
    }

    fn limit(&mut self, at: &Place<'_>, was: Option<&Value>, is: Option<&Value>, wider: bool) {
        let (what, gravity) = match wider {
            true => ("lets other values through", at.widened),
            false => ("lets less through", Gravity::Inform),
        };
        self.note(&at.path(), what, was, is, gravity);
    }
}

/// A keyword of a schema, and what surrounds it.
struct Place<'p> {
    field: &'p str,
    key: &'p str,
    input: bool,
    depth: usize,
    widened: Gravity,
}

impl Place<'_> {
    fn path(&self) -> String {
        part_of(self.field, format_args!(".{}", self.key))
    }
}

/// Tells whether a bound is gone, or leaves more room than it did.
fn is_looser(was: Option<&Value>, is: Option<&Value>, more: impl Fn(f64, f64) -> bool) -> bool {
    match (was.and_then(Value::as_f64), is.and_then(Value::as_f64)) {
        (Some(old), Some(new)) => more(old, new),
        _ => was.is_some(),
    }
}

fn strings(value: Option<&Value>) -> BTreeSet<String> {
    let items = value.and_then(Value::as_array);
    items.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}
