//! Connections whose other side shows a certificate that nobody looks at.

use crate::domain::Severity;
use crate::scan::enclosed::{Head, heads};
use crate::scan::expression::TextExpression;
use crate::scan::file::FileText;
use crate::scan::findings::{Findings, Hit, in_file};
use crate::scan::rule::{Part, Rule, RuleMeta};

/// Finds where the check of certificates is switched off, and whether something stands in for it or asks for it.
pub(super) struct DisabledCertificateCheck {
    meta: RuleMeta,
    /// Where it is switched off.
    off: TextExpression,
    /// What on the same line says that something decides it there.
    decided: TextExpression,
    /// What stands in for it: a certificate or a fingerprint of one's own that is compared.
    pinned: TextExpression,
    /// What takes the certificate itself for good.
    none: TextExpression,
    /// A condition that asks whether to check.
    asks: TextExpression,
    /// What a line that holds others gives a name to.
    names: TextExpression,
    /// What a name is set to.
    set: TextExpression,
}

/// How the rule begins to look at a file.
const OFF: &[&str] = &[
    r"\bInsecureSkipVerify\s*:\s*true\b",
    r"\.\s*InsecureSkipVerify\s*=\s*true\b",
    r"\bdanger_accept_invalid_(?:certs|hostnames)\s*\(\s*true\s*\)",
    r#"\brejectUnauthorized['"]?\s*:\s*(?:false|!1)\b"#,
    r#"\bNODE_TLS_REJECT_UNAUTHORIZED\b['"]?\]?\s*=\s*['"`]?0\b"#,
    r"\bverify_mode\s*=\s*(?:ssl\.)?CERT_NONE\b",
    r"\bcheck_hostname\s*=\s*False\b",
    r"_create_default_https_context\s*=\s*(?:ssl\.)?_create_unverified_context\b",
    r"\bverify\s*=\s*False\b",
];
/// Places of one file that are looked at more closely.
const PLACES: usize = 200;
/// Lines before and behind one in which what stands in for the check is looked for.
const NEAR: (usize, usize) = (12, 25);

/// Why one place is milder than others.
enum Reason {
    Pinned,
    Asked,
}

impl DisabledCertificateCheck {
    #[expect(clippy::unnecessary_wraps, reason = "the table makes every rule in the same way")]
    pub(super) fn new(meta: RuleMeta) -> Result<Self, regex::Error> {
        const WORDS: &str = r"verif\w*|insecure\w*|self_?signed\w*|unsafe\w*|untrusted\w*|(?:skip|check|validate|ignore|no|allow|reject|strict|trust)_?(?:ssl|tls|cert|host|unauth|invalid|verif|valid)\w*|(?:ssl|tls|cert\w*)_?(?:strict|check|mode|valid)\w*";
        Ok(Self {
            meta,
            off: TextExpression::new(format!("(?i){}", OFF.join("|"))),
            decided: TextExpression::new(r"(?i)\bif\b|\?|\bgetenv\b|\benviron\b|\bdef\s|:\s*bool\b"),
            pinned: TextExpression::new(
                r"(?i)\bload_verify_locations\s*\(|\bcreate_default_context\([^()\n]*\b(?:cafile|cadata|capath)\s*=|\bassert_fingerprint\s*=|\bFingerprint\s*\(|\bVerify(?:PeerCertificate|Connection)\s*:|\badd_root_certificate\s*\(|\b(?:getPeerCertificate|getpeercert|peer_certificate)\b",
            ),
            none: TextExpression::new(r"(?i)\bCERT_NONE\b|\bdanger_accept_invalid_certs\s*\(\s*true"),
            asks: TextExpression::new(format!(
                r"(?i)^(?:[}}\s]*(?:else\s+)?if|elif|unless|case|match)\b[\s(]*(not\s+|!\s*)?[\w.]*?((?:\b|_)\w*?(?:{WORDS}))\b(\s*(?:is|===?|:)\s*(?:False|false))?"
            )),
            names: TextExpression::new(
                r"^(?:export\s+|default\s+|pub(?:\(\w+\))?\s+|async\s+|static\s+)*(?:class|def|function|fn|func(?:\s*\([^()]*\))?|const|let)\s+([A-Za-z_$][\w$]*)",
            ),
            set: TextExpression::new(
                r#"^['"]?[ \t]*(?::[ \t]*[\w\[\]|. ]+?)?[ \t]*[:=][ \t]*(?:(True|true|1)|(False|false|0))\b"#,
            ),
        })
    }

