//! Addresses of other machines that are spoken to without encryption.

use std::borrow::Cow;
use std::net::IpAddr;

use crate::domain::{Confidence, Severity};
use crate::scan::expression::TextExpression;
use crate::scan::file::FileText;
use crate::scan::findings::{Findings, Hit, in_file};
use crate::scan::pattern::Context;
use crate::scan::rule::{Part, Rule, RuleMeta};
use crate::scan::trial::is_trial;

/// Finds `http://` addresses of other machines.
pub(super) struct HttpOnly {
    meta: RuleMeta,
    /// How such an address begins.
    scheme: TextExpression,
    /// A setting that asks for HTTP.
    protocol: TextExpression,
    /// What stands before an address that is a name and never opened.
    name_in_code: TextExpression,
    /// The same in settings, which hold facts about a package too.
    name_in_settings: TextExpression,
    /// What stands before an address that is spoken to.
    spoken_to: TextExpression,
    /// What stands before one that is told beside what it is about, or that only completes others.
    told: TextExpression,
    /// What stands behind the home page of something in a list.
    listed: TextExpression,
    /// What stands before one that a command is given.
    command: TextExpression,
}

/// Hosts whose addresses name schemas, namespaces, licences and specifications; their subdomains too.
const NAMING_HOSTS: &[&str] = &[
    "json-schema.org",
    "w3.org",
    "schema.org",
    "schemastore.org",
    "purl.org",
    "ogp.me",
    "xml.org",
    "xmlsoap.org",
    "openxmlformats.org",
    "oasis-open.org",
    "spdx.org",
    "opensource.org",
    "gnu.org",
    "creativecommons.org",
    "unlicense.org",
    "sodipodi.sourceforge.net",
    "inkscape.org",
    "iptc.org",
    "dublincore.org",
    "xmlpull.org",
    "relaxng.org",
    "docbook.org",
    "hl7.org",
    "loinc.org",
    "snomed.info",
    "id3.org",
    "usefulinc.com",
    "rdfs.org",
    "xspf.org",
    "exslt.org",
    "tempuri.org",
    "opengis.net",
    "xmlns.com",
    "xmlns.jcp.org",
    "xmlns.oracle.com",
    "schemas.microsoft.com",
    "schemas.android.com",
    "java.sun.com",
    "maven.apache.org",
];
/// Addresses, beyond whole hosts, that name licences and formats.
const NAMING_PLACES: &[&str] = &[
    "www.apache.org/licenses",
    "apache.org/licenses",
    "mozilla.org/mpl",
    "www.mozilla.org/mpl",
    "ns.adobe.com/",
    "openid.net/specs",
];
/// Names of this machine, of its network, and those that nobody can register.
const LOCAL_NAMES: &[&str] = &[
    "localhost",
    "local",
    "internal",
    "localdomain",
    "svc",
    "test",
    "invalid",
    "lan",
    "example",
    "home.arpa",
    "example.com",
    "example.org",
    "example.net",
    "example.edu",
];
/// Bytes of an address that are read; what makes it foreign stands at its beginning.
const ADDRESS: usize = 2_048;
/// Bytes before an address that say what it is.
const BEFORE: usize = 80;

