//! Who may call a server where it runs, past the endpoint: nobody, unless somebody asks for it.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::text::checked_text;

/// Members that are named at most.
const MOST: usize = 100;
/// Characters of a member at most.
const LONGEST: usize = 260;

/// Somebody who may call a server directly: `user:EMAIL`, `group:EMAIL`, `serviceAccount:EMAIL` or `domain:NAME`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Member(Box<str>);

/// Text that names nobody.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is nobody who may be let in: write user:EMAIL, group:EMAIL, serviceAccount:EMAIL or domain:NAME"
)]
pub struct NotAMember(String);

impl Member {
    /// Checks and takes a name; letters of addresses are small ones.
    pub fn parse(text: &str) -> Result<Self, NotAMember> {
        let wrong = || NotAMember(text.chars().filter(|c| !c.is_control()).take(LONGEST).collect());
        let (kind, name) = text.split_once(':').ok_or_else(wrong)?;
        let is_well = match kind {
            "user" | "group" | "serviceAccount" => is_address(name),
            "domain" => is_domain(name),
            _ => false,
        };
        if !is_well || text.len() > LONGEST {
            return Err(wrong());
        }
        Ok(Self(format!("{kind}:{}", name.to_ascii_lowercase()).into()))
    }
}

checked_text!(Member, NotAMember);

fn is_address(text: &str) -> bool {
    let is_local = |c: char| c.is_ascii_alphanumeric() || "._%+-".contains(c);
    text.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && local.len() <= 64 && local.chars().all(is_local) && is_domain(domain)
    })
}

fn is_domain(text: &str) -> bool {
    let is_part = |part: &str| {
        let plain = part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        !part.is_empty() && part.len() <= 63 && plain && !part.starts_with('-') && !part.ends_with('-')
    };
    text.len() <= 253 && text.contains('.') && text.split('.').all(is_part)
}

/// Who else may call a server where it runs. Sigyl itself always may, and is not in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Audience {
    /// Whether everybody on the internet may.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub public: bool,
    /// Those who may by name.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub members: BTreeSet<Member>,
}

/// More than can be let in by name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} members are more than the {MOST} that can be named: name a group")]
pub struct TooManyMembers(usize);

impl Audience {
    /// Tells whether nobody else may.
    pub fn is_empty(&self) -> bool {
        !self.public && self.members.is_empty()
    }

    /// Returns who may by either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        let members = self.members.union(&other.members).cloned().collect();
        Self { public: self.public || other.public, members }
    }

    /// Tells whether all who may by this one may by the other.
    pub fn is_within(&self, other: &Self) -> bool {
        other.public || !self.public && self.members.is_subset(&other.members)
    }

    /// Refuses what is too much.
    pub fn check(&self) -> Result<(), TooManyMembers> {
        if self.members.len() > MOST { Err(TooManyMembers(self.members.len())) } else { Ok(()) }
    }

    /// Says what that means; nothing where nobody else may.
    pub fn warning(&self) -> Option<String> {
        const PAST: &str = "may call it, past Sigyl's endpoint and its guard";
        match (self.public, self.members.is_empty()) {
            (true, _) => Some(format!("public: anybody on the internet {PAST}")),
            (false, false) => Some(format!("{self} {PAST}")),
            (false, true) => None,
        }
    }
}

impl fmt::Display for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.public.then_some("everybody");
        let names = all.into_iter().chain(self.members.iter().map(Member::as_str));
        let names: Vec<&str> = names.collect();
        f.write_str(if names.is_empty() { "nobody else" } else { "" })?;
        f.write_str(&names.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_somebody_with_a_kind_and_an_address() {
        for (text, kept) in [
            ("user:Ada@Example.org", "user:ada@example.org"),
            ("group:all@example.org", "group:all@example.org"),
            (
                "serviceAccount:a-b@demo.iam.gserviceaccount.com",
                "serviceAccount:a-b@demo.iam.gserviceaccount.com",
            ),
            ("domain:example.org", "domain:example.org"),
        ] {
            assert_eq!(Member::parse(text).unwrap().as_str(), kept);
        }
        let long = format!("user:{}@example.org", "a".repeat(65));
        for text in [
            "",
            "ada@example.org",
            "user:",
            "user:ada",
            "user:@example.org",
            "user:ada@example",
            "user:a da@example.org",
            "user:a@b@example.org",
            "domain:example",
            "domain:-a.org",
            "domain:ada@example.org",
            "allUsers",
            "allAuthenticatedUsers:x.org",
            "user:ada@example.org\nuser:bob@example.org",
            &long,
        ] {
            assert!(Member::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn what_an_audience_means_is_said_and_nobody_is_let_in_by_itself() {
        let none = Audience::default();
        assert!(none.is_empty() && none.warning().is_none());
        assert_eq!(none.to_string(), "nobody else");
        let ada = Member::parse("user:ada@example.org").unwrap();
        let some = Audience { members: [ada].into(), ..none.clone() };
        assert_eq!(
            some.warning().unwrap(),
            "user:ada@example.org may call it, past Sigyl's endpoint and its guard"
        );
        let all = Audience { public: true, ..some.clone() };
        let says = "public: anybody on the internet may call it, past Sigyl's endpoint and its guard";
        assert_eq!(all.warning().unwrap(), says);
        assert_eq!(all.to_string(), "everybody, user:ada@example.org");
        let (both, bob) = (some.union(&all), Member::parse("user:bob@example.org").unwrap());
        assert_eq!(both, all);
        let two = Audience { members: [bob].into(), ..none.clone() }.union(&some);
        assert!(none.is_within(&none) && some.is_within(&two) && two.is_within(&all), "nobody more may");
        assert!(!some.is_within(&none) && !two.is_within(&some) && !all.is_within(&two));
        let read: Audience = serde_json::from_str("{}").unwrap();
        assert_eq!(read, none);
        assert!(serde_json::from_str::<Audience>(r#"{"everybody": true}"#).is_err());
        let many = (0..101).map(|at| Member::parse(&format!("user:u{at}@example.org")).unwrap()).collect();
        assert_eq!(Audience { members: many, ..none }.check(), Err(TooManyMembers(101)));
    }
}
