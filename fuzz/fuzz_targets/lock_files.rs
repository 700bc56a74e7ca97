//! Manifests and locks of packages: any text under each of their names, requirements of Python and headers of metadata.
#![no_main]

const PATHS: [&str; 18] = [
    "package.json",
    "package-lock.json",
    "pnpm-lock.yaml",
    "yarn.lock",
    "bun.lock",
    "pyproject.toml",
    "Pipfile",
    "Pipfile.lock",
    "uv.lock",
    "poetry.lock",
    "pdm.lock",
    "pylock.toml",
    "Cargo.toml",
    "Cargo.lock",
    "go.mod",
    "requirements.txt",
    "constraints.txt",
    "npm-shrinkwrap.json",
];

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((path, text)) = data.split_first() else { return };
    let path = PATHS[usize::from(*path) % PATHS.len()];
    let text = String::from_utf8_lossy(text);
    sigyl_core::scan::fuzz::packages(path, &text);
    sigyl_core::source::fuzz::dependencies(&text);
});
