//! From an image to a revision that serves: without traffic first, then with all of it, and back.

use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use super::call::{Call, REVISIONS, SERVICES};
use super::cluster::{Cluster, KubeError};
use super::names::revision;
use super::pin::Made;
use super::service::{Thing, Wanted, body};
use super::share::{Share, all_to, given_back};
use crate::deploy::TargetError;
use crate::deploy::image::Names;
use crate::domain::RevisionId;

/// How often a service is read anew because somebody else changed it.
const ROUNDS: usize = 5;

/// How far something is that the cluster does by itself.
enum Seen<T> {
    Done(T),
    /// What is still missing.
    Waiting(String),
}

impl Cluster {
    /// Reads the service of a server; nothing where there is none.
    pub(super) async fn service(&self, names: &Names) -> Result<Option<Thing>, KubeError> {
        let call = Call::get(&SERVICES, self.namespace(), names.service());
        let called = call.name();
        let found = self.found::<Value>(call).await?.map(Thing::read).transpose();
        found.map_err(|why| KubeError::Answer { call: called, why })
    }

    /// The same where Sigyl made it for this server; one of somebody else is as good as none, and is left alone.
    pub(super) async fn own_service(&self, names: &Names) -> Result<Option<Thing>, KubeError> {
        Ok(self.service(names).await?.filter(|service| service.is_for(names)))
    }

    fn somebody_elses(&self, names: &Names) -> TargetError {
        TargetError::Unsupported(format!(
            "the service {} in the namespace {} was not made for this server by Sigyl, and is left as it is: rename the \
             server, or remove the service",
            names.service(),
            self.namespace()
        ))
    }

    /// Makes a revision beside whatever serves, and waits until it is ready; returns its address.
    pub(super) async fn roll_out(&self, wanted: &Wanted) -> Result<String, TargetError> {
        let mut rounds = 1;
        loop {
            match self.write(wanted).await {
                Err(TargetError::Remote(error)) if rounds < ROUNDS && error.is_lost() => rounds += 1,
                written => break written?,
            }
        }
        let limit = self.patience().ready.max(wanted.start.unwrap_or_default());
        let url = self.wait(limit, || self.look_at(wanted)).await?;
        let url = match url {
            Ok(url) => url,
            Err(missing) => {
                let limit = limit.as_secs();
                return Err(TargetError::Start(format!("it was not ready after {limit} s: {missing}")));
            }
        };
        self.require(wanted).await?;
        Ok(url)
    }

    /// Writes a revision behind a tag, without traffic where there is another one.
    async fn write(&self, wanted: &Wanted) -> Result<(), TargetError> {
        let name = revision(&wanted.names, &wanted.instance);
        let found = self.service(&wanted.names).await?;
        let mut shares = found.as_ref().map(|it| it.shares_without(&name)).unwrap_or_default();
        // The first one has all traffic, and nobody is led to it yet.
        let rest = if shares.is_empty() { 100 } else { 0 };
        shares.push(Share::of(&name, rest, Names::tag(&wanted.instance)));
        let call = match found {
            Some(service) if !service.is_for(&wanted.names) => {
                return Err(self.somebody_elses(&wanted.names));
            }
            // It was written, and nobody heard of it. What it came to is looked at in any case.
            Some(service) if service.newest() == name => return Ok(()),
            Some(service) => {
                let body = service.with(wanted, self, &shares);
                Call::replace(&SERVICES, self.namespace(), wanted.names.service(), body)
            }
            None => Call::create(&SERVICES, self.namespace(), body(wanted, self, &shares)),
        };
        Ok(self.call::<Value>(call).await.map(|_| ())?)
    }

    /// Looks whether a revision is ready and can be reached.
    async fn look_at(&self, wanted: &Wanted) -> Result<Seen<String>, TargetError> {
        let (name, tag) = (revision(&wanted.names, &wanted.instance), Names::tag(&wanted.instance));
        let found = self.revision(&name).await?;
        if let Some(found) = &found {
            match found.condition("Ready") {
                ("False", why) => return Err(TargetError::Start(why)),
                ("True", _) => {}
                (_, why) => return Ok(Seen::Waiting(why)),
            }
        }
        let Some(service) = self.service(&wanted.names).await? else {
            return Err(TargetError::Start(format!(
                "somebody removed the service {} while it started; deploy again",
                wanted.names.service()
            )));
        };
        if service.newest() != name {
            return Err(TargetError::Start(format!(
                "somebody else changed the service {} while it was deployed; deploy again",
                wanted.names.service()
            )));
        }
        if found.is_none() {
            // A revision that cannot even be made is told by the service alone.
            return match service.condition("ConfigurationsReady") {
                ("False", why) if service.is_observed() => Err(TargetError::Start(why)),
                (_, why) => Ok(Seen::Waiting(why)),
            };
        }
        match (service.is_observed(), service.condition("RoutesReady"), service.address(&tag, &name)) {
            (true, ("True", _), Some(url)) => Ok(Seen::Done(url)),
            (_, (_, why), _) => Ok(Seen::Waiting(why)),
        }
    }

    /// Looks again and again, until something is done or the time is over; then returns what was missing last.
    async fn wait<T, W: Future<Output = Result<Seen<T>, TargetError>>>(
        &self,
        limit: Duration,
        look: impl Fn() -> W,
    ) -> Result<Result<T, String>, TargetError> {
        let patience = self.patience();
        let (until, mut pause) = (Instant::now() + limit, patience.first);
        loop {
            match look().await? {
                Seen::Done(done) => return Ok(Ok(done)),
                Seen::Waiting(missing) if Instant::now() + pause >= until => return Ok(Err(missing)),
                Seen::Waiting(_) => {}
            }
            tokio::time::sleep(pause).await;
            pause = (2 * pause).min(patience.longest);
        }
    }

