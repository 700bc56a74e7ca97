//! Prose: whatever a file holds, every place in its text leads back to its bytes, and no token overlaps another.
#![no_main]

const PATHS: [&str; 12] =
    ["a.ts", "a.py", "a.rs", "a.go", "a.md", "a.yaml", "a.json", "a.sh", "Dockerfile", "a.toml", "a.c", "a"];

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let Some((path, text)) = input.split_first() else { return };
    let path = PATHS[usize::from(*path) % PATHS.len()];
    assert_eq!(sigyl_core::scan::fuzz::misplaced(path, &String::from_utf8_lossy(text)), None);
});
