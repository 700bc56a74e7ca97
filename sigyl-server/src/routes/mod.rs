//! The operations, by noun: each decodes, makes one call to the core, and encodes.

pub(crate) mod audit;
pub(crate) mod endpoint;
pub(crate) mod events;
pub(crate) mod follows;
pub(crate) mod github;
pub(crate) mod github_app;
pub(crate) mod health;
pub(crate) mod imports;
pub(crate) mod keys;
pub(crate) mod login;
pub(crate) mod me;
pub(crate) mod namespaces;
pub(crate) mod policy;
pub(crate) mod quarantines;
pub(crate) mod registry;
pub(crate) mod runs;
pub(crate) mod said;
pub(crate) mod secrets;
pub(crate) mod servers;
pub(crate) mod sources;
pub(crate) mod statements;
pub(crate) mod webhooks;
pub(crate) mod workspaces;
