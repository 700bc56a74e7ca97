//! Follows the Authorization header of a request to another service.

use std::ops::Range;

use memchr::{memchr2_iter, memmem};
use regex::Match;

use crate::domain::{Confidence, Severity};
use crate::scan::expression::TextExpression;
use crate::scan::file::FileText;
use crate::scan::findings::{Findings, Hit, in_file};
use crate::scan::language::Language;
use crate::scan::literal::needed;
use crate::scan::rule::{Part, Rule, RuleMeta};
use crate::scan::window::windows;

/// Finds tokens that are read from a request and sent on without a check.
pub(super) struct TokenDirectPass {
    meta: RuleMeta,
    /// An Authorization header of this server's caller.
    source: TextExpression,
    /// How long it is at most, see [`crate::scan::window`].
    reach: Option<usize>,
    /// The name that a source is given.
    named: TextExpression,
    /// An Authorization header of an outgoing call, with the value it is given.
    sink: TextExpression,
    /// A call to another service.
    call: TextExpression,
    /// What makes it right: the token is given to what checks it, or exchanges it for another.
    checked: TextExpression,
}

/// Bytes after a source in which its way is followed.
const REACH: usize = 6_000;
/// Names that one token is followed through.
const NAMES: usize = 8;
/// Sources of one file that are followed.
const SOURCES: usize = 200;

impl TokenDirectPass {
    #[expect(clippy::unnecessary_wraps, reason = "the table makes every rule in the same way")]
    pub(super) fn new(meta: RuleMeta) -> Result<Self, regex::Error> {
        const INBOUND: &str = r#"\b(?:req|request|ctx\.req(?:uest)?|c\.req|event|r|incoming\w*|original_?req(?:uest)?)\.(?:raw\.)?(?:(?:headers?|Header)(?:\?)?\s*(?:\.\s*authorization\b|\.?\s*(?:get|Get)?\s*[\[(]\s*['"`]authorization['"`]\s*[\])])|(?:header|get)\(\s*['"`]authorization['"`]\s*\))"#;
        Ok(Self {
            meta,
            reach: needed(INBOUND).reach,
            source: TextExpression::new(format!("(?i){INBOUND}")),
            named: TextExpression::new(
                r"(?:\b(?:const|let|var)\s+)?\b([A-Za-z_$][\w$]*)\s*(?::\s*[\w<>|\s.]{1,40})?\s*(?::=|=)\s*[^=;\n]{0,80}$",
            ),
            sink: TextExpression::new(
                r#"(?i)['"`]?\bauthorization['"`]?\s*\]?\s*(?:[:=,]|,\s*['"])\s*(?:f?['"`][^'"`\n]{0,16}(?:\$\{|\{|['"]\s*\+)\s*)?([A-Za-z_$][\w$.?\[\]'"()\-]*)"#,
            ),
            call: TextExpression::new(
                r"(?i)\b(?:fetch|axios|got|ky|superagent|needle|undici|request|requests|httpx|aiohttp|urllib|http\.(?:request|NewRequest|get|post)|https\.request|client\.(?:get|post|put|patch|delete|request|Do)|session\.(?:get|post|request)|proxy\w*|forward\w*|upstream\w*)\b",
            ),
            checked: TextExpression::new(
                r"(?i)(?:verif(?:y|ies)|validat|introspect|authenticat|exchang|on_?behalf_?of|check_?token|\bjwt\.)\w*\s*\(",
            ),
        })
    }

