//! From an address to its route. Parts of the address are compared as they were sent, and read by nobody yet.

use super::{Method, ROUTES, Route};

/// What is at an address.
#[derive(Debug)]
pub(crate) enum Found {
    /// An operation, with its place in the table.
    Route(&'static Route, usize),
    /// Operations with other methods.
    Methods(Vec<Method>),
    /// Nothing.
    Nothing,
}

/// Finds what `method` means at `path`.
pub(crate) fn find(method: &hyper::Method, path: &str) -> Found {
    let wanted = if method == hyper::Method::HEAD { "GET" } else { method.as_str() };
    let mut others = Vec::new();
    for (at, route) in ROUTES.iter().flat_map(|part| part.iter()).enumerate() {
        if route.path != path {
            continue;
        }
        if route.method.name() == wanted {
            return Found::Route(route, at);
        }
        others.push(route.method);
    }
    if others.is_empty() { Found::Nothing } else { Found::Methods(others) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_led_like_its_get_and_another_method_is_told_which_there_are() {
        assert!(matches!(find(&hyper::Method::HEAD, "/health"), Found::Route(..)));
        let Found::Methods(there) = find(&hyper::Method::POST, "/health") else { panic!("it has no POST") };
        assert_eq!(there, [Method::Get]);
        assert!(matches!(find(&hyper::Method::GET, "/nothing"), Found::Nothing));
    }
}
