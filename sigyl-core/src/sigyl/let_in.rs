//! What comes of signing in: an account, where a rule makes one, and a key like any other.

use std::net::IpAddr;
use std::time::Duration;

use super::Sigyl;
use super::audit::Act;
use crate::access::{KeyTerms, Proven, SignInError};
use crate::domain::{Account, Caller, Label, Proof, Role, Scope, WorkspaceName};
use crate::error::Error;
use crate::store::Change;
use crate::wire::v1::{KeyView, MadeKey, NewAccount};

/// Keys by signing in that an account has at a time; one more ends the oldest.
const KEYS_MOST: usize = 100;

impl Sigyl {
    /// Gives somebody who is vouched for a key, and an account first where a rule makes one.
    pub(super) async fn sign_in(
        &self,
        proven: Proven,
        at: &'static str,
        scopes: &[Scope],
        lasts: Duration,
        address: Option<IpAddr>,
    ) -> Result<MadeKey, Error> {
        let act = Act::on("sign_in", format!("{} at a {at}", proven.login), None);
        let (sigyl, scopes) = (self.clone(), scopes.to_vec());
        let work = async move {
            let _one_at_a_time = sigyl.inner.members.lock().await;
            let mut account = sigyl.account_of_person(&proven).await?;
            if let Some(namespaces) = proven.namespaces {
                account.prove(Proof::GitHub, true, namespaces, sigyl.inner.platform.clock.now());
                sigyl.inner.platform.store.apply(Change::PutAccount(Box::new(account.clone()))).await?;
            }
            let terms = sigyl.sign_in_terms(&account, &format!("signed in at a {at}"), scopes, lasts)?;
            sigyl.keep_sign_in(terms, &account).await
        };
        self.audited(&Caller::anonymous(address), act, work).await
    }

    /// Finds the account of somebody, or makes it.
    async fn account_of_person(&self, proven: &Proven) -> Result<Account, Error> {
        if let Some(account) = self.inner.platform.store.account_by(&proven.identity).await? {
            return enabled(account);
        }
        let who = proven.login.clone();
        if !proven.allowed {
            return Err(SignInError::NotAllowed { who }.into());
        }
        let login = proven
            .account_login()
            .map_err(|error| SignInError::Login { who: who.clone(), why: error.to_string() })?;
        if self.inner.platform.store.account_of(&login).await?.is_some() {
            // Whoever has the login here may be somebody else.
            let why = "another account has this login".to_owned();
            return Err(SignInError::Login { who, why }.into());
        }
        let name = proven.name.as_deref().and_then(|name| Label::parse(name).ok());
        let new = NewAccount { login, name, administrator: false };
        let account = self.keep_account_of(new, vec![proven.identity.clone()]).await?;
        if let Some((workspace, role)) = &self.inner.signing_in.settings.rules.place {
            self.place(&account, workspace, *role).await?;
        }
        Ok(account)
    }

    pub(super) async fn place(
        &self,
        account: &Account,
        workspace: &WorkspaceName,
        role: Role,
    ) -> Result<(), Error> {
        let store = &self.inner.platform.store;
        let found = store.workspace(workspace).await?;
        let mut workspace = found.ok_or_else(|| Error::NoWorkspace(workspace.clone()))?;
        workspace.assign(&account.id, role)?;
        store.apply(Change::PutWorkspace(Box::new(workspace))).await?;
        Ok(())
    }

    pub(super) fn sign_in_terms(
        &self,
        account: &Account,
        label: &str,
        scopes: Vec<Scope>,
        lasts: Duration,
    ) -> Result<KeyTerms, Error> {
        let label = Label::parse(label);
        let wrong = |why: String| SignInError::Login { who: account.login.to_string(), why };
        Ok(KeyTerms {
            account: account.id.clone(),
            workspace: None,
            label: label.map_err(|error| wrong(error.to_string()))?,
            scopes,
            networks: Vec::new(),
            expires: Some(self.inner.platform.clock.now().plus(lasts)),
            parent: None,
            sign_in: true,
            view: None,
        })
    }

    pub(super) async fn keep_sign_in(&self, terms: KeyTerms, account: &Account) -> Result<MadeKey, Error> {
        let now = self.inner.platform.clock.now();
        self.make_room(&account.id, KEYS_MOST, now, |key| key.sign_in).await?;
        let (key, plain) = self.keep_new_key(terms, now).await?;
        Ok(MadeKey { key: KeyView::of(key, account), plain })
    }
}

pub(super) fn enabled(account: Account) -> Result<Account, Error> {
    match account.disabled {
        Some(_) => Err(SignInError::Disabled(account.login).into()),
        None => Ok(account),
    }
}
