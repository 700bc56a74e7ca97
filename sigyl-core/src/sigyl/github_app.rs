//! The GitHub App of this installation: kept with its keys sealed, shown without them, and let go of.

use super::Sigyl;
use super::app_desk::keys_of;
use super::audit::{Act, Told};
use crate::domain::{Action, Caller, SecretName, SecretValue, ServerName};
use crate::error::Error;
use crate::github::app::{AppError, check_key};
use crate::store::{Change, KeptApp, SealedSecret};
use crate::vault::VaultError;
use crate::wire::v1::{GitHubView, InForce, KeptGitHubApp, NewGitHubApp};

impl Told for GitHubView {
    fn told(&self) -> Option<String> {
        self.app.as_ref().map(|kept| format!("App {} at {}", kept.app.id, kept.app.web_url))
    }
}

impl Sigyl {
    /// Tells how GitHub is asked here, and which App is kept; never a key.
    pub async fn github_app(&self, caller: &Caller) -> Result<GitHubView, Error> {
        caller.require(Action::Operate)?;
        self.github_view().await
    }

    /// Keeps a GitHub App, its keys sealed, and asks as it at once where the configuration names nobody who asks. Another App
    /// than the one that is kept is a conflict; new keys of the same one take the place of the old.
    pub async fn keep_github_app(&self, caller: &Caller, new: NewGitHubApp) -> Result<GitHubView, Error> {
        let slug: String = new.app.slug.chars().filter(|c| !c.is_control()).take(100).collect();
        let (sigyl, who) = (self.clone(), caller.clone());
        let work = async move {
            who.require(Action::Operate)?;
            sigyl.seal_github_app(&who, new).await?;
            sigyl.github_view().await
        };
        self.audited(caller, Act::on("keep_github_app", slug, None), work).await
    }

    /// Lets go of the App that is kept. At GitHub it stays until its owner deletes it there.
    pub async fn forget_github_app(&self, caller: &Caller) -> Result<(), Error> {
        let (sigyl, who) = (self.clone(), caller.clone());
        let work = async move {
            who.require(Action::Operate)?;
            let desk = &sigyl.inner.desk;
            let _changing = desk.changing.lock().await;
            let store = &sigyl.inner.platform.store;
            if store.github_app().await?.is_none() {
                return Err(AppError::None.into());
            }
            store.apply(Change::ForgetGitHubApp).await?;
            desk.let_go();
            Ok(())
        };
        self.audited(caller, Act::on("forget_github_app", "github", None), work).await
    }

    async fn seal_github_app(&self, caller: &Caller, new: NewGitHubApp) -> Result<(), Error> {
        let NewGitHubApp { app, keys } = new;
        app.check().map_err(AppError::from)?;
        keys.check().map_err(AppError::from)?;
        check_key(&keys.private_key)?;
        let platform = &self.inner.platform;
        let _changing = self.inner.desk.changing.lock().await;
        let before = platform.store.github_app().await?;
        if let Some(other) = before.as_ref().filter(|it| it.app.id != app.id || !app.is_at(&it.app.web_url)) {
            return Err(AppError::Another(other.app.slug.clone()).into());
        }
        let _sealing = self.inner.sealing.read().await;
        let text = serde_json::to_string(&keys).map_err(|_| AppError::Unreadable)?;
        let (name, value) = (SecretName::github_app(), SecretValue::new(text));
        let sealed = platform.vault.seal(&ServerName::own(), &name, &value, platform.clock.now())?;
        let version = before.map_or(1, |before| before.sealed.version.saturating_add(1));
        let sealed = SealedSecret { by: Some(caller.name().to_owned()), version, ..sealed };
        let kept = KeptApp { app, sealed };
        // What is kept is what is used: it is opened again, as the next start does, and before anything is on record.
        let now = self.inner.desk.made(&kept.app, &keys_of(&platform.vault, &kept)?)?;
        platform.store.apply(Change::PutGitHubApp(Box::new(kept))).await?;
        self.inner.desk.put(now);
        Ok(())
    }

    /// Seals the keys anew, under the master key that seals now.
    pub(super) async fn reseal_github_app(&self) -> Result<(), Error> {
        let platform = &self.inner.platform;
        let _changing = self.inner.desk.changing.lock().await;
        let Some(kept) = platform.store.github_app().await? else { return Ok(()) };
        match platform.vault.reseal(&kept.sealed) {
            Ok(Some(sealed)) => {
                let kept = Box::new(KeptApp { sealed, ..kept });
                platform.store.apply(Change::PutGitHubApp(kept)).await?;
            }
            Ok(None) => {}
            // Nothing opens it any more, as at the next start: the rest goes over to the new key all the same.
            Err(VaultError::Changed { .. } | VaultError::OtherKey { .. } | VaultError::TooNew { .. }) => {
                tracing::warn!(
                    app = kept.app.slug,
                    "the keys of the GitHub App that is kept cannot be opened, and stay as they are"
                )
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    async fn github_view(&self) -> Result<GitHubView, Error> {
        let (work, desk) = (&self.inner.github, &self.inner.desk);
        let kept = self.inner.platform.store.github_app().await?;
        let in_force = |is_named: bool, is_kept: bool| match (is_named, is_kept) {
            (true, _) => InForce::Configuration,
            (false, true) => InForce::App,
            (false, false) => InForce::Nothing,
        };
        Ok(GitHubView {
            asks: in_force(work.api.is_some() || work.archives.is_some(), desk.api().is_some()),
            hooks: in_force(work.webhook_secret.is_some(), desk.webhook_secret().is_some()),
            note: desk.note().filter(|_| kept.is_some()),
            app: kept.map(|KeptApp { app, sealed }| KeptGitHubApp {
                app,
                since: sealed.updated,
                by: sealed.by,
            }),
        })
    }
}
