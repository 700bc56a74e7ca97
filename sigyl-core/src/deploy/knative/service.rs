//! A service of Knative, as it is written and as it is read.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::cluster::Cluster;
use super::names::{INSTANCE, SERVER, SOURCE, labels, revision};
use super::refusal::plain;
use super::secret::Bound;
use super::share::Share;
use crate::deploy::TargetError;
use crate::deploy::image::Names;
use crate::domain::{Digest, Resources, RevisionId, ServerName, Version};

/// Names that Knative gives a value itself.
const RESERVED: [&str; 4] = ["PORT", "K_SERVICE", "K_REVISION", "K_CONFIGURATION"];
const VISIBILITY: &str = "networking.knative.dev/visibility";
const LOCAL: &str = "cluster-local";
/// Characters of a condition that are repeated.
const SAID: usize = 600;

/// What a revision is made of.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) names: Names,
    pub(super) server: ServerName,
    pub(super) version: Version,
    /// The source that the image was built from.
    pub(super) source: Digest,
    pub(super) instance: RevisionId,
    /// The image, by its digest.
    pub(super) image: String,
    pub(super) env: BTreeMap<String, String>,
    pub(super) secrets: Vec<Bound>,
    pub(super) port: u16,
    pub(super) resources: Resources,
    /// How long it may take until it is ready.
    pub(super) start: Option<Duration>,
}

/// A service or a revision as it is. What is not known here is kept when it is written back.
#[derive(Clone, Debug)]
pub(super) struct Thing(pub(super) Value);

impl Thing {
    /// Takes one that was read. Without these it could be another one, or undo what somebody else changed.
    pub(super) fn read(value: Value) -> Result<Self, String> {
        let is_there =
            |pointer: &str| value.pointer(pointer).and_then(Value::as_str).is_some_and(|it| !it.is_empty());
        match ["/metadata/name", "/metadata/uid", "/metadata/resourceVersion"].iter().find(|it| !is_there(it))
        {
            None => Ok(Self(value)),
            Some(missing) => Err(format!("it has no {missing}")),
        }
    }

    pub(super) fn name(&self) -> &str {
        self.text("/metadata/name")
    }

    pub(super) fn uid(&self) -> &str {
        self.text("/metadata/uid")
    }

