//! A namespace that things are made in, and removed from: strict about what it is asked, with a state to compare, and
//! slow to do what it was told.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::fake::{Asked, refusal};
use super::fields::{unknown, wrong};
use crate::deploy::cloud_run::tests::world::speak;

type Answer = (u16, Value);

const METADATA: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

/// Everything in a namespace.
#[derive(Clone, Debug, Default)]
pub(crate) struct World {
    /// What there is, by kind and name: `services/clock`.
    pub(crate) things: BTreeMap<String, Value>,
    /// What was refused.
    pub(crate) refused: Vec<String>,
    /// The token that is taken.
    pub(crate) token: String,
    /// How often it is looked until something is as it was told to be.
    pub(crate) looks: usize,
    /// Whether revisions that are made now do not start.
    pub(crate) fails: bool,
    /// Whether revisions that are made now come to nothing.
    pub(crate) never: bool,
    /// Whether Knative is not there.
    pub(crate) is_bare: bool,
    /// Whether each page of a list has one thing.
    pub(crate) has_pages: bool,
    /// Whether somebody else changes a service as soon as it was read.
    pub(crate) is_shared: bool,
    url: String,
    /// Looks that are left, by the kind and name of what is not yet as it should be.
    waits: BTreeMap<String, usize>,
    /// Revisions that do not start, or never.
    failed: BTreeSet<String>,
    stuck: BTreeSet<String>,
    count: u64,
}

impl World {
    pub(crate) fn at(url: &str) -> Self {
        Self { url: url.to_owned(), token: "tok-1".to_owned(), looks: 2, ..Self::default() }
    }

    /// Names everything that there is.
    pub(crate) fn own(&self) -> Vec<String> {
        self.things.keys().cloned().collect()
    }

    /// Returns the only thing of a kind.
    pub(crate) fn only(&self, kind: &str) -> &Value {
        let mut all = self.things.iter().filter(|(key, _)| key.starts_with(&format!("{kind}/")));
        let (_, only) = all.next().unwrap();
        assert!(all.next().is_none(), "there are more {kind}");
        only
    }

    pub(crate) fn answer(&mut self, asked: &Asked) -> Answer {
        if asked.path.starts_with("/serve/") {
            return Self::serve(asked);
        }
        let answer = self.told(asked);
        if answer.0 >= 400 && answer.0 != 404 {
            self.refused
                .push(format!("{} {} {}: {}", answer.0, asked.method, asked.path, answer.1["message"]));
        }
        answer
    }

    /// What a server answers to who can reach it.
    fn serve(asked: &Asked) -> Answer {
        match (asked.method.as_str(), asked.path.ends_with("/mcp")) {
            ("POST", true) => speak(&serde_json::from_str(&asked.body).unwrap()),
            (_, true) => (405, json!({})),
            _ => (404, json!({})),
        }
    }

    fn told(&mut self, asked: &Asked) -> Answer {
        if asked.headers.get("authorization") != Some(&format!("Bearer {}", self.token)) {
            return refusal(401, "Unauthorized", "Unauthorized", json!({}));
        }
        let (path, query) = asked.path.split_once('?').unwrap_or((&asked.path, ""));
        let query: BTreeMap<String, String> = query.split('&').filter_map(pair).collect();
        let knative = path.strip_prefix("/apis/serving.knative.dev/v1/namespaces/").filter(|_| !self.is_bare);
        let (kinds, rest) = match (knative, path.strip_prefix("/api/v1/namespaces/")) {
            (Some(rest), _) => (&["services", "revisions"][..], rest),
            (_, Some(rest)) => (&["secrets", "serviceaccounts", "pods"][..], rest),
            _ => return (404, json!("404 page not found\n")),
        };
        let Some(rest) = rest.strip_prefix("mcp/") else {
            let name = rest.split('/').next().unwrap();
            let details = json!({"name": name, "kind": "namespaces"});
            return refusal(404, "NotFound", &format!("namespaces \"{name}\" not found"), details);
        };
        let parts: Vec<&str> = rest.split('/').collect();
        let body: Value = serde_json::from_slice(&asked.bytes).unwrap_or_default();
        match (asked.method.as_str(), &parts[..]) {
            (_, [kind, ..]) if !kinds.contains(kind) => (404, json!("404 page not found\n")),
            ("GET", [kind]) => self.list(kind, &query, asked),
            ("GET", [kind, name]) => self.get(kind, name),
            ("GET", ["pods", name, "log"]) => self.log(name, &query),
            ("POST", [kind]) if *kind != "revisions" && *kind != "pods" => self.create(kind, body),
            ("PUT", ["services", name]) => self.replace(name, body),
            ("DELETE", [kind, name]) if *kind != "pods" => self.delete(kind, name, &body),
            _ => refusal(405, "MethodNotAllowed", "no such method", json!({})),
        }
    }

