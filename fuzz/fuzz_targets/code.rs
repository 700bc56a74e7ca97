//! Code: any text in each grammar, lowered and followed, one file into the next; what is seen is a place in its file.
#![no_main]

const ENDS: [&str; 8] = ["py", "ts", "js", "tsx", "mjs", "pyi", "rs", "go"];

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((end, text)) = data.split_first() else { return };
    let end = ENDS[usize::from(*end) % ENDS.len()];
    let text = String::from_utf8_lossy(text);
    let names = ["a", "b", "c"].map(|name| format!("{name}.{end}"));
    let files: Vec<_> = names.iter().map(String::as_str).zip(text.split("\n%%\n")).collect();
    sigyl_core::scan::fuzz::flows(&files);
});
