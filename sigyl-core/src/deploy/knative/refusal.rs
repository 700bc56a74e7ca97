//! What a cluster says when it refuses, told apart by what mends it.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;

use super::call::Call;
use crate::domain::Kind;
use crate::web::Heard;

/// Characters of what a cluster says that are repeated.
const SAID: usize = 600;
/// Fields that are listed of a request that is wrong.
const FIELDS: usize = 10;

/// A call that a cluster refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What was done to what: `create services.serving.knative.dev`.
    pub call: String,
    /// The status of HTTP.
    pub status: u16,
    /// The reason, as Kubernetes names it: `Forbidden`.
    pub reason: String,
    /// What it says, on one line.
    pub message: String,
    /// What is the matter.
    pub class: Class,
    /// For how long it asks to be left alone.
    pub retry_after: Option<Duration>,
}

/// What is the matter with a call, as far as the cluster tells.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Class {
    /// The token is not taken.
    Unauthenticated,
    /// A permission is missing.
    Denied {
        /// What is to be done.
        verb: &'static str,
        /// To what.
        resource: &'static str,
        /// By whom, where it is told.
        user: Option<String>,
    },
    /// A quota of the namespace is used up.
    Quota,
    /// A policy of the cluster forbids it.
    Admission {
        /// Which one, where it is told.
        policy: Option<String>,
    },
    /// What is asked before a change does not answer.
    Webhook,
    /// The cluster has no Knative Serving.
    NoKnative,
    /// There is no such namespace.
    NoNamespace,
    /// The namespace is being removed.
    Terminating,
    /// It is not there.
    NotFound,
    /// It is there already.
    Exists,
    /// Somebody else changed it at the same time.
    Conflict,
    /// The request is wrong: fields, and what is wrong with each.
    Invalid(Vec<(String, String)>),
    /// There are too many requests.
    Busy,
    /// The cluster cannot do it now.
    Unavailable,
    /// Something else.
    Other,
}

/// The body of a refusal, in the form that all of Kubernetes shares.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Told {
    kind: String,
    message: String,
    reason: String,
    details: Details,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Details {
    name: String,
    kind: String,
    causes: Vec<Cause>,
    retry_after_seconds: u64,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Cause {
    field: String,
    message: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} was refused ({} {}): {}", self.call, self.status, self.reason, self.message)?;
        match self.retry_after {
            Some(after) => write!(f, "; it asks to be left alone for {} s", after.as_secs_f64().ceil()),
            None => Ok(()),
        }
    }
}

impl Refusal {
    /// Reads an answer that is no good one.
    pub(super) fn of(call: &Call, heard: &Heard) -> Self {
        let told = serde_json::from_slice::<Told>(&heard.body).unwrap_or_default();
        let class = class(call, heard.status, &told);
        let reason = plain(&told.reason, 60);
        let message = match plain(&told.message, SAID) {
            _ if call.is_hushed => "what it says may repeat what was sent, and is not shown".to_owned(),
            empty if empty.is_empty() => "without a reason".to_owned(),
            said => said,
        };
        let own = Some(told.details.retry_after_seconds).filter(|seconds| *seconds > 0);
        let retry_after = heard.retry_after.or_else(|| own.map(Duration::from_secs));
        Self { call: call.name(), status: heard.status, reason, message, class, retry_after }
    }

    /// Tells whether the same call may go well later.
    pub fn is_passing(&self) -> bool {
        matches!(self.class, Class::Busy | Class::Unavailable | Class::Webhook)
    }

    /// Returns the class of this failure.
    pub fn kind(&self) -> Kind {
        match &self.class {
            Class::NotFound => Kind::NotFound,
            Class::Exists | Class::Conflict => Kind::Conflict,
            Class::Busy | Class::Unavailable | Class::Webhook | Class::Quota => Kind::Unavailable,
            _ => Kind::Upstream,
        }
    }

    /// Says what mends it, in a namespace.
    pub fn remedy(&self, namespace: &str) -> Option<String> {
        Some(match &self.class {
            Class::Unauthenticated => format!(
                "give Sigyl a token that the cluster takes (`knative.token_file`, or the variable that `knative.token_env` \
                 names), such as one of `kubectl create token sigyl --namespace {namespace}`"
            ),
            Class::Denied { verb, resource, user } => {
                let who = user.as_deref().unwrap_or("who calls");
                format!(
                    "let {who} {verb} {resource} in the namespace {namespace}: docs/knative.md has the role, and \
                     `kubectl auth can-i {verb} {resource} --namespace {namespace}` tells whether that is so"
                )
            }
            Class::Quota => format!(
                "raise the quota of the namespace (`kubectl describe quota --namespace {namespace}`), or ask for less in \
                 `resources`"
            ),
            Class::Admission { policy } => match policy {
                Some(policy) => format!("ask who administers the cluster to allow it in {policy}"),
                None => "ask who administers the cluster which of its policies forbids it".to_owned(),
            },
            Class::Webhook => {
                "look whether the webhook that it names runs: `kubectl get pods --namespace knative-serving`"
                    .to_owned()
            }
            Class::NoKnative => {
                "install Knative Serving in the cluster, or name another one in `knative.api_server`".to_owned()
            }
            Class::NoNamespace => {
                format!(
                    "make it (`kubectl create namespace {namespace}`), or name another one in `knative.namespace`"
                )
            }
            Class::Terminating => {
                "wait until the namespace is gone and make it anew, or name another one in `knative.namespace`"
                    .to_owned()
            }
            Class::Busy | Class::Unavailable => {
                "try again later, and look at the cluster if that does not help".to_owned()
            }
            Class::Invalid(fields) if !fields.is_empty() => {
                let fields = fields.iter().map(|(field, why)| format!("{field}: {why}"));
                format!("change what the cluster does not take ({})", fields.collect::<Vec<_>>().join("; "))
            }
            Class::Conflict => "try again".to_owned(),
            Class::NotFound | Class::Exists | Class::Invalid(_) | Class::Other => return None,
        })
    }
}

