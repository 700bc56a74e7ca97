//! One call of the API server: with a token, again where it failed in passing, and refused in the words of the cluster.
//!
//! Every call comes to the same, however often it is made: what is made has a name of its own, what is replaced has the
//! version that it replaces, and what is removed is gone.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::cluster::{Cluster, KubeError};
use super::refusal::{Class, Refusal};
use crate::web::{Heard, Method, Question, WebError, encoded};

/// Bytes of an answer at most.
const MOST: usize = 8 << 20;
const JSON: &str = "application/json";
/// What says of many things all but what is in them: values of secrets are never asked for.
const METADATA: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

/// How long calls are tried, and how long is waited for what the cluster does by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// How long one answer may take.
    pub answer: Duration,
    /// The first pause between two tries, and between two looks; each is twice the one before.
    pub first: Duration,
    /// The longest pause that is made unasked.
    pub longest: Duration,
    /// The longest pause that is made when the cluster asks for one; where it asks for more, its refusal is handed on at once.
    pub obeyed: Duration,
    /// How often a call is made at most.
    pub tries: u32,
    /// How long a revision may take until it is ready, where the server may not take longer to start.
    pub ready: Duration,
    /// How long it may take until traffic is where it was sent, and until what was removed is gone.
    pub settling: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            answer: Duration::from_secs(30),
            first: Duration::from_millis(500),
            longest: Duration::from_secs(5),
            obeyed: Duration::from_secs(120),
            tries: 6,
            ready: Duration::from_secs(300),
            settling: Duration::from_secs(120),
        }
    }
}

/// A call of the API server.
#[derive(Debug)]
pub(super) struct Call {
    /// As permissions name it: `create`.
    pub(super) verb: &'static str,
    /// As permissions name it: `services.serving.knative.dev`.
    pub(super) resource: &'static str,
    method: Method,
    path: String,
    query: Vec<(&'static str, String)>,
    body: Option<Value>,
    accepts: &'static str,
    /// Whether the body holds what must not be repeated.
    pub(super) is_hushed: bool,
}

impl Call {
    fn new(verb: &'static str, kind: &'static Noun, method: Method, path: String) -> Self {
        let (resource, query) = (kind.resource, Vec::new());
        Self { verb, resource, method, path, query, body: None, accepts: JSON, is_hushed: false }
    }

    /// Reads one thing.
    pub(super) fn get(noun: &'static Noun, namespace: &str, name: &str) -> Self {
        Self::new("get", noun, Method::Get, noun.path(namespace, Some(name)))
    }

    /// Lists things by their labels: metadata alone, where nothing else is needed.
    pub(super) fn list(noun: &'static Noun, namespace: &str, selector: &str) -> Self {
        let call = Self::new("list", noun, Method::Get, noun.path(namespace, None));
        call.with("labelSelector", selector)
    }

    /// Makes a thing.
    pub(super) fn create(noun: &'static Noun, namespace: &str, body: Value) -> Self {
        let call = Self::new("create", noun, Method::Post, noun.path(namespace, None));
        Self { body: Some(body), ..call }
    }

    /// Puts a thing in the place of the version that it was read as.
    pub(super) fn replace(noun: &'static Noun, namespace: &str, name: &str, body: Value) -> Self {
        let call = Self::new("update", noun, Method::Put, noun.path(namespace, Some(name)));
        Self { body: Some(body), ..call }
    }

    /// Removes a thing.
    pub(super) fn delete(noun: &'static Noun, namespace: &str, name: &str) -> Self {
        Self::new("delete", noun, Method::Delete, noun.path(namespace, Some(name)))
    }

    /// Reads the log of a pod.
    pub(super) fn log(namespace: &str, pod: &str) -> Self {
        let path = format!("{}/log", PODS.path(namespace, Some(pod)));
        Self { accepts: "text/plain, */*", ..Self::new("get", &LOGS, Method::Get, path) }
    }

    /// The same call, for that very thing and for none that has its name later.
    pub(super) fn of_uid(self, uid: &str) -> Self {
        let body =
            serde_json::json!({"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": uid}});
        Self { body: Some(body), ..self }
    }

    /// The same call, which is told nothing but metadata.
    pub(super) fn metadata(self) -> Self {
        Self { accepts: METADATA, ..self }
    }

    /// The same call, whose body is not to be repeated by anybody.
    pub(super) fn hushed(self) -> Self {
        Self { is_hushed: true, ..self }
    }

