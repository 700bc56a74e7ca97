//! Looks at what servers declare through the endpoint: lists of tools, prompts and resources, and instructions. What is
//! forbidden by its digest reaches no client; what is new is told.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use serde_json::value::RawValue;
use serde_json::{Map, Value};
use tokio::sync::mpsc::Sender;

use crate::domain::{Digest, Entity, Pin, ServerName, Version, VersionRecord, read_strictly};

use super::route::Served;

/// Requests whose answers declare something.
const LISTS: [&str; 6] = [
    "initialize",
    "server/discover",
    "tools/list",
    "prompts/list",
    "resources/list",
    "resources/templates/list",
];

/// Where an answer declares what.
const PLACES: [(&str, Entity); 4] = [
    ("tools", Entity::Tool),
    ("prompts", Entity::Prompt),
    ("resources", Entity::Resource),
    ("resourceTemplates", Entity::Resource),
];

/// Where an answer says what it is for.
const INSTRUCTIONS: &str = "instructions";

/// How deep what is declared may nest and still be looked at.
const DEEPEST: usize = 100;

/// What a version was seen to declare to a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// The server.
    pub server: ServerName,
    /// The version.
    pub version: Version,
    /// Digests of what it declares.
    pub digests: Vec<Digest>,
}

/// What no server may declare, and who is told of what they do.
#[derive(Debug, Default)]
pub(super) struct Declared {
    forbidden: RwLock<Forbidden>,
    told: OnceLock<Sender<Sighting>>,
}

#[derive(Debug, Default)]
struct Forbidden {
    /// Changes with what is forbidden, so that what was found clean is looked at anew.
    since: u64,
    /// Why, by digest.
    why: BTreeMap<Digest, String>,
}

impl Declared {
    /// Tells `to` what is seen from now on. The first who asks is told.
    pub(super) fn tell(&self, to: Sender<Sighting>) {
        if self.told.set(to).is_err() {
            tracing::warn!("what servers declare is told to somebody already");
        }
    }

    /// Forbids these and nothing else.
    pub(super) fn forbid(&self, why: BTreeMap<Digest, String>) {
        let mut forbidden = self.forbidden.write().unwrap_or_else(PoisonError::into_inner);
        *forbidden = Forbidden { since: forbidden.since + 1, why };
    }

    /// Tells whether anything is forbidden.
    fn is_forbidding(&self) -> bool {
        !self.forbidden.read().unwrap_or_else(PoisonError::into_inner).why.is_empty()
    }

    /// Looks at the result of a request; refuses it when it declares what is forbidden.
    fn look(&self, served: &Served, result: &RawValue) -> Result<(), String> {
        let whole = Digest::of(result.get().as_bytes());
        let forbidden = self.forbidden.read().unwrap_or_else(PoisonError::into_inner);
        if served.is_clean(forbidden.since, whole) {
            return Ok(());
        }
        let declares = Declares::read(result);
        let found = declares.digests.iter().find_map(|digest| forbidden.why.get(digest)).cloned();
        let told = self.tell_of(served, declares.digests);
        match found {
            Some(why) => Err(why),
            None if !declares.certain && !forbidden.why.is_empty() => Err(unread(&served.name)),
            None => {
                if told {
                    served.found_clean(forbidden.since, whole);
                }
                Ok(())
            }
        }
    }

    /// Tells what was seen; what cannot be told now is told when it is seen again.
    fn tell_of(&self, served: &Served, digests: BTreeSet<Digest>) -> bool {
        let Some(told) = self.told.get() else { return true };
        let digests: Vec<Digest> = digests.into_iter().take(VersionRecord::SEEN_MAX).collect();
        let (server, version) = (served.name.clone(), served.route.version.clone());
        digests.is_empty() || told.try_send(Sighting { server, version, digests }).is_ok()
    }
}

/// What a result declares.
struct Declares {
    /// Digests of all that has one.
    digests: BTreeSet<Digest>,
    /// Whether every client reads it as it was read here.
    certain: bool,
}

impl Declares {
    /// Reads a result. What is no object declares nothing.
    fn read(result: &RawValue) -> Self {
        let sure = read_strictly(result.get().as_bytes(), DEEPEST);
        let mut certain = sure.is_ok();
        let fields = match sure.or_else(|_| serde_json::from_str(result.get())) {
            Ok(Value::Object(fields)) => fields,
            Ok(_) => Map::new(),
            Err(_) => return Self { digests: BTreeSet::new(), certain: false },
        };
        // Some readers do not tell `Tools` from `tools`.
        let places = PLACES.into_iter().map(|(field, _)| field).chain([INSTRUCTIONS]);
        certain &= places
            .into_iter()
            .all(|place| fields.keys().all(|key| key == place || !key.eq_ignore_ascii_case(place)));
        let mut digests = BTreeSet::new();
        for (entity, definition) in declared(fields) {
            match Pin::new(entity, definition) {
                Ok(pin) => _ = digests.insert(pin.sha256),
                Err(_) => certain = false,
            }
        }
        Self { digests, certain }
    }
}

/// Lists what the fields of a result declare. What stands where a list is expected and is none declares nothing.
fn declared(mut fields: Map<String, Value>) -> Vec<(Entity, Value)> {
    let said = fields.remove(INSTRUCTIONS).filter(Value::is_string);
    let mut declared: Vec<_> = said.into_iter().map(|text| (Entity::Instructions, text)).collect();
    for (field, entity) in PLACES {
        if let Some(Value::Array(list)) = fields.remove(field) {
            declared.extend(list.into_iter().map(|definition| (entity, definition)));
        }
    }
    declared
}

/// An answer that is awaited and may declare something.
#[derive(Clone, Debug)]
pub(super) struct List {
    declared: Arc<Declared>,
    served: Arc<Served>,
}

impl List {
    /// Waits for the answer to `method`, if it is one that declares something.
    pub(super) fn start(declared: &Arc<Declared>, served: &Arc<Served>, method: &str) -> Option<Self> {
        LISTS.contains(&method).then(|| Self::of(declared, served))
    }

    /// Looks at whatever a server answers.
    pub(super) fn of(declared: &Arc<Declared>, served: &Arc<Served>) -> Self {
        Self { declared: Arc::clone(declared), served: Arc::clone(served) }
    }

    /// Refuses an answer that declares what is forbidden.
    pub(super) fn check(&self, outcome: Result<&RawValue, &RawValue>) -> Result<(), String> {
        outcome.map_or(Ok(()), |result| self.declared.look(&self.served, result))
    }

    /// Refuses an answer that cannot be looked at, while anything is forbidden.
    pub(super) fn unread(&self) -> Result<(), String> {
        match self.declared.is_forbidding() {
            true => Err(unread(&self.served.name)),
            false => Ok(()),
        }
    }
}

fn unread(server: &ServerName) -> String {
    format!(
        "the server `{server}` declares what cannot be looked at, while something is under quarantine by its digest"
    )
}
