//! Who comes in: which peers are proxies, where a request really comes from, and whether from this machine.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use hyper::header::{FORWARDED, HOST, HeaderMap, HeaderName, ORIGIN, VIA};
use hyper::http::request::Parts;
use sigyl_core::domain::Network;

/// Where proxies write whom they speak for.
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// What a proxy adds to a request, beside [`OF_PROXIES_START`]; one of them says that there is a proxy.
const OF_PROXIES: [HeaderName; 5] = [
    FORWARDED,
    VIA,
    HeaderName::from_static("x-real-ip"),
    HeaderName::from_static("cf-connecting-ip"),
    HeaderName::from_static("true-client-ip"),
];

/// How other headers of proxies begin.
const OF_PROXIES_START: &str = "x-forwarded-";

/// Addresses in one header that are looked at.
const HOPS: usize = 16;

/// What is known of who may come, and how.
#[derive(Debug)]
pub(crate) struct Door {
    proxies: Vec<Network>,
    has_tls: bool,
}

/// Where a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Client {
    /// Its address, as the last trusted proxy saw it; nothing where that proxy does not say.
    pub(crate) address: Option<IpAddr>,
    /// The address that it is counted under: its own, or that of the proxy which does not say.
    pub(crate) counted: IpAddr,
    /// Whether it is a program of this machine that asks for this machine, with no proxy between.
    pub(crate) is_here: bool,
}

impl Door {
    pub(crate) fn new(proxies: Vec<Network>, has_tls: bool) -> Self {
        Self { proxies, has_tls }
    }

    /// Tells whether `peer` may speak at all: what is in the clear comes from this machine or from a proxy.
    pub(crate) fn admits(&self, peer: IpAddr) -> bool {
        self.has_tls || peer.to_canonical().is_loopback() || self.is_proxy(peer)
    }

    /// Tells whether `peer` is a proxy, so that many clients come from one address.
    pub(crate) fn is_proxy(&self, peer: IpAddr) -> bool {
        self.proxies.iter().any(|network| network.contains(peer))
    }

    /// Finds out where a request comes from. Only a proxy is believed what it says of others.
    pub(crate) fn client(&self, peer: IpAddr, head: &Parts) -> Client {
        let peer = peer.to_canonical();
        if !self.is_proxy(peer) {
            let is_here = peer.is_loopback() && !is_proxied(&head.headers) && asks_for_here(head);
            return Client { address: Some(peer), counted: peer, is_here };
        }
        let address = self.forwarded(&head.headers);
        Client { address, counted: address.unwrap_or(peer), is_here: false }
    }

    /// Reads whom a proxy speaks for. The nearest one wrote last, and what is before the first address that is no
    /// proxy's, the client may have made up. An address that a proxy does not say is not known: its own would let
    /// everybody behind it in where a key is good for its network.
    fn forwarded(&self, headers: &HeaderMap) -> Option<IpAddr> {
        let said: Vec<_> = headers
            .get_all(FORWARDED_FOR)
            .iter()
            .flat_map(|value| value.to_str().unwrap_or_default().split(','))
            .collect();
        let mut address = None;
        for hop in said.iter().rev().take(HOPS) {
            let hop = hop_address(hop.trim())?;
            address = Some(hop);
            if !self.is_proxy(hop) {
                return address;
            }
        }
        address.filter(|_| said.len() <= HOPS)
    }
}

fn is_proxied(headers: &HeaderMap) -> bool {
    headers.keys().any(|name| OF_PROXIES.contains(name) || name.as_str().starts_with(OF_PROXIES_START))
}

/// Tells whether a request names this machine as the one that it is for. A tunnel names another, and so does a web page
/// whose own name was led here.
fn asks_for_here(head: &Parts) -> bool {
    let hosts = head.headers.get_all(HOST).iter().map(|host| host.to_str().unwrap_or_default());
    let mut names = hosts.chain(head.uri.authority().map(|authority| authority.as_str())).peekable();
    names.peek().is_some() && names.all(is_loopback)
}

/// Tells whether a web page of elsewhere asks. What no page asks has no origin.
pub(crate) fn is_page_of_elsewhere(headers: &HeaderMap) -> bool {
    headers.get_all(ORIGIN).iter().any(|origin| !origin.to_str().is_ok_and(is_of_this_machine))
}

/// Tells whether an address without a path is one that this machine has for itself.
pub(crate) fn is_of_this_machine(origin: &str) -> bool {
    match origin.split_once("://") {
        Some(("http" | "https", authority)) => is_loopback(authority),
        _ => false,
    }
}

/// Tells whether a name, with or without a port, is one of this machine's for itself.
fn is_loopback(authority: &str) -> bool {
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.parse::<u16>().is_ok() => host,
        _ => authority,
    };
    let six = || host.strip_prefix('[')?.strip_suffix(']')?.parse::<Ipv6Addr>().ok();
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<Ipv4Addr>().is_ok_and(|four| four.is_loopback())
        || six().is_some_and(|six| six.is_loopback())
}

