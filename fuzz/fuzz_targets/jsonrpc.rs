//! JSON-RPC over pipes: lines are the same however the bytes arrive, and each is read as a message, kept or not.
#![no_main]

use sigyl_core::mcp::{Lines, fuzz};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let piece = data.first().map_or(1, |first| usize::from(*first) + 1);
    let mut lines = Lines::new(1 << 16);
    for part in data.chunks(piece) {
        lines.push(part);
        while let Ok(Some(line)) = lines.next_line() {
            fuzz::message(&line);
            fuzz::skimmed(&line, piece);
        }
    }
});
