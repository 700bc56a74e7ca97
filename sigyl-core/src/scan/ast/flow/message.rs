//! Messages of JSON-RPC that a server reads itself, from its input, a socket or the body of a request.

use super::run::Flow;
use super::value::{Entry, Object, Source, Value};
use crate::scan::ast::dispatch::PARAMS;
use crate::scan::ast::form::{Language, Word};

impl Flow<'_> {
    /// Returns the parameters of a message, where the function that runs reads messages: they are the client's, however the
    /// message came here.
    pub(super) fn params_of(&mut self, base: &Value, name: &Word) -> Option<Value> {
        let function = self.frames.last()?.function;
        if !name.eq_ignore_ascii_case(PARAMS) || !self.readers.contains(&function) {
            return None;
        }
        let held = match base.object {
            Object::Unknown | Object::Path(_) => base.fields.is_none(),
            // What a message is read into, where a language tells types.
            Object::Instance(_) => self.language() != Language::Dynamic,
            _ => false,
        };
        if !held || base.comes_from(Source::Argument) {
            return None;
        }
        let origin = self.origins.add(name.clone());
        Some(Value::of(vec![Entry { source: Source::Argument, origin, bits: 0 }]))
    }
}
