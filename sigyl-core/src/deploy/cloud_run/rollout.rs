//! From an image to a revision that serves: without traffic first, then with all of it, and back.

use serde_json::{Value, json};

use super::call::Call;
use super::endpoints::Api;
use super::google::{Google, GoogleError};
use super::operation::{Begun, Operation};
use super::pin::Made;
use super::policy::Guarded;
use super::refusal::{Class, member};
use super::service::{Service, Share, Wanted, body, short};
use crate::deploy::TargetError;
use crate::deploy::image::Names;
use crate::domain::RevisionId;

const GET: &str = "run.projects.locations.services.get";
const CREATE: &str = "run.projects.locations.services.create";
const PATCH: &str = "run.projects.locations.services.patch";
const DELETE: &str = "run.projects.locations.services.delete";
pub(super) const INVOKER: &str = "roles/run.invoker";
/// How often a service is read anew because somebody else changed it.
const ROUNDS: usize = 5;

/// A revision that can be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    /// Its own address.
    pub url: String,
    /// The address of its service, which tokens are made out to.
    pub service: String,
}

impl Google {
    pub(super) fn service_path(&self, names: &Names) -> String {
        format!("projects/{}/locations/{}/services/{}", self.project(), self.region(), names.service())
    }

    fn begun_in_run(&self, call: &'static str) -> Begun {
        let asked = "run.projects.locations.operations.get";
        Begun { call, asked, api: Api::Run, version: "v2", limit: self.patience().operation }
    }