    fn file(&self, file: &FileText<'_>, found: &mut Findings<'_>) {
        let (Ok(code), Ok(bare)) = (std::str::from_utf8(file.code()), std::str::from_utf8(file.bare()))
        else {
            return;
        };
        for (count, place) in self.off.find_iter(code).enumerate() {
            let start = place.start();
            if self.decided.is_match(line(bare, start)) {
                continue;
            }
            let reason = if count < PLACES { self.reason(code, bare, start, place.as_str()) } else { None };
            let severity = reason.as_ref().map_or(self.meta.severity, |_| Severity::Warning);
            let message = reason.map(|reason| match reason {
                Reason::Pinned => {
                    format!("Something near it stands in for the check. If it does not: {}", self.meta.why)
                }
                Reason::Asked => format!("It is off only where a setting says so. There: {}", self.meta.why),
            });
            let hit = Hit { text: file.text(), start, end: place.end() };
            let at = in_file(file, start);
            found.add_as(&self.meta, severity, self.meta.confidence, at, hit, message);
        }
    }

    fn reason(&self, code: &str, bare: &str, at: usize, off: &str) -> Option<Reason> {
        let around = near(code, at);
        let only_name = off.to_ascii_lowercase().contains("hostname");
        // The name alone is not compared: with the authority given, or the certificate itself, that is a choice.
        if self.pinned.is_match(around) && !(only_name && self.none.is_match(around)) {
            return Some(Reason::Pinned);
        }
        let heads = heads(code, at);
        let asked = heads.iter().any(|head| self.is_asked(code, head))
            || heads.iter().any(|head| self.is_used_when_asked(code, bare, head));
        asked.then_some(Reason::Asked)
    }

    /// Tells whether a line is a condition that asks whether to check, and that is not so by itself.
    fn is_asked(&self, code: &str, head: &Head<'_>) -> bool {
        let Some(asked) = self.asks.captures(head.text) else { return false };
        let Some(name) = asked.get(2) else { return false };
        let taken_if = asked.get(1).is_none() && asked.get(3).is_none();
        !whole(code, name.as_str()).any(|end| {
            let set = self.set.captures(&code[end..code.ceil_char_boundary(code.len().min(end + 60))]);
            set.is_some_and(|set| set.get(1).is_some() == taken_if)
        })
    }

    /// Tells whether what a line names is used, and only where somebody asked for it.
    fn is_used_when_asked(&self, code: &str, bare: &str, head: &Head<'_>) -> bool {
        let Some(name) = self.names.captures(head.text).and_then(|found| found.get(1)) else { return false };
        let name = name.as_str();
        let own = head.start..code[head.start..].find('\n').map_or(code.len(), |end| head.start + end);
        let given_on = ["import ", "from ", "export {", "module.exports", "__all__", "//", "#"];
        let is_use = |at: &usize| {
            let line = line(bare, *at).trim_start();
            !own.contains(at) && given_on.iter().all(|word| !line.starts_with(word))
        };
        let mut uses = whole(bare, name).map(|end| end - name.len()).filter(is_use).take(PLACES).peekable();
        uses.peek().is_some() && uses.all(|at| heads(code, at).iter().any(|head| self.is_asked(code, head)))
    }
}

impl Rule for DisabledCertificateCheck {
    fn meta(&self) -> &RuleMeta {
        &self.meta
    }

    fn needs(&self) -> &[&str] {
        OFF
    }

    fn check(&self, part: &Part<'_>, found: &mut Findings<'_>) {
        let Part::File(file) = part else { return };
        if file.language().is_code() {
            self.file(file, found);
        }
    }
}

/// Returns the line that a byte stands on.
fn line(text: &str, at: usize) -> &str {
    let begin = text[..at].rfind('\n').map_or(0, |end| end + 1);
    let begin = begin.max(text.floor_char_boundary(at.saturating_sub(600)));
    let end = text[at..].find('\n').map_or(text.len(), |end| at + end);
    &text[begin..end.min(text.ceil_char_boundary(text.len().min(at + 600)))]
}

