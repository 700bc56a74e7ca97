//! The screens: each shows one thing, and says what it wants to know.

mod changes;
mod compare;
mod dashboard;
mod deploy;
pub(super) mod docs;
mod documents;
mod findings;
mod list;
mod noun;
mod nouns;
mod overlap;
mod place;
mod run;
mod screen;
mod server;
mod settings;
mod sheet;
mod stream;
mod tabs;
mod traffic;
mod trial;

pub(super) use changes::Changes;
pub(super) use compare::{compare, drift, seen};
pub(super) use dashboard::Dashboard;
pub(super) use deploy::Wizard;
pub(super) use documents::Documents;
pub(super) use list::List;
pub(super) use noun::{Key, Noun};
pub(super) use place::screen_of;
pub(super) use run::RunScreen;
pub(super) use screen::Screen;
pub(super) use server::server;
pub(super) use sheet::{Asking, Sheet};
pub(super) use stream::Stream;
pub(super) use traffic::Traffic;
