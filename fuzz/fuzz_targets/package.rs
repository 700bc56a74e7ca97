//! Packages without a manifest: any files are one that is derived, or problems; what is written of it is never refused.
#![no_main]

use std::collections::BTreeMap;

use sigyl_core::manifest;

const PATHS: [&str; 8] = [
    "package.json",
    "pyproject.toml",
    "Cargo.toml",
    "go.mod",
    "a-1.dist-info/METADATA",
    "smithery.yaml",
    "mcp.yaml",
    "a-1.dist-info/entry_points.txt",
];

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((paths, text)) = data.split_first() else { return };
    let (first, second) =
        (usize::from(*paths) % PATHS.len(), usize::from(*paths) / PATHS.len() % PATHS.len());
    let text = String::from_utf8_lossy(text);
    let names = [PATHS[first], PATHS[second], "main.go"];
    let file = |(name, text): (&str, &str)| (name.to_owned(), text.as_bytes().to_vec());
    let mut files: BTreeMap<_, _> = names.into_iter().zip(text.split("\n%%\n")).map(file).collect();
    drop(manifest::read(&files));
    let Ok(written) = manifest::init(&files) else { return };
    // Where nothing is known, everything is a comment, to be filled in.
    if written.lines().all(|line| line.is_empty() || line.starts_with('#')) {
        return;
    }
    files.insert("sigyl.yaml".to_owned(), written.clone().into_bytes());
    let Err(error) = manifest::read(&files) else { return };
    for problem in error.problems {
        let refused = problem.file == "sigyl.yaml" && problem.message != "is missing";
        assert!(!refused, "{problem} in {written}");
    }
});
