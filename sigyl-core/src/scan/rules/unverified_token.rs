//! Tokens that are read, and whose signature nobody looks at.

use crate::scan::expression::TextExpression;
use crate::scan::file::FileText;
use crate::scan::findings::{Findings, Hit, in_file};
use crate::scan::language::Language;
use crate::scan::rule::{Part, Rule, RuleMeta};

/// Finds tokens that are believed, unless they are only read to choose the key that they are checked by.
pub(super) struct UnverifiedToken {
    meta: RuleMeta,
    /// Where a token is read.
    read: TextExpression,
    /// Where one without a signature is taken for good.
    none: TextExpression,
    /// What the claims are called, and the token.
    named: TextExpression,
    /// A call that checks something, and what comes first in it.
    verified: TextExpression,
    /// A part of the claims that says how to check them, or how long they are good for.
    chooses: TextExpression,
    times: TextExpression,
    /// Where what stands around ends.
    ends: TextExpression,
}

/// What may stand for a token that is read.
const READ: &[&str] = &[
    r#"['"]verify_signature['"]\s*:\s*(?:False|false)\b"#,
    r"\bjwt\.decode\([^()\n]{0,200}\bverify\s*=\s*False\b",
    r"(?:[=(,.!&|?:]\s*|\b(?:await|return)\s+)(?:get_unverified_claims|decodeJwt|jwtDecode|jwt_decode)\(",
    r"\bParseUnverified\(",
    // In scripts alone: in Python it is what checks.
    r"\b(?:jwt|JWT|jsonwebtoken)\.decode\(",
];
const NONE: &str = r#"\balgorithms?['"]?\s*[=:]\s*\[[^\]\n]{0,100}['"]none['"]"#;
/// Places of one file that are looked at more closely.
const PLACES: usize = 100;
/// Bytes before and behind a place that are.
const REACH: (usize, usize) = (1_500, 4_000);

