//! Lines of logs, of the pods that a server has now.

use serde_json::Value;

use super::call::{Call, PODS};
use super::cluster::{Cluster, KubeError};
use super::names::is_for;
use super::refusal::Class;
use crate::deploy::image::Names;
use crate::deploy::{LogLine, LogStream};
use crate::domain::Timestamp;

/// Pods whose log is read at most.
const PODS_MOST: usize = 20;
/// Lines that are read at most.
const LINES: usize = 1_000;
/// Bytes of the log of one pod that are read at most.
const BYTES: &str = "1048576";
/// Characters of a line that are kept.
const LONGEST: usize = 2_000;

impl Cluster {
    /// Reads the last lines of a server, oldest first.
    pub(super) async fn last_lines(&self, names: &Names, most: usize) -> Result<Vec<LogLine>, KubeError> {
        let most = most.clamp(1, LINES);
        let mut pods = self.all(&PODS, names).await?;
        pods.retain(|pod| is_for(pod, names));
        // The youngest first: where there are too many, the others say least of how it is now.
        pods.sort_by_cached_key(|pod| {
            std::cmp::Reverse(pod["metadata"]["creationTimestamp"].as_str().unwrap_or_default().to_owned())
        });
        let left_out = pods.len().saturating_sub(PODS_MOST);
        let mut lines = Vec::new();
        for pod in pods.iter().take(PODS_MOST) {
            let name = pod["metadata"]["name"].as_str().unwrap_or_default();
            lines.extend(self.lines_of(name, most).await?);
        }
        lines.sort_by_key(|line: &LogLine| line.at);
        lines.drain(..lines.len().saturating_sub(most));
        if let (1.., Some(last)) = (left_out, lines.last()) {
            let text = format!("{left_out} older pods are there, whose logs were not read");
            lines.push(LogLine { at: last.at, stream: LogStream::Supervisor, text });
        }
        Ok(lines)
    }

    async fn lines_of(&self, pod: &str, most: usize) -> Result<Vec<LogLine>, KubeError> {
        let call = Call::log(self.namespace(), pod).with("container", "server").with("timestamps", "true");
        let call = call.with("tailLines", most.to_string()).with("limitBytes", BYTES);
        match self.heard(&call).await {
            Ok(heard) => Ok(String::from_utf8_lossy(&heard.body).lines().filter_map(line).collect()),
            // It went meanwhile, or its container has not started: neither has lines.
            Err(error) if error.is(&Class::NotFound) || error.is(&Class::Invalid(Vec::new())) => {
                Ok(Vec::new())
            }
            Err(error) => Err(error),
        }
    }
}

/// Reads a line that begins with its time.
fn line(text: &str) -> Option<LogLine> {
    let (at, text) = text.split_once(' ').unwrap_or((text, ""));
    let at: Timestamp = serde_json::from_value(Value::from(at)).ok()?;
    let text = text.trim_end().chars().flat_map(plain).take(LONGEST).collect();
    Some(LogLine { at, stream: LogStream::Server, text })
}

/// Spells out what could move a cursor.
fn plain(c: char) -> impl Iterator<Item = char> {
    let spelled = if c.is_control() && c != '\t' { c.escape_default().collect::<Vec<_>>() } else { vec![c] };
    spelled.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_its_time_and_nothing_that_moves_a_cursor() {
        let read = line("2027-01-15T08:00:00.123456789Z up\u{1b}[2J and running ").unwrap();
        assert_eq!(read.text, "up\\u{1b}[2J and running");
        assert_eq!(read.at, Timestamp::parse("2027-01-15T08:00:00.123Z").unwrap());
        assert!(line("unable to retrieve container logs").is_none());
    }
}
