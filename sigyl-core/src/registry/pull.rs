//! Reads another registry, page by page.

use std::collections::HashMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::domain::{Kind, Timestamp, percent_encoded};
use crate::mcp::{self, McpError};
use crate::registry::OFFICIAL_KEY;
use crate::wire::registry::ImportRow;

/// Largest page that is read, in bytes.
const PAGE_MAX: usize = 16 << 20;
/// Most pages of one walk.
const PAGES: u64 = 10_000;
/// Longest cursor that is sent back, in bytes.
const CURSOR_MAX: usize = 8 << 10;
/// How long one page may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A walk over the documents of another registry.
#[derive(Debug)]
pub struct Pull {
    client: reqwest::Client,
    list: String,
    since: Option<Timestamp>,
    cursor: Option<String>,
    pages: u64,
    rows: u64,
    newest: Option<Timestamp>,
    is_over: bool,
}

/// Another registry cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PullError {
    /// Its address cannot be used.
    #[error(transparent)]
    Address(#[from] McpError),
    /// It cannot be reached, or broke off.
    #[error("{list} cannot be read: {why}")]
    Unreachable {
        /// The address of its list.
        list: String,
        /// What happened.
        why: String,
    },
    /// It did not answer as a registry does.
    #[error("{list} is not answered as a registry answers: {why}")]
    Answer {
        /// The address of its list.
        list: String,
        /// What is wrong.
        why: String,
    },
}

impl PullError {
    /// Returns the class of this failure.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Address(error) => error.kind(),
            Self::Unreachable { .. } | Self::Answer { .. } => Kind::Upstream,
        }
    }
}

/// One page, as far as it is needed.
#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    servers: Vec<&'a RawValue>,
    metadata: Option<Metadata>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    #[serde(alias = "next_cursor")]
    next_cursor: Option<String>,
}

/// What a registry says of a document, as far as it is needed.
#[derive(Deserialize)]
struct About<'a> {
    #[serde(rename = "_meta", borrow)]
    meta: Option<HashMap<&'a str, &'a RawValue>>,
}

/// Reads when a document changed in its registry.
fn changed(row: &RawValue) -> Option<Timestamp> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Official {
        updated_at: String,
    }
    let about: About<'_> = serde_json::from_str(row.get()).ok()?;
    let official: Official = serde_json::from_str(about.meta?.get(OFFICIAL_KEY)?.get()).ok()?;
    Timestamp::parse(&official.updated_at).ok()
}

impl Pull {
    /// Begins a walk over the registry at `address`, which may name its version, as in `https://example.com/v0`. With
    /// `since`, only what changed there then or later.
    pub fn new(address: &str, since: Option<Timestamp>) -> Result<Self, PullError> {
        let plain = address.split(['?', '#']).next().unwrap_or(address).trim_end_matches('/');
        let plain = plain.strip_suffix("/servers").unwrap_or(plain);
        let versioned = plain.rsplit('/').next().is_some_and(|last| last == "v0" || last.starts_with("v0."));
        let list = if versioned { format!("{plain}/servers") } else { format!("{plain}/v0.1/servers") };
        let client = mcp::proxy_client(&list)?;
        Ok(Self { client, list, since, cursor: None, pages: 0, rows: 0, newest: None, is_over: false })
    }

    /// Returns the address of its list.
    pub fn list(&self) -> &str {
        &self.list
    }

    /// Returns when what was read last had changed there, once all of it was read: a later walk may begin at that. Nothing
    /// when its registry does not say, or said nothing.
    pub fn newest(&self) -> Option<Timestamp> {
        self.newest.filter(|_| self.is_over)
    }

    /// Reads the next page; nothing after the last.
    pub async fn page(&mut self) -> Result<Option<Vec<ImportRow>>, PullError> {
        if self.is_over {
            return Ok(None);
        }
        self.pages += 1;
        if self.pages > PAGES {
            return Err(self.wrong(format!("it has more than {PAGES} pages")));
        }
        let body = match tokio::time::timeout(PATIENCE, self.body()).await {
            Ok(body) => body?,
            Err(_) => return Err(self.unreachable(format!("a page took more than {} s", PATIENCE.as_secs()))),
        };
        let page: Page<'_> = serde_json::from_slice(&body).map_err(|error| self.wrong(error.to_string()))?;
        let next = page.metadata.and_then(|about| about.next_cursor).filter(|cursor| !cursor.is_empty());
        if next.is_some()
            && (next == self.cursor || next.as_ref().is_some_and(|text| text.len() > CURSOR_MAX))
        {
            return Err(self.wrong("its pages do not end".to_owned()));
        }
        self.is_over = next.is_none();
        self.cursor = next;
        self.newest = page.servers.iter().filter_map(|row| changed(row)).chain(self.newest).max();
        let first = self.rows;
        self.rows += page.servers.len() as u64;
        let row = |(line, item): (u64, &RawValue)| ImportRow { line, text: item.get().to_owned() };
        Ok(Some((first + 1..).zip(page.servers).map(row).collect()))
    }

