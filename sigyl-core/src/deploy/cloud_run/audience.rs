//! Who else may call a service: members of its role `run.invoker`, beside Sigyl.

use super::google::{Google, GoogleError};
use super::policy::{Guarded, same};
use super::refusal::{Class, member};
use super::rollout::INVOKER;
use crate::deploy::image::Names;
use crate::domain::Audience;

/// What a policy calls everybody.
const EVERYBODY: &str = "allUsers";

impl Google {
    /// Lets an audience call a service, and no more whom an earlier one let in. Whom others let in stays, and so does Sigyl.
    pub(super) async fn open_to(
        &self,
        names: &Names,
        wanted: &Audience,
        before: &Audience,
    ) -> Result<(), GoogleError> {
        let own = member(&self.invoker(&self.email(&names.account())).await?);
        let (add, mut remove) = (members(wanted), members(before));
        remove.retain(|one| !add.contains(one) && !same(one, &own));
        let what = Guarded::Service(self.service_path(names));
        match self.regrant(&what, INVOKER, &add, &remove).await {
            // Nobody is let in where there is no service.
            Err(error) if add.is_empty() && error.is(&Class::NotFound) => Ok(()),
            other => other.map(|_| ()),
        }
    }
}

fn members(audience: &Audience) -> Vec<String> {
    let all = audience.public.then(|| EVERYBODY.to_owned());
    all.into_iter().chain(audience.members.iter().map(ToString::to_string)).collect()
}
