//! The chain of a release, a line for each link.

use sigyl_core::domain::{Chain, LinkOutcome};

use super::{Look, Role, specimen, wrap};

/// Columns before what was compared.
const INDENT: usize = 13;

/// Writes the links, then what they come to.
pub(crate) fn chain(chain: &Chain, look: &Look) -> String {
    let mut text = String::new();
    for link in &chain.links {
        let (sign, ascii, role) = match link.outcome {
            LinkOutcome::Holds => ("✓", "+", Role::Ok),
            LinkOutcome::Broken => ("✗", "x", Role::Error),
            LinkOutcome::Absent => ("–", "-", Role::Dim),
            _ => ("?", "?", Role::Warn),
        };
        let sign = if look.ascii { ascii } else { sign };
        let line = wrap(&format!("{sign} {:<11}{}", link.link, specimen(&link.said)), look, INDENT);
        text.push_str(&line.replacen(sign, &look.paint(role, sign), 1));
        text.push('\n');
    }
    let broken: Vec<&str> = chain.broken().map(|link| link.link.word()).collect();
    let what = format!("{} {}", chain.server, chain.version);
    let end = match &broken[..] {
        [] if chain.holds() => look.paint(Role::Ok, &format!("{what}: every link holds that was looked at")),
        [] => look.paint(Role::Error, &format!("{what}: there is nothing to look at")),
        all => look.paint(Role::Error, &format!("{what}: broken at {}", all.join(", "))),
    };
    text.push_str(&end);
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use sigyl_core::domain::{ChainLink, Digest, LinkName, RevisionId, ServerName, Version};

    use super::*;

    #[test]
    fn each_link_has_a_line_and_broken_ones_are_named() {
        let links = vec![
            ChainLink::of(LinkName::Signature, true, "signed by the Ed25519 key sha256:00"),
            ChainLink::absent(LinkName::Commit, "a folder is no commit"),
            ChainLink::unknown(LinkName::Report, "stated"),
            ChainLink::broken(LinkName::Tools, "not signed: tool `\u{1b}[2J`"),
        ];
        let of = |links| Chain {
            server: ServerName::parse("clock").unwrap(),
            version: Version::parse("1.2.0").unwrap(),
            revision: RevisionId::parse("r1").unwrap(),
            key: Digest::of(b"key"),
            links,
        };
        insta::assert_snapshot!(chain(&of(links.clone()), &Look::PLAIN), @r"
        ✓ signature  signed by the Ed25519 key sha256:00
        – commit     a folder is no commit
        ? report     stated
        ✗ tools      not signed: tool `⟦ESC⟧[2J`
        clock 1.2.0: broken at tools
        ");
        assert!(chain(&of(links[..2].to_vec()), &Look::PLAIN).contains("every link holds"));
        assert!(chain(&of(Vec::new()), &Look::PLAIN).contains("nothing to look at"));
    }
}
