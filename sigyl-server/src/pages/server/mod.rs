//! One server of the registry.

mod call;
mod facts;
mod findings;
pub(super) mod install;
mod show;
mod tools;
mod versions;

pub(super) use show::show;
