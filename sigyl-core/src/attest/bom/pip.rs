//! Requirements files that pin everything.

use crate::source::{Requirement, pinned};

use super::component::{Component, Listed, hex_hash};
use crate::domain::percent_encoded;

/// Lists what a lock names. Where it allows several files of a package, none of them is said to be the one.
pub(super) fn listed(path: &str, bytes: &[u8]) -> Listed {
    let Some(pins) = pinned(bytes) else { return Listed::unread(path) };
    Listed { components: pins.iter().filter_map(component).collect(), gaps: Vec::new() }
}

fn component(pin: &Requirement) -> Option<Component> {
    let version = pin.exact()?;
    let name = pin.normal_name();
    let hashes = pin.hashes().iter().filter_map(|hash| hash.split_once(':'));
    let mut hashes: Vec<_> = hashes.filter_map(|(name, hex)| hex_hash(name, hex)).collect();
    let mut properties = Vec::new();
    if hashes.len() > 1 {
        properties =
            hashes.drain(..).map(|(alg, hex)| ("sigyl:one-of-the-files", format!("{alg}:{hex}"))).collect();
    }
    Some(Component {
        purl: Some(format!("pkg:pypi/{}@{}", percent_encoded(&name), percent_encoded(version))),
        name,
        version: version.to_owned(),
        hashes,
        properties,
        // What is required under a condition may be left out.
        scope: pin.is_conditional().then_some("optional"),
        ..Component::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_file_has_a_hash_and_several_have_it_as_what_they_may_be() {
        let (a, b) = ("0a".repeat(32), "0b".repeat(32));
        let lock = format!(
            "Dep_A[x]==1.0+local --hash=sha256:{a}\nb==2 ; sys_platform == 'win32' --hash=sha256:{a} --hash=sha256:{b}\n"
        );
        let Listed { components, gaps } = listed("requirements.txt", lock.as_bytes());
        assert_eq!(gaps, [""; 0]);
        assert_eq!(components[0].purl.as_deref(), Some("pkg:pypi/dep-a@1.0%2Blocal"));
        assert_eq!(components[0].hashes, [("SHA-256", a.clone())]);
        assert_eq!((components[0].scope, components[1].scope), (None, Some("optional")));
        assert!(components[1].hashes.is_empty());
        assert_eq!(components[1].properties[1], ("sigyl:one-of-the-files", format!("SHA-256:{b}")));
        assert_eq!(listed("r", b"a>=1\n").gaps, ["r does not read"]);
    }
}
