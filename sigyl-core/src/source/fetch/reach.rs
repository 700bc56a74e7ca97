//! Which hosts sources may come from, so that nobody uses whoever fetches to look around in its own network.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::source::SourceError;

/// Which hosts repositories may be fetched from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reach {
    /// All of them: who fetches is who asks.
    #[default]
    Anywhere,
    /// Those whose addresses are public, and these.
    Public {
        /// Hosts that may be asked whatever their addresses are: names in small letters, or addresses.
        besides: BTreeSet<String>,
    },
}

/// Where a repository is.
#[derive(Debug, PartialEq, Eq)]
struct Place<'a> {
    scheme: &'a str,
    host: String,
    port: u16,
}

impl Reach {
    /// Returns what lets public hosts be asked, and these.
    pub fn public(besides: impl IntoIterator<Item = String>) -> Self {
        Self::Public { besides: besides.into_iter().map(|host| host.to_lowercase()).collect() }
    }

    /// Finds out whether `url`, without credentials, may be fetched; returns settings that keep git to what was found.
    pub(super) async fn check(&self, url: &str) -> Result<Vec<String>, SourceError> {
        let Self::Public { .. } = self else { return Ok(Vec::new()) };
        let (place, found) = self.look_up(url).await?;
        // Elsewhere is not where was looked.
        let mut settings = vec!["http.followRedirects=false".to_owned()];
        if let Some(found) = found
            && place.scheme.starts_with("http")
            && place.host.parse::<IpAddr>().is_err()
        {
            settings.push(format!("http.curloptResolve={}:{}:{}", place.host, place.port, found.ip()));
        }
        Ok(settings)
    }

    /// Returns the only address that the host of `url` may be asked at; nothing when that does not matter.
    #[cfg(any(test, all(feature = "sled", feature = "gateway")))]
    pub(crate) async fn address(&self, url: &str) -> Result<Option<SocketAddr>, SourceError> {
        match self {
            Self::Anywhere => Ok(None),
            Self::Public { .. } => Ok(self.look_up(url).await?.1),
        }
    }

    async fn look_up<'a>(&self, url: &'a str) -> Result<(Place<'a>, Option<SocketAddr>), SourceError> {
        let place = Place::of(url).ok_or_else(|| SourceError::BeyondReach {
            host: url.to_owned(),
            why: "its host cannot be told".to_owned(),
        })?;
        if matches!(self, Self::Public { besides } if besides.contains(&place.host)) {
            return Ok((place, None));
        }
        let refused = |why: String| SourceError::BeyondReach { host: place.host.clone(), why };
        let found = tokio::net::lookup_host((place.host.as_str(), place.port)).await;
        let found: Vec<SocketAddr> =
            found.map_err(|error| refused(format!("it is not found: {error}")))?.collect();
        if let Some(inside) = found.iter().find(|address| !is_public(address.ip())) {
            return Err(refused(format!("its address {} is not a public one", inside.ip())));
        }
        let first = found.first().copied().ok_or_else(|| refused("it has no address".to_owned()))?;
        Ok((place, Some(first)))
    }
}

impl<'a> Place<'a> {
    /// Reads an address as git does; nothing when another reader might take it for another.
    fn of(url: &'a str) -> Option<Self> {
        let (scheme, rest) = match url.split_once("://") {
            Some((scheme, rest)) => (scheme, rest),
            // `host:path`, which git takes for ssh.
            None => {
                let (authority, _) = url.split_once(':')?;
                return Self::new("ssh", authority);
            }
        };
        let authority = rest.split(['/', '?', '#']).next()?;
        Self::new(scheme, authority)
    }

    fn new(scheme: &'a str, authority: &str) -> Option<Self> {
        let usual = match scheme {
            "https" => 443,
            "http" => 80,
            "ssh" => 22,
            "git" => 9418,
            _ => return None,
        };
        let is_of_user = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%:+!$&'()*,;=".contains(&byte);
        let place = match authority.split_once('@') {
            Some((user, place)) => user.bytes().all(is_of_user).then_some(place)?,
            None => authority,
        };
        let (host, port) = match place.strip_prefix('[') {
            Some(rest) => {
                let (host, after) = rest.split_once(']')?;
                host.parse::<Ipv6Addr>().ok()?;
                (host, after.strip_prefix(':').or_else(|| after.is_empty().then_some(""))?)
            }
            None => {
                let (host, port) = place.split_once(':').unwrap_or((place, ""));
                let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
                (host, port).0.bytes().all(plain).then_some((host, port))?
            }
        };
        let port = if port.is_empty() { usual } else { port.parse().ok()? };
        (!host.is_empty() && !host.starts_with('-')).then(|| Self { scheme, host: host.to_lowercase(), port })
    }
}

