//! From a syntax tree of one language to the one form.

mod go;
mod go_expr;
mod python;
mod python_expr;
mod reader;
mod rust;
mod rust_expr;
mod rust_macro;
mod rust_stmt;
mod script;
mod script_expr;

pub(super) use go::go;
pub(super) use python::python;
pub(super) use rust::rust;
pub(super) use script::script;
