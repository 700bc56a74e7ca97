//! Server-sent events: the same events however the bytes arrive.
#![no_main]
use sigyl_core::mcp::SseDecoder;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(whole) = SseDecoder::new(1 << 20).push(data) else { return };
    let (mut decoder, size) =
        (SseDecoder::new(1 << 20), data.first().map_or(1, |first| usize::from(*first) + 1));
    let pieces: Vec<_> = data.chunks(size).flat_map(|piece| decoder.push(piece).unwrap()).collect();
    assert_eq!(whole, pieces);
});
