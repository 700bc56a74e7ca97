//! Values that are given to names of secrets.

use crate::domain::{Confidence, Severity};
use crate::scan::file::FileText;
use crate::scan::findings::{Findings, Hit, in_file};
use crate::scan::language::Language;
use crate::scan::rule::{Part, Rule, RuleMeta};
use crate::scan::secret::{
    Anchor, Assigned, NameKind, anchors, assignments, begins_like_a_shape, entropy, is_aside, is_made_up,
    is_placeholder, kind_of_name, vendor_of, words,
};

/// Finds secrets by the names that they are given.
pub(super) struct HardcodedSecret {
    meta: RuleMeta,
}

impl HardcodedSecret {
    #[expect(clippy::unnecessary_wraps, reason = "the table makes every rule in the same way")]
    pub(super) fn new(meta: RuleMeta) -> Result<Self, regex::Error> {
        Ok(Self { meta })
    }

    fn file(&self, file: &FileText<'_>, found: &mut Findings<'_>) {
        let aside = is_aside(file.path(), file.language());
        for (one, (severity, confidence, what)) in given(file.text(), file.anchors(), file.language()) {
            let severity = match severity {
                Severity::Error if aside => Severity::Warning,
                Severity::Warning if aside => Severity::Info,
                other => other,
            };
            let message = what.map(|what| format!("By its name and form this is {what}. {}", self.meta.why));
            // The value is never shown, whatever the masking of evidence makes of it.
            let evidence = format!("{} = ⟦masked⟧", one.name);
            found.add_as(
                &self.meta,
                severity,
                confidence,
                in_file(file, one.at),
                Hit::whole(&evidence),
                message,
            );
        }
    }
}

/// How grave a value is, how sure that is, and what it is by its name and form.
type Weight = (Severity, Confidence, Option<&'static str>);

/// Yields the values of a text that are secrets by the names that they are given.
fn given<'a>(
    text: &'a str,
    anchors: &[Anchor],
    language: Language,
) -> impl Iterator<Item = (Assigned<'a>, Weight)> {
    let bare = takes_bare_values(language);
    assignments(text, words(anchors))
        .filter(move |one| one.quoted || bare)
        .filter_map(|one| judge(&one).map(|weight| (one, weight)))
}

/// Returns such values, for whoever masks them in what is shown.
pub(in crate::scan) fn values(text: &str, language: Language) -> Vec<Assigned<'_>> {
    given(text, &anchors(text), language).map(|(one, _)| one).collect()
}

/// Tells whether a value without quotes is a text, as in `KEY=value`.
fn takes_bare_values(language: Language) -> bool {
    matches!(language, Language::Env | Language::Yaml | Language::Docker | Language::Shell)
}

/// Weighs a value by its name and by what it looks like.
fn judge(one: &Assigned<'_>) -> Option<Weight> {
    let kind = kind_of_name(one.name)?;
    let value = one.value;
    if is_no_secret(value) || begins_like_a_shape(value) {
        return None;
    }
    let made_up = is_made_up(value);
    if let Some(vendor) = vendor_of(one.name, value).filter(|_| !made_up) {
        return Some((Severity::Error, Confidence::High, Some(vendor)));
    }
    let digits = value.bytes().any(|byte| byte.is_ascii_digit());
    let letters = value.bytes().any(|byte| byte.is_ascii_alphabetic());
    let signs = value.bytes().any(|byte| b"!@#$%^&*+=?~".contains(&byte));
    let sure = match kind {
        NameKind::Password => value.len() >= 6 && letters && (digits || signs),
        NameKind::Key => value.len() >= 16 && letters && digits && entropy(value) > 3.0,
    };
    let weak = kind == NameKind::Key && value.len() >= 10 && digits;
    match sure && !made_up {
        true => Some((Severity::Warning, Confidence::Medium, None)),
        false if sure || weak && !is_words(value) => Some((Severity::Warning, Confidence::Low, None)),
        false => None,
    }
}

