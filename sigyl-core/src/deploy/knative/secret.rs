//! Secrets of servers: a Secret of Kubernetes for each value of each instance, which nobody can change.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::call::{Call, SECRETS};
use super::cluster::{Cluster, KubeError};
use super::names::{INSTANCE, SERVER, is_for, labels, secret, selector};
use super::refusal::Class;
use crate::deploy::TargetError;
use crate::deploy::image::Names;
use crate::domain::{RevisionId, SecretName, SecretValue};

/// Bytes of a value at most: a variable of a process holds little more.
const MOST: usize = 64 << 10;
/// The member that the value is in.
const KEY: &str = "value";
/// Things of one page of a list.
const PAGE: &str = "250";
/// Pages of a list that are read at most.
const PAGES: usize = 40;

/// A value that a server is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bound {
    /// The variable that the server finds it in.
    pub(super) variable: SecretName,
    /// The name of its secret.
    secret: String,
}

impl Bound {
    /// Writes it as a variable of a container.
    pub(super) fn as_variable(&self) -> Value {
        let reference = json!({"name": self.secret, "key": KEY});
        json!({"name": self.variable.as_str(), "valueFrom": {"secretKeyRef": reference}})
    }

    /// The value that an instance has in a variable.
    pub(super) fn of(names: &Names, instance: &RevisionId, variable: &SecretName) -> Self {
        Self { variable: variable.clone(), secret: secret(names, instance, variable) }
    }
}

#[derive(Deserialize)]
struct Page {
    metadata: PageMetadata,
    items: Vec<Value>,
}

#[derive(Deserialize)]
struct PageMetadata {
    #[serde(default, rename = "continue")]
    next: String,
}

impl Cluster {
    /// Puts a value into a secret of its own.
    pub(super) async fn put_secret(
        &self,
        names: &Names,
        instance: &RevisionId,
        variable: &SecretName,
        value: &SecretValue,
    ) -> Result<Bound, TargetError> {
        let bytes = value.reveal().as_bytes();
        if bytes.len() > MOST {
            return Err(TargetError::Unsupported(format!(
                "the value of {variable} has {} bytes, and {MOST} can be kept: give the server a shorter one",
                bytes.len()
            )));
        }
        let bound = Bound::of(names, instance, variable);
        let mut own = labels(names);
        own[INSTANCE] = Names::tag(instance).into();
        let about = json!({SERVER: names.server().as_str(), INSTANCE: instance.as_str()});
        let body = json!({
            "apiVersion": "v1", "kind": "Secret", "type": "Opaque", "immutable": true,
            "metadata": {
                "name": bound.secret, "namespace": self.namespace(), "labels": own, "annotations": about,
            },
            "data": {KEY: STANDARD.encode(bytes)},
        });
        let create = || Call::create(&SECRETS, self.namespace(), body.clone()).hushed();
        match self.call::<Value>(create()).await {
            Err(error) if error.is(&Class::Exists) => {
                // A try of the same instance left it, or nobody heard that it was made. It cannot be changed.
                self.remove_secret(names, &bound.secret).await?;
                self.call::<Value>(create()).await?;
            }
            made => drop(made?),
        }
        Ok(bound)
    }

    /// Removes one secret of a server. One that does not say that it is stays.
    async fn remove_secret(&self, names: &Names, name: &str) -> Result<(), KubeError> {
        let own = self.secrets_of(names).await?;
        if own.iter().any(|one| one["metadata"]["name"] == *name) {
            self.gone(Call::delete(&SECRETS, self.namespace(), name)).await?;
        }
        Ok(())
    }

    /// Removes the secrets of a server whose instance is chosen, by its tag; returns what was removed.
    pub(super) async fn remove_secrets(
        &self,
        names: &Names,
        is_chosen: impl Fn(&str) -> bool,
    ) -> Result<Vec<String>, KubeError> {
        let mut removed = Vec::new();
        for one in self.secrets_of(names).await? {
            let text =
                |pointer: &str| one.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
            let (name, tag) = (text("/metadata/name"), text(&format!("/metadata/labels/{INSTANCE}")));
            if is_chosen(&tag) && self.gone(Call::delete(&SECRETS, self.namespace(), &name)).await? {
                removed.push(format!("the secret {name}"));
            }
        }
        Ok(removed)
    }

    /// Lists the secrets of a server, without what is in them.
    async fn secrets_of(&self, names: &Names) -> Result<Vec<Value>, KubeError> {
        let mut found = self.all(&SECRETS, names).await?;
        // What the selector lets through is looked at: nothing else is removed.
        found.retain(|one| is_for(one, names));
        Ok(found)
    }

    /// Lists the things of a kind that say that they are for a server: their metadata alone.
    pub(super) async fn all(
        &self,
        noun: &'static super::call::Noun,
        names: &Names,
    ) -> Result<Vec<Value>, KubeError> {
        let (mut found, mut next) = (Vec::new(), String::new());
        let list = || Call::list(noun, self.namespace(), &selector(names)).metadata().with("limit", PAGE);
        for _ in 0..PAGES {
            let call = if next.is_empty() { list() } else { list().with("continue", &next) };
            let page: Page = self.call(call).await?;
            found.extend(page.items);
            if page.metadata.next.is_empty() {
                return Ok(found);
            }
            next = page.metadata.next;
        }
        Err(KubeError::Answer { call: list().name(), why: format!("it has more than {PAGES} pages") })
    }
}
