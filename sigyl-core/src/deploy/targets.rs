//! All places where servers run, by name.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Target, TargetError};
use crate::domain::LOCAL;

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

    /// Finds a place; without a name, the one that is always there. A name that says which place of its kind is meant is
    /// good for that one alone: what is on record there is not looked for anywhere else.
    pub fn of(&self, name: Option<&str>) -> Result<&Arc<dyn Target>, TargetError> {
        let Some(name) = name.filter(|name| *name != LOCAL) else { return Ok(&self.own) };
        let (name, place) = match name.split_once(':') {
            Some((name, place)) => (name, Some(place)),
            None => (name, None),
        };
        let found = self.kind(name)?;
        let now = found.place();
        match place {
            Some(place) if now.as_deref() != Some(place) => Err(TargetError::Unsupported(format!(
                "what is on record is at `{name}` in {place}, and the configuration names {}: set it back to that, or \
                 delete the server with it first",
                now.as_deref().unwrap_or("no place")
            ))),
            _ => Ok(found),
        }
    }

    /// Finds a place that somebody names for what is to come; without a name, this machine. Nothing is on record of it, so
    /// that a place of its kind that is not configured is just not there.
    pub fn named(&self, name: Option<&str>) -> Result<&Arc<dyn Target>, TargetError> {
        let Some((kind, place)) = name.and_then(|name| name.split_once(':')) else { return self.of(name) };
        let there_is = if kind == LOCAL { None } else { self.kind(kind)?.place() };
        match there_is {
            Some(there_is) if there_is == place => self.of(name),
            Some(there_is) => Err(TargetError::Unsupported(format!(
                "there is no place `{place}` of the target `{kind}`: the configuration names {there_is}; say `{kind}` for \
                 that, or change the configuration"
            ))),
            None => Err(TargetError::Unsupported(format!(
                "the target `{kind}` has no places to choose from; say `{kind}`"
            ))),
        }
    }

    /// Returns the name without the place of its kind.
    pub fn kind_of(name: &str) -> &str {
        name.split_once(':').map_or(name, |(kind, _)| kind)
    }

    /// Returns a name with the place of its kind that it means now.
    pub fn whole(&self, name: &str) -> String {
        let place = self.others.get(name).and_then(|target| target.place());
        place.map_or_else(|| name.to_owned(), |place| format!("{name}:{place}"))
    }

    fn kind(&self, name: &str) -> Result<&Arc<dyn Target>, TargetError> {
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
