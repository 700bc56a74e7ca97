//! The table of code rules.

use std::collections::BTreeMap;

use crate::domain::RuleId;
#[cfg(feature = "ast")]
use crate::scan::ast::FlowRule;
use crate::scan::rule::{Proof, Rule, RuleMeta};
use crate::scan::ruleset::RuleSetError;

use super::advised_dependency::{MaliciousDependency, VulnerableDependency};
use super::agent_hook::AgentHook;
use super::agent_permissions::AgentPermissions;
use super::client::{
    ClientBroad, ClientChanged, ClientPlaintext, ClientProject, ClientSecret, ClientShadow, ClientShell,
    ClientUnpinned,
};
use super::confusable_tool_name::ConfusableToolName;
use super::container_image::ContainerImage;
use super::cross_server_shadowing::CrossServerShadowing;
use super::dependency_source::DependencySource;
use super::disabled_certificate_check::DisabledCertificateCheck;
use super::disguised_name::DisguisedName;
use super::disguised_text::DisguisedText;
use super::embedded_credential::EmbeddedCredential;
use super::encoded_text::EncodedText;
use super::foreign_encoding::ForeignEncoding;
use super::hardcoded_secret::HardcodedSecret;
use super::hidden_text::HiddenText;
use super::hidden_unicode::HiddenUnicode;
use super::http_only::HttpOnly;
use super::install_script::InstallScript;
use super::llm_review::LlmReview;
use super::lookalike_package::LookalikePackage;
use super::oauth_config::StaticClientManyRedirects;
use super::package_namespace::PackageNamespace;
use super::security_config::{InsecureSessionConfig, PermissiveSameSite, TokenPassthroughConfig};
use super::shipped_binary::ShippedBinary;
use super::token_direct_pass::TokenDirectPass;
use super::toxic_flow::ToxicFlow;
use super::unpinned_dependencies::UnpinnedDependencies;
use super::unverified_token::UnverifiedToken;
use super::workflow::{UnpinnedAction, WorkflowForeignCheckout, WorkflowInjection};
use crate::scan::signal::{
    Attack, Conceal, Consent, HandOver, Meddle, Outrank, Override, Persist, Remote, Trigger, Worded,
};

/// What making a rule comes to: it may hold expressions that have to compile.
type Made = Result<Box<dyn Rule>, regex::Error>;

