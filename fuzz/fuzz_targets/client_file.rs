//! Files of clients that a server is put into: any text as JSON with comments or TOML.
#![no_main]

const CLIENTS: [&str; 3] = ["cursor", "amp", "codex"];

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((client, text)) = data.split_first() else { return };
    let client = CLIENTS[usize::from(*client) % CLIENTS.len()];
    sigyl_core::registry::fuzz::client_file(client, &String::from_utf8_lossy(text));
});