    fn get(&mut self, kind: &str, name: &str) -> Answer {
        if matches!(kind, "services" | "revisions") {
            self.tick();
        }
        let key = format!("{kind}/{name}");
        let found = self.things.get(&key).map_or_else(|| missing(kind, name), |thing| (200, thing.clone()));
        if self.is_shared && kind == "services" && found.0 == 200 {
            let version = self.next();
            self.things.get_mut(&key).unwrap()["metadata"]["resourceVersion"] = version.to_string().into();
        }
        found
    }

    fn list(&self, kind: &str, query: &BTreeMap<String, String>, asked: &Asked) -> Answer {
        if asked.headers.get("accept").map(String::as_str) != Some(METADATA) {
            return refusal(406, "NotAcceptable", "only metadata is listed here", json!({}));
        }
        let Some(selector) = query.get("labelSelector") else { return bad("everything is listed") };
        let selected: Vec<(&str, &str)> =
            selector.split(',').map(|one| one.split_once('=').unwrap()).collect();
        let is_selected = |thing: &&Value| {
            selected.iter().all(|(name, value)| thing["metadata"]["labels"][*name] == **value)
        };
        let all = self.things.iter().filter(|(key, _)| key.starts_with(&format!("{kind}/")));
        let all = all.map(|(_, thing)| thing).filter(is_selected);
        let mut items: Vec<Value> = all.map(|thing| json!({"metadata": thing["metadata"]})).collect();
        let mut metadata = json!({"resourceVersion": "1"});
        if self.has_pages {
            let at: usize = query.get("continue").map_or(0, |at| at.parse().unwrap());
            let is_more = items.len() > at + 1;
            items = items.into_iter().skip(at).take(1).collect();
            metadata["continue"] = if is_more { (at + 1).to_string() } else { String::new() }.into();
        }
        (200, json!({"kind": "PartialObjectMetadataList", "metadata": metadata, "items": items}))
    }

    fn log(&self, name: &str, query: &BTreeMap<String, String>) -> Answer {
        if !self.things.contains_key(&format!("pods/{name}")) {
            return missing("pods", name);
        }
        let has = |name: &str, value: &str| query.get(name).map(String::as_str) == Some(value);
        let is_bounded = query.contains_key("limitBytes") && query.contains_key("tailLines");
        if !has("container", "server") || !has("timestamps", "true") || !is_bounded {
            return bad("the log is not bounded");
        }
        (200, json!(format!("2027-01-15T08:00:00.000000001Z {name} is up\n")))
    }

    fn create(&mut self, kind: &str, mut body: Value) -> Answer {
        let called = match kind {
            "services" => ("serving.knative.dev/v1", "Service"),
            "secrets" => ("v1", "Secret"),
            _ => ("v1", "ServiceAccount"),
        };
        if (body["apiVersion"].as_str(), body["kind"].as_str()) != (Some(called.0), Some(called.1)) {
            return bad("apiVersion and kind are others");
        }
        if let Some(field) = unknown(called.1, &body) {
            return bad(&format!("unknown field {field}"));
        }
        if body["metadata"]["resourceVersion"].is_string() || body["metadata"]["namespace"] != "mcp" {
            return bad("metadata");
        }
        let is_safe = match kind {
            "secrets" => body["immutable"] == true && body["type"] == "Opaque",
            "serviceaccounts" => body["automountServiceAccountToken"] == false,
            _ => true,
        };
        if !is_safe {
            return bad("it is not as safe as it could be");
        }
        let name = body["metadata"]["name"].as_str().unwrap().to_owned();
        let key = format!("{kind}/{name}");
        if self.things.contains_key(&key) {
            return refusal(
                409,
                "AlreadyExists",
                &format!("{kind} \"{name}\" already exists"),
                json!({"name": name}),
            );
        }
        if kind == "services" {
            default(&mut body);
            if let Some(why) = wrong(&body) {
                return denied(&why);
            }
            body["metadata"]["generation"] = 1.into();
            body["metadata"]["annotations"]["serving.knative.dev/creator"] = "sigyl".into();
            self.waits.insert(key.clone(), self.looks);
        }
        let number = self.next();
        body["metadata"]["uid"] = format!("uid-{number}").into();
        body["metadata"]["resourceVersion"] = number.to_string().into();
        body["metadata"]["creationTimestamp"] = "2027-01-15T08:00:00Z".into();
        self.things.insert(key, body.clone());
        (201, body)
    }