impl HttpOnly {
    #[expect(clippy::unnecessary_wraps, reason = "the table makes every rule in the same way")]
    pub(super) fn new(meta: RuleMeta) -> Result<Self, regex::Error> {
        const SCHEMAS: &str = r"\$?schema|\$id|xmlns(?::\w+)?|xlink|namespace\w*|\bns\w{0,6}|doctype|dtd";
        const FACTS: &str = r"[''\x22]id|homepage|repository|bugs|licen[cs]e\w*|author\w*|funding|copyright|@see|@link|spec(?:ification)?s?|rfc";
        const CALLS: &str = r"fetch|axios|requests?|session|client|httpx?|aiohttp|reqwest|urlopen|urlretrieve|got|ky|connect\w*|download\w*|upload\w*|send\w*|websocket|eventsource|get|post|put|patch|delete|head";
        const NAMES: &str = r"(?:url|uri|endpoint|host|server|base|api|origin|webhook|callback|registry|mirror|proxy|address|upstream)s?";
        const COMMANDS: &str = r"curl|wget|clone|pip|npm|add|from|nc";
        let named = |names: &str| {
            TextExpression::new(format!(
                r#"(?i)(?:{names})\b["']?\s*[:=(\s]{{0,3}}\s*["'`({{]*\s*(?:\[?\s*["'])?$"#
            ))
        };
        const LABELS: &str = r"(?:icon|logo|title|licen[cs]e|npm|homepage|author)s?";
        Ok(Self {
            meta,
            told: TextExpression::new(format!(
                r#"(?i)[{{,]\s*["']?{LABELS}["']?\s*:\s*["'][^"'`]*["']\s*,\s*["']?(?:url|uri)["']?\s*:\s*["'`]$|\b(?:examples?|e\.g\.|such\s+as)\b[^"'`]{{0,30}}$|\bnew\s+URL\(\s*[\w.]+\s*,\s*["'`]$"#
            )),
            listed: TextExpression::new(
                r#"(?i)^["'`]\s*,\s*["']?(?:icon|logo|npm|licen[cs]e|homepage|author)s?["']?\s*:"#,
            ),
            command: TextExpression::new(format!(r"(?i)\b(?:{COMMANDS})\s")),
            scheme: TextExpression::new(r"(?i)\bhttp://"),
            protocol: TextExpression::new(r#"(?i)\bprotocol["']?\s*[:=]\s*["']http:?["']"#),
            name_in_code: named(SCHEMAS),
            name_in_settings: named(&format!("{SCHEMAS}|{FACTS}")),
            spoken_to: TextExpression::new(format!(
                r#"(?i)\b(?:{CALLS})\s*(?:\.\s*\w+\s*)?\(|(?:\b|_|[a-z]){NAMES}["']?\s*\)?\]?\s*(?::\s*\w*\s*)?[:=(]|\b(?:{COMMANDS})\s"#
            )),
        })
    }

    /// Looks at one view of a file; `origin` leads from a byte of `text` to the file.
    /// What is called with the place says whether the address is spoken to, as far as its line tells.
    fn look(&self, text: &str, context: Context, mut hit: impl FnMut(std::ops::Range<usize>, bool)) {
        let named = if context == Context::Code { &self.name_in_code } else { &self.name_in_settings };
        for start in self.scheme.find_iter(text).map(|found| found.start()) {
            let address = &text[start..text.floor_char_boundary(start + ADDRESS)];
            let address = &address[..length(address)];
            let before = &text[text.floor_char_boundary(start.saturating_sub(BEFORE))..start];
            let before = before.rsplit('\n').next().unwrap_or(before);
            if is_foreign(address) && !named.is_match(before) {
                let behind = &text[start + address.len()..];
                let behind = &behind[..behind.floor_char_boundary(behind.len().min(BEFORE))];
                // Behind a blank it stands in a sentence, unless that is a command.
                let in_sentence = before.ends_with([' ', '\t']) && !self.command.is_match(before);
                let told = in_sentence || self.told.is_match(before) || self.listed.is_match(behind);
                let spoken_to = self.spoken_to.is_match(before) && !told;
                if spoken_to || !is_namespace(address) {
                    hit(start..start + address.len(), spoken_to);
                }
            }
        }
        if context != Context::Comment {
            let set = self.protocol.find_iter(text).filter(|found| !is_in_sentence(text, found.start()));
            set.for_each(|found| hit(found.range(), true));
        }
    }

    fn file(&self, file: &FileText<'_>, found: &mut Findings<'_>) {
        let (context, spoken_to, mentioned) = match file.language() {
            _ if is_trial(file.path()) => (Context::Code, Severity::Info, Severity::Info),
            language if language.is_config() => (Context::Settings, Severity::Warning, Severity::Warning),
            language if language.is_code() => (Context::Code, self.meta.severity, Severity::Warning),
            _ => return,
        };
        // It is text, and is read as such much faster than in search of what is none.
        let code = match std::str::from_utf8(file.code()) {
            Ok(code) => Cow::Borrowed(code),
            Err(_) => String::from_utf8_lossy(file.code()),
        };
        self.look(&code, context, |place, speaks| {
            let severity = if speaks { spoken_to } else { mentioned };
            let hit = Hit { text: file.text(), start: place.start, end: place.end };
            let at = in_file(file, place.start);
            found.add_as(&self.meta, severity, self.meta.confidence, at, hit, None);
        });
        let prose = file.prose();
        for segment in prose.segments().iter().filter(|segment| segment.context == Context::Comment) {
            self.look(&prose.text()[segment.start..segment.end], Context::Comment, |place, _| {
                let (start, end) = (segment.start + place.start, segment.start + place.end);
                let at = in_file(file, prose.origin(start));
                let hit = Hit { text: prose.text(), start, end };
                found.add_as(&self.meta, Severity::Info, Confidence::Medium, at, hit, None);
            });
        }
    }
}

impl Rule for HttpOnly {
    fn meta(&self) -> &RuleMeta {
        &self.meta
    }

