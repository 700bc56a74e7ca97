//! MCP over the pipes of a process: one message per line.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::mcp::framing::Lines;
use crate::mcp::message::{Id, Message};
use crate::mcp::{McpError, Pipes, ProbeLimits, Spawn};

use super::wire::{answer_to_server, read_reply};
use super::{Ask, Reply};

const PIECE: usize = 64 << 10;
const EXIT_NOTE: Duration = Duration::from_secs(2);

/// A process that is spoken to. Dropping it stops the process.
pub(crate) struct Stdio {
    spawn: Arc<dyn Spawn>,
    pipes: Pipes,
    limits: ProbeLimits,
    lines: Lines,
    outgoing: Vec<u8>,
    written: usize,
    read: usize,
    junk: u32,
}

impl std::fmt::Debug for Stdio {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stdio").field("spawn", &self.spawn).finish_non_exhaustive()
    }
}

impl Stdio {
    /// Starts a process.
    pub(crate) async fn start(spawn: &Arc<dyn Spawn>, limits: &ProbeLimits) -> Result<Self, McpError> {
        Ok(Self {
            spawn: Arc::clone(spawn),
            pipes: spawn.spawn().await?,
            limits: limits.clone(),
            lines: Lines::new(limits.message_bytes),
            outgoing: Vec::new(),
            written: 0,
            read: 0,
            junk: 0,
        })
    }

    /// Puts a message in line to be written with the next request.
    pub(super) fn tell(&mut self, mut text: Vec<u8>) {
        text.push(b'\n');
        self.outgoing.append(&mut text);
    }

    /// Sends a request and waits for its answer.
    pub(super) async fn ask(&mut self, ask: &Ask<'_>) -> Result<Reply, McpError> {
        self.tell(ask.text());
        match tokio::time::timeout(ask.within, self.converse(ask)).await {
            Ok(reply) => reply,
            Err(_) => {
                Err(McpError::Timeout { method: ask.method.to_owned(), after: ask.within, junk: self.junk })
            }
        }
    }

    /// Writes and reads at once, so that neither side can block the other.
    async fn converse(&mut self, ask: &Ask<'_>) -> Result<Reply, McpError> {
        let mut piece = vec![0; PIECE];
        loop {
            if let Some(reply) = self.take_lines(ask)? {
                return Ok(reply);
            }
            let left = &self.outgoing[self.written..];
            tokio::select! {
                written = self.pipes.stdin.write(left), if !left.is_empty() => match written {
                    Ok(count) if count > 0 => {
                        self.written += count;
                        if self.written == self.outgoing.len() {
                            self.outgoing.clear();
                            self.written = 0;
                            // A closed pipe shows itself as the end of what is read.
                            self.pipes.stdin.flush().await.ok();
                        }
                    }
                    // It closed its input; what it still says, or its end, is read below.
                    _ => {
                        self.outgoing.clear();
                        self.written = 0;
                    }
                },
                read = self.pipes.stdout.read(&mut piece) => match read {
                    Ok(count) if count > 0 => self.took(ask, &piece[..count])?,
                    _ => return Err(self.ended(ask.method).await),
                },
            }
        }
    }

    fn took(&mut self, ask: &Ask<'_>, bytes: &[u8]) -> Result<(), McpError> {
        self.read += bytes.len();
        if self.read > self.limits.total_bytes {
            return Err(McpError::TooLarge {
                method: ask.method.to_owned(),
                what: format!("more than {} bytes in one conversation", self.limits.total_bytes),
            });
        }
        self.lines.push(bytes);
        Ok(())
    }

    fn take_lines(&mut self, ask: &Ask<'_>) -> Result<Option<Reply>, McpError> {
        loop {
            let line = self.lines.next_line().map_err(|long| McpError::TooLarge {
                method: ask.method.to_owned(),
                what: long.to_string(),
            })?;
            let Some(line) = line else { return Ok(None) };
            match Message::read(&line) {
                Ok(Message::Response { id: Some(Id::Int(id)), outcome }) if id == ask.id => {
                    return read_reply(ask.method, outcome).map(Some);
                }
                Ok(Message::Request { id, method, .. }) => self.tell(answer_to_server(&id, &method)),
                // Late answers to what is no longer awaited, and notifications.
                Ok(Message::Response { .. } | Message::Notification { .. }) => {}
                Err(_) if line.iter().all(u8::is_ascii_whitespace) => {}
                Err(_) => self.note_junk()?,
            }
        }
    }

    fn note_junk(&mut self) -> Result<(), McpError> {
        self.junk += 1;
        if self.junk == 1 {
            tracing::warn!("a server wrote a line to standard output that is no JSON-RPC message");
        }
        if self.junk > self.limits.junk_lines {
            return Err(McpError::Garbage { lines: self.junk });
        }
        Ok(())
    }

    async fn ended(&mut self, method: &str) -> McpError {
        let how = tokio::time::timeout(EXIT_NOTE, self.spawn.ended(&*self.pipes.guard)).await;
        McpError::Ended { method: method.to_owned(), how: how.unwrap_or_default() }
    }
}
