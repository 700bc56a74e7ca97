//! Where the service is: https, or plain http on this machine alone, and no credentials in the address.

use std::net::IpAddr;

use reqwest::Url;

use super::settings::ReviewerError;

/// Checks the address of the service and returns it without a slash at its end.
pub(super) fn base(text: &str) -> Result<String, ReviewerError> {
    let wrong = |why: &str| ReviewerError::setting("base_url", why);
    let url = Url::parse(text)
        .map_err(|_| wrong("is no address: write it with its scheme, such as https://api.openai.com/v1"))?;
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() {
        return Err(wrong("holds credentials or a query: name the variable with the key in `api_key_env`"));
    }
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&url) => {}
        _ => return Err(wrong("has to be https, but for an address of this machine")),
    }
    Ok(text.trim_end_matches('/').to_owned())
}

/// Checks the address of a proxy.
pub(super) fn proxy(text: &str) -> Result<Url, ReviewerError> {
    let wrong = || ReviewerError::setting("proxy", "is no address: write http://HOST:PORT");
    let url = Url::parse(text).map_err(|_| wrong())?;
    match (url.scheme(), url.host()) {
        ("http" | "https", Some(_)) => Ok(url),
        _ => Err(wrong()),
    }
}

/// Tells whether an address that was checked is on this machine.
pub(super) fn is_local(base: &str) -> bool {
    Url::parse(base).is_ok_and(|url| is_loopback(&url))
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|at| at.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_goes_over_tls_or_stays_on_this_machine() {
        for good in
            ["https://a.example/v1", "http://127.0.0.1:9200/v1", "http://[::1]:1", "http://localhost/v1/"]
        {
            assert!(base(good).is_ok(), "{good}");
        }
        for bad in
            ["a.example", "http://a.example/v1", "https://u:p@a.example", "https://a.example/?k=1", "ftp://a"]
        {
            assert!(base(bad).is_err(), "{bad}");
        }
        assert_eq!(base("http://localhost/v1/").unwrap(), "http://localhost/v1");
        assert!(is_local("http://[::1]:1") && !is_local("https://a.example"));
        assert!(proxy("http://proxy.example:3128").is_ok() && proxy("proxy:1").is_err());
    }
}