    /// Finds the address of an instance; nothing if it is not there.
    pub(super) async fn find(&self, made: &Made<'_>) -> Result<Option<String>, TargetError> {
        let Some(service) = self.own_service(made.names).await? else { return Ok(None) };
        self.still(&service, made).await
    }

    /// Gives all traffic to an instance. The others stay, so that it can be given back to the one that has it now.
    pub(super) async fn shift(&self, made: &Made<'_>) -> Result<(), TargetError> {
        let (names, name) = (made.names, made.revision());
        let gone = || TargetError::Start(format!("the instance {} is not there any more", made.instance));
        let service = self.own_service(names).await?.ok_or_else(gone)?;
        self.still(&service, made).await?.ok_or_else(gone)?;
        let to_own = |service: &Thing| {
            let is_led = service.shares().iter().any(|share| share.revision_name == name);
            is_led.then(|| all_to(&name, Names::tag(made.instance), service.shares_without(&name)))
        };
        match self.redirect(names, to_own, None).await? {
            true => self.settle(names, &|_| true).await,
            false => Err(gone()),
        }
    }

    /// Changes the traffic of a service, and anew if somebody else changed it meanwhile; tells whether there is one to change.
    async fn redirect(
        &self,
        names: &Names,
        shares: impl Fn(&Thing) -> Option<Vec<Share>>,
        template: Option<&Thing>,
    ) -> Result<bool, TargetError> {
        let mut rounds = 1;
        loop {
            let Some(service) = self.own_service(names).await? else { return Ok(false) };
            let Some(traffic) = shares(&service) else { return Ok(false) };
            let template = template.filter(|template| template.name() != service.newest());
            if traffic == service.shares() && template.is_none() {
                return Ok(true);
            }
            let body = service.redirected(&traffic, template.map(Thing::as_template));
            let call = Call::replace(&SERVICES, self.namespace(), names.service(), body);
            match self.call::<Value>(call).await {
                Ok(_) => return Ok(true),
                Err(error) if error.is_lost() && rounds < ROUNDS => rounds += 1,
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Waits until the cluster has done what was written last.
    async fn settle(
        &self,
        names: &Names,
        is_done: &(dyn Fn(&Thing) -> bool + Sync),
    ) -> Result<(), TargetError> {
        let limit = self.patience().settling;
        let look = || async {
            let Some(service) = self.own_service(names).await? else { return Ok(Seen::Done(())) };
            Ok(match service.condition("RoutesReady") {
                ("True", _) if service.is_observed() && is_done(&service) => Seen::Done(()),
                (_, why) => Seen::Waiting(why),
            })
        };
        match self.wait(limit, look).await? {
            Ok(()) => Ok(()),
            Err(missing) => {
                let what =
                    format!("the traffic of the service {} was not shifted ({missing})", names.service());
                Err(KubeError::Late { what, limit }.into())
            }
        }
    }

    /// Takes an instance away: its traffic goes back to the one before it, and without another one the service goes too. A
    /// revision that does not say that it is of this server stays. Tells whether it removed the service.
    pub(super) async fn take_back(&self, names: &Names, instance: &RevisionId) -> Result<bool, TargetError> {
        let name = revision(names, instance);
        let Some(service) = self.own_service(names).await? else { return Ok(false) };
        let others = service.shares_without(&name);
        if service.has_use_for(&name) {
            let Some(last) = given_back(others).into_iter().max_by_key(|share| share.percent) else {
                return self.remove_service(names).await.map(|_| true);
            };
            // As long as the service names a revision as its newest, the cluster makes it anew.
            let template = match service.newest() == name {
                true => self.revision(&last.revision_name).await?,
                false => None,
            };
            let without = |service: &Thing| Some(given_back(service.shares_without(&name)));
            if self.redirect(names, without, template.as_ref()).await? {
                self.settle(names, &|service| !service.has_use_for(&name)).await?;
            }
        }
        self.remove_revision(names, &name).await?;
        let tag = Names::tag(instance);
        self.remove_secrets(names, |of| of == tag).await?;
        Ok(false)
    }

    async fn remove_revision(&self, names: &Names, name: &str) -> Result<(), KubeError> {
        let Some(found) = self.revision(name).await?.filter(|found| found.is_for(names)) else {
            return Ok(());
        };
        let call = Call::delete(&REVISIONS, self.namespace(), name).of_uid(found.uid());
        self.gone(call).await.map(|_| ())
    }

    /// Removes a service with all its revisions, and waits until it is gone; returns what was removed. One that Sigyl did not
    /// make for this server is refused.
    pub(super) async fn remove_service(&self, names: &Names) -> Result<Vec<String>, TargetError> {
        let Some(service) = self.service(names).await? else { return Ok(Vec::new()) };
        if !service.is_for(names) {
            return Err(self.somebody_elses(names));
        }
        let call = Call::delete(&SERVICES, self.namespace(), names.service()).of_uid(service.uid());
        self.gone(call).await?;
        let limit = self.patience().settling;
        let look = || async {
            let found = self.service(names).await?.filter(|found| found.uid() == service.uid());
            Ok(match found {
                None => Seen::Done(()),
                Some(_) => Seen::Waiting(String::new()),
            })
        };
        match self.wait(limit, look).await? {
            Ok(()) => Ok(vec![format!("the service {} in {}", names.service(), self.namespace())]),
            Err(_) => {
                let what = format!("the service {} was not gone", names.service());
                Err(KubeError::Late { what, limit }.into())
            }
        }
    }
}
