//! Python that says that it is written in an encoding which makes code of what reads as something else.

use crate::scan::findings::{Findings, Hit, in_file};
use crate::scan::language::Language;
use crate::scan::rule::{Part, Rule, RuleMeta};

/// Finds a declared encoding that is none of those which leave plain letters as they are.
pub(super) struct ForeignEncoding(RuleMeta);

/// Encodings in which plain letters are what they seem, without what stands between their parts.
const PLAIN: &[&str] = &[
    "ascii", "usascii", "l1", "cp936", "gbk", "gb2312", "gb18030", "cp932", "cp949", "cp950", "mbcs",
    "win1252",
];
/// Families of them. Not those whose plain bytes may stand for other letters: `iso2022`, `hz`.
const FAMILIES: &[&str] = &[
    "iso8859", "windows", "utf8", "latin", "cp125", "cp43", "cp72", "cp73", "cp77", "cp85", "cp86", "cp874",
    "cp1125", "mac", "koi8", "tis620", "big5", "euc", "sjis", "shiftjis", "ujis", "ms93", "hebrew",
    "cyrillic", "arabic", "greek", "ansix34", "646", "thai", "johab", "ptcp154", "kz1048",
];

/// Families in which a letter of two bytes may end with what reads as a backslash, so that a text ends elsewhere than it
/// seems to.
const DOUBLE: &[&str] = &[
    "cp93",
    "cp94",
    "cp950",
    "gbk",
    "gb18030",
    "big5",
    "sjis",
    "shiftjis",
    "ms93",
    "johab",
    "windows31j",
    "mbcs",
];

impl ForeignEncoding {
    #[expect(clippy::unnecessary_wraps, reason = "the table makes every rule in the same way")]
    pub(super) fn new(meta: RuleMeta) -> Result<Self, regex::Error> {
        Ok(Self(meta))
    }
}

impl Rule for ForeignEncoding {
    fn meta(&self) -> &RuleMeta {
        &self.0
    }

    fn check(&self, part: &Part<'_>, found: &mut Findings<'_>) {
        let Part::File(file) = part else { return };
        if file.language() != Language::Python {
            return;
        }
        if let Some((start, name)) = declared(file.text())
            && (!is_plain(name) || is_double(name) && swallows(file.text()))
        {
            let hit = Hit { text: file.text(), start, end: start + name.len() };
            found.add(&self.0, in_file(file, start), hit, None);
        }
    }
}

/// Returns the encoding that a file says it is in, and where, as Python looks for it: in a comment that is one of the
/// first two lines, the first of which holds no code.
fn declared(text: &str) -> Option<(usize, &str)> {
    let mut at = 0;
    for line in text.split_inclusive('\n').take(2) {
        let inner = line.trim_start_matches(['\u{feff}', ' ', '\t', '\u{c}']).trim_end();
        if !inner.starts_with('#') {
            if inner.is_empty() {
                at += line.len();
                continue;
            }
            return None;
        }
        let found = line.match_indices("coding").find_map(|(place, word)| {
            let start = place + word.len();
            let rest = line[start..].strip_prefix([':', '='])?;
            let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
            let name = &rest[blanks..];
            let length =
                name.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte)).count();
            (length > 0).then(|| (at + start + 1 + blanks, &name[..length]))
        });
        if found.is_some() {
            return found;
        }
        at += line.len();
    }
    None
}

/// Brings a name to its letters and digits.
fn bare(name: &str) -> String {
    name.to_ascii_lowercase().replace(['-', '_', '.'], "")
}

fn is_double(name: &str) -> bool {
    let name = bare(name);
    DOUBLE.iter().any(|family| name.starts_with(family))
}

/// Tells whether a backslash stands behind a byte with which a letter of two may begin: such bytes were read as Latin-1.
fn swallows(text: &str) -> bool {
    let mut backslashes = memchr::memchr_iter(b'\\', text.as_bytes());
    backslashes.any(|at| text[..at].ends_with(|c: char| ('\u{80}'..='\u{ff}').contains(&c)))
}

fn is_plain(name: &str) -> bool {
    let name = bare(name);
    PLAIN.contains(&&*name) || FAMILIES.iter().any(|family| name.starts_with(family)) || name.is_empty()
}
