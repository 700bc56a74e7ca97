//! What an App is at GitHub, as GitHub says.

use std::collections::BTreeMap;

use serde::Deserialize;

/// An App, as GitHub has it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct AppSeen {
    /// Its number.
    pub id: u64,
    /// What its pages are called by.
    pub slug: String,
    /// What it is called.
    pub name: String,
    /// What it may do: the level of each permission.
    #[serde(default)]
    pub permissions: BTreeMap<String, String>,
    /// What its webhook tells of.
    #[serde(default)]
    pub events: Vec<String>,
}