    /// Follows one source; returns the end of the sink that it reaches, and whether on the way it had a name.
    fn follow(&self, code: &str, bare: &str, start: usize, end: usize) -> Option<(usize, bool)> {
        let after = &code[end..ceil(code, end + REACH)];
        if let Some(sink) = self.is_in_sink(code, start) {
            return (!self.checked.is_match(&bare[sink..end])).then_some((end, false));
        }
        let before = &code[floor(code, start.saturating_sub(160))..start];
        let named = self.named.captures(before)?;
        // What the header itself is given to may check it, or give another token for it.
        let given = floor(code, start.saturating_sub(160)) + named.get(1)?.end();
        if self.checked.is_match(&bare[given..start]) {
            return None;
        }
        let mut names = vec![named.get(1)?.as_str().to_owned()];
        // A line that makes another name of a known one passes the token on.
        for line in after.lines() {
            if names.len() < NAMES
                && let Some((left, right)) =
                    line.split_once('=').filter(|(_, right)| !right.starts_with(['=', '>']))
                && names.iter().any(|name| has_word(right, name))
                && let Some(name) = left.trim().rsplit([' ', ':']).next().filter(|name| is_word(name))
                && !self.call.is_match(right)
            {
                names.push(name.to_owned());
            }
        }
        let reaches = |sink: &regex::Captures<'_>| {
            let value = sink.get(1)?;
            let first =
                value.as_str().split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '$'))).next()?;
            names.iter().any(|name| name == first).then_some((sink.get(0)?.start(), value.end()))
        };
        let (at, stop) = self.sink.captures_iter(after).find_map(|sink| reaches(&sink))?;
        let around = &after[floor(after, at.saturating_sub(400))..ceil(after, stop + 200)];
        (self.call.is_match(around) && !self.checked.is_match(&bare[end..end + at]))
            .then_some((end + stop, true))
    }

    /// Tells whether a source stands itself as the value of an outgoing Authorization header, and where that begins.
    fn is_in_sink(&self, code: &str, start: usize) -> Option<usize> {
        let from = floor(code, start.saturating_sub(400));
        let before = &code[from..start];
        let header = before.to_ascii_lowercase().rfind("authorization")?;
        let between = before[header + "authorization".len()..].trim();
        let is_value = between.len() <= 40
            && between.trim_start_matches(['"', '\'', '`', ']', ' ']).starts_with([':', '=', ','])
            && !between.contains(';');
        (is_value && self.call.is_match(before)).then_some(from)
    }

    /// Yields the sources of a file; each holds the name of the header.
    fn sources<'a>(&'a self, code: &'a str) -> impl Iterator<Item = Match<'a>> {
        let bytes = code.as_bytes();
        let whole = 0..bytes.len();
        let parts = self.reach.map(|reach| windows(bytes, whole.clone(), &headers(bytes), reach));
        // What is counted in runs of ASCII letters and blanks holds where there are no others.
        let exact = |parts: &Vec<Range<usize>>| parts.iter().all(|part| bytes[part.clone()].is_ascii());
        let parts = parts.filter(exact).unwrap_or_else(|| vec![whole.clone()]);
        parts.into_iter().flat_map(move |part| {
            let mut at = part.start;
            std::iter::from_fn(move || {
                let source = self.source.find_at(&code[..part.end], at)?;
                at = source.end();
                Some(source)
            })
        })
    }

    fn file(&self, file: &FileText<'_>, found: &mut Findings<'_>) {
        let (Ok(code), Ok(bare)) = (std::str::from_utf8(file.code()), std::str::from_utf8(file.bare()))
        else {
            return;
        };
        for (count, source) in self.sources(code).enumerate() {
            if count == SOURCES {
                let message = format!(
                    "The header is read in more than {SOURCES} places, and the rest was not followed. {}",
                    self.meta.why
                );
                let hit = Hit { text: file.text(), start: source.start(), end: source.end() };
                let place = in_file(file, source.start());
                return found.add_as(
                    &self.meta,
                    Severity::Error,
                    Confidence::High,
                    place,
                    hit,
                    Some(message),
                );
            }
            if let Some((end, named)) = self.follow(code, bare, source.start(), source.end()) {
                let hit =
                    Hit { text: file.text(), start: source.start(), end: end.min(source.start() + 200) };
                // A token that was given a name may have been judged in ways that no pattern sees.
                let severity = if named { Severity::Error } else { self.meta.severity };
                let place = in_file(file, source.start());
                found.add_as(&self.meta, severity, Confidence::High, place, hit, None);
            }
        }
    }
}

impl Rule for TokenDirectPass {
    fn meta(&self) -> &RuleMeta {
        &self.meta
    }

    fn needs(&self) -> &[&str] {
        &["authorization"]
    }

    fn check(&self, part: &Part<'_>, found: &mut Findings<'_>) {
        let Part::File(file) = part else { return };
        let has = |name: &str| memmem::find(file.text().as_bytes(), name.as_bytes()).is_some();
        let speaks =
            matches!(file.language(), Language::Script | Language::Python | Language::Go | Language::Braces);
        if speaks && (has("uthorization") || has("AUTHORIZATION")) {
            self.file(file, found);
        }
    }
}