    fn replace(&mut self, name: &str, mut body: Value) -> Answer {
        let key = format!("services/{name}");
        let Some(old) = self.things.get(&key).cloned() else { return missing("services", name) };
        if let Some(field) = unknown("Service", &body) {
            return bad(&format!("unknown field {field}"));
        }
        let of = |thing: &Value, name: &str| thing["metadata"][name].clone();
        if !of(&body, "resourceVersion").is_string() || of(&body, "uid") != of(&old, "uid") {
            return bad("metadata.resourceVersion: must be specified for an update");
        }
        if of(&body, "resourceVersion") != of(&old, "resourceVersion") {
            return refusal(409, "Conflict", "the object has been modified", json!({"name": name}));
        }
        default(&mut body);
        if let Some(why) = wrong(&body) {
            return denied(&why);
        }
        let creator = "/metadata/annotations/serving.knative.dev~1creator";
        if body.pointer(creator) != old.pointer(creator) {
            return denied("annotation value is immutable: serving.knative.dev/creator");
        }
        let template = |thing: &Value| {
            (thing["spec"]["template"].clone(), thing["spec"]["template"]["metadata"]["name"].clone())
        };
        let ((new, new_name), (before, before_name)) = (template(&body), template(&old));
        if new_name == before_name && new != before {
            return denied("Saw the following changes without a name change");
        }
        if body["spec"] != old["spec"] {
            let generation = old["metadata"]["generation"].as_u64().unwrap();
            body["metadata"]["generation"] = (generation + 1).into();
            self.waits.insert(key.clone(), self.looks);
        }
        body["status"] = old["status"].clone();
        body["metadata"]["resourceVersion"] = self.next().to_string().into();
        self.things.insert(key, body.clone());
        (200, body)
    }

    fn delete(&mut self, kind: &str, name: &str, body: &Value) -> Answer {
        let key = format!("{kind}/{name}");
        let Some(thing) = self.things.get(&key) else { return missing(kind, name) };
        let uid = &body["preconditions"]["uid"];
        if !uid.is_null() && *uid != thing["metadata"]["uid"] {
            return refusal(
                409,
                "Conflict",
                "the UID in the precondition does not match",
                json!({"name": name}),
            );
        }
        if kind == "services" {
            let of_service = format!("revisions/{name}-");
            self.things.retain(|key, _| !key.starts_with(&of_service));
        }
        self.things.remove(&key);
        self.waits.remove(&key);
        (200, json!({"kind": "Status", "status": "Success"}))
    }

    /// Does a little of what was told.
    fn tick(&mut self) {
        let services: Vec<String> =
            self.things.keys().filter(|key| key.starts_with("services/")).cloned().collect();
        for key in services {
            self.make_revision(&key);
            let revisions = self.things.keys().filter(|key| key.starts_with("revisions/")).cloned();
            for revision in revisions.collect::<Vec<_>>() {
                self.ripen(&revision);
            }
            let left = self.waits.get(&key).copied().unwrap_or_default();
            self.waits.insert(key.clone(), left.saturating_sub(1));
            if left <= 1 {
                self.observe(&key);
            }
        }
    }

    /// Makes the revision that a service names, if it is not there: also after somebody removed it.
    fn make_revision(&mut self, key: &str) {
        let service = self.things[key].clone();
        let template = &service["spec"]["template"];
        let revision = format!("revisions/{}", template["metadata"]["name"].as_str().unwrap());
        if let Some(found) = self.things.get(&revision) {
            assert_eq!(found["spec"], template["spec"], "a revision of that name is another one");
            return;
        }
        let mut metadata = template["metadata"].clone();
        let number = self.next();
        metadata["uid"] = format!("uid-{number}").into();
        metadata["resourceVersion"] = number.to_string().into();
        metadata["labels"]["serving.knative.dev/service"] = service["metadata"]["name"].clone();
        metadata["annotations"]["serving.knative.dev/creator"] = "sigyl".into();
        metadata["generation"] = 1.into();
        if self.fails {
            self.failed.insert(revision.clone());
        }
        if self.never {
            self.stuck.insert(revision.clone());
        }
        self.waits.insert(revision.clone(), self.looks);
        let condition = json!([{"type": "Ready", "status": "Unknown", "reason": "Deploying"}]);
        let status = json!({"conditions": condition});
        let made = json!({"metadata": metadata, "spec": template["spec"], "status": status});
        self.things.insert(revision, made);
    }

