//! Files of other servers, written down as they come.

use std::path::Path;
use std::time::Duration;

use reqwest::header::USER_AGENT;
use tokio::io::AsyncWriteExt as _;

use super::asking::{AGENT, Web, WebError, is_this_machine, shown};

/// How long a file may take in all, and a piece of it.
const WHOLE: Duration = Duration::from_secs(600);
const PIECE: Duration = Duration::from_secs(30);

impl Web {
    /// Writes what is at an address into a file that is made. Nobody is told who asks, no redirect is followed, and who told
    /// the address leads into this machine only from there.
    pub(crate) async fn download(
        &self,
        url: &str,
        told_by: &str,
        into: &Path,
        most: u64,
    ) -> Result<(), WebError> {
        if is_this_machine(url) && !is_this_machine(told_by) {
            return Err(WebError::Answer {
                url: shown(told_by),
                why: "it leads into this machine".to_owned(),
            });
        }
        let request = self.client(url)?.get(url).header(USER_AGENT, AGENT);
        let fetched = tokio::time::timeout(WHOLE, write(request, url, into, most)).await;
        fetched.unwrap_or_else(|_| Err(late(url, WHOLE)))
    }
}

fn late(url: &str, limit: Duration) -> WebError {
    WebError::Unreachable { url: shown(url), why: format!("it took more than {} s", limit.as_secs()) }
}

async fn write(request: reqwest::RequestBuilder, url: &str, into: &Path, most: u64) -> Result<(), WebError> {
    let broken = |error: reqwest::Error| WebError::Unreachable {
        url: shown(url),
        why: error.without_url().to_string(),
    };
    let unwritten = |error: std::io::Error| WebError::Unwritten { url: shown(url), source: error };
    let sent = tokio::time::timeout(PIECE, request.send()).await;
    let mut response = sent.map_err(|_| late(url, PIECE))?.map_err(broken)?;
    if response.status().as_u16() != 200 {
        return Err(WebError::Answer {
            url: shown(url),
            why: format!("status {}", response.status().as_u16()),
        });
    }
    let mut file = tokio::fs::File::create_new(into).await.map_err(unwritten)?;
    let mut written = 0_u64;
    loop {
        let piece = tokio::time::timeout(PIECE, response.chunk()).await;
        let Some(piece) = piece.map_err(|_| late(url, PIECE))?.map_err(broken)? else { break };
        written = written.saturating_add(piece.len() as u64);
        if written > most {
            return Err(WebError::Answer { url: shown(url), why: format!("it is longer than {most} bytes") });
        }
        file.write_all(&piece).await.map_err(unwritten)?;
    }
    file.flush().await.map_err(unwritten)
}
