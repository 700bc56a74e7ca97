//! Jobs that sign in by the signed tokens of their system, where a rule trusts these.

use std::net::IpAddr;
use std::time::Duration;

use super::Sigyl;
use super::audit::Act;
use super::let_in::enabled;
use crate::access::oidc::{Expected, issuer_named};
use crate::access::{SignInError, Trust};
use crate::domain::{Account, Caller, Identity, Login, Proof, Role, SecretValue};
use crate::error::Error;
use crate::store::Change;
use crate::wire::v1::{MadeKey, NewAccount};

/// How long the key of a job is good.
const LASTS: Duration = Duration::from_secs(15 * 60);

impl Sigyl {
    /// Gives a job the key that a rule of this server has for it, by the token that its system signed. An issuer that no
    /// rule names is not asked for anything.
    pub async fn exchange_token(
        &self,
        token: &SecretValue,
        address: Option<IpAddr>,
    ) -> Result<MadeKey, Error> {
        let signing_in = &self.inner.signing_in;
        if signing_in.settings.trust.is_empty() {
            return Err(SignInError::NotSetUp("a token").into());
        }
        let issuer = issuer_named(token.reveal()).map_err(SignInError::from)?;
        let mut refused = SignInError::NotTrusted;
        for trust in signing_in.settings.trust.iter().filter(|trust| trust.issuer == issuer) {
            let now = self.inner.platform.clock.now();
            let expected = Expected { issuer: &trust.issuer, audience: &trust.audience, nonce: None, now };
            match signing_in.providers.verify(token.reveal(), &expected).await {
                Ok(claims) if trust.covers(&claims) => {
                    return self.trusted(trust.clone(), trust.namespace(&claims), address).await;
                }
                Ok(_) => {}
                Err(error) => refused = error.into(),
            }
        }
        Err(refused.into())
    }

    /// Gives a job of a rule its key; `space` is the namespace that it proved.
    pub(super) async fn trusted(
        &self,
        trust: Trust,
        space: Option<String>,
        address: Option<IpAddr>,
    ) -> Result<MadeKey, Error> {
        let name = trust.repository.clone().or_else(|| trust.subject.clone()).unwrap_or_default();
        let act = Act::on("sign_in", &name, Some(&trust.workspace));
        let sigyl = self.clone();
        let work = async move {
            let _one_at_a_time = sigyl.inner.members.lock().await;
            let mut account = sigyl.account_of_job(&trust, &name).await?;
            if let Some(space) = space.filter(|it| account.proof_of(it) != Some(Proof::GitHubActions)) {
                account.prove(Proof::GitHubActions, true, [space], sigyl.inner.platform.clock.now());
                sigyl.inner.platform.store.apply(Change::PutAccount(Box::new(account.clone()))).await?;
            }
            let mut terms = sigyl.sign_in_terms(&account, "trusted job", trust.scopes.clone(), LASTS)?;
            terms.workspace = Some(trust.workspace);
            sigyl.keep_sign_in(terms, &account).await
        };
        self.audited(&Caller::anonymous(address), act, work).await
    }

    /// Finds the account that jobs of a rule have, or makes it: a member of the rule's workspace.
    async fn account_of_job(&self, trust: &Trust, name: &str) -> Result<Account, Error> {
        let wrong = |why: String| SignInError::Login { who: name.to_owned(), why };
        let subject = format!("{} {name}", trust.workspace);
        let identity = Identity::new(&trust.issuer, &subject).map_err(|error| wrong(error.to_string()))?;
        if let Some(account) = self.inner.platform.store.account_by(&identity).await? {
            return enabled(account);
        }
        let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
        let text: String = format!("ci-{}-{name}", trust.workspace).chars().map(plain).take(64).collect();
        let login = Login::parse(&text).map_err(|error| wrong(error.to_string()))?;
        if self.inner.platform.store.account_of(&login).await?.is_some() {
            return Err(wrong(format!("another account has the login {login}")).into());
        }
        let new = NewAccount { login, name: None, administrator: false };
        let account = self.keep_account_of(new, vec![identity]).await?;
        self.place(&account, &trust.workspace, Role::Member).await?;
        Ok(account)
    }
}
