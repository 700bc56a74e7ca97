//! Where something leads: to a page of this server, to another site over HTTP, or into a client that takes servers.

use std::fmt::Write as _;

/// Longest address of another site that is linked.
const MOST: usize = 2_000;

/// A place that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    to: String,
    is_outside: bool,
}

impl Link {
    /// A place of this server.
    pub(crate) fn to(path: &'static str) -> Self {
        Self { to: path.to_owned(), is_outside: false }
    }

    /// A place of this server under `path`, with parts that are written so that none of them leads elsewhere.
    pub(crate) fn under(path: &'static str, parts: &[&str]) -> Self {
        let mut to = path.to_owned();
        for part in parts {
            to.push('/');
            // A browser would take these for steps, written in either way.
            match *part {
                "." | ".." => encode(&mut to, "\u{2024}"),
                part => encode(&mut to, part),
            }
        }
        Self { to, is_outside: false }
    }

    /// The same with a parameter more.
    pub(crate) fn query(mut self, name: &'static str, value: &str) -> Self {
        self.to.push(if self.to.contains('?') { '&' } else { '?' });
        self.to.push_str(name);
        self.to.push('=');
        encode(&mut self.to, value);
        self
    }

    /// The same, at a place in the page.
    pub(crate) fn at(mut self, id: &str) -> Self {
        self.to.push('#');
        encode(&mut self.to, id);
        self
    }

    /// A place in the page that holds the link.
    pub(crate) fn here(id: &str) -> Self {
        Self { to: String::new(), is_outside: false }.at(id)
    }

    /// A page of another site, if the address is one: http or https, with a host, without a login, blanks or what
    /// readers disagree on.
    pub(crate) fn outside(address: &str) -> Option<Self> {
        let rest = ["https://", "http://"].iter().find_map(|scheme| {
            let start = address.get(..scheme.len())?;
            start.eq_ignore_ascii_case(scheme).then(|| &address[scheme.len()..])
        })?;
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let plain = |c: char| c.is_ascii_graphic() && !"\"'<>\\^`{|}".contains(c);
        let is_good = !host.is_empty() && !host.contains('@') && address.chars().all(plain);
        (is_good && address.len() <= MOST).then(|| Self { to: address.to_owned(), is_outside: true })
    }

    /// The address that lets VS Code take a server; `entry` is its configuration.
    pub(crate) fn vs_code(entry: &str) -> Self {
        let mut to = "vscode:mcp/install?".to_owned();
        encode(&mut to, entry);
        Self { to, is_outside: false }
    }

    /// The address that lets Cursor take a server called `name`; `entry` is its configuration in Base64.
    pub(crate) fn cursor(name: &str, entry: &str) -> Self {
        let to = "cursor://anysphere.cursor-deeplink/mcp/install".to_owned();
        Self { to, is_outside: false }.query("name", name).query("config", entry)
    }

    /// Returns it as it is written.
    pub(crate) fn as_str(&self) -> &str {
        &self.to
    }

    /// Tells whether it leads to another site.
    pub(crate) fn is_outside(&self) -> bool {
        self.is_outside
    }
}

/// Writes everything but letters, digits and a few marks as bytes in hexadecimal.
fn encode(out: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(byte.into()),
            // Writing to a String cannot fail.
            byte => write!(out, "%{byte:02X}").unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_an_address_lead_nowhere_else() {
        let at = |parts: &[&str]| Link::under("/servers", parts).as_str().to_owned();
        assert_eq!(at(&["com.example", "clock"]), "/servers/com.example/clock");
        assert_eq!(at(&["a/b?c#d"]), "/servers/a%2Fb%3Fc%23d");
        assert_eq!(at(&["..", "x"]), "/servers/%E2%80%A4/x");
        let asked = Link::to("/").query("q", "a&b=c").query("page", "2");
        assert_eq!(asked.as_str(), "/?q=a%26b%3Dc&page=2");
    }

    #[test]
    fn only_pages_of_other_sites_are_links() {
        for good in ["https://example.com", "HTTP://example.com/a?b=c#d", "https://[::1]:8/x"] {
            assert!(Link::outside(good).is_some(), "{good}");
        }
        for bad in [
            "javascript:alert(1)",
            "JAVASCRIPT://x/%0aalert(1)",
            " https://example.com",
            "https://",
            "https:///x",
            "https://user@example.com",
            "data:text/html,x",
            "//example.com",
            "/servers",
            "https://example.com/\u{202e}x",
            "https://example.com/\"onclick=x",
            "https://exam ple.com",
            "",
        ] {
            assert_eq!(Link::outside(bad), None, "{bad}");
        }
        assert_eq!(Link::outside(&format!("https://example.com/{}", "x".repeat(MOST))), None);
    }
}
