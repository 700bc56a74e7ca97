//! Client configurations: any text as JSON with comments, TOML or YAML; what a strict reader takes is read the same.
#![no_main]

const PATHS: [&str; 3] = ["a.json", "a.toml", "a.yaml"];

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((path, text)) = data.split_first() else { return };
    let path = PATHS[usize::from(*path) % PATHS.len()];
    sigyl_core::scan::fuzz::configuration(path, &String::from_utf8_lossy(text));
});
