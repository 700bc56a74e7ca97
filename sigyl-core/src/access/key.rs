//! Making keys, and reading what somebody shows as one.

use zeroize::Zeroizing;

use crate::domain::{
    AccountId, ApiKey, KeyId, Label, Network, Scope, SecretValue, Shows, Timestamp, WorkspaceName,
};

use super::{AccessError, Pepper};

const PREFIX: &str = "sigyl_";
/// 43 characters of 62 are a little more than 256 bits.
const SECRET: usize = 43;
const LOWER: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";
const ANY: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// What a key that is to be made is for.
#[derive(Clone, Debug)]
pub struct KeyTerms {
    /// Whose it will be.
    pub account: AccountId,
    /// The only workspace that it is for, if it is for one alone.
    pub workspace: Option<WorkspaceName>,
    /// What it is for, in words.
    pub label: Label,
    /// What it may be used for.
    pub scopes: Vec<Scope>,
    /// Where it may be used from; everywhere when empty.
    pub networks: Vec<Network>,
    /// Until when it is good.
    pub expires: Option<Timestamp>,
    /// The key that it stands for in a browser; nothing for a key of its own.
    pub parent: Option<KeyId>,
    /// Whether somebody gets it by signing in.
    pub sign_in: bool,
    /// What of the registry it shows, when it is the address of a view.
    pub view: Option<Shows>,
}

/// A new key: what goes on record, and what is shown this once.
#[derive(Debug)]
pub struct Minted {
    /// The record.
    pub key: ApiKey,
    /// The whole key, as its holder shows it.
    pub plain: SecretValue,
}

/// Makes a key. Nothing keeps its secret.
pub fn mint(pepper: &Pepper, terms: KeyTerms, now: Timestamp) -> Result<Minted, AccessError> {
    check(&terms, now)?;
    let id = random(LOWER, KeyId::LENGTH)?;
    let id = KeyId::parse(&id).map_err(|error| AccessError::Terms(error.to_string()))?;
    let secret = random(ANY, SECRET)?;
    let plain = SecretValue::new(format!("{PREFIX}{id}_{}", *secret));
    let key = ApiKey {
        hash: pepper.hash(&id, &secret),
        id,
        account: terms.account,
        workspace: terms.workspace,
        label: terms.label,
        scopes: terms.scopes,
        networks: terms.networks,
        created: now,
        expires: terms.expires,
        revoked: None,
        last_used: None,
        uses: 0,
        parent: terms.parent,
        sign_in: terms.sign_in,
        view: terms.view,
    };
    Ok(Minted { key, plain })
}

fn check(terms: &KeyTerms, now: Timestamp) -> Result<(), AccessError> {
    let wrong = |why: String| Err(AccessError::Terms(why));
    if terms.scopes.is_empty() || terms.scopes.len() > ApiKey::MOST_SCOPES {
        return wrong(format!("it has 1 to {} scopes, not {}", ApiKey::MOST_SCOPES, terms.scopes.len()));
    }
    if terms.networks.len() > ApiKey::MOST_NETWORKS {
        return wrong(format!("it has at most {} networks", ApiKey::MOST_NETWORKS));
    }
    match terms.expires {
        Some(expires) if expires <= now => wrong(format!("it would have ended at {expires} already")),
        Some(_) | None => Ok(()),
    }
}

/// Draws characters, each as likely as any other: bytes beyond the last whole round of the alphabet are drawn again.
fn random(alphabet: &[u8], length: usize) -> Result<Zeroizing<String>, AccessError> {
    let fair = 256 - 256 % alphabet.len();
    let mut text = Zeroizing::new(String::with_capacity(length));
    let mut bytes = Zeroizing::new([0_u8; 64]);
    while text.len() < length {
        getrandom::fill(bytes.as_mut_slice()).map_err(|error| AccessError::NoRandom(error.to_string()))?;
        let drawn = bytes.iter().map(|byte| usize::from(*byte)).filter(|byte| *byte < fair);
        let wanted = length - text.len();
        text.extend(drawn.map(|byte| char::from(alphabet[byte % alphabet.len()])).take(wanted));
    }
    Ok(text)
}

/// What somebody shows as a key, taken apart.
pub(super) struct Presented<'a> {
    pub(super) id: KeyId,
    pub(super) secret: &'a str,
}

impl<'a> Presented<'a> {
    /// Reads a key; nothing else than what [`mint`] makes reads as one.
    pub(super) fn read(text: &'a str) -> Option<Self> {
        let (id, secret) = text.strip_prefix(PREFIX)?.split_once('_')?;
        let reads = secret.len() == SECRET && secret.bytes().all(|byte| byte.is_ascii_alphanumeric());
        KeyId::parse(id).ok().filter(|_| reads).map(|id| Self { id, secret })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::store::contract::fixture::account_id;

    pub(crate) fn terms() -> KeyTerms {
        KeyTerms {
            account: account_id("a1"),
            workspace: None,
            label: Label::parse("test").unwrap(),
            scopes: vec![Scope::EVERYTHING],
            networks: Vec::new(),
            expires: None,
            parent: None,
            sign_in: false,
            view: None,
        }
    }

    #[test]
    fn a_key_reads_back_and_its_record_does_not_hold_it() {
        let pepper = Pepper::random().unwrap();
        let made = mint(&pepper, terms(), Timestamp::EPOCH).unwrap();
        let shown = Presented::read(made.plain.reveal()).unwrap();
        assert_eq!(shown.id, made.key.id);
        assert!(pepper.verifies(&shown.id, shown.secret, &made.key.hash));
        let kept = format!("{:?} {}", made, serde_json::to_string(&made.key).unwrap());
        assert!(!kept.contains(shown.secret), "{kept}");
    }

    #[test]
    fn no_two_keys_are_alike_and_each_character_is_used() {
        let pepper = Pepper::random().unwrap();
        let made: Vec<_> = (0..200).map(|_| mint(&pepper, terms(), Timestamp::EPOCH).unwrap()).collect();
        let ids: BTreeSet<_> = made.iter().map(|made| made.key.id.clone()).collect();
        assert_eq!(ids.len(), made.len());
        let used: BTreeSet<_> =
            made.iter().flat_map(|made| made.plain.reveal()[PREFIX.len()..].chars()).collect();
        // 8,600 draws leave one of 62 out once in some 10^58 times.
        assert_eq!(used.len(), ANY.len() + 1);
    }

    #[test]
    fn a_key_without_bounds_that_make_sense_is_not_made() {
        let pepper = Pepper::random().unwrap();
        let now = Timestamp::from_millis(1_000);
        let no_scope = KeyTerms { scopes: Vec::new(), ..terms() };
        let many = KeyTerms { scopes: vec![Scope::EVERYTHING; 65], ..terms() };
        let over = KeyTerms { expires: Some(now), ..terms() };
        let wide = KeyTerms { networks: vec![Network::parse("::/0").unwrap(); 65], ..terms() };
        for wrong in [no_scope, many, over, wide] {
            assert!(matches!(mint(&pepper, wrong, now), Err(AccessError::Terms(_))));
        }
    }

    proptest! {
        #[test]
        fn only_what_is_a_key_reads_as_one(text in "(sigyl_)?[a-z0-9_]{0,18}_?[A-Za-z0-9_]{0,45}") {
            let parts: Vec<_> = text.splitn(3, '_').collect();
            let is_key = parts.len() == 3
                && (parts[0], parts[1].len(), parts[2].len()) == ("sigyl", 16, 43)
                && !parts[2].contains('_');
            prop_assert_eq!(Presented::read(&text).is_some(), is_key);
        }
    }
}
