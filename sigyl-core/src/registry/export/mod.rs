//! The registry as files that any web server can answer from.
//!
//! A server of files does not look at what stands after `?`. So the list is there twice: whole, and as pages whose cursors are
//! names of files, for servers that are told (by the configuration beside) to lead `?cursor=` there.

mod tree;

pub use tree::{Export, File, Left};
