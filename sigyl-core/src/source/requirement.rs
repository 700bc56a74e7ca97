//! Reads one requirement of Python as values, and writes it anew: pip never sees the bytes of a source.
//!
//! pip takes options, addresses and paths on the lines of a requirements file, and ends a line at more characters than
//! others do. What is not a name with versions, a marker and hashes is refused here.

use std::fmt;

use super::path::shown;

/// Operators between a name and a version; the longer ones first.
const OPERATORS: [&str; 8] = ["===", "==", "~=", "!=", "<=", ">=", "<", ">"];
/// Hashes that pip takes for a proof.
const HASHES: [&str; 3] = ["sha256", "sha384", "sha512"];
/// Digits of the longest of them.
const DIGITS: usize = 128;

/// A package that is required.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Requirement {
    /// Its name, as it was written.
    name: String,
    extras: Vec<String>,
    /// Each with its operator.
    versions: Vec<String>,
    /// Words of the condition under which it is required.
    marker: Vec<String>,
    /// Each with the name of its algorithm.
    hashes: Vec<String>,
}

impl Requirement {
    /// Reads a requirement; the error says what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if let Some(odd) = text.chars().find(|c| is_odd(*c)) {
            return Err(format!("it holds the character {}", odd.escape_unicode()));
        }
        let text = text.replace('\t', " ");
        let at = text.find(" -").unwrap_or(text.len());
        let (text, options) = text.split_at(at);
        let hashes = options.split_whitespace().map(hash).collect::<Result<_, _>>()?;
        let (text, marker) = match text.split_once(';') {
            Some((text, marker)) => (text, words(marker)?),
            None => (text, Vec::new()),
        };
        let text = text.trim();
        let end = text.find(|c: char| !is_of_name(c)).unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        let (extras, rest) = match rest.trim_start().strip_prefix('[').map(|rest| rest.split_once(']')) {
            Some(Some((extras, rest))) => (listed(extras, self::name)?, rest),
            Some(None) => return Err("its `[` has no end".to_owned()),
            None => (Vec::new(), rest),
        };
        let rest = rest.trim();
        let inner = rest.strip_prefix('(').map_or(Some(rest), |rest| rest.strip_suffix(')'));
        let versions = listed(inner.ok_or("its `(` has no end")?, version)?;
        Ok(Self { name: self::name(name)?, extras, versions, marker, hashes })
    }

    /// Returns its name, as it was written.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Tells whether one version and its hash are named.
    pub(super) fn is_pinned(&self) -> bool {
        self.is_exact() && !self.hashes.is_empty()
    }

    /// Tells whether one version is named.
    pub(super) fn is_exact(&self) -> bool {
        matches!(self.versions.as_slice(), [only] if only.starts_with("==") && !only.contains('*'))
    }

    /// Returns the one version that it names.
    #[cfg(feature = "runtime")]
    pub(crate) fn exact(&self) -> Option<&str> {
        match self.versions.as_slice() {
            [only] if self.is_exact() => Some(only.trim_start_matches('=').trim()),
            _ => None,
        }
    }

    /// Returns its name as the index compares it.
    #[cfg(feature = "runtime")]
    pub(crate) fn normal_name(&self) -> String {
        super::python::normal(&self.name)
    }

    /// Returns its hashes, each with the name of its algorithm before a colon.
    #[cfg(feature = "runtime")]
    pub(crate) fn hashes(&self) -> &[String] {
        &self.hashes
    }

    /// Tells whether it is required under a condition only.
    #[cfg(feature = "runtime")]
    pub(crate) fn is_conditional(&self) -> bool {
        !self.marker.is_empty()
    }

    /// Returns its name and versions alone.
    #[cfg(feature = "runtime")]
    pub(super) fn plain(&self) -> String {
        format!("{}{}", self.name, self.versions.join(","))
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if !self.extras.is_empty() {
            write!(f, "[{}]", self.extras.join(","))?;
        }
        f.write_str(&self.versions.join(","))?;
        if !self.marker.is_empty() {
            write!(f, " ; {}", self.marker.join(" "))?;
        }
        self.hashes.iter().try_for_each(|hash| write!(f, " --hash={hash}"))
    }
}

/// Writes a requirements file.
#[cfg(feature = "runtime")]
pub(crate) fn write_all(requirements: &[Requirement]) -> String {
    requirements.iter().map(|requirement| format!("{requirement}\n")).collect()
}

/// Tells a character that may end a line for pip, or that nobody sees.
pub(super) fn is_odd(c: char) -> bool {
    (c.is_control() && c != '\t') || matches!(c, '\u{2028}' | '\u{2029}')
}

fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || "._-".contains(c)
}

fn name(text: &str) -> Result<String, String> {
    let ends = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    match text.chars().all(is_of_name) && ends(text.chars().next()) && ends(text.chars().last()) {
        true => Ok(text.to_owned()),
        false => Err(format!("`{}` is no name", shown(text))),
    }
}