impl UnverifiedToken {
    #[expect(clippy::unnecessary_wraps, reason = "the table makes every rule in the same way")]
    pub(super) fn new(meta: RuleMeta) -> Result<Self, regex::Error> {
        const CHOOSE: &str = "iss|aud|kid|alg|typ|tid|azp|x5t|jku";
        Ok(Self {
            meta,
            read: TextExpression::new(READ.join("|")),
            none: TextExpression::new(format!("(?i){NONE}")),
            named: TextExpression::new(
                r"(?:\{([^{}=]{1,80})\}|\b([A-Za-z_$][\w$]*))\s*(?::\s*[\w<>\[\], ]{1,40})?\s*:?=\s*(?:await\s+)?[\w.$()]*?(?:decode\w*|get_unverified_claims|jwtDecode|jwt_decode|ParseUnverified)\(\s*([\w.$]+)",
            ),
            verified: TextExpression::new(
                r"(?:\bjwtVerify|\.verify|\bverify\w*|\bjwt\.decode|\bJWT\.decode|\bParse(?:WithClaims)?)\(\s*([\w.$]+)([^()\n]{0,200})",
            ),
            chooses: TextExpression::new(format!(
                r#"^(?:\?\.|\.|\[['"]|\.get\(['"])(?:header\b|(?:payload(?:\?\.|\.|['"]\]\[['"]))?(?:{CHOOSE})\b)"#
            )),
            times: TextExpression::new(r#"^(?:\?\.|\.|\[['"]|\.get\(['"])(?:exp|iat|nbf)\b"#),
            ends: TextExpression::new(
                r"(?m)^(?:\s*(?:async\s+)?def\s|class\s|(?:export\s+)?(?:default\s+)?(?:async\s+)?function\b|func\s|(?:pub\s+)?fn\s)",
            ),
        })
    }

    fn file(&self, file: &FileText<'_>, found: &mut Findings<'_>) {
        let Ok(code) = std::str::from_utf8(file.code()) else { return };
        let script = file.language() == Language::Script;
        let read = self.read.find_iter(code).filter(|place| script || !place.as_str().ends_with(".decode("));
        let read = read.enumerate().filter(|(count, place)| {
            // What defines a reader is none.
            let lead = code[..place.start()].trim_end();
            !lead.ends_with("function") && (*count >= PLACES || !self.is_checked(code, place.range(), script))
        });
        let places =
            read.map(|(_, place)| place.range()).chain(self.none.find_iter(code).map(|one| one.range()));
        for place in places.collect::<Vec<_>>() {
            let hit = Hit { text: file.text(), start: place.start, end: place.end };
            found.add(&self.meta, in_file(file, place.start), hit, None);
        }
    }

    /// Tells whether a token is read to choose what it is checked by, after it was checked, or for its time alone.
    fn is_checked(&self, code: &str, place: std::ops::Range<usize>, script: bool) -> bool {
        let lead = &code[code.floor_char_boundary(place.start.saturating_sub(300))..];
        let end = code.ceil_char_boundary(code.len().min(place.end + 120));
        let lead = &lead[..lead.len() - (code.len() - end)];
        let before_call = place.start - (end - lead.len());
        let named = self
            .named
            .captures_iter(lead)
            .filter(|found| found.get(0).is_some_and(|all| all.start() <= before_call));
        let Some(named) = named.last() else { return false };
        let Some(token) = named.get(3).map(|token| token.as_str()) else { return false };
        let begin = end - lead.len() + named.get(0).map_or(0, |all| all.end());
        let behind = &code[begin..code.ceil_char_boundary(code.len().min(begin + REACH.1))];
        let behind = &behind[..self.ends.find(behind).map_or(behind.len(), |end| end.start())];
        let from = code.floor_char_boundary(place.start.saturating_sub(REACH.0));
        let ahead = &code[from..place.start.min(begin)];
        let ahead = &ahead[self.ends.find_iter(ahead).last().map_or(0, |start| start.end())..];
        if script && self.checks(ahead, token, script) {
            return true;
        }
        let (select, time) = match (named.get(1), named.get(2)) {
            (Some(parts), _) => taken(parts.as_str()),
            (_, Some(name)) => self.uses(behind, name.as_str()),
            _ => (false, false),
        };
        time || select && self.checks(behind, token, script)
    }

    /// Tells whether something checks a token.
    fn checks(&self, text: &str, token: &str, script: bool) -> bool {
        self.verified.captures_iter(text).any(|call| {
            let whole = call.get(0).map_or("", |all| all.as_str());
            let rest = call.get(2).map_or("", |rest| rest.as_str());
            let off = rest.contains("verify_signature") || rest.contains("verify=False");
            let reads = whole.starts_with("jwt.decode") || whole.starts_with("JWT.decode");
            call.get(1).is_some_and(|given| given.as_str() == token) && !off && !(script && reads)
        })
    }

    /// Tells of a name whether all that is taken from it says how to check it, or how long it is good for.
    fn uses(&self, text: &str, name: &str) -> (bool, bool) {
        let is_part =
            |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '$' || c == '.');
        let (mut any, mut select, mut time) = (false, true, true);
        for (at, _) in text.match_indices(name) {
            let rest = &text[at + name.len()..];
            if is_part(text[..at].chars().next_back())
                || rest.starts_with(|c: char| c.is_alphanumeric() || c == '_')
            {
                continue;
            }
            let lead = text[..at].trim_end();
            if lead.ends_with('!') || lead.ends_with(" not") || rest.trim_start().starts_with("is None") {
                continue;
            }
            any = true;
            time &= self.times.is_match(rest);
            select &= self.chooses.is_match(rest) || self.times.is_match(rest);
        }
        (any && select, any && time)
    }
}

/// The same of the names that a record is taken apart into.
fn taken(parts: &str) -> (bool, bool) {
    let names = || {
        parts
            .split(',')
            .map(|part| part.split(':').next().unwrap_or(part).trim())
            .filter(|name| !name.is_empty())
    };
    let time = |name: &str| matches!(name, "exp" | "iat" | "nbf");
    let select =
        |name: &str| time(name) || matches!(name, "header" | "iss" | "aud" | "kid" | "alg" | "typ" | "tid");
    (names().all(select), names().all(time))
}

impl Rule for UnverifiedToken {
    fn meta(&self) -> &RuleMeta {
        &self.meta
    }

    fn needs(&self) -> &[&str] {
        const NEEDS: &[&str] = &[
            "verify_signature",
            "unverified",
            "decodejwt",
            "jwtdecode",
            "jwt_decode",
            r"jwt\.decode",
            r"jsonwebtoken\.decode",
            r#"['"]none['"]"#,
        ];
        NEEDS
    }

    fn check(&self, part: &Part<'_>, found: &mut Findings<'_>) {
        let Part::File(file) = part else { return };
        if matches!(file.language(), Language::Script | Language::Python | Language::Go | Language::Braces) {
            self.file(file, found);
        }
    }
}