    fn needs(&self) -> &[&str] {
        &[r"\bhttp://", r"\bprotocol"]
    }

    fn check(&self, part: &Part<'_>, found: &mut Findings<'_>) {
        let Part::File(file) = part else { return };
        if self.scheme.is_match(file.text()) || self.protocol.is_match(file.text()) {
            self.file(file, found);
        }
    }
}

/// Returns how long the address is that `text` begins with.
fn length(text: &str) -> usize {
    let ends = |c: char| {
        c.is_whitespace()
            || c.is_control()
            || matches!(c, '\'' | '"' | '`' | '<' | '>' | ')' | '\\' | ',' | ';' | ']' | '}')
    };
    let host = text["http://".len()..].strip_prefix('[').and_then(|rest| rest.find(']')).unwrap_or(0);
    let from = "http://".len() + host + 2 * usize::from(host > 0);
    text[from..].find(ends).map_or(text.len(), |end| from + end)
}

/// Tells whether an address leads to another machine. What is made up at run time leads nowhere yet.
fn is_foreign(address: &str) -> bool {
    let rest = &address["http://".len()..];
    let authority = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
    // Whatever stands before the last `@` is a name and password, and no host.
    let host = authority.rsplit('@').next().unwrap_or(authority);
    let host = match host.strip_prefix('[').and_then(|host| host.split_once(']')) {
        Some((host, _)) => host,
        None => host.split(':').next().unwrap_or(host),
    };
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    if let Ok(ip) = host.parse::<IpAddr>() {
        return !is_near(ip);
    }
    let is_name = host.contains('.')
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
        && host.split('.').all(|label| !label.is_empty());
    let place = format!("{host}{}", &rest[authority.len()..]).to_ascii_lowercase();
    is_name
        && !LOCAL_NAMES.iter().chain(NAMING_HOSTS).any(|known| is_under(&host, known))
        && !NAMING_PLACES.iter().any(|known| place.starts_with(known))
}

/// Tells whether an address names a kind of document by its path. Nobody asks for those, unless code says that it does.
fn is_namespace(address: &str) -> bool {
    const NAMES: &[&str] =
        &["ns", "xmlns", "schema", "schemas", "namespace", "namespaces", "spec", "specs", "dtd"];
    let path = address["http://".len()..].split(['?', '#']).next().unwrap_or_default();
    let mut parts = path.split('/').skip(1);
    let ends = [".dtd", ".xsd", ".rng"].iter().any(|end| path.ends_with(end));
    ends || parts.any(|part| NAMES.contains(&part))
}

/// Tells whether `host` is `known` or a name under it.
fn is_under(host: &str, known: &str) -> bool {
    host.strip_suffix(known).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// Tells whether an address is of this machine or of a private network.
fn is_near(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_loopback() || ip.is_private() || ip.is_unspecified() || ip.is_link_local(),
        IpAddr::V6(ip) => {
            ip.is_loopback() || ip.is_unspecified() || ip.is_unique_local() || ip.is_unicast_link_local()
        }
    }
}

/// Tells whether a name stands behind another word, as in "the server protocol: "HTTP" or …", and not as a key.
fn is_in_sentence(text: &str, at: usize) -> bool {
    const KEYS: &[&str] = &["const", "let", "var", "export", "readonly", "public", "private", "static"];
    let line =
        text[text.floor_char_boundary(at.saturating_sub(BEFORE))..at].rsplit('\n').next().unwrap_or_default();
    let before = line.trim_end_matches(' ');
    let word = before.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    before.len() < line.len() && !word.is_empty() && !KEYS.contains(&word)
}

#[cfg(test)]
mod tests {
    use crate::domain::Severity;
    use crate::scan::proof::{builtin, severity};

