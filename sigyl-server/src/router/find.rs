//! From an address to its route. Parts of the address are compared as they were sent, and read by nobody yet.

use super::{ROUTES, Route};

/// Parts of an address by their names in the route's path, as they were sent.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Params(Vec<(&'static str, String)>);

impl Params {
    /// Returns a part as it was sent.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(other, _)| *other == name).map(|(_, raw)| raw.as_str())
    }
}

/// A route, and where it stands in the table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) at: usize,
    pub(crate) route: &'static Route,
}

/// What is at an address.
#[derive(Debug)]
pub(crate) enum Found {
    /// An operation.
    Route(Place, Params),
    /// Operations with other methods.
    Others(Vec<&'static Route>),
    /// Nothing.
    Nothing,
}

/// Finds what `method` means at `path`.
pub(crate) fn find(method: &hyper::Method, path: &str) -> Found {
    let wanted = if method == hyper::Method::HEAD { "GET" } else { method.as_str() };
    let mut others = Vec::new();
    for (at, route) in ROUTES.iter().flat_map(|part| part.iter()).enumerate() {
        let Some(params) = matches(route.path, path) else { continue };
        if route.method.name() == wanted {
            return Found::Route(Place { at, route }, params);
        }
        others.push(route);
    }
    if others.is_empty() { Found::Nothing } else { Found::Others(others) }
}

fn matches(pattern: &'static str, path: &str) -> Option<Params> {
    let mut params = Params::default();
    let (mut patterns, mut parts) = (pattern.split('/'), path.split('/'));
    loop {
        match (patterns.next(), parts.next()) {
            (None, None) => return Some(params),
            (Some(pattern), Some(part)) => {
                let name = pattern.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
                match name {
                    Some(name) if !part.is_empty() => params.0.push((name, part.to_owned())),
                    None if pattern == part => {}
                    _ => return None,
                }
            }
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_matches_part_by_part() {
        let params = |path| matches("/a/{x}/b/{y}", path);
        let found = params("/a/1%2F2/b/..").unwrap();
        assert_eq!((found.get("x"), found.get("y"), found.get("z")), (Some("1%2F2"), Some(".."), None));
        for path in ["/a/1/b", "/a/1/b/", "/a//b/1", "/a/1/2/b/1", "/A/1/b/1", "a/1/b/1", "/a/1/b/1/"] {
            assert_eq!(params(path), None, "{path}");
        }
    }

    #[test]
    fn a_head_is_led_like_its_get_and_another_method_is_told_which_there_are() {
        assert!(matches!(find(&hyper::Method::HEAD, "/health"), Found::Route(..)));
        let Found::Others(there) = find(&hyper::Method::POST, "/health") else { panic!("it has no POST") };
        assert_eq!(there.iter().map(|route| route.method.name()).collect::<Vec<_>>(), ["GET"]);
        assert!(matches!(find(&hyper::Method::GET, "/nothing"), Found::Nothing));
    }
}
