//! The account that a server runs as: its own, without any right and without a token.

use serde_json::{Value, json};

use super::call::{ACCOUNTS, Call};
use super::cluster::{Cluster, KubeError};
use super::names::{SERVER, is_for, labels};
use super::refusal::Class;
use crate::deploy::TargetError;
use crate::deploy::image::Names;

impl Cluster {
    /// Makes the account of a server if it is not there. One of somebody else under the same name is refused.
    pub(super) async fn keep_account(&self, names: &Names) -> Result<(), TargetError> {
        let name = names.account();
        let get = || Call::get(&ACCOUNTS, self.namespace(), &name);
        let found = match self.found::<Value>(get()).await? {
            Some(found) => found,
            None => match self.make_account(names, &name).await {
                Ok(()) => return Ok(()),
                // Nobody heard that it was made, or another release made it at the same time.
                Err(error) if error.is(&Class::Exists) => self.call(get()).await?,
                Err(error) => return Err(error.into()),
            },
        };
        let has_token = found["automountServiceAccountToken"] != false;
        match is_for(&found, names) && !has_token {
            true => Ok(()),
            false => Err(TargetError::Unsupported(format!(
                "the service account {name} in the namespace {} is not as Sigyl makes it for this server, and is left as it \
                 is: remove it, and deploy again",
                self.namespace()
            ))),
        }
    }

    async fn make_account(&self, names: &Names, name: &str) -> Result<(), KubeError> {
        let body = json!({
            "apiVersion": "v1", "kind": "ServiceAccount", "automountServiceAccountToken": false,
            "metadata": {
                "name": name, "namespace": self.namespace(), "labels": labels(names),
                "annotations": {SERVER: names.server().as_str()},
            },
        });
        self.call::<Value>(Call::create(&ACCOUNTS, self.namespace(), body)).await.map(|_| ())
    }

    /// Removes the account of a server; returns what was removed.
    pub(super) async fn remove_account(&self, names: &Names) -> Result<Vec<String>, KubeError> {
        let name = names.account();
        let get = Call::get(&ACCOUNTS, self.namespace(), &name);
        let Some(found) = self.found::<Value>(get).await? else { return Ok(Vec::new()) };
        if !is_for(&found, names) {
            return Ok(Vec::new());
        }
        let is_gone = self.gone(Call::delete(&ACCOUNTS, self.namespace(), &name)).await?;
        Ok(is_gone.then(|| format!("the service account {name}")).into_iter().collect())
    }
}