fn version(text: &str) -> Result<String, String> {
    let split = OPERATORS.iter().find_map(|operator| Some((operator, text.strip_prefix(operator)?.trim())));
    let is_version = |version: &str| {
        version.starts_with(|c: char| c.is_ascii_alphanumeric())
            && version.chars().all(|c| c.is_ascii_alphanumeric() || "._-+!*".contains(c))
    };
    match split {
        Some((operator, version)) if is_version(version) => Ok(format!("{operator}{version}")),
        _ => Err(format!("`{}` names no version", shown(text))),
    }
}

fn hash(word: &str) -> Result<String, String> {
    let bad = || format!("`{}` is no hash", shown(word));
    let hash = word.strip_prefix("--hash=").ok_or_else(bad)?;
    let (kind, digits) = hash.split_once(':').ok_or_else(bad)?;
    let is_hex = (1..=DIGITS).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    match HASHES.contains(&kind) && is_hex {
        true => Ok(hash.to_owned()),
        false => Err(bad()),
    }
}

/// Reads what stands between commas; one too many is in many packages.
fn listed(text: &str, read: fn(&str) -> Result<String, String>) -> Result<Vec<String>, String> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(read).collect()
}

/// Splits a marker into its words.
fn words(text: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut rest = text.trim();
    while let Some(first) = rest.chars().next() {
        let (word, after) = match first {
            '"' | '\'' => quoted(&rest[1..], first)?,
            '(' | ')' => (first.to_string(), &rest[1..]),
            c if is_of_name(c) => {
                let end = rest.find(|c: char| !is_of_name(c)).unwrap_or(rest.len());
                (name(&rest[..end])?, &rest[end..])
            }
            _ => {
                let operator = OPERATORS.iter().find(|operator| rest.starts_with(**operator));
                let operator = operator.ok_or_else(|| format!("`{}` is no condition", shown(rest)))?;
                ((*operator).to_owned(), &rest[operator.len()..])
            }
        };
        words.push(word);
        rest = after.trim_start();
    }
    match words.is_empty() {
        true => Err("its condition is empty".to_owned()),
        false => Ok(words),
    }
}

/// Reads a text between quotes. pip looks for options in there as well, so no word may begin like one.
fn quoted(text: &str, quote: char) -> Result<(String, &str), String> {
    let (inner, after) = text.split_once(quote).ok_or("a quote has no end")?;
    let plain = inner.chars().all(|c| c.is_ascii_alphanumeric() || " ._-[](),<>=!~*+:".contains(c));
    match plain && !inner.split(' ').any(|word| word.starts_with('-')) {
        true => Ok((format!("\"{inner}\""), after)),
        false => Err(format!("`{}` is no plain text", shown(inner))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_requirement_is_written_anew_from_what_was_read() {
        for (text, written) in [
            ("Dep", "Dep"),
            ("b >= 1 , < 2,", "b>=1,<2"),
            ("a [b, c] (~= 1.0)", "a[b,c]~=1.0"),
            (
                "a==1;python_version<'3.12' and (extra==\"x\" or platform_machine in 'arm64 x86_64')\t--hash=sha256:0a --hash=sha512:FF",
                "a==1 ; python_version < \"3.12\" and ( extra == \"x\" or platform_machine in \"arm64 x86_64\" ) \
                 --hash=sha256:0a --hash=sha512:FF",
            ),
        ] {
            let read = Requirement::parse(text).unwrap();
            assert_eq!(read.to_string(), written);
            assert_eq!(Requirement::parse(written).unwrap(), read);
        }
    }

    #[test]
    fn nothing_that_pip_takes_for_an_option_or_another_line_is_read() {
        let breaks = "\n\r\u{b}\u{c}\u{1c}\u{1d}\u{1e}\u{85}\u{2028}\u{2029}\0\u{1b}\u{7f}";
        for c in breaks.chars() {
            for text in [
                format!("a==1 --hash=sha256:00{c}--no-binary a"),
                format!("a==1 --hash=sha256:00{c}"),
                format!("a{c}--no-binary a"),
                format!("a; extra == 'x'{c}"),
            ] {
                assert!(Requirement::parse(&text).is_err(), "{text:?}");
            }
        }
        for text in [
            "",
            "a==1 --hash=sha256:00 --no-binary a",
            "a==1 --hash=md5:00",
            "a==1 --hash=sha256:",
            "a==1 --hash=sha256:0x",
            "a==1 --hash sha256:00",
            "a==1 -r x",
            "a == -1",
            "a ==1 # x",
            "a; extra == 'x --no-binary a'",
            "a; extra == '--no-binary=a'",
            "a; extra == 'x",
            "a;",
            "a; -e .",
            "a==${HOME}",
            "a @ https://host.example/a.whl",
            "a[-x]",
            "a[b",
            "a (>=1",
            "a-",
            "ä",
        ] {
            assert!(Requirement::parse(text).is_err(), "{text:?}");
        }
    }
}