    fn of(path: &str, text: &str) -> Option<Severity> {
        severity(builtin(), "http-only", path, text)
    }

    #[test]
    fn the_host_decides_and_not_what_looks_like_one() {
        for address in [
            "api.evil-host.io/collect",
            "localhost.evil-host.io/",
            "localhost:80@evil-host.io/",
            "127.0.0.1@evil-host.io",
            "10.0.0.1.evil-host.io/",
            "schema.evil-host.io/",
            "w3.org.evil-host.io/",
            "evilw3.org/",
            "evil-host.io/?localhost",
            "evil-host.io#http://localhost",
            "evil-host.io:8080",
            "EVIL-HOST.io",
            "example.com.evil-host.io/",
            "8.8.8.8/",
            "[2001:4860:4860::8888]/",
        ] {
            assert_eq!(
                of("a.ts", &format!("fetch('http://{address}');")),
                Some(Severity::Error),
                "{address}"
            );
        }
        for address in [
            "localhost:3000/mcp",
            "127.0.0.1:8080",
            "127.8.8.8/",
            "10.0.0.1/x",
            "172.31.0.1",
            "[::1]:80/",
            "0.0.0.0:80",
            "host.docker.internal/x",
            "api.example.com/x",
            "user:secret@localhost/",
            "www.w3.org/2000/svg",
            "www.apache.org/licenses/LICENSE-2.0",
            "',",
            "${host}:${port}",
            "backend:8080/x",
        ] {
            assert_eq!(of("a.ts", &format!("fetch('http://{address}');")), None, "{address}");
        }
    }

    #[test]
    fn a_harmless_address_excuses_no_other_on_its_line() {
        let text = "fetch(local ? 'http://localhost:1/x' : 'http://evil-host.io/x')";
        assert_eq!(of("a.ts", text), Some(Severity::Error));
        assert_eq!(of("a.ts", "// http://evil-host.io is no localhost"), Some(Severity::Info));
    }

    #[test]
    fn addresses_without_an_end_cost_no_more_than_their_text() {
        let text = format!("x = '{}'", "http://a.io/".repeat(40_000));
        assert_eq!(of("a.ts", &text), Some(Severity::Warning));
        assert_eq!(super::length(&text[5..super::ADDRESS]), super::ADDRESS - 5);
    }

