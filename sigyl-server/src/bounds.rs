//! Bounds of the server: how much it takes and how long it waits.

use std::time::Duration;

/// How much the server takes at a time, and how long it waits for a client or for itself.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Bounds {
    /// Connections at a time; who comes then is told to come back.
    pub connections: usize,
    /// Connections of one address at a time; an IPv6 address counts as its network of 64 bits.
    pub connections_each: usize,
    /// Requests that are worked on or being answered at a time.
    pub requests: usize,
    /// Streams of events, and requests to MCP servers, that are open at a time.
    pub streams: usize,
    /// The same of one key, or of one address without one.
    pub streams_each: usize,
    /// Bytes of bodies that are held at a time to be compared, of requests that are to be done once.
    pub once_bytes: usize,
    /// Bytes of deliveries of webhooks that are held at a time, before it is known whether they are signed.
    pub hook_bytes: usize,
    /// Requests of one HTTP/2 connection at a time.
    pub requests_each: u32,
    /// How long a client has to begin, to shake hands, and to send the head of a request.
    pub head_time: Duration,
    /// Bytes of the head of a request.
    pub head_bytes: usize,
    /// How long a client has to send a body.
    pub body_time: Duration,
    /// How long the work on a request may take, its body included.
    pub work_time: Duration,
    /// How long a client may read nothing of what it is sent.
    pub stall_time: Duration,
    /// How long a client may take to read an answer, beside what its size allows at [`Bounds::slowest`].
    pub answer_time: Duration,
    /// Bytes a second that a client has to read of an answer.
    pub slowest: u64,
    /// How long a connection may be without a request.
    pub idle_time: Duration,
    /// How long requests under way may last when the server ends.
    pub drain_time: Duration,
    /// How often connections are looked at.
    pub tick: Duration,
    /// How often it is looked whether there is another certificate.
    pub certificate_time: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            connections: 2048,
            connections_each: 256,
            requests: 512,
            streams: 4096,
            streams_each: 256,
            once_bytes: 64 << 20,
            hook_bytes: 32 << 20,
            requests_each: 64,
            head_time: Duration::from_secs(15),
            head_bytes: 64 << 10,
            body_time: Duration::from_secs(20),
            work_time: Duration::from_secs(60),
            stall_time: Duration::from_secs(20),
            answer_time: Duration::from_secs(30),
            slowest: 32 << 10,
            idle_time: Duration::from_secs(75),
            drain_time: Duration::from_secs(10),
            tick: Duration::from_secs(1),
            certificate_time: Duration::from_secs(10),
        }
    }
}
