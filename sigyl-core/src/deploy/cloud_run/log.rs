//! Lines of logs: of builds, and of servers.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};

use super::call::Call;
use super::endpoints::Api;
use super::google::{Google, GoogleError};
use crate::deploy::image::Names;
use crate::deploy::{LogLine, LogStream};
use crate::domain::Timestamp;

/// Lines that one page has.
const PAGE: usize = 500;
/// Pages that are read at a time.
const PAGES: usize = 20;
/// Characters of a line that are kept.
const LONGEST: usize = 2_000;

/// Which lines are read, and which were read already.
#[derive(Debug)]
pub(super) struct Lines {
    filter: String,
    since: Option<String>,
    seen: BTreeSet<String>,
    failed: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    #[serde(default)]
    entries: Vec<Entry>,
    next_page_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    #[serde(default)]
    timestamp: String,
    #[serde(default)]
    insert_id: String,
    text_payload: Option<String>,
    json_payload: Option<Value>,
    proto_payload: Option<Value>,
}

impl Lines {
    /// The lines of a build.
    pub(super) fn of_build(id: &str) -> Self {
        Self::new(format!("resource.type=\"build\" resource.labels.build_id=\"{id}\""))
    }

    fn new(filter: String) -> Self {
        Self { filter, since: None, seen: BTreeSet::new(), failed: false }
    }

    /// Tells whether nothing was told yet of their not being read.
    pub(super) fn is_first_failure(&mut self) -> bool {
        !std::mem::replace(&mut self.failed, true)
    }
}

impl Google {
    /// Reads the lines that came since the last time, oldest first.
    pub(super) async fn new_lines(&self, lines: &mut Lines) -> Result<Vec<LogLine>, GoogleError> {
        let (mut new, mut token) = (Vec::new(), None::<String>);
        for _ in 0..PAGES {
            let since =
                lines.since.as_ref().map(|since| format!(" timestamp>=\"{since}\"")).unwrap_or_default();
            let filter = format!("{}{since}", lines.filter);
            let page = self.entries(&filter, "timestamp asc", PAGE, token.take()).await?;
            for entry in page.entries {
                if lines.seen.insert(entry.insert_id.clone()) {
                    lines.since = Some(entry.timestamp.clone());
                    new.extend(entry.line());
                }
            }
            match page.next_page_token.filter(|next| !next.is_empty()) {
                Some(next) => token = Some(next),
                None => break,
            }
        }
        Ok(new)
    }

    /// Reads the last lines of a server, oldest first.
    pub(super) async fn last_lines(&self, names: &Names, most: usize) -> Result<Vec<LogLine>, GoogleError> {
        let filter = format!(
            "resource.type=\"cloud_run_revision\" resource.labels.service_name=\"{}\" resource.labels.location=\"{}\"",
            names.service(),
            self.region()
        );
        let page = self.entries(&filter, "timestamp desc", most.clamp(1, 1_000), None).await?;
        let mut lines: Vec<LogLine> = page.entries.into_iter().filter_map(|entry| entry.line()).collect();
        lines.reverse();
        Ok(lines)
    }

    async fn entries(
        &self,
        filter: &str,
        order: &str,
        size: usize,
        token: Option<String>,
    ) -> Result<Listed, GoogleError> {
        let mut body = json!({
            "resourceNames": [format!("projects/{}", self.project())],
            "filter": filter, "orderBy": order, "pageSize": size,
        });
        if let Some(token) = token {
            body["pageToken"] = token.into();
        }
        self.call(Call::post("logging.entries.list", Api::Logging, "v2/entries:list", body).safe()).await
    }
}

impl Entry {
    fn line(self) -> Option<LogLine> {
        let at: Timestamp = serde_json::from_value(self.timestamp.into()).ok()?;
        let message = |payload: Value| match payload.get("message").and_then(Value::as_str) {
            Some(message) => message.to_owned(),
            None => payload.to_string(),
        };
        let text = self.text_payload.or_else(|| self.json_payload.or(self.proto_payload).map(message))?;
        let text = text.trim_end().chars().flat_map(plain).take(LONGEST).collect();
        Some(LogLine { at, stream: LogStream::Server, text })
    }
}

/// Spells out what could move a cursor.
fn plain(c: char) -> impl Iterator<Item = char> {
    let spelled = if c.is_control() && c != '\t' { c.escape_default().collect::<Vec<_>>() } else { vec![c] };
    spelled.into_iter()
}
