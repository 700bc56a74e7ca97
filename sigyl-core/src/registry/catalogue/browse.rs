//! What people are shown: one line for each name, page by page.

use super::bounds::{Budget, PAGE_BYTES};
use super::catalogue::Catalogue;
use super::endpoint::Endpoint;
use super::entry::Entry;
use super::query::QueryError;
use crate::wire::registry::{Finds, ServerResponse};

/// In which order names are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Order {
    /// By name; the best first when words are looked for.
    #[default]
    Natural,
    /// What changed last comes first.
    Newest,
}

/// Which names are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Browse {
    /// Words to look for; all names when there are none.
    pub words: String,
    /// The order of the names. What is found by words always comes with the best first.
    pub order: Order,
    /// The page, from 0.
    pub page: usize,
}

impl Browse {
    /// Names on a page.
    pub const PAGE: usize = 20;
    /// Pages of what is found by words; who wants more should say more words.
    pub const FOUND_PAGES: usize = 5;
}

impl Catalogue {
    /// Shows a page of names, each with its latest version, and tells how many names there are.
    pub fn browse(&self, browse: &Browse, endpoint: Option<&Endpoint>) -> Result<Finds, QueryError> {
        let skipped = browse.page.saturating_mul(Browse::PAGE);
        if !browse.words.trim().is_empty() {
            let limit = skipped.saturating_add(Browse::PAGE).min(Browse::PAGE * Browse::FOUND_PAGES);
            let mut found = self.search(&browse.words, limit, endpoint)?;
            found.servers.drain(..skipped.min(found.servers.len()));
            return Ok(found);
        }
        let page: Vec<&Entry> = match browse.order {
            Order::Natural => self.by_name().skip(skipped).take(Browse::PAGE).collect(),
            Order::Newest => self.by_change().skip(skipped).take(Browse::PAGE).collect(),
        };
        let mut budget = Budget::of(PAGE_BYTES);
        let servers: Vec<ServerResponse> = page
            .into_iter()
            .filter_map(|entry| entry.response(true, endpoint))
            .take_while(|response| budget.takes(response))
            .collect();
        Ok(Finds { servers, total: self.shown() })
    }
}
