//! Namespaces of the registry that accounts prove to be their own.

use super::Sigyl;
use super::audit::{Act, Told};
use crate::access::{DomainError, check_signed, of_domain};
use crate::domain::{Account, Action, Caller, Denied, Proof, ProvenNamespace};
use crate::error::Error;
use crate::store::{Change, StoreError};
use crate::wire::v1::{DomainRecord, SignedTime};

impl Told for ProvenNamespace {
    fn told(&self) -> Option<String> {
        Some(format!("{} by {:?}", self.space, self.by))
    }
}

impl Sigyl {
    /// Takes the proof that a domain belongs to the caller's account: the time, signed with a key that the domain names at
    /// its own address, or on record in DNS. What is published from then on in the namespace of the domain says so.
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
            let (by, records, at) = match proof.by {
                DomainRecord::Dns => {
                    let at = format!("{} in DNS (TXT)", proof.domain);
                    (Proof::Dns, sigyl.records_in_dns(&proof.domain).await?, at)
                }
                _ => (Proof::Http, sigyl.records_at(&url).await?, url),
            };
            let now = sigyl.inner.platform.clock.now();
            check_signed(&records, &at, &proof.time, &proof.signature, now)?;
            let _one_at_a_time = sigyl.inner.members.lock().await;
            let store = &sigyl.inner.platform.store;
            let account = store.account(&holder.account.id).await?;
            let mut account =
                account.ok_or_else(|| StoreError::Missing { what: "the account".to_owned() })?;
            account.prove(by, false, [space.clone()], now);
            let most = Account::MOST_NAMESPACES;
            let proven =
                account.namespaces.iter().find(|proven| proven.by == by && proven.space == space).cloned();
            let proven = proven.ok_or(DomainError::TooMany(most))?;
            store.apply(Change::PutAccount(Box::new(account))).await?;
            Ok(proven)
        };
        self.audited(caller, act, work).await
    }

    /// Reads what a domain says at its own address.
    async fn records_at(&self, url: &str) -> Result<String, Error> {
        if self.inner.offline {
            return Err(DomainError::Offline.into());
        }
        // Nobody looks around in the network of the server by what it is asked to read.
        let machine = self.inner.reach.address(url).await.map_err(|error| {
            tracing::info!(%error, "a domain was not asked for what it says of itself");
            DomainError::NotPublic
        })?;
        let heard = self.inner.signing_in.web().get_of(url, machine).await.map_err(DomainError::from)?;
        if heard.status != 200 {
            return Err(DomainError::Web(heard.wrong(format!("status {}", heard.status))).into());
        }
        Ok(String::from_utf8_lossy(&heard.body).into_owned())
    }

    /// Reads what a domain has on record in DNS, a line for each text that may be a key.
    async fn records_in_dns(&self, domain: &str) -> Result<String, Error> {
        if self.inner.offline {
            return Err(DomainError::NoDns("`offline` is set").into());
        }
        let dns = self.inner.dns.as_ref().ok_or(DomainError::NoDns("nothing is set up to do it"))?;
        let texts = dns.texts(domain).await.map_err(DomainError::from)?;
        let keys = texts.into_iter().filter(|text| text.starts_with("v=MCPv1") && !text.contains('\n'));
        Ok(keys.collect::<Vec<_>>().join("\n"))
    }
}