fn class(call: &Call, status: u16, told: &Told) -> Class {
    let said = told.message.as_str();
    match (status, told.reason.as_str()) {
        (401, _) => Class::Unauthenticated,
        (403, _) if said.contains("exceeded quota") => Class::Quota,
        (403, _) if said.contains("because it is being terminated") => Class::Terminating,
        _ if said.contains("denied the request") || said.contains("violates PodSecurity") => {
            Class::Admission { policy: quoted(said).map(|policy| format!("`{policy}`")) }
        }
        (500.., _) if said.contains("failed calling webhook") => Class::Webhook,
        (403, _) => {
            let user = said.split_once("User ").and_then(|(_, rest)| quoted(rest));
            Class::Denied { verb: call.verb, resource: call.resource, user }
        }
        (404, _) if told.details.kind == "namespaces" => Class::NoNamespace,
        // What is not served at all is refused without saying what is not there.
        (404, _) if told.kind != "Status" || told.details.name.is_empty() => Class::NoKnative,
        (404, _) => Class::NotFound,
        (409, "AlreadyExists") => Class::Exists,
        (409, _) => Class::Conflict,
        (400 | 422, _) => {
            let causes = told.details.causes.iter().take(FIELDS);
            let fields = causes.map(|cause| match call.is_hushed {
                true => (plain(&cause.field, 120), "not shown".to_owned()),
                false => (plain(&cause.field, 120), plain(&cause.message, 200)),
            });
            Class::Invalid(fields.collect())
        }
        (429, _) => Class::Busy,
        (500.., _) => Class::Unavailable,
        _ => Class::Other,
    }
}

/// Returns what stands first in double quotes.
fn quoted(said: &str) -> Option<String> {
    let (_, rest) = said.split_once('"')?;
    let (word, _) = rest.split_once('"')?;
    Some(plain(word, 200)).filter(|word| !word.is_empty())
}

/// Writes what somebody else said on one line.
pub(super) fn plain(text: &str, most: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().filter(|c| !c.is_control()).take(most).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::call::{SECRETS, SERVICES};
    use super::*;

    fn refused(status: u16, body: &Value) -> (Class, String) {
        let call = Call::create(&SERVICES, "mcp", json!({}));
        let refusal = Refusal::of(&call, &Heard::of(status, body.to_string().into_bytes()));
        (refusal.class.clone(), refusal.remedy("mcp").unwrap_or_default())
    }

    fn status(reason: &str, message: &str, details: Value) -> Value {
        json!({"kind": "Status", "status": "Failure", "reason": reason, "message": message, "details": details})
    }

    #[test]
    fn each_refusal_is_told_apart_with_what_mends_it() {
        let denied = "services.serving.knative.dev is forbidden: User \"system:serviceaccount:a:b\" cannot create resource";
        for (code, body, class, mended) in [
            (401, status("Unauthorized", "Unauthorized", json!({})), "Unauthenticated", "knative.token_file"),
            (
                403,
                status("Forbidden", denied, json!({})),
                "Denied",
                "let system:serviceaccount:a:b create services.serving.knative.dev in the namespace mcp",
            ),
            (
                403,
                status("Forbidden", "exceeded quota: few", json!({})),
                "Quota",
                "kubectl describe quota --namespace mcp",
            ),
            (
                400,
                status(
                    "BadRequest",
                    "admission webhook \"policy.example\" denied the request: no",
                    json!({}),
                ),
                "Admission",
                "`policy.example`",
            ),
            (
                500,
                status("InternalError", "failed calling webhook \"w\": refused", json!({})),
                "Webhook",
                "knative-serving",
            ),
            (404, json!("404 page not found"), "NoKnative", "install Knative Serving"),
            (
                404,
                status("NotFound", "the server could not find the requested resource", json!({})),
                "NoKnative",
                "install Knative Serving",
            ),
            (
                404,
                status(
                    "NotFound",
                    "namespaces \"mcp\" not found",
                    json!({"name": "mcp", "kind": "namespaces"}),
                ),
                "NoNamespace",
                "kubectl create namespace mcp",
            ),
            (404, status("NotFound", "not found", json!({"name": "x"})), "NotFound", ""),
            (409, status("AlreadyExists", "exists", json!({})), "Exists", ""),
            (409, status("Conflict", "modified", json!({})), "Conflict", "try again"),
            (
                422,
                status(
                    "Invalid",
                    "no",
                    json!({"causes": [{"field": "spec.template", "message": "too large"}]}),
                ),
                "Invalid",
                "spec.template: too large",
            ),
            (429, status("TooManyRequests", "slow down", json!({})), "Busy", "later"),
            (503, json!({}), "Unavailable", "later"),
        ] {
            let (told, remedy) = refused(code, &body);
            assert!(format!("{told:?}").starts_with(class), "{code}: {told:?}");
            assert!(remedy.contains(mended), "{code}: {remedy}");
        }
    }

    #[test]
    fn what_holds_a_secret_is_refused_without_what_is_said_of_it() {
        let call = Call::create(&SECRETS, "mcp", json!({})).hushed();
        let said = status(
            "Invalid",
            "data: hush-hush",
            json!({"causes": [{"field": "data", "message": "hush-hush"}]}),
        );
        let refusal = Refusal::of(&call, &Heard::of(422, said.to_string().into_bytes()));
        let all = format!("{refusal} {:?}", refusal.remedy("mcp"));
        assert!(!all.contains("hush") && all.contains("create secrets"), "{all}");
    }
}
