//! Which addresses a server may be at.

use std::net::IpAddr;

use reqwest::Url;

use super::{ClientError, ClientSettings};

/// Reads the address of a server, and refuses one that a key must not be sent to.
pub(super) fn check(settings: &ClientSettings) -> Result<Url, ClientError> {
    let wrong = |url: &str, why: &'static str| ClientError::Address { url: url.to_owned(), why };
    let Ok(url) = Url::parse(&settings.url) else {
        // Whatever it is, a password may stand in it.
        return Err(wrong("this", "it is no URL, such as https://sigyl.example.org"));
    };
    let shown = shown(&url);
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
        return Err(wrong(&shown, "only http:// and https:// lead to a server"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong(&shown, "it holds a user name or password: a key is given apart"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong(&shown, "it holds more than a host and a path"));
    }
    let is_here = is_loopback(&url);
    if settings.offline && !is_here {
        return Err(wrong(&shown, "it is not on this machine, and everything else is refused"));
    }
    if url.scheme() == "http" && !is_here && !settings.plain_http {
        return Err(wrong(&shown, "what is sent over http:// can be read on the way: write https://"));
    }
    Ok(url)
}

/// Returns an address without what may be secret in it.
pub(super) fn shown(url: &Url) -> String {
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}://{}{port}{}", url.scheme(), url.host_str().unwrap_or_default(), url.path())
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    match host.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(ip) => ip.to_canonical().is_loopback(),
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(url: &str) -> Result<Url, ClientError> {
        check(&ClientSettings::of(url))
    }

    #[test]
    fn a_key_goes_in_the_clear_to_this_machine_alone() {
        for url in ["http://127.0.0.1:7447", "http://[::1]:1/", "http://localhost:1", "https://a.example/x/"]
        {
            assert!(checked(url).is_ok(), "{url}");
        }
        for url in [
            "http://a.example",
            "http://10.0.0.7",
            "http://localhost.a.example",
            "ftp://127.0.0.1",
            "http://127.0.0.1@a.example/",
            "https://u:secret@a.example",
            "https://a.example/?key=secret",
            "https://a.example/#secret",
            "secret",
        ] {
            let error = checked(url).unwrap_err().to_string();
            assert!(!error.contains("secret"), "{error}");
        }
        let insisted = ClientSettings { plain_http: true, ..ClientSettings::of("http://a.example") };
        assert!(check(&insisted).is_ok());
    }

    #[test]
    fn who_stays_on_this_machine_reaches_no_other() {
        let offline = |url: &str| ClientSettings { offline: true, ..ClientSettings::of(url) };
        assert!(check(&offline("http://127.0.0.1:1")).is_ok());
        assert!(check(&offline("https://a.example")).is_err());
    }
}
