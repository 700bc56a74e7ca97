//! Bounds of the endpoint.

use std::time::Duration;

/// How much the endpoint takes and how long it waits.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GatewayConfig {
    /// Connections at a time; more wait to be accepted.
    pub connections: usize,
    /// How long a client has to send the head of a request, and to send anything at all.
    pub head_timeout: Duration,
    /// How long a client has to send a body.
    pub body_timeout: Duration,
    /// How long a client may read nothing of what it is sent.
    pub write_timeout: Duration,
    /// Bytes of a request's body.
    pub request_bytes: usize,
    /// Bytes of one message of a server.
    pub message_bytes: usize,
    /// Bytes that wait for one slow client; further notifications are dropped with a note.
    pub stream_bytes: usize,
    /// Bytes of requests and answers that are held for all clients together; when there are more, the client for whom much waits for the longest
    /// time is let go.
    pub held_bytes: usize,
    /// Bytes that wait for a client which has no stream open; the oldest are dropped with a note.
    pub backlog_bytes: usize,
    /// Lines in a row that are no JSON-RPC message, after which a server is stopped.
    pub junk_lines: u32,
    /// How long an answer may be awaited before an event stream is opened for it.
    pub grace: Duration,
    /// Pause after which an idle event stream carries a comment.
    pub keep_alive: Duration,
    /// How long a session may be unused.
    pub session_idle: Duration,
    /// How long what was opened on a replaced route may last.
    pub drain: Duration,
    /// How long requests under way may last when the endpoint ends.
    pub shutdown: Duration,
    /// How often deadlines are looked at.
    pub tick: Duration,
}

impl Default for GatewayConfig {
    fn default() -> Self {
        Self {
            connections: 1024,
            head_timeout: Duration::from_secs(30),
            body_timeout: Duration::from_secs(30),
            write_timeout: Duration::from_secs(30),
            request_bytes: 4 << 20,
            message_bytes: 16 << 20,
            stream_bytes: 32 << 20,
            held_bytes: 256 << 20,
            backlog_bytes: 1 << 20,
            junk_lines: 1_000,
            grace: Duration::from_secs(5),
            keep_alive: Duration::from_secs(15),
            session_idle: Duration::from_secs(30 * 60),
            drain: Duration::from_secs(5 * 60),
            shutdown: Duration::from_secs(2),
            tick: Duration::from_secs(1),
        }
    }
}