/// Returns the lines around a byte.
fn near(text: &str, at: usize) -> &str {
    let from = text.floor_char_boundary(at.saturating_sub(2_000));
    let to = text.ceil_char_boundary(text.len().min(at + 3_000));
    let start = text[from..at].rmatch_indices('\n').nth(NEAR.0).map_or(from, |(end, _)| from + end);
    let end = text[at..to].match_indices('\n').nth(NEAR.1).map_or(to, |(end, _)| at + end);
    &text[start..end]
}

/// Yields where a word ends, each time that it stands alone.
fn whole<'t>(text: &'t str, word: &'t str) -> impl Iterator<Item = usize> {
    let is_part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '$');
    text.match_indices(word).map(move |(at, _)| (at, at + word.len())).filter_map(move |(at, end)| {
        let alone = !is_part(text[..at].chars().next_back()) && !is_part(text[end..].chars().next());
        alone.then_some(end)
    })
}

#[cfg(test)]
mod tests {
    use crate::domain::Severity;
    use crate::scan::proof::{builtin, severity};

    fn of(path: &str, text: &str) -> Option<Severity> {
        severity(builtin(), "disabled-certificate-check", path, text)
    }

    #[test]
    fn what_stands_in_for_the_check_makes_it_milder() {
        for (path, text) in [
            (
                "a.py",
                "ctx = ssl.create_default_context()\nctx.check_hostname = False\nctx.load_verify_locations(cadata=PEM)\n",
            ),
            ("a.py", "ctx = ssl.create_default_context(cafile=ca)\nctx.check_hostname = False\n"),
            (
                "a.go",
                "cfg := &tls.Config{\n\tInsecureSkipVerify: true,\n\tVerifyConnection: func(cs tls.ConnectionState) error { return pin(cs) },\n}",
            ),
        ] {
            assert_eq!(of(path, text), Some(Severity::Warning), "{text}");
        }
        let none = "ctx = ssl.create_default_context(cafile=ca)\nctx.check_hostname = False\nctx.verify_mode = ssl.CERT_NONE\n";
        assert_eq!(of("a.py", none), Some(Severity::Error));
        assert_eq!(
            of("a.py", "ctx = ssl.create_default_context()\nctx.check_hostname = False\n"),
            Some(Severity::Error)
        );
    }

    #[test]
    fn what_is_off_only_where_a_setting_says_so_is_milder() {
        for (path, text) in [
            (
                "a.py",
                "def client(ssl_verify: bool):\n    ctx = context()\n    if not ssl_verify:\n        ctx.check_hostname = False\n",
            ),
            ("a.ts", "if (options.insecure) {\n  agent = new https.Agent({ rejectUnauthorized: false });\n}"),
            (
                "a.ts",
                "if (config.verifyTls) {\n  a();\n} else {\n  agent = new https.Agent({ rejectUnauthorized: false });\n}",
            ),
            ("a.go", "if cfg.SkipVerify {\n\tt.TLSClientConfig.InsecureSkipVerify = true\n}"),
            (
                "a.py",
                "class Ignoring(Adapter):\n    def init(self):\n        ctx.check_hostname = False\n\ndef mount(session, verify):\n    if not verify:\n        session.mount('https://', Ignoring())\n",
            ),
        ] {
            assert_eq!(of(path, text), Some(Severity::Warning), "{text}");
        }
    }

    #[test]
    fn a_setting_that_says_so_by_itself_is_no_choice() {
        for (path, text) in [
            (
                "a.py",
                "def client(verify_ssl: bool = False):\n    if not verify_ssl:\n        ctx.check_hostname = False\n",
            ),
            ("a.py", "INSECURE = True\nif INSECURE:\n    ctx.check_hostname = False\n"),
            (
                "a.ts",
                "const insecure = true;\nif (insecure) {\n  agent = new https.Agent({ rejectUnauthorized: false });\n}",
            ),
            ("a.py", "if url.startswith('https'):\n    ctx.check_hostname = False\n"),
            (
                "a.py",
                "class Ignoring(Adapter):\n    def init(self):\n        ctx.check_hostname = False\n\ndef mount(session, verify):\n    if not verify:\n        session.mount('https://', Ignoring())\n    other.mount('https://', Ignoring())\n",
            ),
            ("a.py", "class Ignoring(Adapter):\n    def init(self):\n        ctx.check_hostname = False\n"),
        ] {
            assert_eq!(of(path, text), Some(Severity::Error), "{text}");
        }
    }
}