/// Tells whether an address is one that everybody reaches.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => match inner(address) {
            Some(inner) => is_public_v4(inner),
            None => is_public_v6(address),
        },
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    let special = address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || address.is_broadcast()
        || address.is_multicast()
        || address.is_documentation();
    let shared = first == 100 && second & 0xc0 == 64;
    let assigned = (first, second, third) == (192, 0, 0) || (first == 198 && second & 0xfe == 18);
    !(special || shared || assigned || first == 0 || first >= 240)
}

/// Only what is given out as public is: `2000::/3`, without what is for tunnels and for books.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let special = first == 0x2001 && (second < 0x200 || second == 0x0db8);
    first & 0xe000 == 0x2000 && !special
}

/// The IPv4 address that an IPv6 address stands for.
fn inner(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let of = |high: u16, low: u16| Some(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)));
    match (a, b, c, d, e, f) {
        (0, 0, 0, 0, 0, 0xffff | 0) => of(g, h),
        (0x64, 0xff9b, 0, 0, 0, 0) => of(g, h),
        (0x2002, high, low, ..) => of(high, low),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_public_is_known_in_every_form() {
        for address in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "192.0.0.8",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "fec0::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001::1",
            "2001:db8::1",
        ] {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
        for address in
            ["1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1", "::ffff:1.1.1.1", "64:ff9b::101:101"]
        {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[tokio::test]
    async fn what_is_asked_for_a_caller_is_asked_of_the_address_that_was_looked_at() {
        let only_public = Reach::public([]);
        for inside in ["http://127.0.0.1:1/", "https://[::1]/x", "https://192.168.0.1/", "https://a b/"] {
            let refused = only_public.address(inside).await;
            assert!(matches!(refused, Err(SourceError::BeyondReach { .. })), "{inside}: {refused:?}");
        }
        let outside = only_public.address("https://1.1.1.1/x").await.unwrap();
        assert_eq!(outside, Some(([1, 1, 1, 1], 443).into()));
        let besides = Reach::public(["127.0.0.1".to_owned()]);
        assert_eq!(besides.address("http://127.0.0.1:1/").await.unwrap(), None);
        assert_eq!(Reach::Anywhere.address("http://127.0.0.1:1/").await.unwrap(), None);
    }

    #[test]
    fn hosts_are_read_as_git_reads_them_or_not_at_all() {
        let of = |url| Place::of(url).map(|place| (place.host, place.port));
        let host = |host: &str, port| Some((host.to_owned(), port));
        assert_eq!(of("https://Git.example/ada/clock.git"), host("git.example", 443));
        assert_eq!(of("ssh://git@git.example:2222/x"), host("git.example", 2222));
        assert_eq!(of("git@git.example:ada/clock.git"), host("git.example", 22));
        assert_eq!(of("http://[::1]:80/x"), host("::1", 80));
        assert_eq!(of("http://a.example?@127.0.0.1/"), host("a.example", 80));
        for odd in [
            "https://",
            "https:///x",
            "https://a@b@c/",
            "https://a.example\\@127.0.0.1/",
            "https://a.example:x/",
            "https://a%2eexample/",
            "https://[::1/x",
            "https://[a]/",
            "ftp://a.example/",
            "https://-oProxy/",
            "x",
        ] {
            assert_eq!(of(odd), None, "{odd}");
        }
    }

    #[tokio::test]
    async fn what_is_within_is_refused_unless_it_is_named() {
        let reach = Reach::public(["Git.Internal".to_owned(), "127.0.0.2".to_owned()]);
        for within in [
            "http://127.0.0.1/x",
            "http://127.1/x",
            "http://2130706433/x",
            "https://localhost/x",
            "ssh://[::1]/x",
        ] {
            let error = reach.check(within).await.unwrap_err().to_string();
            assert!(error.contains("not a public one") || error.contains("not found"), "{within}: {error}");
        }
        for named in ["https://git.internal/x", "http://127.0.0.2:8/x"] {
            assert_eq!(reach.check(named).await.unwrap(), ["http.followRedirects=false"], "{named}");
        }
        assert_eq!(reach.check("https://1.1.1.1/x").await.unwrap().len(), 1);
        assert_eq!(Reach::Anywhere.check("http://127.0.0.1/x").await.unwrap().len(), 0);
    }
}
