//! Who may do what through the handle, over the real store and vault.

mod accepted;
mod accounts;
mod audit;
mod directory;
mod elsewhere;
mod feed;
mod first_key;
mod follow;
mod github_app;
pub(super) mod house;
mod keys;
mod lost_key;
mod members;
mod namespaces;
mod oidc;
mod ownership;
mod promotion;
mod quarantine;
mod said;
mod secrets;
mod sessions;
mod sign_in;
mod source;
mod verify;
