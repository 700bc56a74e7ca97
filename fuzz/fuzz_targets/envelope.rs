//! Envelopes of signed statements, and public keys: any bytes are one, or an error.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sigyl_core::attest::fuzz::envelope(data));
