//! What a browser asks of this machine: the head of a request, bounded.

use tokio::io::{AsyncRead, AsyncReadExt as _};

/// Bytes of a head: browsers send one or two thousand.
const MOST: usize = 16 << 10;

/// The head of a request, as far as anybody looks at it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: String,
    pub(super) host: String,
    pub(super) cookies: String,
    /// What a browser asks it for; nothing from browsers that do not say.
    pub(super) mode: Option<String>,
}

/// Reads a head; nothing where it is none, or too long, or broke off.
pub(super) async fn read(from: &mut (impl AsyncRead + Unpin)) -> Option<Head> {
    let (mut all, mut piece) = (Vec::new(), [0; 1024]);
    while !all.windows(4).any(|end| end == b"\r\n\r\n") {
        // What cannot be read is no request.
        let read = from.read(&mut piece).await.ok()?;
        if read == 0 || all.len() + read > MOST {
            return None;
        }
        all.extend_from_slice(piece.get(..read)?);
    }
    parse(std::str::from_utf8(&all).ok()?)
}

fn parse(text: &str) -> Option<Head> {
    let mut lines = text.split("\r\n");
    let mut words = lines.next()?.split(' ');
    let (method, target, version) = (words.next()?, words.next()?, words.next()?);
    if words.next().is_some() || !version.starts_with("HTTP/1.") || !target.starts_with('/') {
        return None;
    }
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut head = Head { method: method.into(), path: path.into(), query: query.into(), ..Head::default() };
    for line in lines.take_while(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':')?;
        match name.to_ascii_lowercase().as_str() {
            // A second host would be another for whoever reads the first.
            "host" if !head.host.is_empty() => return None,
            "host" => head.host = value.trim().to_owned(),
            "cookie" => {
                head.cookies.push_str("; ");
                head.cookies.push_str(value.trim());
            }
            "sec-fetch-mode" if head.mode.is_some() => return None,
            "sec-fetch-mode" => head.mode = Some(value.trim().to_owned()),
            _ => {}
        }
    }
    Some(head)
}

/// Finds a part of a query that stands there once. What stands there twice is nothing: nobody knows which is meant.
pub(super) fn once<'q>(query: &'q str, name: &str) -> Option<&'q str> {
    let parts = query.split('&').filter_map(|part| part.split_once('='));
    let mut found = parts.filter(|(it, _)| *it == name).map(|(_, value)| value);
    found.next().filter(|_| found.next().is_none())
}

impl Head {
    /// Tells whether somebody goes there, as far as the browser says: no page asks for it, and none shows it within itself.
    pub(super) fn is_visit(&self) -> bool {
        self.mode.as_deref().is_none_or(|mode| mode == "navigate")
    }

    /// Finds a cookie by its name.
    pub(super) fn cookie(&self, name: &str) -> Option<&str> {
        let mut all = self.cookies.split(';').filter_map(|one| one.trim().split_once('='));
        all.find(|(it, _)| *it == name).map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn head(text: &str) -> Option<Head> {
        read(&mut text.as_bytes()).await
    }

    #[tokio::test]
    async fn a_head_is_read_and_what_is_none_is_refused() {
        let whole =
            head("GET /made?code=a&state=b HTTP/1.1\r\nHOST: 127.0.0.1:1\r\nCookie: x=1; y=2\r\n\r\nmore");
        let whole = whole.await.unwrap();
        assert_eq!((whole.path.as_str(), whole.query.as_str()), ("/made", "code=a&state=b"));
        assert_eq!(
            (whole.host.as_str(), whole.cookie("y"), whole.cookie("z")),
            ("127.0.0.1:1", Some("2"), None)
        );
        for wrong in [
            "",
            "GET / HTTP/1.1\r\n",
            "GET /\r\n\r\n",
            "GET http://a/ HTTP/1.1\r\n\r\n",
            "GET / HTTP/2\r\n\r\n",
            "GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n",
            "GET / HTTP/1.1\r\nno line\r\n\r\n",
            &format!("GET / HTTP/1.1\r\nx: {}\r\n\r\n", "x".repeat(MOST)),
        ] {
            assert_eq!(head(wrong).await, None, "{}", &wrong[..wrong.len().min(60)]);
        }
    }

    #[test]
    fn what_stands_twice_in_a_query_is_nothing() {
        assert_eq!(once("code=a&state=b", "state"), Some("b"));
        assert_eq!(once("code=a&state=b&state=b", "state"), None);
        assert_eq!(once("", "state"), None);
    }
}
