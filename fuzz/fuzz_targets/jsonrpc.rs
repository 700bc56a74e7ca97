//! JSON-RPC over pipes: lines are the same however the bytes arrive, and each is read as a message.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut lines = sigyl_core::mcp::Lines::new(1 << 16);
    for piece in data.chunks(data.first().map_or(1, |first| usize::from(*first) + 1)) {
        lines.push(piece);
        while let Ok(Some(line)) = lines.next_line() {
            sigyl_core::mcp::fuzz::message(&line);
        }
    }
});