/// Finds the name of the header, by its rarest letter.
fn headers(text: &[u8]) -> Vec<u32> {
    const NAME: &[u8] = b"authorization";
    const Z: usize = 7;
    let places = memchr2_iter(b'z', b'Z', text).filter_map(|at| at.checked_sub(Z));
    let places = places
        .filter(|&at| text.get(at..at + NAME.len()).is_some_and(|there| there.eq_ignore_ascii_case(NAME)));
    places.filter_map(|at| u32::try_from(at).ok()).collect()
}

fn has_word(text: &str, word: &str) -> bool {
    text.split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '$'))).any(|one| one == word)
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '$'))
}

fn floor(text: &str, at: usize) -> usize {
    text.floor_char_boundary(at)
}

fn ceil(text: &str, at: usize) -> usize {
    text.ceil_char_boundary(at.min(text.len()))
}

#[cfg(test)]
mod tests {
    use crate::domain::Severity;
    use crate::scan::proof::{builtin, severity};

    fn of(path: &str, text: &str) -> Option<Severity> {
        severity(builtin(), "token-direct-pass", path, text)
    }

    #[test]
    fn a_header_that_goes_straight_on_blocks() {
        for text in [
            "await fetch(url, { headers: { 'Authorization': req.headers['authorization'] } });",
            "await axios.get(url, {\n  headers: {\n    Authorization: req.headers.authorization,\n  },\n});",
        ] {
            assert_eq!(of("proxy.ts", text), Some(Severity::Block), "{text}");
        }
        let python = "requests.get(url, headers={\"Authorization\": request.headers.get(\"Authorization\")})";
        assert_eq!(of("proxy.py", python), Some(Severity::Block));
    }

    #[test]
    fn a_token_that_is_stored_and_forwarded_on_another_line_is_found() {
        for (path, text) in [
            (
                "proxy.ts",
                "const auth = req.headers.authorization;\nlog('x');\nawait fetch(url, { headers: { Authorization: auth } });",
            ),
            (
                "proxy.ts",
                "const header = req.headers['authorization'];\nconst token = header.split(' ')[1];\nreturn axios.post(url, body, {\n  headers: { authorization: `Bearer ${token}` },\n});",
            ),
            (
                "proxy.py",
                "token = request.headers[\"Authorization\"]\nresponse = httpx.get(url, headers={\"Authorization\": token})",
            ),
            (
                "proxy.go",
                "token := r.Header.Get(\"Authorization\")\nreq, _ := http.NewRequest(\"GET\", url, nil)\nreq.Header.Set(\"Authorization\", token)",
            ),
        ] {
            assert_eq!(of(path, text), Some(Severity::Error), "{text}");
        }
    }

    #[test]
    fn what_is_not_followed_is_told() {
        let honest = "if (!req.headers.authorization) return;\n";
        assert_eq!(of("proxy.ts", &honest.repeat(super::SOURCES)), None);
        assert_eq!(of("proxy.ts", &honest.repeat(super::SOURCES + 1)), Some(Severity::Error));
    }

    #[test]
    fn a_word_about_checking_is_no_check() {
        for text in [
            "const jwt = req.headers.authorization;\nawait fetch(url, { headers: { Authorization: jwt } });",
            "const auth = req.headers.authorization;\nlog('verify(token)');\nawait fetch(url, { headers: { Authorization: auth } });",
            "const auth = req.headers.authorization;\nconst audience = 'x';\nawait fetch(url, { headers: { Authorization: auth } });",
        ] {
            assert_eq!(of("proxy.ts", text), Some(Severity::Error), "{text}");
        }
    }

    #[test]
    fn a_token_that_is_checked_exchanged_or_kept_is_left_alone() {
        for text in [
            "const auth = req.headers.authorization;\nawait verifyToken(auth);\nawait fetch(url, { headers: { Authorization: auth } });",
            "const auth = req.headers.authorization;\nconst other = await exchangeToken(auth);\nfetch(url, { headers: { Authorization: other } });",
            "const auth = req.headers.authorization;\nif (!auth) return res.status(401).end();",
            "fetch(url, { headers: { Authorization: `Bearer ${process.env.API_KEY}` } });",
            "// fetch(url, { headers: { authorization: req.headers.authorization } })",
        ] {
            assert_eq!(of("proxy.ts", text), None, "{text}");
        }
    }
}