    pub(super) fn text(&self, pointer: &str) -> &str {
        self.0.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    pub(super) fn annotation(&self, name: &str) -> &str {
        self.0["metadata"]["annotations"][name].as_str().unwrap_or_default()
    }

    /// Tells whether it says that it was made for a server.
    pub(super) fn is_for(&self, names: &Names) -> bool {
        super::names::is_for(&self.0, names) && self.annotation(SERVER) == names.server().as_str()
    }

    /// Tells whether what it says of itself is about what was written last.
    pub(super) fn is_observed(&self) -> bool {
        let generation = &self.0["metadata"]["generation"];
        generation.is_u64() && self.0["status"]["observedGeneration"] == *generation
    }

    /// Returns how a condition is (`True`, `False`, or anything else as long as nobody knows), and why.
    pub(super) fn condition(&self, kind: &str) -> (&str, String) {
        let all = self.0["status"]["conditions"].as_array().into_iter().flatten();
        let Some(found) = all.into_iter().find(|one| one["type"] == *kind) else {
            return ("Unknown", format!("nothing is said about {kind}"));
        };
        let text = |name: &str| plain(found[name].as_str().unwrap_or_default(), SAID);
        let why = [text("reason"), text("message")];
        let why = why.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(": ");
        let why = if why.is_empty() { format!("{kind} is not told why") } else { why };
        (found["status"].as_str().unwrap_or("Unknown"), why)
    }

    /// Returns the name of the revision that is made by what was written last.
    pub(super) fn newest(&self) -> &str {
        self.text("/spec/template/metadata/name")
    }

    fn shares_at(&self, pointer: &str) -> Vec<Share> {
        let all = self.0.pointer(pointer).and_then(Value::as_array).into_iter().flatten();
        let shares = all.filter_map(|one| serde_json::from_value::<Share>(one.clone()).ok());
        let named = |share: Share| match share.revision_name.is_empty() {
            true => Share { revision_name: self.text("/status/latestReadyRevisionName").to_owned(), ..share },
            false => share,
        };
        shares.map(named).map(|share| Share { latest_revision: false, ..share }).collect()
    }

    /// Returns who is to be led where, each by the name of its revision.
    pub(super) fn shares(&self) -> Vec<Share> {
        let mut shares = self.shares_at("/spec/traffic");
        shares.iter_mut().for_each(|share| share.url = None);
        shares
    }

    /// The same without one revision, and without what leads nowhere.
    pub(super) fn shares_without(&self, revision: &str) -> Vec<Share> {
        let mut shares = self.shares();
        shares.retain(|share| share.revision_name != revision && !share.revision_name.is_empty());
        shares
    }

    /// Tells whether anybody is led to a revision, or it is the one that is made.
    pub(super) fn has_use_for(&self, revision: &str) -> bool {
        self.newest() == revision || self.shares().iter().any(|share| share.revision_name == revision)
    }

    /// Returns the address that a tag has, if it leads to a revision by now.
    pub(super) fn address(&self, tag: &str, revision: &str) -> Option<String> {
        let shares = self.shares_at("/status/traffic");
        let share = shares.into_iter().find(|share| share.tag.as_deref() == Some(tag))?;
        share.url.filter(|url| share.revision_name == revision && !url.is_empty())
    }

    /// The same service, whose newest revision is the one wanted, with these parts of the traffic.
    pub(super) fn with(&self, wanted: &Wanted, cluster: &Cluster, traffic: &[Share]) -> Value {
        let (mut body, own) = (self.writable(), body(wanted, cluster, traffic));
        for members in ["labels", "annotations"] {
            let Some(own) = own["metadata"][members].as_object() else { continue };
            for (name, value) in own {
                body["metadata"][members][name] = value.clone();
            }
        }
        if cluster.is_public()
            && let Some(labels) = body["metadata"]["labels"].as_object_mut()
        {
            labels.remove(VISIBILITY);
        }
        body["spec"] = own["spec"].clone();
        body
    }

    /// The same service with other parts of the traffic and, if one is named, the template of another revision.
    pub(super) fn redirected(&self, traffic: &[Share], template: Option<Value>) -> Value {
        let mut body = self.writable();
        body["spec"]["traffic"] = json!(traffic);
        if let Some(template) = template {
            body["spec"]["template"] = template;
        }
        body
    }

    /// What can be written back: the version that was read is in it, so that nothing is undone which somebody else changed.
    fn writable(&self) -> Value {
        let mut body = self.0.clone();
        if let Some(members) = body.as_object_mut() {
            members.remove("status");
        }
        if let Some(metadata) = body["metadata"].as_object_mut() {
            metadata.remove("managedFields");
        }
        body
    }

    /// Returns the template that makes this revision, as it is, once more: the cluster then makes none.
    pub(super) fn as_template(&self) -> Value {
        let own = |members: &str, keeps: &dyn Fn(&str) -> bool| {
            let all = self.0["metadata"][members].as_object().into_iter().flatten();
            all.filter(|(name, _)| keeps(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
        };
        // What the cluster wrote beside what was asked for is its own.
        let labels: serde_json::Map<String, Value> = own("labels", &|name| !name.contains("knative.dev/"));
        let annotations: serde_json::Map<String, Value> =
            own("annotations", &|name| !name.starts_with("serving.knative.dev/"));
        let metadata = json!({"name": self.name(), "labels": labels, "annotations": annotations});
        json!({"metadata": metadata, "spec": self.0["spec"]})
    }
}

/// Writes the body of a new service.
pub(super) fn body(wanted: &Wanted, cluster: &Cluster, traffic: &[Share]) -> Value {
    let mut own = labels(&wanted.names);
    own[SOURCE] = wanted.source.hex()[..40].into();
    let mut of_service = own.clone();
    if !cluster.is_public() {
        of_service[VISIBILITY] = LOCAL.into();
    }
    let about = json!({
        SERVER: wanted.server.as_str(), "sigyl-version": wanted.version.to_string(), SOURCE: wanted.source.to_string(),
        INSTANCE: wanted.instance.as_str(),
    });
    own[INSTANCE] = Names::tag(&wanted.instance).into();
    json!({
        "apiVersion": "serving.knative.dev/v1",
        "kind": "Service",
        "metadata": {
            "name": wanted.names.service(), "namespace": cluster.namespace(), "labels": of_service,
            "annotations": about.clone(),
        },
        "spec": {"template": template(wanted, cluster, &own, about), "traffic": traffic},
    })
}

fn template(wanted: &Wanted, cluster: &Cluster, labels: &Value, about: Value) -> Value {
    let resources = &wanted.resources;
    // A session of the older protocol lives in one instance.
    let most = resources.max_instances.unwrap_or(1).max(1);
    let least = resources.min_instances.unwrap_or(0).min(most);
    let mut annotations = about;
    annotations["autoscaling.knative.dev/min-scale"] = least.to_string().into();
    annotations["autoscaling.knative.dev/max-scale"] = most.to_string().into();
    let mut spec = json!({
        "serviceAccountName": wanted.names.account(),
        "automountServiceAccountToken": false,
        "enableServiceLinks": false,
        "containerConcurrency": resources.concurrency.unwrap_or(0),
        "containers": [{
            "name": "server",
            "image": wanted.image,
            "ports": [{"name": "http1", "containerPort": wanted.port}],
            "env": variables(wanted),
            "resources": {"limits": limits(resources)},
            "securityContext": {
                "runAsNonRoot": true,
                "allowPrivilegeEscalation": false,
                "capabilities": {"drop": ["ALL"]},
                "seccompProfile": {"type": "RuntimeDefault"},
            },
        }],
    });
    if let Some(seconds) = resources.timeout {
        spec["timeoutSeconds"] = seconds.max(1).into();
    }
    if let Some(secret) = cluster.pull_secret() {
        spec["imagePullSecrets"] = json!([{"name": secret}]);
    }
    json!({
        "metadata": {
            "name": revision(&wanted.names, &wanted.instance), "labels": labels, "annotations": annotations,
        },
        "spec": spec,
    })
}

/// Writes what an instance may take: thousandths of a processor, bytes.
fn limits(resources: &Resources) -> Value {
    let mut limits = json!({});
    if let Some(cpu) = resources.cpu {
        // The manifest has checked that it is a number above zero.
        limits["cpu"] = format!("{:.0}m", (cpu * 1000.0).max(1.0)).into();
    }
    if let Some(memory) = resources.memory {
        limits["memory"] = memory.to_string().into();
    }
    limits
}

/// Refuses names of settings and secrets that Knative gives a value itself.
pub(super) fn require_free<'n>(mut names: impl Iterator<Item = &'n str>) -> Result<(), TargetError> {
    match names.find(|name| RESERVED.contains(name)) {
        None => Ok(()),
        Some(name) => Err(TargetError::Unsupported(format!(
            "Knative gives `{name}` a value itself: take it out of the settings and secrets of the server"
        ))),
    }
}

pub(super) fn variables(wanted: &Wanted) -> Vec<Value> {
    let is_secret = |name: &str| wanted.secrets.iter().any(|one| one.variable.as_str() == name);
    let plain = wanted.env.iter().filter(|(name, _)| !is_secret(name));
    let plain = plain.map(|(name, value)| json!({"name": name, "value": value}));
    let secret = wanted.secrets.iter().map(Bound::as_variable);
    plain.chain(secret).collect()
}
