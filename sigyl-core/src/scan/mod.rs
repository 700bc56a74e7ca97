//! Looks for weaknesses and hidden instructions in the code, manifests and tools of a server.
//!
//! Synchronous, in memory and offline: a [`Scanner`] runs a [`RuleSet`], compiled once, over a [`Subject`] and returns
//! a [`Report`](crate::domain::Report). Every text is read in linear time, whatever it holds. What cannot be looked at
//! stands in the report.

mod able;
mod advisory;
#[cfg(feature = "runtime")]
mod amend;
#[cfg(feature = "ast")]
mod ast;
mod catalogue;
mod client;
mod declared;
mod decode;
mod drift;
mod enclosed;
mod equivalence;
mod evidence;
mod excuse;
mod expression;
mod file;
mod finder;
mod findings;
mod fold;
#[cfg(feature = "testing")]
pub mod fuzz;
mod in_hand;
mod known;
mod known_file;
mod language;
mod lexer;
mod literal;
mod masked;
mod matcher;
mod media;
mod media_proof;
mod package;
mod pattern;
mod pattern_files;
mod patterns;
mod places;
pub mod policy;
mod prefilter;
mod private;
mod proof;
mod prose;
mod quoted;
mod regressions;
pub mod render;
mod report;
mod required;
#[cfg(feature = "llm")]
pub mod reviewer;
mod roomy;
mod rows;
mod rule;
mod rules;
mod ruleset;
mod salvage;
mod scanner;
mod score;
mod secret;
mod set;
mod signal;
mod skill;
mod spell;
mod spelling;
mod start_line;
mod started;
mod starts;
mod subject;
mod suppress;
mod tool_text;
mod tree;
mod trial;
mod unpack;
mod waiver;
mod watch;
mod window;
mod wrap;
mod yaml;

pub use advisory::{Advisories, AdvisoryError};
#[cfg(all(feature = "sled", feature = "gateway"))]
pub(crate) use amend::carry_over;
#[cfg(feature = "runtime")]
pub(crate) use amend::is_reviewed;
#[cfg(feature = "runtime")]
pub use amend::unreviewed;
pub use client::{
    ClientConfig, Clients, Defect, Discovery, Entry, EntryPin, Found, Platform, Roots, Scope, discover,
    user_file,
};
pub use file::FileText;
pub use findings::{Findings, Hit};
pub use known::KnownFiles;
pub use known_file::KnownFolder;
pub use language::Language;
pub use masked::masked;
pub use pattern::{Context, Unit};
pub use rows::{BadRow, JudgedRow, Place, RowKind, RowsOf, Tally};
pub use rule::{Part, Proof, Rule, RuleMeta, Samples};
pub use ruleset::{RuleSet, RuleSetError};
pub use scanner::Scanner;
pub use set::{Label, Labelled, Member, ServerSet, SetReport};
#[cfg(feature = "learning")]
pub use signal::learning;
pub use subject::{Subject, TreeFiles};
pub use tool_text::{Field, ToolText};
pub use waiver::WaiveError;
pub use watch::Watch;