    #[test]
    fn settings_and_other_languages_are_looked_at_too() {
        assert_eq!(of("server.py", "URL = 'http://api.evil-host.io/v1'"), Some(Severity::Error));
        assert_eq!(of("Dockerfile", "RUN wget http://mirror.evil-host.io/x.tgz"), Some(Severity::Error));
        assert_eq!(of("a.json", r#"{"endpoint": "http://api.evil-host.io"}"#), Some(Severity::Warning));
        assert_eq!(of("a.ts", "const o = { protocol: 'http' };"), Some(Severity::Error));
        assert_eq!(of("a.ts", "const protocol = 'http';"), Some(Severity::Error));
        assert_eq!(of("a.py", "p = Field(description='Server protocol: \"HTTP\" or \"MCP\"')"), None);
    }

    #[test]
    fn names_of_schemas_and_facts_about_a_package_are_left_alone() {
        for (path, text) in [
            ("a.json", r#"{"$id": "http://my-company.io/thing.json"}"#),
            ("a.json", r#"{"homepage": "http://my-company.io"}"#),
            ("pom.xml", r#"<project xmlns="http://maven.apache.org/POM/4.0.0">"#),
            ("a.ts", "createElementNS('http://www.w3.org/2000/svg', 'svg')"),
            ("a.py", "NAMESPACE = 'http://my-company.io/ns'"),
            ("a.py", "ATOM = '{http://my-company.io/schemas/atom}entry'"),
            ("a.py", "N = {'opensearch': 'http://a9.com/-/spec/opensearch/1.1/'}"),
            ("a.js", "var a='html',b='http://www.ibm.com/data/dtd/v11/ibmxhtml1-transitional.dtd'"),
        ] {
            assert_eq!(of(path, text), None, "{text}");
        }
        for spoken_to in ["fetch('http://evil-host.io/schemas/atom')", "url = 'http://evil-host.io/ns/x'"] {
            assert_eq!(of("a.py", spoken_to), Some(Severity::Error), "{spoken_to}");
        }
        assert_eq!(of("a.py", "A = 'http://evil-host.io/nsx/collect'"), Some(Severity::Warning));
        assert_eq!(
            of("a.ts", "const homepage = 'http://my-company.io'; fetch(homepage)"),
            Some(Severity::Warning)
        );
    }

    #[test]
    fn an_address_that_is_merely_mentioned_is_milder_than_one_that_is_spoken_to() {
        for spoken_to in [
            "requests.get('http://evil-host.io/x', timeout=3)",
            "self.base_url = 'http://evil-host.io'",
            "const API_ENDPOINT: string = \"http://evil-host.io\"",
            "new WebSocket('http://evil-host.io')",
            "client.post(\"http://evil-host.io\", body)",
            "const service = { name: 'search', url: 'http://evil-host.io/' }",
            "fetch(new URL('http://evil-host.io/x'))",
            "execSync('curl -s http://evil-host.io/x')",
        ] {
            assert_eq!(of("src/a.ts", spoken_to), Some(Severity::Error), "{spoken_to}");
            assert_eq!(of("tests/a.ts", spoken_to), Some(Severity::Info), "{spoken_to}");
        }
        for mentioned in [
            "{ name: 'Hammer', npm: 'hammer', docs: 'http://evil-host.io/' }",
            "throw new Error('see http://evil-host.io/why')",
            "{ id: 'gwt', icon: 'gwt', url: 'http://evil-host.io/', test }",
            "d('Example URLs: http://evil-host.io/a and more')",
            "d('The URLs: http://one-host.io/a is one-host.io, http://evil-host.io/a is evil-host.io')",
            "n:'scroll',url:'http://evil-host.io/',npm:'scroll',test:t",
            "const path = new URL(input, 'http://evil-host.io/').pathname",
        ] {
            assert_eq!(of("src/a.ts", mentioned), Some(Severity::Warning), "{mentioned}");
        }
        for test in ["a.test.ts", "pkg/test_a.py", "pkg/a_test.go", "src/__tests__/a.ts"] {
            assert_eq!(of(test, "fetch('http://evil-host.io')"), Some(Severity::Info), "{test}");
        }
        assert_eq!(of("src/contest.ts", "fetch('http://evil-host.io')"), Some(Severity::Error));
    }
}
