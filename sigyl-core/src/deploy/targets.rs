//! All places where servers run, by name.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Target, TargetError};

/// The name of the place that is always there: this machine.
pub const LOCAL: &str = "local";

/// Places where servers run: one of one's own, and others by name.
#[derive(Clone, Debug)]
pub struct Targets {
    own: Arc<dyn Target>,
    others: BTreeMap<String, Arc<dyn Target>>,
}

impl From<Arc<dyn Target>> for Targets {
    fn from(own: Arc<dyn Target>) -> Self {
        Self { own, others: BTreeMap::new() }
    }
}

impl Targets {
    /// The same places and others, by name.
    pub fn with(self, others: BTreeMap<String, Arc<dyn Target>>) -> Self {
        Self { others, ..self }
    }

    /// Returns the place that is always there.
    pub fn own(&self) -> &Arc<dyn Target> {
        &self.own
    }

    /// Finds a place; without a name, the one that is always there.
    pub fn of(&self, name: Option<&str>) -> Result<&Arc<dyn Target>, TargetError> {
        let Some(name) = name.filter(|name| *name != LOCAL) else { return Ok(&self.own) };
        self.others.get(name).ok_or_else(|| {
            let known = std::iter::once(LOCAL).chain(self.others.keys().map(String::as_str));
            let known = known.collect::<Vec<_>>().join(", ");
            TargetError::Unsupported(format!(
                "there is no target `{name}`; those that are configured: {known}"
            ))
        })
    }

    /// Returns all places.
    pub fn all(&self) -> impl Iterator<Item = &Arc<dyn Target>> {
        std::iter::once(&self.own).chain(self.others.values())
    }
}
