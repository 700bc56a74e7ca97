//! What the fuzz target of JSON-RPC drives: the reader of messages, which nobody outside needs.

use super::message::{Message, on_one_line};

/// Reads bytes as one message, and holds that it stays the same message when it is put on one line.
///
/// # Panics
///
/// When it does not: that is what the fuzzer looks for.
pub fn message(bytes: &[u8]) {
    let line = on_one_line(bytes.to_vec());
    assert!(!line.contains(&b'\n'), "a line holds a line break");
    if let Ok(read) = Message::read(bytes) {
        let again = Message::read(&line);
        let same = again.is_ok_and(|again| std::mem::discriminant(&again) == std::mem::discriminant(&read));
        assert!(same, "a message on one line is another message");
    }
}
