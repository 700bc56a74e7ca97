//! The tables `[[trust]]`: jobs that get a key by their signed token.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use sigyl_core::domain::{Scope, WorkspaceName};

use super::sign_in::is_safe;

/// One table `[[trust]]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trusted {
    /// Who signs the tokens.
    pub issuer: String,
    /// For whom they are.
    pub audience: String,
    /// The repository that they are about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// Their subject; `*` at its end stands for any rest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The workspace that the keys are for.
    pub workspace: WorkspaceName,
    /// What the keys are for.
    pub scopes: Vec<Scope>,
}

impl Trusted {
    /// Tells what is wrong with a rule that would trust everybody whom an issuer signs for, or tokens that anybody could
    /// change on their way.
    pub(super) fn fault(&self) -> Option<Cow<'static, str>> {
        if self.repository.is_none() {
            match self.subject.as_deref() {
                None | Some("*") => {
                    return Some(
                        "it names neither `repository` nor `subject`, and would trust everybody".into(),
                    );
                }
                Some(subject) if subject.trim_end_matches('*').contains('*') => {
                    return Some("a `*` in its `subject` stands for the rest, and only at the end".into());
                }
                Some(subject) if !fixes_owner(subject) => return Some(any_owner(subject).into()),
                Some(_) => {}
            }
        }
        if !is_safe(&self.issuer) {
            return Some("its issuer has to be an https address".into());
        }
        self.scopes.is_empty().then(|| "it has no `scopes`: a key of it would be for nothing".into())
    }
}

/// Tells whether a subject says whose jobs are meant: all of it, or a kind and an owner, both whole, before the `*`.
fn fixes_owner(subject: &str) -> bool {
    let Some(start) = subject.strip_suffix('*') else { return true };
    let mut parts = start.split([':', '/']);
    let has_two =
        [parts.next(), parts.next()].into_iter().flatten().filter(|part| !part.is_empty()).count() == 2;
    // What comes after the owner shows that its name ends there.
    has_two && parts.next().is_some()
}

fn any_owner(subject: &str) -> String {
    let shown: String = subject.chars().filter(|c| !c.is_control()).take(100).collect();
    format!(
        "its `subject` `{shown}` leaves open whose jobs these are: write the whole owner before the `*`, as in \
         `repo:OWNER/*`, or name the `repository`"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_fixes_the_owner_or_is_refused() {
        for good in [
            "repo:octo-org/*",
            "repo:octo-org/weather:ref:refs/heads/main",
            "project_path:octo/*",
            "organization:octo:pipeline:*",
            "s",
        ] {
            assert!(fixes_owner(good), "{good}");
        }
        for bad in ["*", "repo:*", "repo*", "repo:octo*", "repo:/*", "repo::*", "repo:octo-org*", ":octo/*"] {
            assert!(!fixes_owner(bad), "{bad}");
        }
        let text = "issuer = 'https://i.example'\naudience = 'a'\nsubject = 'repo:octo/*:ref:x'\nworkspace = 'w'\nscopes = ['read']";
        let middle: Trusted = toml::from_str(text).unwrap();
        assert!(middle.fault().unwrap().contains("only at the end"));
    }
}
