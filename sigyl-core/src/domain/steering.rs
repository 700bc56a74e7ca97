//! Variables of an environment that decide which code runs.

/// Variables by which a runtime or a loader takes other code than what was scanned, or another place for it.
const STEERING: &[&str] = &[
    "PATH",
    "HOME",
    "SHELL",
    "ENV",
    "BASH_ENV",
    "IFS",
    "NODE_OPTIONS",
    "NODE_PATH",
    "NODE_REPL_EXTERNAL_MODULE",
    "RUBYOPT",
    "RUBYLIB",
    "CLASSPATH",
    "JAVA_TOOL_OPTIONS",
    "JDK_JAVA_OPTIONS",
    "_JAVA_OPTIONS",
    "GCONV_PATH",
    "LOCPATH",
    "OPENSSL_CONF",
    "OPENSSL_MODULES",
];

/// How the names of others begin.
const FAMILIES: &[&str] =
    &["LD_", "DYLD_", "PYTHON", "PERL", "NPM_", "UV_", "PIP_", "GIT_", "BUN_", "DENO_", "TSX_", "TS_NODE_"];

/// Tells whether a variable decides which code a program runs, or where it takes it from.
pub(crate) fn steers(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    STEERING.contains(&&*name) || FAMILIES.iter().any(|family| name.starts_with(family))
}
