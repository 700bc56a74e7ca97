//! Which addresses may be spoken to.

use std::net::IpAddr;

use reqwest::Url;

use crate::mcp::McpError;

/// Returns an address without what may be secret in it: user, password, query.
pub(crate) fn shown(url: &Url) -> String {
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}://{}{port}{}", url.scheme(), url.host_str().unwrap_or_default(), url.path())
}

/// Reads an address and refuses what no MCP server lives at.
pub(crate) fn check(text: &str) -> Result<Url, McpError> {
    let wrong = |url: String, why: &str| McpError::Address { url, why: why.to_owned() };
    let Ok(url) = Url::parse(text) else {
        return Err(wrong(
            text.chars().take(80).take_while(|&c| c != '?' && c != '@').collect(),
            "it is no URL",
        ));
    };
    if !matches!(url.scheme(), "http" | "https") {
        return Err(wrong(shown(&url), "only http and https are spoken"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong(shown(&url), "it holds a user name or password"));
    }
    let host = url.host_str().unwrap_or_default();
    if let Ok(ip) = host.trim_matches(['[', ']']).parse::<IpAddr>()
        && is_forbidden(ip)
    {
        return Err(wrong(shown(&url), "link-local, metadata and group addresses are refused"));
    }
    Ok(url)
}

/// Tells whether the name of a host means this machine.
pub(crate) fn is_local_name(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    host == "localhost" || host.ends_with(".localhost")
}

/// Tells whether an address is refused whoever names it: clouds serve credentials there, or many hosts listen.
pub(super) fn is_forbidden(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => {
            ip.is_link_local()
                || ip.is_unspecified()
                || ip.is_multicast()
                || ip.is_broadcast()
                || ip.octets() == [100, 100, 100, 200]
        }
        IpAddr::V6(ip) => {
            ip.is_unicast_link_local()
                || ip.is_unspecified()
                || ip.is_multicast()
                || ip.segments() == [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254]
        }
    }
}

/// Tells whether a name may lead to an address: a foreign name must not lead back to this machine.
pub(super) fn may_lead_to(host: &str, ip: IpAddr) -> bool {
    !is_forbidden(ip) && (!ip.to_canonical().is_loopback() || is_local_name(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_and_link_local_addresses_are_refused_however_written() {
        for url in [
            "http://169.254.169.254/mcp",
            "http://[::ffff:169.254.169.254]/mcp",
            "http://0xa9fea9fe/mcp",
            "http://[fe80::1]/mcp",
            "http://[fd00:ec2::254]/",
            "http://0.0.0.0:80/",
            "http://100.100.100.200/",
            "ftp://example.com/",
            "http://user:secret@example.com/",
            "not a url?token=secret",
        ] {
            let error = check(url).unwrap_err().to_string();
            assert!(!error.contains("secret"), "{error}");
        }
        for url in
            ["http://127.0.0.1:1/mcp", "http://[::1]:1/mcp", "https://example.com/mcp", "http://10.0.0.7/mcp"]
        {
            assert!(check(url).is_ok(), "{url}");
        }
    }

    #[test]
    fn a_foreign_name_does_not_lead_to_this_machine() {
        let loopback = "127.0.0.1".parse().unwrap();
        assert!(may_lead_to("localhost", loopback));
        assert!(!may_lead_to("evil.example", loopback));
        assert!(!may_lead_to("metadata.google.internal", "169.254.169.254".parse().unwrap()));
        assert!(may_lead_to("example.com", "93.184.216.34".parse().unwrap()));
    }

    #[test]
    fn an_address_is_shown_without_its_query() {
        let url = check("https://example.com:8443/mcp?key=secret#x").unwrap();
        assert_eq!(shown(&url), "https://example.com:8443/mcp");
    }
}
