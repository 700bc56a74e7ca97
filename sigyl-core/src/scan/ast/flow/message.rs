//! Messages of JSON-RPC that a server reads itself, from its input, a socket or the body of a request.

use super::run::Flow;
use super::value::{Entry, Object, Source, Value};
use crate::scan::ast::dispatch::PARAMS;
use crate::scan::ast::form::{Language, Word};

impl Flow<'_> {
    /// Returns the parameters of a message, where the function that runs reads messages: they are the client's, however the
    /// message came here.
    pub(super) fn params_of(&mut self, base: &Value, name: &Word) -> Option<Value> {
        let frame = self.frames.last()?;
        let known = *self.readers.get(&frame.function).filter(|_| name.eq_ignore_ascii_case(PARAMS))?;
        let held = match base.object {
            Object::Unknown | Object::Path(_) => base.fields.is_none(),
            // What a message is read into, where a language tells types; not what the method is called on.
            Object::Instance(class) => {
                self.language() != Language::Dynamic
                    && self.form.function(frame.function).class != Some(class)
            }
            _ => false,
        };
        if !held || base.comes_from(Source::Argument) {
            return None;
        }
        // However often they are taken: what was made sure of them once holds.
        let origin = known.unwrap_or_else(|| self.origins.add(name.clone()));
        let function = self.frame().function;
        self.readers.insert(function, Some(origin));
        Some(Value::of(vec![Entry { source: Source::Argument, origin, bits: 0 }]))
    }
}