/// Reads an address as proxies write it: alone, or with a port.
fn hop_address(text: &str) -> Option<IpAddr> {
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse::<Ipv6Addr>().ok().map(IpAddr::from);
    let with_port = || text.parse::<SocketAddr>().ok().map(|found| found.ip());
    let address = text.parse().ok().or_else(bracketed).or_else(with_port)?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn head(uri: &str, headers: &[(&str, &str)]) -> Parts {
        let mut request = hyper::Request::builder().uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    fn client(peer: &str, forwarded: &[&str]) -> (String, bool) {
        let door = Door::new(vec![Network::parse("10.0.0.0/8").unwrap()], false);
        let mut headers = vec![("host", "localhost:7447")];
        headers.extend(forwarded.iter().map(|value| ("x-forwarded-for", *value)));
        let client = door.client(ip(peer), &head("/", &headers));
        (client.address.map_or("unknown".to_owned(), |address| address.to_string()), client.is_here)
    }

    #[test]
    fn only_a_proxy_is_believed_and_only_up_to_its_own_client() {
        for (peer, forwarded, address) in [
            ("10.0.0.1", &["192.0.2.1"][..], "192.0.2.1"),
            ("10.0.0.1", &["203.0.113.9, 192.0.2.1"], "192.0.2.1"),
            ("10.0.0.1", &["203.0.113.9", "192.0.2.1, 10.0.0.2"], "192.0.2.1"),
            ("10.0.0.1", &["203.0.113.9, 192.0.2.1:4711"], "192.0.2.1"),
            ("10.0.0.1", &["[2001:db8::1]:4711, 10.0.0.2:80"], "2001:db8::1"),
            ("10.0.0.1", &["[2001:db8::1]"], "2001:db8::1"),
            ("10.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
            ("::ffff:10.0.0.1", &["::ffff:192.0.2.1"], "192.0.2.1"),
            ("192.0.2.7", &["127.0.0.1"], "192.0.2.7"),
        ] {
            assert_eq!(client(peer, forwarded), (address.to_owned(), false), "{peer} {forwarded:?}");
        }
    }

    #[test]
    fn whom_a_proxy_does_not_name_is_unknown_and_counted_as_the_proxy() {
        let long = vec!["10.0.0.2"; HOPS + 1].join(",").leak();
        for forwarded in
            [&[][..], &[""], &["192.0.2.1, unknown"], &["192.0.2.1, , 10.0.0.2"], &["192.0.2.1:x"], &[long]]
        {
            assert_eq!(client("10.0.0.1", forwarded), ("unknown".to_owned(), false), "{forwarded:?}");
        }
        let door = Door::new(vec![Network::parse("10.0.0.0/8").unwrap()], false);
        assert_eq!(door.client(ip("10.0.0.1"), &head("/", &[])).counted, ip("10.0.0.1"));
    }

    fn is_here(uri: &str, headers: &[(&str, &str)]) -> bool {
        Door::new(Vec::new(), true).client(ip("127.0.0.1"), &head(uri, headers)).is_here
    }

    #[test]
    fn a_program_of_this_machine_asks_for_this_machine() {
        for host in ["localhost", "LocalHost:7447", "127.0.0.1", "127.9.9.9:80", "[::1]", "[::1]:7447"] {
            assert!(is_here("/", &[("host", host)]), "{host}");
            assert!(is_here(&format!("http://{host}/"), &[]), "{host}");
        }
        for host in [
            "",
            "mcp.example.org",
            "localhost.example.org",
            "127.0.0.1.example.org",
            "10.0.0.1",
            "[::2]",
            "::1",
            "localhost:x",
            "0.0.0.0",
            "localhost@example.org",
        ] {
            assert!(!is_here("/", &[("host", host)]), "{host}");
        }
        assert!(!is_here("/", &[]));
        assert!(!is_here("http://mcp.example.org/", &[("host", "localhost")]));
        assert!(!is_here("http://localhost/", &[("host", "mcp.example.org")]));
        let elsewhere =
            Door::new(Vec::new(), true).client(ip("192.0.2.1"), &head("/", &[("host", "localhost")]));
        assert!(!elsewhere.is_here);
    }

    #[test]
    fn whatever_a_proxy_adds_says_that_there_is_one() {
        for name in [
            "forwarded",
            "x-forwarded-for",
            "x-forwarded-host",
            "x-forwarded-proto",
            "x-forwarded-server",
            "via",
            "x-real-ip",
            "cf-connecting-ip",
            "true-client-ip",
        ] {
            assert!(!is_here("/", &[("host", "localhost"), (name, "")]), "{name}");
        }
        assert!(is_here("/", &[("host", "localhost"), ("x-forwarded", "")]));
    }

    #[test]
    fn a_page_is_of_elsewhere_unless_its_origin_is_this_machine() {
        let elsewhere = |origin| is_page_of_elsewhere(&head("/", &[("origin", origin)]).headers);
        assert!(!is_page_of_elsewhere(&HeaderMap::new()));
        for origin in ["http://localhost:3000", "https://127.0.0.1", "http://[::1]:80"] {
            assert!(!elsewhere(origin), "{origin}");
        }
        for origin in
            ["null", "", "localhost", "https://github.com", "http://localhost.example.org", "file://"]
        {
            assert!(elsewhere(origin), "{origin}");
        }
    }

    #[test]
    fn what_is_in_the_clear_comes_from_this_machine_or_from_a_proxy() {
        let door = |tls| Door::new(vec![Network::parse("10.0.0.0/8").unwrap()], tls);
        for (peer, clear) in [("127.0.0.1", true), ("10.1.2.3", true), ("192.0.2.1", false)] {
            assert_eq!(door(false).admits(ip(peer)), clear, "{peer}");
            assert!(door(true).admits(ip(peer)), "{peer}");
        }
    }
}
