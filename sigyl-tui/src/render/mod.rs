//! How things look to a person: glyphs, tables, times, and text from strangers.
//!
//! Pure: everything here turns values into strings, and gets width, colours and the present time handed in.

mod access;
mod chain;
mod error;
mod finds;
mod follow;
mod github;
mod history;
mod look;
mod measure;
mod policy;
mod probe;
mod quarantine;
mod rating;
mod report;
mod report_diff;
mod rule;
mod run;
mod server;
mod source;
mod table;
mod track;
mod usage;
mod version;
mod zone;

pub(crate) use access::{
    accounts, audited, call_counts, keys, members, namespaces, scopes, secrets, session_counts, whoami,
    workspaces,
};
pub(crate) use chain::chain;
pub(crate) use error::{error, help};
pub(crate) use finds::{
    document_role, document_scan, finds, import_problems, imported, issues, published, standing,
};
pub(crate) use follow::follows;
pub(crate) use github::{
    github_files, github_installations, github_refs, github_repositories, installation_sees, repository_marks,
};
pub(crate) use history::{call, event, log, promoted};
pub(crate) use look::{Glyph, Look, Role};
pub(crate) use measure::{age, duration, size, wrap};
pub(crate) use policy::{notice, policy, policy_test, rescanned};
pub(crate) use probe::probe;
pub(crate) use quarantine::{affected, left, quarantine, quarantines};
pub(crate) use rating::{rated, ratings};
pub(crate) use report::{Pages, kept_report, report};
pub(crate) use report_diff::report_diff;
pub(crate) use rule::{rule, rules};
pub(crate) use run::{plan, run_end, runs, state as run_state};
pub(crate) use server::{server, servers, since, state as server_state, verdict_word};
pub(crate) use sigyl_core::domain::{specimen, specimen_lines};
pub(crate) use source::{source_lines, source_notes};
pub(crate) use track::{step_line, step_state};
pub(crate) use usage::usage;
pub(crate) use version::versions;
pub(crate) use zone::Zone;
