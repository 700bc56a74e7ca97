//! Where packages and servers are: registries by type, and addresses.

/// A type of package registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kind {
    pub(super) name: &'static str,
    /// Addresses that everybody means by it.
    pub(super) bases: &'static [&'static str],
    /// Whether a package needs a version of its own.
    pub(super) versioned: bool,
}

/// Every type that is known.
const KINDS: &[Kind] = &[
    Kind { name: "npm", bases: &["https://registry.npmjs.org"], versioned: true },
    Kind { name: "pypi", bases: &["https://pypi.org"], versioned: true },
    Kind {
        name: "nuget",
        bases: &["https://api.nuget.org/v3/index.json", "https://api.nuget.org"],
        versioned: true,
    },
    Kind { name: "cargo", bases: &["https://crates.io"], versioned: true },
    Kind {
        name: "oci",
        bases: &["https://docker.io", "https://ghcr.io", "https://quay.io", "https://mcr.microsoft.com"],
        versioned: false,
    },
    Kind { name: "mcpb", bases: &["https://github.com", "https://gitlab.com"], versioned: false },
];

/// Finds a type.
pub(super) fn kind(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}

/// Names the types, for messages.
pub(super) fn names() -> String {
    KINDS.iter().map(|kind| kind.name).collect::<Vec<_>>().join(", ")
}

/// Finds the type whose public registry an address is.
pub(super) fn public(address: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.bases.contains(&address.trim_end_matches('/')))
}

/// The parts of an address that rules look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Address<'a> {
    pub(super) scheme: &'a str,
    /// Without port, in brackets when it is an IPv6 address.
    pub(super) host: &'a str,
    pub(super) path: &'a str,
    pub(super) has_credentials: bool,
}

/// Parts an address; nothing when it has no scheme and host, or holds what no address does.
pub(super) fn address(text: &str) -> Option<Address<'_>> {
    let odd = |c: char| c.is_whitespace() || c.is_control() || "<>\"\\^`".contains(c);
    if text.chars().any(odd) {
        return None;
    }
    let (scheme, rest) = text.split_once("://")?;
    let (authority, path) = match rest.find(['/', '?', '#']) {
        Some(end) => rest.split_at(end),
        None => (rest, ""),
    };
    let (credentials, place) = match authority.rsplit_once('@') {
        Some((_, place)) => (true, place),
        None => (false, authority),
    };
    let host = match place.find(']') {
        Some(end) => place.get(..=end)?,
        None => place.split(':').next().unwrap_or(place),
    };
    let named = !host.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric());
    named.then_some(Address { scheme, host, path, has_credentials: credentials })
}

impl Address<'_> {
    /// Tells whether it names the machine of whoever reads it.
    pub(super) fn is_loopback(&self) -> bool {
        let host = self.host.trim_end_matches('.').to_ascii_lowercase();
        host == "localhost"
            || host.ends_with(".localhost")
            || host.starts_with("127.")
            || ["[::1]", "0.0.0.0", "[::]"].contains(&host.as_str())
    }

    /// Tells whether the host is `domain` or below it.
    pub(super) fn is_below(&self, domain: &str) -> bool {
        let host = self.host.to_ascii_lowercase();
        host == domain || host.strip_suffix(domain).is_some_and(|before| before.ends_with('.'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_parted_as_a_client_parts_it() {
        let parts = |text| address(text).map(|a| (a.scheme, a.host, a.path, a.has_credentials));
        assert_eq!(parts("https://a.example:8/x?y"), Some(("https", "a.example", "/x?y", false)));
        assert_eq!(parts("https://a.example@b.example"), Some(("https", "b.example", "", true)));
        assert_eq!(parts("http://[::1]:80/"), Some(("http", "[::1]", "/", false)));
        assert_eq!(
            parts("https://{tenant}.a.example/mcp"),
            Some(("https", "{tenant}.a.example", "/mcp", false))
        );
        for bad in ["a.example", "https:///x", "https://a b", "https://a\\b", "://a"] {
            assert_eq!(parts(bad).filter(|(scheme, ..)| !scheme.is_empty()), None, "{bad}");
        }
    }

    #[test]
    fn loopback_has_many_names() {
        for host in ["localhost", "LOCALHOST.", "x.localhost", "127.0.0.1", "127.1", "[::1]", "0.0.0.0"] {
            assert!(address(&format!("http://{host}/")).unwrap().is_loopback(), "{host}");
        }
        assert!(!address("http://localhost.example/").unwrap().is_loopback());
    }

    #[test]
    fn a_domain_is_not_a_suffix_of_letters() {
        let below = |host: &str| address(&format!("https://{host}/")).unwrap().is_below("example.com");
        assert!(below("example.com") && below("a.Example.com"));
        assert!(!below("badexample.com") && !below("example.com.evil"));
    }
}
