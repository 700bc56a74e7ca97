//! From what somebody shows to whoever it stands for.

use std::net::IpAddr;

use crate::domain::{Holder, KeyHash, KeyRefusal, Timestamp};
use crate::store::Store;

use super::key::Presented;
use super::{AccessError, Pepper};

/// Checks a key that somebody shows from an address. A key that is not on record costs the same hash as one that is, and
/// reads the same to who shows it as one with a wrong secret.
pub async fn authenticate(
    store: &dyn Store,
    pepper: &Pepper,
    shown: &str,
    now: Timestamp,
    address: Option<IpAddr>,
) -> Result<Holder, AccessError> {
    let shown = Presented::read(shown).ok_or(AccessError::UnknownKey)?;
    let found = store.holder(&shown.id).await?;
    let hash = found.as_ref().map_or(KeyHash::new([0; 32]), |holder| holder.key.hash);
    let is_right = pepper.verifies(&shown.id, shown.secret, &hash);
    let holder = found.filter(|_| is_right).ok_or(AccessError::UnknownKey)?;
    match refusal(store, &holder, now, address).await? {
        Some(why) => Err(AccessError::NotGood { holder: Box::new(holder), why }),
        None => Ok(holder),
    }
}

/// Tells what speaks against a key now, or against the one that somebody signed in with: a session ends with it.
pub async fn refusal(
    store: &dyn Store,
    holder: &Holder,
    now: Timestamp,
    address: Option<IpAddr>,
) -> Result<Option<KeyRefusal>, AccessError> {
    if let Some(why) = holder.refusal(now, address) {
        return Ok(Some(why));
    }
    let Some(parent) = &holder.key.parent else { return Ok(None) };
    let parent = store.holder(parent).await?;
    // A key that is gone is good for nothing, as one that was revoked.
    Ok(parent.map_or(Some(KeyRefusal::Revoked), |parent| parent.refusal(now, address)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{KeyTerms, Minted, mint};
    use crate::domain::{Label, Network, Role, Scope};
    use crate::store::Change;
    use crate::store::contract::fixture::{account, account_id, at, workspace};
    use crate::store::sled::SledStore;

    async fn made(store: &SledStore, pepper: &Pepper) -> Minted {
        let terms = KeyTerms {
            account: account_id("a1"),
            workspace: None,
            label: Label::parse("test").unwrap(),
            scopes: vec![Scope::EVERYTHING],
            networks: vec![Network::parse("10.0.0.0/8").unwrap()],
            expires: Some(at(100)),
            parent: None,
            sign_in: false,
            view: None,
        };
        let made = mint(pepper, terms, at(1)).unwrap();
        let members = [("a1", Role::Owner)];
        for change in [
            Change::PutAccount(Box::new(account("a1", "ada"))),
            Change::PutWorkspace(Box::new(workspace("red", &members))),
            Change::PutKey(Box::new(made.key.clone())),
        ] {
            store.apply(change).await.unwrap();
        }
        made
    }

    #[tokio::test]
    async fn a_key_is_good_where_and_while_it_is_meant_to_be() {
        let dir = tempfile::tempdir().unwrap();
        let store = SledStore::open(dir.path()).unwrap();
        let pepper = Pepper::random().unwrap();
        let made = made(&store, &pepper).await;
        let home = Some([10, 0, 0, 1].into());
        let plain = made.plain.reveal();
        let try_at =
            async |seconds, address| authenticate(&store, &pepper, plain, at(seconds), address).await;
        let holder = try_at(2, home).await.unwrap();
        assert_eq!((holder.account.login.as_str(), holder.roles.len()), ("ada", 1));
        let refused = async |seconds, address| match try_at(seconds, address).await.unwrap_err() {
            AccessError::NotGood { why, .. } => why,
            other => panic!("{other:?}"),
        };
        assert_eq!(refused(2, Some([11, 0, 0, 1].into())).await, KeyRefusal::Elsewhere);
        assert_eq!(refused(100, home).await, KeyRefusal::Expired);
        store.apply(Change::RevokeKey { id: made.key.id.clone(), at: at(3) }).await.unwrap();
        assert_eq!(refused(4, home).await, KeyRefusal::Revoked);
    }

    #[tokio::test]
    async fn what_is_wrong_in_any_way_reads_the_same() {
        let dir = tempfile::tempdir().unwrap();
        let store = SledStore::open(dir.path()).unwrap();
        let pepper = Pepper::random().unwrap();
        let made = made(&store, &pepper).await;
        let plain = made.plain.reveal().to_owned();
        let last = if plain.ends_with('A') { 'B' } else { 'A' };
        let wrong = format!("{}{last}", &plain[..plain.len() - 1]);
        let unknown = plain.replace(made.key.id.as_str(), "0000000000000000");
        let truncated = plain[..plain.len() - 1].to_owned();
        let texts = [wrong, unknown, truncated, String::new(), "x".repeat(100_000), format!("{plain}\0")];
        for text in texts {
            let error = authenticate(&store, &pepper, &text, at(2), None).await.unwrap_err();
            assert_eq!(error.to_string(), "the key is not known");
        }
        let error = authenticate(&store, &Pepper::random().unwrap(), &plain, at(2), None).await.unwrap_err();
        assert!(matches!(error, AccessError::UnknownKey));
    }
}
