//! Keys: made, listed, revoked, and turned into callers.

use std::net::IpAddr;

use super::Sigyl;
use super::audit::{Act, Told, home_of};
use crate::access::{self, AccessError, KeyTerms, Pepper};
use crate::domain::{
    Account, Action, ApiKey, Caller, Denied, Holder, KeyId, Login, Scope, SecretValue, Shows, Timestamp,
    WorkspaceName,
};
use crate::error::Error;
use crate::store::Change;
use crate::wire::v1::{KeyView, MadeKey, NewKey, WhoAmI};

/// Keys that an account may have which are good still.
const MOST_KEYS: usize = 200;
/// How long uses of keys are counted in memory before they are written down.
const USES_KEPT: std::time::Duration = std::time::Duration::from_secs(10);

impl Told for MadeKey {
    fn told(&self) -> Option<String> {
        let scopes: Vec<_> = self.key.scopes.iter().map(ToString::to_string).collect();
        Some(format!("key {} of {} for {}", self.key.id, self.key.account, scopes.join(" ")))
    }
}

impl Sigyl {
    /// Checks a key that somebody shows, and returns whom it stands for. Uses are counted, and written down a little
    /// later.
    pub async fn authenticate(&self, shown: &str, address: Option<IpAddr>) -> Result<Caller, Error> {
        let platform = &self.inner.platform;
        let now = platform.clock.now();
        let pepper = self.pepper().await?;
        match access::authenticate(&*platform.store, pepper, shown, now, address).await {
            Ok(holder) => {
                self.inner.uses.note(&holder.key.id, now);
                self.write_uses_down_later(now);
                Ok(Caller::holder(holder, address))
            }
            Err(AccessError::NotGood { holder, why }) => {
                // The secret was right: somebody has a key that they should not, or no more.
                let (id, workspace) = (holder.key.id.to_string(), home_of(&holder));
                let caller = Caller::holder((*holder).clone(), address);
                self.tell_refusal(&caller, "authenticate", id, workspace, why.to_string()).await?;
                Err(AccessError::NotGood { holder, why }.into())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Tells who asks.
    pub async fn whoami(&self, caller: &Caller) -> Result<WhoAmI, Error> {
        let key = caller.key();
        let reached = |holder: &Holder| {
            let roles = holder.roles.keys().filter_map(|name| Some((name.clone(), holder.role_in(name)?)));
            roles.collect()
        };
        Ok(WhoAmI {
            name: caller.name().to_owned(),
            account: key.map(|holder| holder.account.clone()),
            key: key.map(|holder| KeyView::of(holder.key.clone(), &holder.account)),
            roles: key.map(reached).unwrap_or_default(),
        })
    }

    /// Makes a key; its answer is the only time that it is shown. Nobody gives a key more than they hold, nor for longer
    /// or from elsewhere than their own key.
    pub async fn create_key(&self, caller: &Caller, new: NewKey) -> Result<MadeKey, Error> {
        let act = Act::on("create_key", &new.label, new.workspace.as_ref());
        let (sigyl, who) = (self.clone(), caller.clone());
        self.audited(caller, act, async move { sigyl.make_key(&who, new).await }).await
    }

    async fn make_key(&self, caller: &Caller, mut new: NewKey) -> Result<MadeKey, Error> {
        caller.require(Action::Keys)?;
        let account = self.account_for(caller, new.account.as_ref()).await?;
        if let Some(workspace) = &new.workspace {
            caller.require_in(Action::Keys, workspace)?;
            self.known_workspace(caller, workspace).await?;
        }
        check_view(caller, &mut new)?;
        inherit(caller, &mut new)?;
        for scope in &new.scopes {
            caller.require_grant(scope, new.workspace.as_ref())?;
        }
        let _one_at_a_time = self.inner.members.lock().await;
        let now = self.inner.platform.clock.now();
        let keys = self.inner.platform.store.keys_of(&account.id).await?;
        let counts = |key: &&ApiKey| key.parent.is_none() && !key.sign_in && key.refusal(now, None).is_none();
        if keys.iter().filter(counts).count() >= MOST_KEYS {
            let why =
                format!("{} has {MOST_KEYS} keys already: revoke those that nobody needs", account.login);
            return Err(AccessError::Terms(why).into());
        }
        let terms = KeyTerms {
            account: account.id.clone(),
            workspace: new.workspace,
            label: new.label,
            scopes: new.scopes,
            networks: new.networks,
            expires: new.expires,
            parent: None,
            sign_in: false,
            view: new.view,
        };
        let (key, plain) = self.keep_new_key(terms, now).await?;
        Ok(MadeKey { key: KeyView::of(key, &account), plain })
    }

    pub(super) async fn keep_new_key(
        &self,
        terms: KeyTerms,
        now: Timestamp,
    ) -> Result<(ApiKey, SecretValue), Error> {
        let made = access::mint(self.pepper().await?, terms, now)?;
        self.inner.platform.store.apply(Change::PutKey(Box::new(made.key.clone()))).await?;
        Ok((made.key, made.plain))
    }

    /// Lists the keys of an account: all of them for itself and for administrators, those for workspaces that the caller
    /// manages for others. Without an account named, the caller's own; the owner of the data directory has none, and
    /// means everybody's.
    pub async fn keys(&self, caller: &Caller, of: Option<&Login>) -> Result<Vec<KeyView>, Error> {
        let accounts = match (of, caller.key()) {
            (Some(login), _) if !is_own(caller, login) => {
                caller.require(Action::Manage)?;
                vec![self.known_account(login).await?]
            }
            (_, Some(holder)) => {
                caller.require(Action::Keys)?;
                vec![holder.account.clone()]
            }
            (_, None) => self.accounts(caller).await?,
        };
        let mut views = Vec::new();
        for account in &accounts {
            let keys = self.inner.platform.store.keys_of(&account.id).await?;
            let shown = keys.into_iter().filter(|key| may_handle(caller, key));
            views.extend(shown.map(|key| KeyView::of(key, account)));
        }
        views.sort_by(|a, b| b.created.cmp(&a.created).then_with(|| a.id.cmp(&b.id)));
        Ok(views)
    }

    /// Makes a key good for nothing, at once. A key may always revoke itself.
    pub async fn revoke_key(&self, caller: &Caller, id: &KeyId) -> Result<(), Error> {
        let act = Act::on_key("revoke_key", id);
        let (sigyl, who, id) = (self.clone(), caller.clone(), id.clone());
        let work = async move {
            let _one_at_a_time = sigyl.inner.members.lock().await;
            let store = &sigyl.inner.platform.store;
            let found = store.holder(&id).await?;
            let found = found.filter(|found| may_handle(&who, &found.key));
            let found = found.ok_or_else(|| Error::NoKey(id.clone()))?;
            let itself = who.key().is_some_and(|own| own.key.id == id);
            if !itself && who.account() == Some(&found.account.id) {
                who.require(Action::Keys)?;
            }
            require_above(&who, &found)?;
            sigyl.keep_a_way_in(&who, &found).await?;
            let at = sigyl.inner.platform.clock.now();
            store.apply(Change::RevokeKey { id, at }).await?;
            Ok(())
        };
        self.audited(caller, act, work).await
    }

    /// Refuses to revoke the last key that an administrator can come in by. The owner of the data directory may: they need
    /// none to make another.
    async fn keep_a_way_in(&self, caller: &Caller, going: &Holder) -> Result<(), Error> {
        let now = self.inner.platform.clock.now();
        if caller.key().is_none() || !going.account.administrator || !lets_administer(&going.key, now) {
            return Ok(());
        }
        for account in self.administrators().await? {
            let keys = self.inner.platform.store.keys_of(&account.id).await?;
            if keys.iter().any(|key| key.id != going.key.id && lets_administer(key, now)) {
                return Ok(());
            }
        }
        Err(Error::LastWayIn("the last key of an administrator: make another one first"))
    }

    /// Writes down how often keys were used until now.
    pub async fn write_uses_down(&self) -> Result<(), Error> {
        let _one_at_a_time = self.inner.writing_uses.lock().await;
        let uses = self.inner.uses.take();
        if uses.is_empty() {
            return Ok(());
        }
        let kept = self.inner.platform.store.apply(Change::KeyUses(uses.clone())).await;
        if kept.is_err() {
            self.inner.uses.give_back(uses);
        }
        Ok(kept.map(|_| ())?)
    }

    fn write_uses_down_later(&self, now: Timestamp) {
        if !self.inner.uses.is_due(now, USES_KEPT) {
            return;
        }
        let sigyl = self.clone();
        tokio::spawn(async move {
            if let Err(error) = sigyl.write_uses_down().await {
                tracing::warn!(%error, "uses of keys could not be written down yet");
            }
        });
    }

    pub(super) async fn pepper(&self) -> Result<&Pepper, Error> {
        let platform = &self.inner.platform;
        let make = async || {
            let _sealing = self.inner.sealing.read().await;
            Pepper::ensure(&*platform.store, &platform.vault, platform.clock.now()).await
        };
        Ok(self.inner.pepper.get_or_try_init(make).await?)
    }

    /// Finds whose keys are meant: the caller's own, or those of an account that an administrator names. The owner of
    /// the data directory has no account, and means the first one.
    async fn account_for(&self, caller: &Caller, named: Option<&Login>) -> Result<Account, Error> {
        match (named, caller.key()) {
            (Some(login), _) if !is_own(caller, login) => {
                caller.require(Action::Administer)?;
                self.known_account(login).await
            }
            (_, Some(holder)) => Ok(holder.account.clone()),
            (_, None) => {
                caller.require(Action::Administer)?;
                self.first_account().await
            }
        }
    }
}

/// Refuses to take a key from somebody who holds more than the caller where the key is good: an owner's from an admin, an
/// administrator's from everybody else.
fn require_above(caller: &Caller, found: &Holder) -> Result<(), Denied> {
    let Some(own) = caller.key() else { return Ok(()) };
    if caller.may(Action::Administer) || own.account.id == found.account.id {
        return Ok(());
    }
    let role = |holder: &Holder| found.key.workspace.as_ref().and_then(|it| holder.role_in(it));
    if found.account.administrator || role(found) > role(own) {
        return Err(Denied::new(caller, format!("revoke a key of {}, who holds more", found.account.login)));
    }
    Ok(())
}

/// A key that is the address of a view shows the registry, and does nothing else; administrators alone make one. It stands
/// in addresses, which are written down in many places: it must be worth no more than what it shows.
fn check_view(caller: &Caller, new: &mut NewKey) -> Result<(), Error> {
    let Some(view) = &new.view else { return Ok(()) };
    caller.require(Action::Administer)?;
    if !new.scopes.is_empty() && new.scopes != [Scope::anywhere(Action::Browse)] {
        let why = "a view only shows the registry: it takes no other scope than browse".to_owned();
        return Err(AccessError::Terms(why).into());
    }
    if view.names.len() > Shows::MOST_NAMES {
        let why = format!("a view has at most {} patterns of names", Shows::MOST_NAMES);
        return Err(AccessError::Terms(why).into());
    }
    new.scopes = vec![Scope::anywhere(Action::Browse)];
    Ok(())
}

fn is_own(caller: &Caller, login: &Login) -> bool {
    caller.key().is_some_and(|holder| holder.account.login == *login)
}

/// Tells whether an administrator can do with this key what only they may.
fn lets_administer(key: &ApiKey, now: Timestamp) -> bool {
    let is_good = key.revoked.is_none() && key.expires.is_none_or(|end| end > now);
    let is_for_it = key.scopes.iter().any(|scope| scope.allows(Action::Administer));
    is_good && is_for_it && key.workspace.is_none()
}

/// Tells whether a key is the caller's own, or one that it manages.
fn may_handle(caller: &Caller, key: &ApiKey) -> bool {
    let manages = |workspace: &WorkspaceName| caller.may_in(Action::Manage, workspace);
    caller.may(Action::Administer)
        || caller.account() == Some(&key.account)
        || key.workspace.as_ref().is_some_and(manages)
}

/// Gives a new key the bounds of the one that makes it, where it names none, and refuses to go beyond them.
fn inherit(caller: &Caller, new: &mut NewKey) -> Result<(), Error> {
    let Some(own) = caller.key().map(|holder| &holder.key) else {
        if new.scopes.is_empty() {
            new.scopes.push(Scope::EVERYTHING);
        }
        return Ok(());
    };
    if new.scopes.is_empty() {
        new.scopes.clone_from(&own.scopes);
    }
    if new.networks.is_empty() {
        new.networks.clone_from(&own.networks);
    }
    new.workspace = new.workspace.take().or_else(|| own.workspace.clone());
    new.expires = new.expires.or(own.expires);
    let is_within = |network| own.networks.iter().any(|own| own.covers(network));
    if !own.networks.is_empty() && !new.networks.iter().all(is_within) {
        return Err(Denied::new(caller, "make a key for addresses that its own key is not for").into());
    }
    if own.expires.is_some_and(|end| new.expires.is_none_or(|new| new > end)) {
        return Err(Denied::new(caller, "make a key that outlives its own").into());
    }
    Ok(())
}
