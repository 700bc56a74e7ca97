//! Where the server may listen, and how clients reach it.

use std::net::SocketAddr;

use sigyl_core::domain::Network;

use super::SettingsError;

/// Refuses an address where keys would pass in the clear: from other machines, without TLS, and past no proxy.
pub(super) fn check_listen(
    address: SocketAddr,
    has_tls: bool,
    proxies: &[Network],
) -> Result<(), SettingsError> {
    if address.ip().to_canonical().is_loopback() || has_tls || !proxies.is_empty() {
        return Ok(());
    }
    Err(SettingsError::InTheClear(address))
}

/// Reads the address that clients use: `http` or `https`, a host, perhaps a port, and nothing else.
pub(super) fn check_public_url(text: &str) -> Result<String, SettingsError> {
    let wrong = |why| SettingsError::PublicUrl { text: text.chars().take(200).collect(), why };
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let rest = rest.ok_or_else(|| wrong("it begins with neither https:// nor http://"))?;
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    if authority.contains('@') {
        return Err(wrong("it holds a name or password"));
    }
    let parsed = authority.parse::<hyper::http::uri::Authority>();
    if parsed.is_err() || authority.contains(['/', '?', '#']) {
        return Err(wrong("after the scheme there has to be HOST or HOST:PORT alone"));
    }
    Ok(text.strip_suffix('/').unwrap_or(text).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_pass_in_the_clear_on_this_machine_alone() {
        let listen =
            |text: &str, tls, proxies: &[Network]| check_listen(text.parse().unwrap(), tls, proxies).is_ok();
        let proxy = [Network::parse("10.0.0.0/8").unwrap()];
        for text in ["127.0.0.1:1", "[::1]:1", "[::ffff:127.0.0.1]:1"] {
            assert!(listen(text, false, &[]), "{text}");
        }
        for text in ["0.0.0.0:1", "[::]:1", "10.0.0.1:1"] {
            assert!(!listen(text, false, &[]), "{text}");
            assert!(listen(text, true, &[]) && listen(text, false, &proxy), "{text}");
        }
    }

    #[test]
    fn a_public_address_is_a_host_and_no_more() {
        assert_eq!(check_public_url("https://mcp.example.org/").unwrap(), "https://mcp.example.org");
        assert_eq!(check_public_url("http://[::1]:7447").unwrap(), "http://[::1]:7447");
        for text in [
            "mcp.example.org",
            "ftp://x",
            "https://",
            "https://a/b",
            "https://u:p@a",
            "https://a?b",
            "https://a b",
        ] {
            assert!(check_public_url(text).is_err(), "{text}");
        }
    }
}
