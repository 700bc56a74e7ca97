//! Browsers that are signed in: the cookie that holds their session, and whether a form comes from a page of this server.

use hyper::header::{COOKIE, HOST, HeaderMap, HeaderName, HeaderValue, InvalidHeaderValue, ORIGIN};
use hyper::http::uri::Authority;

/// The cookie. Where there is TLS, browsers take it from this host alone, and send it nowhere else.
const NAMES: [&str; 2] = ["sigyl_session", "__Host-sigyl_session"];

/// What a browser says of the page that a request comes from.
const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Cookies that are looked at; a browser has few for one host.
const MOST: usize = 64;

/// The cookie that binds a sign-in to the browser that began it.
const LOGIN: [&str; 2] = ["sigyl_login", "__Host-sigyl_login"];

/// Returns the session that a browser shows. Two of them are none: somebody else may have put one in.
pub(crate) fn shown(headers: &HeaderMap, is_secure: bool) -> Option<&str> {
    named(headers, NAMES[usize::from(is_secure)])
}

/// Returns what binds a sign-in to the browser that shows it.
pub(crate) fn login_shown(headers: &HeaderMap, is_secure: bool) -> Option<&str> {
    named(headers, LOGIN[usize::from(is_secure)])
}

/// The header that gives a browser what binds a sign-in to it, for `seconds`; none take it away. It has to come back
/// with the browser from another site, which a stricter cookie does not.
pub(crate) fn login_given(
    plain: &str,
    seconds: u64,
    is_secure: bool,
) -> Result<HeaderValue, InvalidHeaderValue> {
    let (name, secure) = (LOGIN[usize::from(is_secure)], if is_secure { "; Secure" } else { "" });
    let text = format!("{name}={plain}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
    let mut value = HeaderValue::from_str(&text)?;
    value.set_sensitive(true);
    Ok(value)
}

fn named<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let texts = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = texts.flat_map(|text| text.split(';')).take(MOST);
    let mut found = pairs.filter_map(|pair| pair.trim().split_once('=')).filter(|(own, _)| *own == name);
    let (_, value) = found.next()?;
    (found.next().is_none() && !value.is_empty()).then_some(value)
}

/// The header that gives a browser its session, for `seconds`.
pub(crate) fn given(plain: &str, seconds: u64, is_secure: bool) -> Result<HeaderValue, InvalidHeaderValue> {
    let (name, secure) = (NAMES[usize::from(is_secure)], if is_secure { "; Secure" } else { "" });
    let text = format!("{name}={plain}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}");
    let mut value = HeaderValue::from_str(&text)?;
    value.set_sensitive(true);
    Ok(value)
}

/// The header that takes a session from a browser.
pub(crate) fn taken(is_secure: bool) -> HeaderValue {
    match is_secure {
        true => HeaderValue::from_static(
            "__Host-sigyl_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict; Secure",
        ),
        false => HeaderValue::from_static("sigyl_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict"),
    }
}

/// Tells whether a page of this server sent a form. What says nothing of where it comes from did not come from a page of
/// ours: every browser of today says it.
pub(crate) fn is_own_form(headers: &HeaderMap) -> bool {
    let mut sites = headers.get_all(SITE).iter();
    match (sites.next(), sites.next()) {
        (Some(site), None) => site == "same-origin",
        (None, _) => is_own_origin(headers),
        (Some(_), Some(_)) => false,
    }
}

fn is_own_origin(headers: &HeaderMap) -> bool {
    let only = |name: HeaderName| {
        let mut values = headers.get_all(name).iter();
        values.next().filter(|_| values.next().is_none()).and_then(|value| value.to_str().ok())
    };
    let origin = only(ORIGIN).and_then(|origin| origin.split_once("://"));
    let (Some((scheme @ ("http" | "https"), from)), Some(host)) = (origin, only(HOST)) else { return false };
    let usual = if scheme == "https" { 443 } else { 80 };
    let place = |text: &str| {
        let authority: Authority = text.parse().ok()?;
        Some((authority.host().to_ascii_lowercase(), authority.port_u16().unwrap_or(usual)))
    };
    place(from).is_some_and(|from| place(host) == Some(from))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    #[test]
    fn a_session_is_read_from_the_cookie_of_this_kind_of_connection() {
        let found = |cookie: &str, is_secure| {
            let headers = headers(&[("cookie", cookie)]);
            shown(&headers, is_secure).map(str::to_owned)
        };
        assert_eq!(found("a=b; sigyl_session=x; c=d", false).as_deref(), Some("x"));
        assert_eq!(found("__Host-sigyl_session=x", true).as_deref(), Some("x"));
        // Whoever holds a neighbouring host, or the way to it, can set a plain cookie.
        assert_eq!(found("sigyl_session=x", true), None);
        for odd in ["sigyl_session=", "sigyl_session", "sigyl_session=a; sigyl_session=b", "xsigyl_session=a"]
        {
            assert_eq!(found(odd, false), None, "{odd}");
        }
        let twice = headers(&[("cookie", "sigyl_session=a"), ("cookie", "sigyl_session=b")]);
        assert_eq!(shown(&twice, false), None);
    }

    #[test]
    fn no_script_reads_the_cookie_and_no_other_site_sends_it() {
        for is_secure in [false, true] {
            let set = given("key", 60, is_secure).unwrap();
            let gone = taken(is_secure);
            for value in [set.to_str().unwrap(), gone.to_str().unwrap()] {
                assert!(value.contains("; HttpOnly; SameSite=Strict"), "{value}");
                assert_eq!(value.contains("; Secure"), is_secure, "{value}");
                assert!(value.contains("; Path=/;") && !value.contains("Domain"), "{value}");
            }
        }
        assert!(!format!("{:?}", given("TOPSECRET", 60, true).unwrap()).contains("TOPSECRET"));
    }

    #[test]
    fn only_a_page_of_this_server_sends_forms() {
        let own = |pairs: &[(&'static str, &str)]| is_own_form(&headers(pairs));
        assert!(own(&[("sec-fetch-site", "same-origin"), ("origin", "null")]));
        assert!(own(&[("origin", "http://localhost:7447"), ("host", "localhost:7447")]));
        assert!(own(&[("origin", "https://mcp.example.org"), ("host", "MCP.example.org:443")]));
        for pairs in [
            &[][..],
            &[("host", "localhost")],
            &[("sec-fetch-site", "same-site"), ("origin", "http://localhost"), ("host", "localhost")],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "none")],
            &[("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")],
            &[("origin", "null"), ("host", "localhost")],
            &[("origin", "https://evil.example"), ("host", "localhost")],
            &[("origin", "http://localhost:1"), ("host", "localhost:2")],
            &[("origin", "file://localhost"), ("host", "localhost")],
        ] {
            assert!(!own(pairs), "{pairs:?}");
        }
    }
}
