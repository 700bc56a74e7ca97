//! What a server and its instances are called on other machines, where names are short and hold little.

use crate::domain::{Digest, RevisionId, SecretName, ServerName};

/// Characters of a server's own name in that of its service: the name of a host holds 63, and a tag stands before it.
const OWN: usize = 12;
/// Hexadecimal digits that tell names apart which would be the same when shortened: so many that nobody finds another
/// name with the same ones.
const APART: usize = 20;
/// Hexadecimal digits of a tag.
const TAG: usize = 10;
/// Hexadecimal digits of the tag of a build, which is no part of a name.
const MARK: usize = 40;

/// What a server is called on other machines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    server: ServerName,
    service: String,
}

impl Names {
    /// Derives them: the same server always has the same.
    pub fn of(server: &ServerName) -> Self {
        let word = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
        let own: String = server.as_str().rsplit('/').next().unwrap_or_default().chars().map(word).collect();
        let own: String = own.trim_matches('-').chars().take(OWN).collect();
        let apart = &Digest::of(server.as_str().as_bytes()).hex()[..APART];
        // Elsewhere a name begins with a letter.
        let own = if own.starts_with(|c: char| c.is_ascii_lowercase()) { own } else { format!("s-{own}") };
        Self { server: server.clone(), service: format!("{}-{apart}", own.trim_end_matches('-')) }
    }

    /// Returns the server that these are the names of.
    pub fn server(&self) -> &ServerName {
        &self.server
    }

    /// Returns the name of the service, of its image, and of the folder of its sources.
    pub fn service(&self) -> &str {
        &self.service
    }

    /// Returns the id of the account that the server runs as: 30 characters at most.
    pub fn account(&self) -> String {
        let (_, apart) = self.service.rsplit_once('-').unwrap_or(("", &self.service));
        format!("sigyl-{apart}")
    }

    /// Returns what the names of all secrets of the server begin with.
    pub fn secrets(&self) -> String {
        format!("sigyl_{}_", self.service)
    }

    /// Returns the name of a secret.
    pub fn secret(&self, name: &SecretName) -> String {
        format!("{}{name}", self.secrets())
    }

    /// Returns the tag of builds for an instance.
    pub fn mark(revision: &RevisionId) -> String {
        format!("instance-{}", &Digest::of(revision.as_str().as_bytes()).hex()[..MARK])
    }

    /// Returns the tag that an instance is reached by, however its traffic is.
    pub fn tag(revision: &RevisionId) -> String {
        format!("r{}", &Digest::of(revision.as_str().as_bytes()).hex()[..TAG])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(name: &str) -> Names {
        Names::of(&ServerName::parse(name).unwrap())
    }

    #[test]
    fn every_name_is_good_elsewhere_and_no_two_servers_share_one() {
        let all = [
            "clock",
            "a.b",
            "a-b",
            "a_b",
            "io.github.Ada/weather",
            "com.example/weather",
            "9",
            &"x".repeat(100),
        ];
        let mut seen = std::collections::BTreeSet::new();
        for name in all {
            let names = names(name);
            let (service, account) = (names.service().to_owned(), names.account());
            for (id, most) in [(&service, 49 - 14), (&account, 30)] {
                assert!((6..=most).contains(&id.len()), "{id}");
                assert!(id.starts_with(|c: char| c.is_ascii_lowercase()) && !id.contains("--"), "{id}");
                assert!(
                    id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'),
                    "{id}"
                );
            }
            assert!(seen.insert(service) && seen.insert(account), "{name}");
        }
        assert!(names("clock").service().starts_with("clock-"));
    }

    #[test]
    fn a_tag_is_the_same_for_the_same_instance() {
        let tag = |id: &str| Names::tag(&RevisionId::parse(id).unwrap());
        assert!(
            tag("a").starts_with('r') && tag("a").len() == 11 && tag("a") == tag("a") && tag("a") != tag("b")
        );
    }
}
