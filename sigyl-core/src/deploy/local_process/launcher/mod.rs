//! The launcher: what stands between Sigyl and every server that it starts.
//!
//! Sigyl re-executes its own binary twice for one server. The *keeper* becomes a subreaper, so that each descendant of
//! the server, even one that called `setsid`, stays below it; it holds a socket to Sigyl and ends the whole family
//! when that socket closes. The *confined* stage applies limits and Landlock to itself and then becomes the server.
//! Everything that they need to know travels through the socket: nothing of it is in an argument, in the
//! environment of a launcher or on disk.

mod channel;
mod confine;
mod descriptors;
mod entry;
mod family;
mod keeper;
mod mark;
mod message;
mod origin;
mod sandbox;

pub use entry::run_if_asked;
pub use origin::is_confined;

pub(super) use channel::send_fds;
pub(super) use entry::KEEP;
pub(super) use family::{Family, listening_ports};
pub(super) use mark::mark_of;
pub(super) use message::{Exit, Limits, Order, StartSpec, Told, Watch};
pub(super) use origin::{Blind, left_behind};
pub(super) use sandbox::{Ports, Sandbox, landlock_abi};
