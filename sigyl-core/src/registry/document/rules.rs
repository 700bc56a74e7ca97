//! What a schema cannot say of a document.

use std::collections::BTreeSet;

use serde_json::Value;

use super::parts::{Argument, KeyValue, MOST, Package, Remote, Transport};
use super::place::{self, Address};
use super::{Document, Issues};
use crate::domain::{Check, IssueSeverity, ServerName, Version};
use crate::registry::schema::Pointer;
use crate::registry::{OFFICIAL_KEY, PUBLISHER_KEY, is_reserved};

/// Most bytes that a publisher may add under its own key, as JSON.
const PUBLISHER_MAX: usize = 4096;

/// Tells everything that breaks a rule.
pub(super) fn check(document: &Document, issues: &mut Issues) {
    let mut rules = Rules { document, issues };
    rules.name();
    rules.version();
    rules.texts();
    rules.addresses();
    rules.repository();
    rules.meta();
    let (packages, remotes) = (document.packages(), document.remotes());
    rules.list("packages", packages.iter().map(|(at, _)| *at));
    rules.list("remotes", remotes.iter().map(|(at, _)| *at));
    for (at, package) in packages {
        rules.package(at, &package);
    }
    for (at, remote) in remotes {
        rules.remote(at, &remote);
    }
}

struct Rules<'a> {
    document: &'a Document,
    issues: &'a mut Issues,
}

