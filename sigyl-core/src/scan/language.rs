//! Which language a file is written in, by its name and first line.

use serde::{Deserialize, Serialize};

/// Families of languages that share comments, strings and the way text is taken from them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Language {
    /// JavaScript and TypeScript in all their endings.
    Script,
    /// Python.
    Python,
    /// Rust.
    Rust,
    /// Go.
    Go,
    /// C, C++, C#, Java, Kotlin, Swift, PHP and their like.
    Braces,
    /// Shells, Ruby, Perl, Make: `#` begins a comment.
    Shell,
    /// Dockerfile and Containerfile.
    Docker,
    /// YAML.
    Yaml,
    /// JSON, also with comments.
    Json,
    /// TOML.
    Toml,
    /// `KEY=VALUE` files: `.env`, `.ini`, `.properties`.
    Env,
    /// Markdown and other prose.
    Docs,
    /// HTML, XML and SVG.
    Markup,
    /// Text of an unknown kind: taken for code and for prose.
    Other,
}

impl Language {
    /// Tells the language of `path`; `text` decides when the name does not.
    pub fn of(path: &str, text: &str) -> Self {
        let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
        match Self::by_name(&name) {
            // A program is one whatever it is called.
            Some(Self::Docs) if text.starts_with("#!") => {}
            Some(known) => return known,
            None => {}
        }
        match name.rsplit_once('.').and_then(|(_, end)| Self::by_extension(end)) {
            Some(known) => known,
            None => Self::by_first_line(text).unwrap_or(Self::Other),
        }
    }

    fn by_name(name: &str) -> Option<Self> {
        let stem = name.split('.').next().unwrap_or(name);
        if name.contains("dockerfile") || name.contains("containerfile") {
            return Some(Self::Docker);
        }
        if name == ".env" || name.starts_with(".env.") || name.ends_with(".env") {
            return Some(Self::Env);
        }
        match name {
            "makefile" | "gnumakefile" | "justfile" | "procfile" | "gemfile" | "rakefile" => {
                Some(Self::Shell)
            }
            ".npmrc" | ".yarnrc" | ".editorconfig" | ".gitconfig" | "pip.conf" | ".netrc" => Some(Self::Env),
            "cargo.lock" | "poetry.lock" | "uv.lock" | "pipfile" => Some(Self::Toml),
            "yarn.lock" => Some(Self::Yaml),
            "go.mod" | "go.sum" | "pkg-info" | "metadata" => Some(Self::Docs),
            _ if !name.contains('.') && stem.split(['_', '-']).any(is_about) => Some(Self::Docs),
            _ => None,
        }
    }

    fn by_extension(end: &str) -> Option<Self> {
        Some(match end {
            "js" | "mjs" | "cjs" | "jsx" | "ts" | "mts" | "cts" | "tsx" | "vue" | "svelte" => Self::Script,
            "py" | "pyi" | "pyw" => Self::Python,
            "rs" => Self::Rust,
            "go" => Self::Go,
            "c" | "h" | "cc" | "cpp" | "hpp" | "cs" | "java" | "kt" | "kts" | "swift" | "php" | "dart"
            | "scala" | "groovy" | "gradle" | "m" | "mm" | "zig" => Self::Braces,
            "sh" | "bash" | "zsh" | "fish" | "ksh" | "rb" | "pl" | "pm" | "ps1" | "psm1" | "mk" | "r" => {
                Self::Shell
            }
            "yaml" | "yml" => Self::Yaml,
            "json" | "jsonc" | "json5" | "map" | "ipynb" | "webmanifest" => Self::Json,
            "toml" => Self::Toml,
            "env" | "ini" | "cfg" | "conf" | "properties" => Self::Env,
            "md" | "mdx" | "markdown" | "txt" | "rst" | "adoc" | "org" | "pth" | "csv" | "tsv" => Self::Docs,
            "html" | "htm" | "xml" | "svg" | "xhtml" | "xsl" => Self::Markup,
            _ => return None,
        })
    }

    fn by_first_line(text: &str) -> Option<Self> {
        let first = text.lines().next()?.strip_prefix("#!")?;
        let program = |names: &[&str]| names.iter().any(|name| first.contains(name));
        if program(&["node", "deno", "bun", "tsx"]) {
            Some(Self::Script)
        } else if program(&["python"]) {
            Some(Self::Python)
        } else {
            Some(Self::Shell)
        }
    }

    /// Tells whether a rule about code may look at it.
    pub fn is_code(self) -> bool {
        !matches!(self, Self::Docs | Self::Markup) && !self.is_config()
    }

    /// Tells whether it holds settings.
    pub fn is_config(self) -> bool {
        matches!(self, Self::Yaml | Self::Json | Self::Toml | Self::Env)
    }

    /// Tells whether each of its strings is read as a text of its own.
    pub(crate) fn has_strings(self) -> bool {
        matches!(self, Self::Script | Self::Python | Self::Rust | Self::Go | Self::Braces | Self::Json)
    }

    /// Tells whether the ending promises text that runs or is read, so that odd bytes do not make it binary.
    pub(crate) fn is_known(self) -> bool {
        self != Self::Other
    }
}

/// Tells whether a file called so is about a package rather than part of it.
fn is_about(word: &str) -> bool {
    let words = ["license", "licence", "copying", "notice", "readme", "changelog", "authors", "contributors"];
    words.contains(&word.trim_end_matches('s')) || words.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ending_the_old_product_missed_is_known() {
        for (path, language) in [
            ("a.mjs", Language::Script),
            ("a.cjs", Language::Script),
            ("a.mts", Language::Script),
            ("a.cts", Language::Script),
            ("a.tsx", Language::Script),
            ("a/b.py", Language::Python),
            ("a.rs", Language::Rust),
            ("a.go", Language::Go),
            ("a.sh", Language::Shell),
            ("Dockerfile", Language::Docker),
            ("docker/api.Dockerfile", Language::Docker),
            ("Dockerfile.dev", Language::Docker),
            ("README", Language::Docs),
            ("THIRD_PARTY_NOTICES", Language::Docs),
            ("README.md", Language::Docs),
            (".env.production", Language::Env),
            ("x.unknown", Language::Other),
        ] {
            assert_eq!(Language::of(path, ""), language, "{path}");
        }
        assert_eq!(Language::of("bin/run", "#!/usr/bin/env node\n"), Language::Script);
        assert_eq!(Language::of("bin/run", "#!/bin/sh\n"), Language::Shell);
        assert_eq!(Language::of("license-check", "#!/bin/sh\n"), Language::Shell);
    }
}