/// Tells whether a value is filled in later, or names something else: an address, a path, a variable, a text.
fn is_no_secret(value: &str) -> bool {
    let is_name = |byte: u8| byte.is_ascii_uppercase() || matches!(byte, b'_' | b'0'..=b'9');
    let is_variable = value.contains('_') && value.bytes().all(is_name);
    let is_path = value.contains("://")
        || value.starts_with(['/', '.', '$', '@', '&', '%', '-', '#'])
        || value.contains("::");
    let begins = [
        "data:", "sha256", "sha512", "sha1", "env:", "vault:", "op://", "arn:", "file:", "process.",
        "secrets.", "!secret",
    ];
    value.len() < 6
        || value.contains(char::is_whitespace)
        || !value.is_ascii()
        || is_variable
        || is_path
        || begins.iter().any(|begin| value.starts_with(begin))
        || is_placeholder(value)
        || is_words(value)
}

/// Tells whether a value is words joined by signs, with a number at most at the end: `input-password-2`, `user.token`.
fn is_words(value: &str) -> bool {
    let word = |part: &str| {
        let letters = part.trim_end_matches(|c: char| c.is_ascii_digit());
        letters.len() <= 14 && letters.bytes().all(|byte| byte.is_ascii_alphabetic()) && is_one_case(letters)
    };
    let parts: Vec<&str> = value.split(['-', '_', '.', ':', '/']).collect();
    let one = parts.len() == 1;
    parts.iter().all(|part| word(part)) && (!one || value.bytes().all(|byte| byte.is_ascii_alphabetic()))
}

/// Tells whether letters are written as words are: all small, all large, or large at the beginning of each.
fn is_one_case(letters: &str) -> bool {
    let large = letters.bytes().skip(1).filter(u8::is_ascii_uppercase).count();
    large == 0 || large * 4 <= letters.len() || letters.bytes().all(|byte| byte.is_ascii_uppercase())
}

impl Rule for HardcodedSecret {
    fn meta(&self) -> &RuleMeta {
        &self.meta
    }

    fn check(&self, part: &Part<'_>, found: &mut Findings<'_>) {
        let Part::File(file) = part else { return };
        let is_lock = file.name().contains("lock") || matches!(file.name(), "go.sum" | "npm-shrinkwrap.json");
        if !is_lock && file.language() != Language::Docs {
            self.file(file, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::Severity;
    use crate::scan::proof::{builtin, severity};

    fn of(path: &str, text: &str) -> Option<Severity> {
        severity(builtin(), "hardcoded-secret", path, text)
    }

    #[test]
    fn a_value_of_a_vendors_form_under_the_vendors_name_is_held() {
        let aws = "wQ7tZ2mKx9LbN4sR8yGcD3fHjP6aE1uVo5iXk0Tz";
        assert_eq!(of("a.py", &format!("AWS_SECRET_ACCESS_KEY = '{aws}'")), Some(Severity::Error));
        assert_eq!(of("a.py", &format!("aws_secret_access_key_name = '{aws}'")), None);
        let uuid = "3f2b9c1e-7a4d-4e8f-9b6c-0d5a8e7f1c23";
        assert_eq!(of(".env", &format!("HEROKU_API_KEY={uuid}")), Some(Severity::Error));
        assert_eq!(of("tests/.env", &format!("HEROKU_API_KEY={uuid}")), Some(Severity::Warning));
        assert_eq!(of("a.ts", &format!("const sessionToken = '{uuid}'")), Some(Severity::Warning));
    }

    #[test]
    fn a_value_made_up_is_told_softly_and_words_not_at_all() {
        assert_eq!(of("a.py", "API_KEY = '1234567890abcdef'"), Some(Severity::Warning));
        assert_eq!(of("a.py", "password = 'hunter22'"), Some(Severity::Warning));
        for text in [
            "password = 'password'",
            "token = 'access_token'",
            "secret = 'client.secret.key'",
            "api_key = 'OPENAI_API_KEY'",
        ] {
            assert_eq!(of("a.py", text), None, "{text}");
        }
    }
}
