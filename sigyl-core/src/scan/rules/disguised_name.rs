//! Names in code that are spelled otherwise than they are read.

use std::ops::Range;

use memchr::memmem;

use crate::scan::file::FileText;
use crate::scan::findings::{Findings, Hit, in_file};
use crate::scan::language::Language;
use crate::scan::lexer::no_code;
use crate::scan::rule::{Part, Rule, RuleMeta};
use crate::scan::spelling;

/// Finds names that their language reads as others, which are plain.
pub(super) struct DisguisedName(RuleMeta);

/// Letters by which formulas name their values; alone in a name they hide nothing.
const FORMULAS: Range<char> = '\u{2100}'..'\u{2150}';

impl DisguisedName {
    #[expect(clippy::unnecessary_wraps, reason = "the table makes every rule in the same way")]
    pub(super) fn new(meta: RuleMeta) -> Result<Self, regex::Error> {
        Ok(Self(meta))
    }

    fn found(&self, file: &FileText<'_>, at: Range<usize>, read: &str, found: &mut Findings<'_>) {
        let message = format!("It is read as `{read}`. {}", self.0.why);
        let place = in_file(file, at.start);
        let hit = Hit { text: file.text(), start: at.start, end: at.end };
        found.add(&self.0, place, hit, Some(message));
    }
}

impl Rule for DisguisedName {
    fn meta(&self) -> &RuleMeta {
        &self.0
    }

    fn check(&self, part: &Part<'_>, found: &mut Findings<'_>) {
        let Part::File(file) = part else { return };
        match file.language() {
            Language::Python if !file.text().is_ascii() => {
                python(file).into_iter().for_each(|(at, read)| self.found(file, at, &read, found));
            }
            Language::Script if file.text().contains("\\u") => {
                script(file).into_iter().for_each(|(at, read)| self.found(file, at, &read, found));
            }
            _ => {}
        }
    }
}

/// Returns the names of a file in Python that are read as plain ones, and those.
fn python(file: &FileText<'_>) -> Vec<(Range<usize>, String)> {
    let bare = file.bare();
    let mut all = Vec::new();
    let mut at = 0;
    while let Some(more) = bare[at..].iter().position(|byte| !byte.is_ascii()) {
        let name = around(bare, at + more);
        at = name.end;
        let text = file.text().get(name.clone()).unwrap_or_default();
        let read = spelling::python(text);
        let odd = text.chars().filter(|c| !c.is_ascii()).collect::<Vec<_>>();
        let formula = odd.iter().all(|c| FORMULAS.contains(c) || matches!(c, 'ª' | 'º'));
        let hides = !formula || odd.len() > 1 || ACTS.contains(&&*read);
        if read.is_ascii() && read.len() > 1 && hides {
            all.push((name, read.into_owned()));
        }
    }
    all
}

/// Names that act, whatever is hidden in them.
const ACTS: &[&str] = &[
    "eval",
    "exec",
    "system",
    "popen",
    "Popen",
    "compile",
    "open",
    "getattr",
    "setattr",
    "globals",
    "locals",
    "builtins",
    "__builtins__",
    "__import__",
    "import_module",
    "subprocess",
    "socket",
    "pickle",
    "loads",
    "environ",
    "urlopen",
    "requests",
    "call",
    "run",
    "check_output",
];

/// Returns the names of a script with escapes of plain letters in them, and how they are read.
fn script(file: &FileText<'_>) -> Vec<(Range<usize>, String)> {
    let bare = file.bare();
    let mut all: Vec<(Range<usize>, String)> = Vec::new();
    let mut at = 0;
    let mut skipped = None;
    while let Some(more) = memmem::find(&bare[at..], b"\\u") {
        let escape = at + more;
        let name = escaped_name(file.text(), bare, escape);
        at = name.end.max(escape + 2);
        let text = file.text().get(name.clone()).unwrap_or_default();
        let read = spelling::script(text);
        let plain = read.len() > 1 && read.is_ascii() && read.bytes().all(|byte| is_word(&byte));
        if !plain {
            continue;
        }
        // An expression is no name; they are looked for only where there is something to tell.
        let skipped = skipped.get_or_insert_with(|| no_code(file.text()));
        let before = skipped.partition_point(|one| one.end <= name.start);
        if skipped.get(before).is_none_or(|one| one.start >= name.end) {
            all.push((name, read.into_owned()));
        }
    }
    all
}

/// Returns the word around a byte, all of a character that is not ASCII being part of one.
fn around(bare: &[u8], at: usize) -> Range<usize> {
    let start = bare[..at].iter().rposition(|byte| !is_word(byte)).map_or(0, |before| before + 1);
    let end = bare[at..].iter().position(|byte| !is_word(byte)).map_or(bare.len(), |length| at + length);
    start..end
}

/// Returns the word that an escape stands in, with the escapes behind it.
fn escaped_name(text: &str, bare: &[u8], escape: usize) -> Range<usize> {
    let start = bare[..escape].iter().rposition(|byte| !is_word(byte)).map_or(0, |before| before + 1);
    let mut end = escape;
    loop {
        let rest = text.get(end..).unwrap_or_default();
        end += match rest.strip_prefix("\\u").map(spelling::escaped) {
            Some(Some((_, length))) => length + 2,
            Some(None) => return start..end,
            None => match bare[end..].iter().position(|byte| !is_word(byte)).unwrap_or(rest.len()) {
                0 => return start..end,
                length => length,
            },
        };
    }
}

fn is_word(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | 0x80..)
}
