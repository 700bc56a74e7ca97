//! The audit: who did what, on what, from where, and how it ended; each entry chained to the one before.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{AccountId, Digest, KeyId, Timestamp, WorkspaceName, canonical};

/// How an audited operation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AuditOutcome {
    /// It was done, or begun as a run.
    Done,
    /// The caller may not.
    Refused,
    /// It could not be done.
    Failed,
}

impl std::fmt::Display for AuditOutcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Failed => "failed",
        })
    }
}

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// The login, or what the caller is called.
    pub name: String,
    /// The account, when there is one.
    pub account: Option<AccountId>,
    /// The key that was used, when one was.
    pub key: Option<KeyId>,
}

/// What happened, before it has its place in the chain. It holds no secret, and no value that was set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditFact {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub who: Actor,
    /// What, as a word: `deploy`, `revoke_key`.
    pub what: String,
    /// On what: a server, a run, a key, an account.
    pub on: String,
    /// In which workspace, when it is about one.
    pub workspace: Option<WorkspaceName>,
    /// From which address, when it came over the network.
    pub from: Option<IpAddr>,
    /// How it ended.
    pub outcome: AuditOutcome,
    /// What a reader should know: the reason of a refusal, the run that began.
    pub note: Option<String>,
}

/// Where the chain ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditHead {
    /// The number of the last entry.
    pub number: u64,
    /// Its hash.
    pub hash: Digest,
}

impl AuditHead {
    /// The end of a chain without entries.
    pub const NONE: Self = Self { number: 0, hash: Digest::from_bytes([0; 32]) };

    /// Reads what [`Self`] displays: `NUMBER:sha256:HEX`.
    pub fn parse(text: &str) -> Option<Self> {
        let (number, hash) = text.split_once(':')?;
        Some(Self { number: number.parse().ok()?, hash: Digest::parse(hash).ok()? })
    }
}

impl std::fmt::Display for AuditHead {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.number, self.hash)
    }
}

/// One entry of the audit. Its hash is the SHA-256 of the canonical JSON of everything else in it, the hash of the entry
/// before among that: who changes, removes or inserts one breaks every one after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Its place, counted from 1.
    pub number: u64,
    /// What happened.
    pub fact: AuditFact,
    /// The hash of the entry before; zeros for the first.
    pub previous: Digest,
    /// The hash of this one.
    pub hash: Digest,
}

/// An entry that cannot be written down: a defect.
#[derive(Debug, thiserror::Error)]
#[error("an entry of the audit cannot be written down")]
pub struct AuditError(#[source] serde_json::Error);

/// Longest text of a fact, in characters.
const MOST: usize = 500;

impl AuditEntry {
    /// Gives a fact the place after `head`. Texts that are too long are cut, and show that they are.
    pub fn after(head: &AuditHead, fact: AuditFact) -> Result<Self, AuditError> {
        let fact = AuditFact {
            who: Actor { name: cut(fact.who.name), ..fact.who },
            what: cut(fact.what),
            on: cut(fact.on),
            note: fact.note.map(cut),
            ..fact
        };
        let mut entry = Self { number: head.number + 1, fact, previous: head.hash, hash: head.hash };
        entry.hash = entry.expected().map_err(AuditError)?;
        Ok(entry)
    }

    /// Returns the end of a chain whose last entry this is.
    pub fn head(&self) -> AuditHead {
        AuditHead { number: self.number, hash: self.hash }
    }

    /// Tells whether this entry stands right after `head`, and is what it was when it was written.
    pub fn follows(&self, head: &AuditHead) -> bool {
        head.number.checked_add(1) == Some(self.number)
            && self.previous == head.hash
            && self.expected().is_ok_and(|hash| hash == self.hash)
    }

    fn expected(&self) -> Result<Digest, serde_json::Error> {
        let mut value = serde_json::to_value(self)?;
        if let Value::Object(members) = &mut value {
            members.remove("hash");
        }
        canonical::digest(&value)
    }
}

fn cut(mut text: String) -> String {
    if let Some((at, _)) = text.char_indices().nth(MOST) {
        text.truncate(at);
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fact(on: &str) -> AuditFact {
        AuditFact {
            at: Timestamp::from_millis(1_500),
            who: Actor { name: "ada".into(), account: None, key: None },
            what: "deploy".into(),
            on: on.into(),
            workspace: Some(WorkspaceName::default()),
            from: Some([10, 0, 0, 1].into()),
            outcome: AuditOutcome::Done,
            note: None,
        }
    }

    #[test]
    fn the_form_of_an_entry_never_changes() {
        let first = AuditEntry::after(&AuditHead::NONE, fact("clock")).unwrap();
        // Changing this text makes every chain on record fail.
        let text = serde_json::to_value(&first).unwrap().to_string();
        assert!(
            text.contains(r#""from":"10.0.0.1""#) && text.contains(r#""at":"1970-01-01T00:00:01.500Z""#),
            "{text}"
        );
        assert_eq!(first.hash.hex(), "1d21e84e71c12cb2763e3ce46d7a23da35f74bbd1854fd7d40c204ffc70bfe3d");
        assert!(first.follows(&AuditHead::NONE));
        assert_eq!(AuditHead::parse(&first.head().to_string()), Some(first.head()));
    }

    #[test]
    fn long_texts_are_cut_and_say_so() {
        let mut long = fact(&"é".repeat(900));
        long.note = Some("n".repeat(501));
        let entry = AuditEntry::after(&AuditHead::NONE, long).unwrap();
        assert_eq!(entry.fact.on.chars().count(), 501);
        assert!(entry.fact.on.ends_with('…') && entry.fact.note.unwrap().ends_with('…'));
    }

    proptest! {
        #[test]
        fn any_changed_field_is_found(at in 0..8_usize, text in "[a-z]{1,8}") {
            let head = AuditEntry::after(&AuditHead::NONE, fact("clock")).unwrap().head();
            let good = AuditEntry::after(&head, fact("notes")).unwrap();
            let mut bad = good.clone();
            match at {
                0 => bad.number += 1,
                1 => bad.fact.at = Timestamp::EPOCH,
                2 => bad.fact.who.name.push_str(&text),
                3 => bad.fact.on.push_str(&text),
                4 => bad.fact.outcome = AuditOutcome::Failed,
                5 => bad.fact.note = Some(text),
                6 => bad.previous = Digest::of(text.as_bytes()),
                _ => bad.hash = Digest::of(text.as_bytes()),
            }
            prop_assert!(good.follows(&head));
            prop_assert!(!bad.follows(&head));
            prop_assert!(!good.follows(&AuditHead::NONE));
        }
    }
}