    /// Reads a service; nothing where there is none.
    pub(super) async fn service(&self, names: &Names) -> Result<Option<Service>, GoogleError> {
        let path = format!("v2/{}", self.service_path(names));
        match self.call::<Service>(Call::get(GET, Api::Run, path)).await {
            // Written back without them, it could be another one, or undo what somebody else changed.
            Ok(service) if service.name.is_empty() || service.etag.is_empty() => {
                let why = "the service has no name or no etag".to_owned();
                Err(GoogleError::Answer { call: GET, why })
            }
            Ok(service) => Ok(Some(service)),
            Err(error) if error.is(&Class::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Makes a revision beside whatever serves. A service of somebody else under the same name is left alone.
    pub async fn roll_out(&self, wanted: &Wanted, is_new: bool) -> Result<Reached, TargetError> {
        let tag = Names::tag(&wanted.revision);
        let mut rounds = 1;
        loop {
            let found = self.own_service(wanted).await?;
            match self.settled(is_new, || self.check(wanted, found.as_ref(), &tag)).await {
                Err(error) if rounds < ROUNDS && error.is(&Class::Aborted) => rounds += 1,
                checked => break checked?,
            }
        }
        let mut is_lost = false;
        loop {
            let found = self.own_service(wanted).await?;
            // What was lost may be there all the same: once more would leave a revision that nobody knows.
            if is_lost && found.as_ref().is_some_and(|service| service.leads_to(wanted, &tag)) {
                break;
            }
            match self.write(wanted, found.as_ref(), &tag).await {
                Err(TargetError::Remote(error)) if rounds < ROUNDS && error.is_lost() => {
                    (rounds, is_lost) = (rounds + 1, true);
                }
                Err(error) => return Err(error),
                Ok(()) => break,
            }
        }
        let Some(service) = self.service(&wanted.names).await? else {
            let name = wanted.names.service();
            return Err(TargetError::Start(format!(
                "somebody removed the service {name} while it started; deploy again"
            )));
        };
        if let Some(why) = service.trouble() {
            return Err(TargetError::Start(why));
        }
        let service = self.pin(wanted, &service, &tag).await?;
        let (_, url) = service.tagged(&tag).ok_or_else(|| {
            TargetError::Start(format!("Cloud Run names no address for the tag {tag} of {}", service.name))
        })?;
        Ok(Reached { url, service: service.uri })
    }

    /// Reads the service of a server. One of somebody else under the same name is refused.
    async fn own_service(&self, wanted: &Wanted) -> Result<Option<Service>, TargetError> {
        let found = self.service(&wanted.names).await?;
        let is_own = |service: &Service| {
            service.annotations.get("sigyl-server").map(String::as_str) == Some(wanted.server.as_str())
        };
        match found {
            Some(service) if !is_own(&service) => Err(TargetError::Unsupported(format!(
                "the service {} was not made for this server by Sigyl, and is left as it is: rename the server, or remove \
                 the service",
                service.name
            ))),
            found => Ok(found),
        }
    }

    /// Lets Google check what would be written.
    async fn check(&self, wanted: &Wanted, found: Option<&Service>, tag: &str) -> Result<(), GoogleError> {
        let call = self.writing(wanted, found, tag).with("validateOnly", "true").safe();
        self.call::<Value>(call).await.map(|_| ())
    }

    async fn write(&self, wanted: &Wanted, found: Option<&Service>, tag: &str) -> Result<(), TargetError> {
        let operation = self.call::<Operation>(self.writing(wanted, found, tag)).await?;
        let name = if found.is_none() { CREATE } else { PATCH };
        match self.finished(self.begun_in_run(name), operation).await {
            // What Google says of a revision that does not start is about the server.
            Err(GoogleError::Failed { message, .. }) => Err(TargetError::Start(message)),
            other => Ok(other.map(|_| ())?),
        }
    }

    /// Puts the call together that makes a revision, behind a tag and without traffic where there is another one.
    fn writing(&self, wanted: &Wanted, found: Option<&Service>, tag: &str) -> Call {
        let mut shares = found.map(|service| service.shares_without(tag)).unwrap_or_default();
        // The first one has all traffic, and nobody is led to it yet.
        let rest = if shares.is_empty() { 100 } else { 0 };
        shares.push(Share::of_newest(rest, tag.to_owned()));
        let mut body = body(wanted, &shares);
        match found {
            None => {
                let parent = format!("v2/projects/{}/locations/{}/services", self.project(), self.region());
                Call::post(CREATE, Api::Run, parent, body).with("serviceId", wanted.names.service())
            }
            Some(service) => {
                body["etag"] = service.etag.as_str().into();
                let call = Call::patch(PATCH, Api::Run, format!("v2/{}", service.name), body);
                call.with("updateMask", "labels,annotations,client,clientVersion,template,traffic")
            }
        }
    }

    /// Lets an account call a service, and nobody else; tells whether that is new.
    pub async fn let_in(&self, names: &Names, account: &str, is_new: bool) -> Result<bool, GoogleError> {
        let what = Guarded::Service(self.service_path(names));
        self.grant(&what, &[INVOKER], &member(account), is_new).await
    }

    /// Finds an instance; nothing if it is not there.
    pub async fn find(&self, made: &Made<'_>) -> Result<Option<Reached>, TargetError> {
        let Some(service) = self.service(made.names).await? else { return Ok(None) };
        let found = self.still(&service, made).await?;
        Ok(found.map(|(_, url)| Reached { url, service: service.uri }))
    }

    /// Gives all traffic to an instance. The others stay, so that it can be given back to the one that has it now.
    pub async fn shift(&self, made: &Made<'_>) -> Result<(), TargetError> {
        let (tag, names) = (Names::tag(made.revision), made.names);
        let gone = || TargetError::Start(format!("the instance {} is not there any more", made.revision));
        let service = self.service(names).await?.ok_or_else(gone)?;
        let (own, _) = self.still(&service, made).await?.ok_or_else(gone)?;
        let to_own = |service: &Service| {
            // It was looked at, and no other one is.
            service.tagged(&tag).filter(|(name, _)| short(name) == own)?;
            let mut shares = service.shares_without(&tag);
            shares.retain(|share| share.tag.is_some());
            // Whoever has traffic now comes last: it is given back to that one, and to none that never served.
            shares.sort_by_key(|share| share.percent.unwrap_or_default());
            shares.iter_mut().for_each(|share| share.percent = Some(0));
            shares.push(Share::of(&own, 100, Some(tag.clone())));
            Some(shares)
        };
        self.redirect(names, to_own).await?.ok_or_else(|| {
            TargetError::Start(format!(
                "somebody else changed the service {} while its traffic was shifted; deploy again",
                names.service()
            ))
        })
    }

    /// Takes an instance away: its traffic goes back to the one before it, and without another one the service goes too.
    /// A revision that its tag leads to and that does not say that it is this instance stays. Tells whether it removed the
    /// service.
    pub async fn take_back(&self, names: &Names, revision: &RevisionId) -> Result<bool, TargetError> {
        let tag = Names::tag(revision);
        let Some(service) = self.service(names).await? else { return Ok(false) };
        let Some(led) = service.led_to(&tag).map(str::to_owned) else { return Ok(false) };
        let is_own = self.is_own(&service, &led, names, revision).await?;
        if service.shares_without(&tag).is_empty() {
            return match is_own {
                true => Ok(self.remove_service(names).await.map(|_| true)?),
                false => Err(TargetError::Unsupported(format!(
                    "the service {} leads to the revision {led} alone, which was not made for the instance {revision}: it \
                     is left as it is, and goes when the server is deleted",
                    names.service()
                ))),
            };
        }
        self.take_tag(names, revision).await?;
        let Some(after) = self.service(names).await? else { return Ok(false) };
        // The newest revision of a service cannot be removed; without traffic it costs nothing.
        if led.is_empty() || !is_own || after.has_use_for(&led) {
            return Ok(false);
        }
        Ok(self.remove_revision(names, &led).await.map(|()| false)?)
    }

    /// Takes the tag of an instance away, and gives its traffic to the one that had it before: the last of the others.
    async fn take_tag(&self, names: &Names, revision: &RevisionId) -> Result<(), TargetError> {
        let tag = Names::tag(revision);
        let without = |service: &Service| {
            let mut shares = service.shares_without(&tag);
            let given: u32 = shares.iter().filter_map(|share| share.percent).sum();
            let last = shares.last_mut()?;
            last.percent = Some(last.percent.unwrap_or_default() + 100_u32.saturating_sub(given));
            Some(shares)
        };
        match self.redirect(names, without).await {
            // A newest revision that does not start fails every change after it; the traffic is where it was sent.
            Err(TargetError::Start(_)) => {
                let after = self.service(names).await?.unwrap_or_default();
                match after.led_to(&tag) {
                    None => Ok(()),
                    Some(_) => {
                        Err(TargetError::Start(format!("the instance {revision} could not be taken back")))
                    }
                }
            }
            other => other.map(|_| ()),
        }
    }

    /// Changes the traffic of a service, and anew if somebody else changed it meanwhile; nothing if there is none to change.
    pub(super) async fn redirect(
        &self,
        names: &Names,
        shares: impl Fn(&Service) -> Option<Vec<Share>>,
    ) -> Result<Option<()>, TargetError> {
        let mut rounds = 1;
        loop {
            let Some(service) = self.service(names).await? else { return Ok(None) };
            let Some(traffic) = shares(&service) else { return Ok(None) };
            if traffic == service.traffic {
                return Ok(Some(()));
            }
            let body = json!({"traffic": traffic, "etag": service.etag});
            let call = Call::patch(PATCH, Api::Run, format!("v2/{}", service.name), body);
            match self.call::<Operation>(call.with("updateMask", "traffic").safe()).await {
                Ok(operation) => match self.finished(self.begun_in_run(PATCH), operation).await {
                    Err(GoogleError::Failed { message, .. }) => return Err(TargetError::Start(message)),
                    other => return Ok(other.map(|_| Some(()))?),
                },
                Err(error) if error.is(&Class::Aborted) && rounds < ROUNDS => rounds += 1,
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Removes a revision that nobody is led to.
    pub(super) async fn remove_revision(&self, names: &Names, name: &str) -> Result<(), GoogleError> {
        const CALL: &str = "run.projects.locations.services.revisions.delete";
        let path = format!("v2/{}/revisions/{}", self.service_path(names), short(name));
        match self.call::<Operation>(Call::delete(CALL, Api::Run, path)).await {
            Ok(operation) => self.finished(self.begun_in_run(CALL), operation).await.map(|_| ()),
            Err(error) if error.is(&Class::NotFound) || error.is(&Class::Precondition) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Removes a service with all its revisions; returns what was removed. One that Sigyl did not make for this server is
    /// refused.
    pub async fn remove_service(&self, names: &Names) -> Result<Vec<String>, GoogleError> {
        let Some(service) = self.service(names).await? else { return Ok(Vec::new()) };
        let made_for = service.annotations.get("sigyl-server");
        if made_for.is_none_or(|server| server != names.server().as_str()) {
            return Err(GoogleError::Answer {
                call: DELETE,
                why: format!(
                    "the service {} does not say that Sigyl made it for this server; remove it yourself, and delete again",
                    service.name
                ),
            });
        }
        let path = format!("v2/{}", self.service_path(names));
        match self.call::<Operation>(Call::delete(DELETE, Api::Run, path)).await {
            Ok(operation) => {
                self.finished(self.begun_in_run(DELETE), operation).await?;
                Ok(vec![format!("the service {} in {}", names.service(), self.region())])
            }
            Err(error) if error.is(&Class::NotFound) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }
}