    async fn body(&self) -> Result<Vec<u8>, PullError> {
        let failed = |error: reqwest::Error| self.unreachable(error.without_url().to_string());
        let mut query = vec![("limit", "100".to_owned())];
        query.extend(self.since.map(|since| ("updated_since", since.to_string())));
        query.extend(self.cursor.clone().map(|cursor| ("cursor", cursor)));
        let query: Vec<_> =
            query.into_iter().map(|(name, value)| format!("{name}={}", percent_encoded(&value))).collect();
        let url = format!("{}?{}", self.list, query.join("&"));
        let mut response = self.client.get(url).send().await.map_err(failed)?;
        if !response.status().is_success() {
            return Err(self.wrong(format!("with status {}", response.status().as_u16())));
        }
        let mut body = Vec::new();
        while let Some(part) = response.chunk().await.map_err(failed)? {
            if body.len() + part.len() > PAGE_MAX {
                return Err(self.wrong(format!("a page has more than {PAGE_MAX} bytes")));
            }
            body.extend_from_slice(&part);
        }
        Ok(body)
    }

    fn wrong(&self, why: String) -> PullError {
        PullError::Answer { list: self.list.clone(), why }
    }

    fn unreachable(&self, why: String) -> PullError {
        PullError::Unreachable { list: self.list.clone(), why }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    /// A registry that answers one request after the other, and returns what it was asked for.
    async fn registry(answers: Vec<(u16, String)>) -> (String, tokio::task::JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let task = tokio::spawn(async move {
            let mut asked = Vec::new();
            for (status, body) in answers {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(stream.read_u8().await.unwrap());
                }
                asked.push(String::from_utf8(head).unwrap().lines().next().unwrap_or_default().to_owned());
                let length = body.len();
                let head =
                    format!("HTTP/1.1 {status} x\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
                stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
            }
            asked
        });
        (base, task)
    }

    fn page(names: &[&str], next: &str) -> (u16, String) {
        let rows: Vec<_> =
            names.iter().map(|name| format!(r#"{{"server": {{"name": "{name}"}}}}"#)).collect();
        let next = format!(r#"{{"nextCursor": "{next}", "count": {}}}"#, names.len());
        (200, format!(r#"{{"servers": [{}], "metadata": {next}}}"#, rows.join(",")))
    }

    #[tokio::test]
    async fn every_page_is_read_once_and_cursors_go_back_as_they_came() {
        let (base, task) = registry(vec![page(&["a/b", "a/c"], "a/c:1+2"), page(&["a/d"], "")]).await;
        let mut pull = Pull::new(&base, Some(Timestamp::EPOCH)).unwrap();
        let first = pull.page().await.unwrap().unwrap();
        let second = pull.page().await.unwrap().unwrap();
        assert_eq!(first.iter().chain(&second).map(|row| row.line).collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(second[0].text, r#"{"server": {"name": "a/d"}}"#);
        assert_eq!(pull.page().await.unwrap(), None);
        let asked = task.await.unwrap();
        let since = "updated_since=1970-01-01T00%3A00%3A00.000Z";
        assert_eq!(asked[0], format!("GET /v0.1/servers?limit=100&{since} HTTP/1.1"));
        assert_eq!(asked[1], format!("GET /v0.1/servers?limit=100&{since}&cursor=a%2Fc%3A1%2B2 HTTP/1.1"));
    }

    #[tokio::test]
    async fn the_newest_change_is_known_once_all_was_read() {
        let row = |name: &str, at: &str| {
            format!(
                r#"{{"server": {{"name": "{name}"}}, "_meta": {{"x": 1, "{OFFICIAL_KEY}": {{"updatedAt": "{at}"}}}}}}"#
            )
        };
        let page = |rows: &str, next: &str| {
            (200, format!(r#"{{"servers": [{rows}], "metadata": {{"nextCursor": "{next}"}}}}"#))
        };
        let first = [
            row("a/b", "2026-02-01T00:00:00Z"),
            row("a/c", "2026-01-01T00:00:00Z"),
            r#"{"server": {}}"#.to_owned(),
        ];
        let (base, task) = registry(vec![page(&first.join(","), "n"), page("", "")]).await;
        let mut pull = Pull::new(&base, None).unwrap();
        pull.page().await.unwrap();
        assert_eq!(pull.newest(), None, "a walk that breaks off must begin anew");
        pull.page().await.unwrap();
        assert_eq!(pull.newest(), Some(Timestamp::parse("2026-02-01T00:00:00Z").unwrap()));
        task.await.unwrap();
    }

    #[tokio::test]
    async fn what_is_no_registry_is_told() {
        for (answer, said) in [
            ((404, "{}".to_owned()), "with status 404"),
            ((200, "<html>".to_owned()), "expected value"),
            ((200, "[]".to_owned()), "invalid length 0"),
        ] {
            let (base, task) = registry(vec![answer]).await;
            let error = Pull::new(&base, None).unwrap().page().await.unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
            task.await.unwrap();
        }
        let (base, task) = registry(vec![page(&["a/b"], "x"), page(&["a/b"], "x")]).await;
        let mut pull = Pull::new(&base, None).unwrap();
        pull.page().await.unwrap();
        assert!(pull.page().await.unwrap_err().to_string().contains("do not end"));
        task.await.unwrap();
    }

    #[test]
    fn an_address_names_its_version_or_gets_one() {
        let list = |address: &str| Pull::new(address, None).map(|pull| pull.list);
        for (address, wanted) in [
            ("https://r.example", "https://r.example/v0.1/servers"),
            ("https://r.example/v0/", "https://r.example/v0/servers"),
            ("https://r.example/x/v0.1/servers?limit=3", "https://r.example/x/v0.1/servers"),
        ] {
            assert_eq!(list(address).unwrap(), wanted);
        }
        for address in ["ftp://r.example", "https://u:p@r.example", "http://169.254.169.254/", "r.example"] {
            assert!(list(address).is_err(), "{address}");
        }
    }
}
