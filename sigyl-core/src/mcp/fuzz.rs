//! What the fuzz target of JSON-RPC drives: the readers of messages, which nobody outside needs.

use super::message::{Message, on_one_line};
#[cfg(feature = "gateway")]
use super::skim::{Skim, Skimmed};

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

/// Reads along bytes as a message that is too long to keep, and holds that it concerns whom a whole reading says,
/// however the bytes arrive.
///
/// # Panics
///
/// When it does not: that is what the fuzzer looks for.
#[cfg(feature = "gateway")]
pub fn skimmed(bytes: &[u8], piece: usize) {
    let skim = |piece: usize| {
        let mut skim = Skim::default();
        bytes.chunks(piece.max(1)).for_each(|piece| skim.see(piece));
        skim.end()
    };
    let found = skim(bytes.len());
    assert_eq!(found, skim(piece), "the same bytes in pieces are another message");
    let told = match Message::read(bytes) {
        Ok(Message::Request { id, .. }) => Skimmed::Request(id),
        Ok(Message::Notification { .. }) => Skimmed::Notification,
        Ok(Message::Response { id, .. }) => Skimmed::Answer(id),
        Err(_) => return,
    };
    // What is not certain names nobody.
    let certain = !matches!(found, Skimmed::Other | Skimmed::Answer(None));
    assert!(!certain || found == told, "{told:?} is taken for {found:?}");
}