    fn ripen(&mut self, key: &str) {
        let left = self.waits.get(key).copied().unwrap_or_default();
        self.waits.insert(key.to_owned(), left.saturating_sub(1));
        if left > 1 || self.stuck.contains(key) {
            return;
        }
        let spec = self.things[key]["spec"].clone();
        let account = format!("serviceaccounts/{}", spec["serviceAccountName"].as_str().unwrap());
        let env = spec["containers"][0]["env"].as_array().cloned().unwrap_or_default();
        let secrets = env.iter().filter_map(|one| one.pointer("/valueFrom/secretKeyRef/name")?.as_str());
        let lacks = secrets.map(|name| format!("secrets/{name}")).chain([account]);
        let lacks = lacks.filter(|key| !self.things.contains_key(key)).collect::<Vec<_>>();
        let is_well = lacks.is_empty() && !self.failed.contains(key);
        let condition = match is_well {
            true => json!([{"type": "Ready", "status": "True"}]),
            false => json!([{"type": "Ready", "status": "False", "reason": "ExitCode1",
                "message": format!("Container failed with: it does not\nstart {lacks:?}")}]),
        };
        self.things.get_mut(key).unwrap()["status"]["conditions"] = condition;
    }

    fn is_ready(&self, revision: &str) -> Option<bool> {
        let found = self.things.get(&format!("revisions/{revision}"))?;
        match found["status"]["conditions"][0]["status"].as_str().unwrap() {
            "True" => Some(true),
            "False" => Some(false),
            _ => None,
        }
    }

    /// Says how a service is.
    fn observe(&mut self, key: &str) {
        let service = self.things[key].clone();
        let newest = service["spec"]["template"]["metadata"]["name"].as_str().unwrap().to_owned();
        let traffic = service["spec"]["traffic"].as_array().unwrap().clone();
        let led = |one: &Value| self.is_ready(one["revisionName"].as_str().unwrap());
        let word = |is: Option<bool>| match is {
            Some(true) => "True",
            Some(false) => "False",
            None => "Unknown",
        };
        let routes = traffic.iter().map(led).min().unwrap();
        let (routes, made) = (word(routes), word(self.is_ready(&newest)));
        let url = self.url.clone();
        let name = service["metadata"]["name"].as_str().unwrap();
        let addressed = |one: &Value| {
            let mut one = one.clone();
            one["url"] = format!("{url}/serve/{}-{name}", one["tag"].as_str().unwrap()).into();
            one
        };
        let status = &mut self.things.get_mut(key).unwrap()["status"];
        status["observedGeneration"] = service["metadata"]["generation"].clone();
        status["conditions"] = json!([
            {"type": "ConfigurationsReady", "status": made, "reason": "Made"},
            {"type": "RoutesReady", "status": routes, "reason": "Led"},
        ]);
        if routes == "True" {
            status["traffic"] = traffic.iter().map(addressed).collect();
        }
        if made == "True" {
            status["latestReadyRevisionName"] = newest.into();
        }
    }

    fn next(&mut self) -> u64 {
        self.count += 1;
        self.count
    }
}

/// Adds what Knative adds to what it is told.
fn default(service: &mut Value) {
    let spec = &mut service["spec"]["template"]["spec"];
    if spec["timeoutSeconds"].is_null() {
        spec["timeoutSeconds"] = 300.into();
    }
    let probe = json!({"successThreshold": 1, "tcpSocket": {"port": 0}});
    for container in spec["containers"].as_array_mut().into_iter().flatten() {
        container["readinessProbe"] = probe.clone();
        for variable in container["env"].as_array_mut().into_iter().flatten() {
            // An empty value is left out.
            if variable["value"] == "" {
                variable.as_object_mut().unwrap().remove("value");
            }
        }
    }
}

fn pair(text: &str) -> Option<(String, String)> {
    let (name, value) = text.split_once('=')?;
    let value = value.replace("%2F", "/").replace("%3D", "=").replace("%2C", ",").replace('+', " ");
    Some((name.to_owned(), value))
}

fn bad(why: &str) -> Answer {
    refusal(400, "BadRequest", why, json!({}))
}

fn denied(why: &str) -> Answer {
    let said =
        format!("admission webhook \"validation.webhook.serving.knative.dev\" denied the request: {why}");
    refusal(400, "BadRequest", &said, json!({}))
}

fn missing(kind: &str, name: &str) -> Answer {
    let group = if matches!(kind, "services" | "revisions") { "serving.knative.dev" } else { "" };
    let details = json!({"name": name, "kind": kind, "group": group});
    refusal(404, "NotFound", &format!("{kind} \"{name}\" not found"), details)
}
