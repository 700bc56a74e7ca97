//! Namespaces of the registry that accounts prove to be their own.

use super::Sigyl;
use super::audit::{Act, Told};
use crate::access::{DomainError, check_signed, of_domain};
use crate::domain::{Account, Action, Caller, Denied, Proof, ProvenNamespace};
use crate::error::Error;
use crate::store::{Change, StoreError};
use crate::wire::v1::SignedTime;

impl Told for ProvenNamespace {
    fn told(&self) -> Option<String> {
        Some(format!("{} by {:?}", self.space, self.by))
    }
}

impl Sigyl {
    /// Takes the proof that a domain belongs to the caller's account: the time, signed with a key that the domain names at
    /// its own address. What is published from then on in the namespace of the domain says so.
    pub async fn prove_namespace(
        &self,
        caller: &Caller,
        proof: SignedTime,
    ) -> Result<ProvenNamespace, Error> {
        let act = Act::on("prove_namespace", &proof.domain, None);
        let (sigyl, who) = (self.clone(), caller.clone());
        let work = async move {
            who.require(Action::Publish)?;
            let holder = who.key().ok_or_else(|| Denied::new(&who, "prove a namespace: that takes a key"))?;
            let (url, space) = of_domain(&proof.domain)?;
            let heard = sigyl.inner.signing_in.web().get(&url, None).await.map_err(DomainError::from)?;
            if heard.status != 200 {
                return Err(DomainError::Web(heard.wrong(format!("status {}", heard.status))).into());
            }
            let records = String::from_utf8_lossy(&heard.body);
            let now = sigyl.inner.platform.clock.now();
            check_signed(&records, &url, &proof.time, &proof.signature, now)?;
            let _one_at_a_time = sigyl.inner.members.lock().await;
            let store = &sigyl.inner.platform.store;
            let account = store.account(&holder.account.id).await?;
            let mut account =
                account.ok_or_else(|| StoreError::Missing { what: "the account".to_owned() })?;
            account.prove(Proof::Http, false, [space.clone()], now);
            let most = Account::MOST_NAMESPACES;
            let proven = account.namespaces.iter().find(|proven| proven.space == space).cloned();
            let proven = proven.ok_or(DomainError::TooMany(most))?;
            store.apply(Change::PutAccount(Box::new(account))).await?;
            Ok(proven)
        };
        self.audited(caller, act, work).await
    }
}