    /// The same call with something in its query.
    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    /// Says what is done to what.
    pub(super) fn name(&self) -> String {
        format!("{} {}", self.verb, self.resource)
    }

    fn target(&self) -> String {
        let pairs: Vec<(&str, &str)> =
            self.query.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let query = if pairs.is_empty() { String::new() } else { format!("?{}", encoded(&pairs)) };
        format!("{}{query}", self.path)
    }
}

/// A kind of thing in a namespace.
#[derive(Debug)]
pub(super) struct Noun {
    /// As permissions name it.
    pub(super) resource: &'static str,
    group: &'static str,
    plural: &'static str,
}

/// Services of Knative.
pub(super) const SERVICES: Noun = Noun {
    resource: "services.serving.knative.dev",
    group: "/apis/serving.knative.dev/v1",
    plural: "services",
};
/// Revisions of Knative.
pub(super) const REVISIONS: Noun = Noun {
    resource: "revisions.serving.knative.dev",
    group: "/apis/serving.knative.dev/v1",
    plural: "revisions",
};
/// Secrets.
pub(super) const SECRETS: Noun = Noun { resource: "secrets", group: "/api/v1", plural: "secrets" };
/// Accounts that pods run as.
pub(super) const ACCOUNTS: Noun =
    Noun { resource: "serviceaccounts", group: "/api/v1", plural: "serviceaccounts" };
/// Pods.
pub(super) const PODS: Noun = Noun { resource: "pods", group: "/api/v1", plural: "pods" };
/// Logs of pods.
const LOGS: Noun = Noun { resource: "pods/log", group: "/api/v1", plural: "pods" };

impl Noun {
    fn path(&self, namespace: &str, name: Option<&str>) -> String {
        let all = format!("{}/namespaces/{namespace}/{}", self.group, self.plural);
        name.map_or_else(|| all.clone(), |name| format!("{all}/{name}"))
    }
}

impl Cluster {
    /// Makes a call and reads its answer.
    pub(super) async fn call<T: DeserializeOwned>(&self, call: Call) -> Result<T, KubeError> {
        let heard = self.heard(&call).await?;
        serde_json::from_slice(&heard.body).map_err(|error| KubeError::Answer {
            call: call.name(),
            why: format!("it is not of the expected form (line {}, column {})", error.line(), error.column()),
        })
    }

    /// Reads something; nothing where it is not there.
    pub(super) async fn found<T: DeserializeOwned>(&self, call: Call) -> Result<Option<T>, KubeError> {
        match self.call(call).await {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.is(&Class::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Makes a call that removes something; tells whether it was there.
    pub(super) async fn gone(&self, call: Call) -> Result<bool, KubeError> {
        match self.heard(&call).await {
            Ok(_) => Ok(true),
            Err(error) if error.is(&Class::NotFound) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Makes a call, and again where it failed in passing.
    pub(super) async fn heard(&self, call: &Call) -> Result<Heard, KubeError> {
        let (patience, mut pause) = (self.patience(), self.patience().first);
        let (mut tries, mut fresh, mut renewed) = (1, false, false);
        loop {
            let failure = match self.once(call, std::mem::take(&mut fresh)).await {
                Ok(heard) => return Ok(heard),
                Err(failure) => failure,
            };
            if failure.is(&Class::Unauthenticated) && !renewed {
                // The file may hold a newer token than the one that was read from it.
                (renewed, fresh) = (true, true);
                continue;
            }
            let asked = failure.retry_after().unwrap_or_default();
            if tries >= patience.tries || asked > patience.obeyed || !failure.is_passing() {
                return Err(failure);
            }
            tries += 1;
            tokio::time::sleep(asked.max(pause)).await;
            pause = (2 * pause).min(patience.longest);
        }
    }

    async fn once(&self, call: &Call, fresh: bool) -> Result<Heard, KubeError> {
        let token = self.bearer().token(fresh).await?;
        let target = call.target();
        let mut question = Question::new(call.method, &target);
        (question.token, question.patience, question.most) = (Some(&token), self.patience().answer, MOST);
        question.accepts = call.accepts;
        question.body = call.body.as_ref().map(|body| (JSON, body.to_string().into_bytes()));
        let web = |source: WebError| KubeError::Web { call: call.name(), source };
        let heard = self.line().ask(question).await.map_err(web)?;
        match heard.status {
            200..=299 => Ok(heard),
            _ => Err(self.refused(Refusal::of(call, &heard))),
        }
    }
}