impl Rules<'_> {
    fn error(&mut self, at: impl ToString, message: impl Into<String>, rule: &str) {
        self.say(Check::Semantic, IssueSeverity::Error, at, message, rule);
    }

    fn advice(&mut self, at: impl ToString, message: impl Into<String>, rule: &str) {
        self.say(Check::Linter, IssueSeverity::Warning, at, message, rule);
    }

    fn say(
        &mut self,
        check: Check,
        severity: IssueSeverity,
        at: impl ToString,
        message: impl Into<String>,
        rule: &str,
    ) {
        self.issues.push(check, severity, at.to_string(), message.into(), rule.to_owned());
    }

    /// Refuses what of a list was not read, since no rule has seen it.
    fn list(&mut self, name: &'static str, read: impl Iterator<Item = usize>) {
        let count = self.document.members().get(name).and_then(Value::as_array).map_or(0, Vec::len);
        if count > MOST {
            let message = format!("it has {count} entries, and only {MOST} are read");
            self.error(Pointer::ROOT.member(name), message, "too-many");
        }
        let read = read.collect::<BTreeSet<_>>();
        for at in (0..count.min(MOST)).filter(|at| !read.contains(at)) {
            self.error(Pointer::ROOT.member(name).item(at), "it cannot be read", "unreadable");
        }
    }

    fn name(&mut self) {
        let name = self.document.name();
        match ServerName::parse(name.as_str()) {
            Ok(_) if name.namespace().is_none() => {
                self.error("/name", "it needs a namespace, as in `com.example/clock`", "name");
            }
            Ok(_) => {
                let namespace = name.namespace().unwrap_or_default();
                let odd = |part: &str| part.is_empty() || part.starts_with('-') || part.ends_with('-');
                if namespace.split('.').any(odd) {
                    self.error("/name", "the namespace is no domain read backwards", "name");
                }
                if is_reserved(namespace) {
                    let message = format!("`{namespace}` is for what is released here without a namespace");
                    self.error("/name", message, "reserved-namespace");
                }
            }
            Err(error) => self.error("/name", error.to_string(), "name"),
        }
    }

    fn version(&mut self) {
        match Version::parse(self.document.version().as_str()) {
            Ok(version) if !version.is_semver() => self.advice(
                "/version",
                "it is no semantic version, and ranks below all that are",
                "semantic-version",
            ),
            Ok(_) => {}
            Err(error) => self.error("/version", error.to_string(), "version"),
        }
    }

    fn texts(&mut self) {
        for name in ["title", "description"] {
            let text = self.document.text(name).unwrap_or_default();
            if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
                self.error(Pointer::ROOT.member(name), "it holds a control character", "control-character");
            } else if !text.is_empty() && text.trim().is_empty() {
                self.error(Pointer::ROOT.member(name), "it is blank", "blank");
            }
        }
    }

    fn addresses(&mut self) {
        if let Some(url) = self.document.text("websiteUrl") {
            self.https(url, Pointer::ROOT.member("websiteUrl"));
        }
        let icons = self.document.members().get("icons").and_then(Value::as_array);
        let list = Pointer::ROOT.member("icons");
        for (at, icon) in icons.into_iter().flatten().enumerate() {
            if let Some(url) = icon.get("src").and_then(Value::as_str) {
                self.https(url, list.item(at).member("src"));
            }
        }
    }

    /// Wants an address that a browser may open, and returns its parts.
    fn https<'u>(&mut self, url: &'u str, at: Pointer<'_>) -> Option<Address<'u>> {
        let Some(parts) = place::address(url) else {
            self.error(at, "it is no whole address, such as https://example.com/mcp", "address");
            return None;
        };
        if !parts.scheme.eq_ignore_ascii_case("https") {
            self.error(at, "it does not begin with https://", "https");
        }
        if parts.has_credentials {
            self.error(at, "it holds a user name or password", "credentials");
        }
        Some(parts)
    }

    fn repository(&mut self) {
        let Some(repository) = self.document.repository() else { return };
        let list = Pointer::ROOT.member("repository");
        if !repository.url.is_empty() {
            let parts = self.https(&repository.url, list.member("url"));
            let forge = match repository.source.as_str() {
                "github" => Some("github.com"),
                "gitlab" => Some("gitlab.com"),
                _ => None,
            };
            let shaped = |parts: Address<'_>, forge: &str| {
                let names = parts.path.trim_matches('/').trim_end_matches(".git").split('/');
                let at_forge = parts.host == forge || parts.host == format!("www.{forge}");
                at_forge
                    && (forge != "github.com" || names.clone().count() == 2)
                    && names.clone().count() >= 2
            };
            if let (Some(parts), Some(forge)) = (parts, forge)
                && !shaped(parts, forge)
            {
                self.error(
                    list.member("url"),
                    format!("it does not read https://{forge}/OWNER/REPOSITORY"),
                    "repository",
                );
            }
        }
        let clean = |folder: &str| {
            folder.split('/').all(|part| !part.is_empty() && part != "." && part != "..")
                && !folder.contains('\\')
        };
        if let Some(folder) = repository.subfolder.filter(|folder| !clean(folder)) {
            let folder: String = folder.chars().take(60).collect();
            let message = format!("`{}` is no plain path below the repository", folder.escape_debug());
            self.error(list.member("subfolder"), message, "subfolder");
        }
    }

    fn meta(&mut self) {
        let Some(meta) = self.document.members().get("_meta").and_then(Value::as_object) else { return };
        let list = Pointer::ROOT.member("_meta");
        if meta.contains_key(OFFICIAL_KEY) {
            let message = "only a registry writes this, beside the document";
            self.error(list.member(OFFICIAL_KEY), message, "official-metadata");
        }
        let bytes = meta.get(PUBLISHER_KEY).map_or(0, |given| given.to_string().len());
        if bytes > PUBLISHER_MAX {
            let message = format!("it has {bytes} bytes, and {PUBLISHER_MAX} are allowed");
            self.error(list.member(PUBLISHER_KEY), message, "publisher-metadata");
        }
    }

    fn package(&mut self, at: usize, package: &Package) {
        let list = Pointer::ROOT.member("packages");
        let here = list.item(at);
        let Some(kind) = place::kind(&package.registry_type) else {
            let message = format!("it is none of {}", place::names());
            self.error(here.member("registryType"), message, "registry-type");
            return;
        };
        self.base(package, kind, here);
        self.package_version(package, kind, here);
        self.identifier(package, here);
        self.package_transport(&package.transport, package, here);
        let arguments = package.runtime_arguments.iter().chain(&package.package_arguments);
        for argument in arguments.filter(|argument| argument.kind == "named") {
            let name = argument.name.as_deref().unwrap_or_default();
            if !name.starts_with('-') {
                let message = format!("the named argument `{}` has no dash", name.escape_debug());
                self.advice(here, message, "argument-name");
            }
        }
        for variable in &package.environment_variables {
            let name = &variable.name;
            if name.is_empty() || name.chars().any(|c| c == '=' || c.is_control() || c.is_whitespace()) {
                let message = format!("`{}` cannot name a variable", name.escape_debug());
                self.error(here.member("environmentVariables"), message, "variable-name");
            }
            self.secret(variable, here.member("environmentVariables"));
        }
    }

    fn base(&mut self, package: &Package, kind: &place::Kind, here: Pointer<'_>) {
        let Some(base) = &package.registry_base_url else { return };
        let at = here.member("registryBaseUrl");
        match place::public(base) {
            Some(other) if other.name != kind.name => {
                let message = format!("this is where {} packages are, not {}", other.name, kind.name);
                self.error(at, message, "registry-base");
            }
            Some(_) => {}
            None => {
                self.https(base, at);
            }
        }
    }

    fn package_version(&mut self, package: &Package, kind: &place::Kind, here: Pointer<'_>) {
        let at = here.member("version");
        match (&package.version, kind.versioned) {
            (None, true) => {
                self.error(
                    at,
                    format!("a package from {} needs its exact version", kind.name),
                    "package-version",
                );
            }
            (Some(_), false) if kind.name == "oci" => {
                self.advice(at, "the tag or digest in `identifier` says it already", "package-version");
            }
            (Some(version), _) => {
                if let Err(error) = Version::parse(version) {
                    self.error(at, error.to_string(), "package-version");
                }
            }
            (None, false) => {}
        }
    }

    fn identifier(&mut self, package: &Package, here: Pointer<'_>) {
        let (identifier, at) = (package.identifier.as_str(), here.member("identifier"));
        let odd = |c: char| c.is_whitespace() || c.is_control();
        if identifier.is_empty() || identifier.chars().any(odd) || identifier.starts_with('-') {
            self.error(at, "it is empty, begins with a dash or holds a blank", "identifier");
            return;
        }
        match package.registry_type.as_str() {
            "mcpb" => {
                self.https(identifier, at);
                if package.file_sha256.is_none() {
                    self.error(
                        here.member("fileSha256"),
                        "a bundle needs the digest of its file",
                        "bundle-digest",
                    );
                }
            }
            "oci" => {
                let last = identifier.rsplit('/').next().unwrap_or(identifier);
                if !identifier.contains("@sha256:") && !last.contains(':') {
                    self.advice(
                        at,
                        "it names no tag and no digest, so it may be another image tomorrow",
                        "image-tag",
                    );
                }
            }
            _ if identifier.contains("://") => {
                self.error(at, "it is an address, and the name of a package is wanted", "identifier");
            }
            _ => {}
        }
    }

    fn package_transport(&mut self, transport: &Transport, package: &Package, here: Pointer<'_>) {
        let at = here.member("transport");
        let Some(url) = &transport.url else { return };
        let hints =
            |argument: &Argument| argument.value_hint.clone().into_iter().chain(argument.name.clone());
        let known: BTreeSet<String> = package
            .runtime_arguments
            .iter()
            .chain(&package.package_arguments)
            .flat_map(hints)
            .flat_map(|name| [name.trim_start_matches('-').to_owned(), name])
            .chain(package.environment_variables.iter().map(|variable| variable.name.clone()))
            .collect();
        self.templates(url, &known, at.member("url"));
        self.headers(&transport.headers, at.member("headers"));
    }

    fn remote(&mut self, at: usize, remote: &Remote) {
        let list = Pointer::ROOT.member("remotes");
        let here = list.item(at);
        let url = here.member("url");
        self.templates(&remote.url, &remote.variables.keys().cloned().collect(), url);
        self.headers(&remote.headers, here.member("headers"));
        if remote.url.starts_with('{') {
            return;
        }
        let Some(parts) = self.https(&remote.url, url) else { return };
        if parts.is_loopback() {
            self.error(url, "nobody else reaches this address", "loopback");
        }
        let namespace = self.document.name().namespace().unwrap_or_default();
        let domain = namespace.rsplit('.').collect::<Vec<_>>().join(".").to_ascii_lowercase();
        let of_forge = namespace.starts_with("io.github.") || namespace.starts_with("io.gitlab.");
        if !of_forge && domain.contains('.') && !parts.is_below(&domain) {
            let message = format!("{} does not belong to {domain}, whose namespace this is", parts.host);
            self.advice(url, message, "remote-host");
        }
    }

    fn headers(&mut self, headers: &[KeyValue], at: Pointer<'_>) {
        for header in headers {
            let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
            if header.name.is_empty() || !header.name.bytes().all(token) {
                self.error(
                    at,
                    format!("`{}` cannot name a header", header.name.escape_debug()),
                    "header-name",
                );
            }
            let texts = [&header.input.value, &header.input.default];
            if texts.into_iter().flatten().any(|text| text.chars().any(char::is_control)) {
                self.error(at, "a value holds a control character", "header-value");
            }
            self.secret(header, at);
        }
    }

    /// A secret is what only its user knows.
    fn secret(&mut self, given: &KeyValue, at: Pointer<'_>) {
        let constant = |text: &String| !text.is_empty() && !text.contains('{');
        let told = [&given.input.value, &given.input.default];
        if given.input.is_secret && told.into_iter().flatten().any(constant) {
            let message = format!("`{}` is a secret, and its value stands here", given.name.escape_debug());
            self.error(at, message, "secret-in-document");
        }
    }

    /// Every `{template}` of an address must stand for something.
    fn templates(&mut self, url: &str, known: &BTreeSet<String>, at: Pointer<'_>) {
        for name in templates(url) {
            if !known.contains(name) {
                let shown: String = name.chars().take(60).collect();
                let message = format!("nothing says what {{{}}} stands for", shown.escape_debug());
                self.error(at, message, "template");
            }
        }
    }
}

/// Returns the names in braces.
fn templates(text: &str) -> impl Iterator<Item = &str> {
    text.split('{').skip(1).filter_map(|rest| rest.split_once('}').map(|(name, _)| name))
}

#[cfg(test)]
mod tests;
