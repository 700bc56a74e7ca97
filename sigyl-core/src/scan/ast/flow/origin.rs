//! Where values come from: a parameter, a part of one, a decoded one.

use std::collections::HashMap;

use crate::scan::ast::form::Word;

/// Every origin of one file.
#[derive(Debug, Default)]
pub(super) struct Origins {
    all: Vec<Origin>,
    parts: HashMap<(u32, Word), u32>,
}

#[derive(Debug)]
struct Origin {
    name: Word,
    /// What it is a part of; what was made sure of that holds for it too.
    parent: Option<u32>,
}

/// Origins of one file; beyond them parts are taken for the whole.
const ORIGINS: usize = 20_000;

impl Origins {
    pub(super) fn add(&mut self, name: Word) -> u32 {
        self.all.push(Origin { name, parent: None });
        u32::try_from(self.all.len() - 1).unwrap_or(u32::MAX)
    }

    /// Returns the origin of a part.
    pub(super) fn part(&mut self, whole: u32, name: &Word) -> u32 {
        if self.all.len() >= ORIGINS {
            return whole;
        }
        if let Some(known) = self.parts.get(&(whole, name.clone())) {
            return *known;
        }
        let base = self.all.get(whole as usize).map(|origin| origin.name.clone()).unwrap_or_default();
        let id = self.add(format!("{base}.{name}").into());
        if let Some(new) = self.all.last_mut() {
            new.parent = Some(whole);
        }
        self.parts.insert((whole, name.clone()), id);
        id
    }

    /// Returns the origin of what was decoded: nothing that was made sure of the code holds for it.
    pub(super) fn decoded(&mut self, code: u32) -> u32 {
        let key: Word = "(decoded)".into();
        if self.all.len() >= ORIGINS {
            return code;
        }
        if let Some(known) = self.parts.get(&(code, key.clone())) {
            return *known;
        }
        let name = self.all.get(code as usize).map(|origin| origin.name.clone()).unwrap_or_default();
        let id = self.add(name);
        self.parts.insert((code, key), id);
        id
    }

    pub(super) fn name(&self, id: u32) -> &str {
        self.all.get(id as usize).map_or("", |origin| &origin.name)
    }

    /// Returns an origin and all that it is a part of.
    pub(super) fn chain(&self, id: u32) -> impl Iterator<Item = u32> {
        std::iter::successors(Some(id), |id| self.all.get(*id as usize).and_then(|origin| origin.parent))
    }
}
