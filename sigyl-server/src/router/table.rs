//! The table.

use super::Route;
use crate::{pages, routes};

/// Every route, by noun.
pub(crate) static ROUTES: &[&[Route]] = &[
    routes::health::ROUTES,
    pages::ROUTES,
    routes::registry::STABLE,
    routes::registry::MIRROR,
    routes::registry::VIEWS,
    routes::endpoint::ROUTES,
    routes::servers::ROUTES,
    routes::said::ROUTES,
    routes::secrets::ROUTES,
    routes::runs::ROUTES,
    routes::events::ROUTES,
    routes::follows::ROUTES,
    routes::github::ROUTES,
    routes::github_app::ROUTES,
    routes::keys::ROUTES,
    routes::login::ROUTES,
    routes::me::ROUTES,
    routes::namespaces::ROUTES,
    routes::workspaces::ROUTES,
    routes::quarantines::ROUTES,
    routes::audit::ROUTES,
    routes::policy::ROUTES,
    routes::imports::ROUTES,
    routes::sources::ROUTES,
    routes::statements::ROUTES,
    routes::webhooks::ROUTES,
];

/// Lists the pages for people by their name in the table, method and address: the OpenAPI document leaves them out.
pub fn page_routes() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    let all = ROUTES.iter().flat_map(|part| part.iter()).filter(|route| route.is_page);
    all.map(|route| (route.doc.id, route.method.name(), route.path))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn all() -> impl Iterator<Item = &'static Route> {
        ROUTES.iter().flat_map(|part| part.iter())
    }

    #[test]
    fn no_operation_is_there_twice() {
        let ids: Vec<_> = all().map(|route| route.doc.id).collect();
        let shape = |path: &str| {
            path.split('/')
                .map(|part| if part.starts_with('{') { "{}" } else { part })
                .collect::<Vec<_>>()
                .join("/")
        };
        let places: Vec<_> = all().map(|route| (route.method.name(), shape(route.path))).collect();
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
        assert_eq!(places.iter().collect::<BTreeSet<_>>().len(), places.len());
    }

    #[test]
    fn every_route_says_what_it_is() {
        for route in all() {
            let is_whole = route.path == "/" || !route.path.ends_with('/');
            assert!(route.path.starts_with('/') && is_whole, "{}", route.path);
            assert!(route.doc.summary.ends_with('.'), "{}", route.path);
            assert!(!route.doc.answers.is_empty(), "{}", route.path);
        }
    }
}