macro_rules! rules {
    ($($(#[$on:meta])* $name:literal => $rule:ident),* $(,)?) => {
        /// Each rule: the name of its metadata file, that file, and how the rule is made of it.
        const RULES: &[(&str, &str, fn(RuleMeta) -> Made)] = &[$($(#[$on])* (
            $name,
            include_str!($name),
            |meta| Ok(Box::new($rule::new(meta)?)),
        )),*];

        /// The name of each metadata file, and what it says.
        const FILES: &[(&str, &str)] = &[$($(#[$on])* ($name, include_str!($name))),*];
    };
}

rules! {
    "container-image.yaml" => ContainerImage,
    #[cfg(feature = "ast")]
    "../ast/rules/changing-tool.yaml" => FlowRule,
    #[cfg(feature = "ast")]
    "../ast/rules/cloud-metadata.yaml" => FlowRule,
    #[cfg(feature = "ast")]
    "../ast/rules/code-from-argument.yaml" => FlowRule,
    #[cfg(feature = "ast")]
    "../ast/rules/command-from-argument.yaml" => FlowRule,
    #[cfg(feature = "ast")]
    "../ast/rules/covered-tracks.yaml" => FlowRule,
    #[cfg(feature = "ast")]
    "../ast/rules/covert-send.yaml" => FlowRule,
    #[cfg(feature = "ast")]
    "../ast/rules/disclosed-environment.yaml" => FlowRule,
    #[cfg(feature = "ast")]
    "../ast/rules/exhaustion.yaml" => FlowRule,
    #[cfg(feature = "ast")]
    "../ast/rules/forwarded-token.yaml" => FlowRule,
    #[cfg(feature = "ast")]
    "../ast/rules/guessable-token.yaml" => FlowRule,
    #[cfg(feature = "ast")]
    "../ast/rules/hidden-code.yaml" => FlowRule,
    #[cfg(feature = "ast")]
    "../ast/rules/hidden-copy.yaml" => FlowRule,
    #[cfg(feature = "ast")]
    "../ast/rules/hidden-file.yaml" => FlowRule,
    #[cfg(feature = "ast")]
    "../ast/rules/lasting-foothold.yaml" => FlowRule,
    #[cfg(feature = "ast")]
    "../ast/rules/logged-secret.yaml" => FlowRule,
    #[cfg(feature = "ast")]
    "../ast/rules/object-from-argument.yaml" => FlowRule,
    #[cfg(feature = "ast")]
    "../ast/rules/option-from-argument.yaml" => FlowRule,
    #[cfg(feature = "ast")]
    "../ast/rules/path-from-argument.yaml" => FlowRule,
    #[cfg(feature = "ast")]
    "../ast/rules/pattern-from-argument.yaml" => FlowRule,
    #[cfg(feature = "ast")]
    "../ast/rules/query-from-argument.yaml" => FlowRule,
    #[cfg(feature = "ast")]
    "../ast/rules/remote-shell.yaml" => FlowRule,
    #[cfg(feature = "ast")]
    "../ast/rules/sent-secrets.yaml" => FlowRule,
    #[cfg(feature = "ast")]
    "../ast/rules/session-as-login.yaml" => FlowRule,
    #[cfg(feature = "ast")]
    "../ast/rules/session-decides.yaml" => FlowRule,
    #[cfg(feature = "ast")]
    "../ast/rules/system-file.yaml" => FlowRule,
    #[cfg(feature = "ast")]
    "../ast/rules/template-from-argument.yaml" => FlowRule,
    #[cfg(feature = "ast")]
    "../ast/rules/unasked-owner.yaml" => FlowRule,
    #[cfg(feature = "ast")]
    "../ast/rules/followed-redirect.yaml" => FlowRule,
    #[cfg(feature = "ast")]
    "../ast/rules/redirect-from-argument.yaml" => FlowRule,
    #[cfg(feature = "ast")]
    "../ast/rules/archive-escape.yaml" => FlowRule,
    #[cfg(feature = "ast")]
    "../ast/rules/log-from-argument.yaml" => FlowRule,
    #[cfg(feature = "ast")]
    "../ast/rules/runaway-pattern.yaml" => FlowRule,
    #[cfg(feature = "ast")]
    "../ast/rules/unchecked-certificate.yaml" => FlowRule,
    #[cfg(feature = "ast")]
    "../ast/rules/untrue-read-only.yaml" => FlowRule,
    #[cfg(feature = "ast")]
    "../ast/rules/url-from-argument.yaml" => FlowRule,
    #[cfg(feature = "ast")]
    "../ast/rules/header-from-argument.yaml" => FlowRule,
    #[cfg(feature = "ast")]
    "../ast/rules/markup-from-argument.yaml" => FlowRule,
    #[cfg(feature = "ast")]
    "../ast/rules/mass-assignment.yaml" => FlowRule,
    #[cfg(feature = "ast")]
    "../ast/rules/prototype-pollution.yaml" => FlowRule,
    #[cfg(feature = "ast")]
    "../ast/rules/unverified-download.yaml" => FlowRule,
    #[cfg(feature = "ast")]
    "../ast/rules/disclosed-trace.yaml" => FlowRule,
    #[cfg(feature = "ast")]
    "../ast/rules/fixed-password.yaml" => FlowRule,
    #[cfg(feature = "ast")]
    "../ast/rules/made-up-description.yaml" => FlowRule,
    #[cfg(feature = "ast")]
    "../ast/rules/upload-of-any-kind.yaml" => FlowRule,
    #[cfg(feature = "ast")]
    "../ast/rules/xml-from-argument.yaml" => FlowRule,
    #[cfg(feature = "ast")]
    "../ast/rules/weak-password-hash.yaml" => FlowRule,
    "agent-hook.yaml" => AgentHook,
    "agent-permissions.yaml" => AgentPermissions,
    "client/broad.yaml" => ClientBroad,
    "client/changed.yaml" => ClientChanged,
    "client/plaintext.yaml" => ClientPlaintext,
    "client/project.yaml" => ClientProject,
    "client/secret.yaml" => ClientSecret,
    "client/shadow.yaml" => ClientShadow,
    "client/shell.yaml" => ClientShell,
    "client/unpinned.yaml" => ClientUnpinned,
    "confusable-tool-name.yaml" => ConfusableToolName,
    "cross-server-shadowing.yaml" => CrossServerShadowing,
    "dependency-source.yaml" => DependencySource,
    "disabled-certificate-check.yaml" => DisabledCertificateCheck,
    "disguised-name.yaml" => DisguisedName,
    "disguised-text.yaml" => DisguisedText,
    "embedded-credential.yaml" => EmbeddedCredential,
    "encoded-text.yaml" => EncodedText,
    "foreign-encoding.yaml" => ForeignEncoding,
    "hardcoded-secret.yaml" => HardcodedSecret,
    "hidden-text.yaml" => HiddenText,
    "hidden-unicode.yaml" => HiddenUnicode,
    "http-only.yaml" => HttpOnly,
    "insecure-session-config.yaml" => InsecureSessionConfig,
    "install-script.yaml" => InstallScript,
    "order-conceal.yaml" => Conceal,
    "order-consent.yaml" => Consent,
    "order-hand-over.yaml" => HandOver,
    "order-meddle.yaml" => Meddle,
    "order-outrank.yaml" => Outrank,
    "order-override.yaml" => Override,
    "order-persist.yaml" => Persist,
    "order-remote.yaml" => Remote,
    "order-trigger.yaml" => Trigger,
    "lookalike-package.yaml" => LookalikePackage,
    "malicious-dependency.yaml" => MaliciousDependency,
    "package-namespace.yaml" => PackageNamespace,
    "llm-review.yaml" => LlmReview,
    "permissive-same-site.yaml" => PermissiveSameSite,
    "stated-attack.yaml" => Attack,
    "shipped-binary.yaml" => ShippedBinary,
    "static-client-many-redirects.yaml" => StaticClientManyRedirects,
    "token-direct-pass.yaml" => TokenDirectPass,
    "token-passthrough-config.yaml" => TokenPassthroughConfig,
    "unpinned-action.yaml" => UnpinnedAction,
    "toxic-flow.yaml" => ToxicFlow,
    "unpinned-dependencies.yaml" => UnpinnedDependencies,
    "unverified-token.yaml" => UnverifiedToken,
    "vulnerable-dependency.yaml" => VulnerableDependency,
    "worded-attack.yaml" => Worded,
    "workflow-foreign-checkout.yaml" => WorkflowForeignCheckout,
    "workflow-injection.yaml" => WorkflowInjection,
}

/// Yields the metadata file of every code rule.
pub(crate) fn files() -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    FILES.iter()
}

/// Makes every code rule.
pub(crate) fn all() -> Result<Vec<Box<dyn Rule>>, RuleSetError> {
    RULES.iter().map(|(name, text, make)| one(name, text, *make)).collect()
}

/// Reads the proof of each code rule from its metadata file.
pub(crate) fn samples() -> Result<BTreeMap<RuleId, Proof>, serde_yaml::Error> {
    #[derive(serde::Deserialize)]
    struct Known {
        id: RuleId,
        #[serde(flatten)]
        proof: Proof,
    }
    RULES
        .iter()
        .map(|(_, text, _)| serde_yaml::from_str(text).map(|known: Known| (known.id, known.proof)))
        .collect()
}

fn one(name: &str, text: &str, make: fn(RuleMeta) -> Made) -> Result<Box<dyn Rule>, RuleSetError> {
    let wrong = |line, why: String| RuleSetError::Pattern { file: name.to_owned(), line, why };
    let misread = |error: serde_yaml::Error| wrong(error.location().map(|at| at.line()), error.to_string());
    let meta: RuleMeta = serde_yaml::from_str(&without_samples(text)).map_err(misread)?;
    make(meta).map_err(|error| wrong(None, error.to_string()))
}

/// Blanks out the texts that a rule proves itself with: they are for tests and documents, and most of its file. Every
/// line keeps its number.
fn without_samples(text: &str) -> String {
    let mut samples = false;
    let line = |line| {
        let begins_a_field = !str::starts_with(line, [' ', '\n', '#', '-']);
        if begins_a_field {
            samples = line.starts_with("hits:") || line.starts_with("misses:");
        }
        if samples { "\n" } else { line }
    };
    text.split_inclusive('\n').map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_read_as_if_it_had_no_samples() {
        for (name, text, _) in RULES {
            let mut file: serde_yaml::Mapping = serde_yaml::from_str(text).unwrap();
            ["hits", "misses"].into_iter().for_each(|samples| drop(file.remove(samples)));
            let whole: RuleMeta = serde_yaml::from_value(file.into()).unwrap();
            let bare: RuleMeta = serde_yaml::from_str(&without_samples(text)).unwrap();
            assert_eq!(bare, whole, "{name}");
        }
        assert_eq!(
            without_samples("a: b\nhits:\n  tool:\n    - c\nmisses: {}\nd: e\n"),
            "a: b\n\n\n\n\nd: e\n"
        );
    }
}
