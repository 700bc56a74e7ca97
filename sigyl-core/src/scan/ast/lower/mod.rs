//! From a syntax tree of one language to the one form.

mod python;
mod python_expr;
mod reader;
mod script;
mod script_expr;

pub(super) use python::python;
pub(super) use script::script;
