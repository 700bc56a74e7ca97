//! What can go wrong with a call.

use serde_json::{Value, json};

use crate::deploy::cloud_run::tests::fake::{Blow, refusal};

/// A way to go wrong.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fault {
    /// What the table calls it.
    pub(super) name: &'static str,
    /// Whether the next try goes well.
    pub(super) passes: bool,
    /// What befalls the call of a name; nothing where it does not apply.
    pub(super) blow: fn(&str) -> Option<Blow>,
    /// Whether the message has to name a command or a person that mends it.
    pub(super) mended: bool,
}

const fn lasting(name: &'static str, blow: fn(&str) -> Option<Blow>) -> Fault {
    Fault { name, passes: false, blow, mended: false }
}

const fn passing(name: &'static str, blow: fn(&str) -> Option<Blow>) -> Fault {
    Fault { name, passes: true, blow, mended: false }
}

const fn mended(name: &'static str, blow: fn(&str) -> Option<Blow>) -> Fault {
    Fault { name, passes: false, blow, mended: true }
}

/// All of them: with `!`, only the first try goes wrong.
pub(super) const FAULTS: &[Fault] = &[
    mended("401", |name| google(name, 401, "UNAUTHENTICATED", "stale", json!([]))),
    mended("role", |name| {
        google(name, 403, "PERMISSION_DENIED", "Permission 'run.services.create' denied", json!([]))
    }),
    mended("actAs", |name| {
        let said =
            "Permission 'iam.serviceaccounts.actAs' denied on service account a@demo.iam.gserviceaccount.com";
        google(name, 403, "PERMISSION_DENIED", said, json!([]))
    }),
    mended("secret", |name| {
        google(name, 403, "PERMISSION_DENIED", "Permission denied on secret: s", json!([]))
    }),
    mended("off", |name| forbidden(name, "SERVICE_DISABLED")),
    mended("billing", |name| forbidden(name, "BILLING_DISABLED")),
    mended("scope", |name| forbidden(name, "ACCESS_TOKEN_SCOPE_INSUFFICIENT")),
    mended("fence", |name| forbidden(name, "SECURITY_POLICY_VIOLATED")),
    mended("org", |name| forbidden(name, "ORG_POLICY_VIOLATION")),
    mended("quota", |name| forbidden(name, "RATE_LIMIT_EXCEEDED")),
    lasting("404", |name| google(name, 404, "NOT_FOUND", "it is not there", json!([]))),
    lasting("409", |name| google(name, 409, "ALREADY_EXISTS", "it exists", json!([]))),
    lasting("etag", |name| google(name, 409, "ABORTED", "somebody else was first", json!([]))),
    mended("429", |name| google(name, 429, "RESOURCE_EXHAUSTED", "slow down", after("0.002s"))),
    mended("later", |name| google(name, 429, "RESOURCE_EXHAUSTED", "slow down", after("900s"))),
    lasting("500", |name| google(name, 500, "INTERNAL", "oh", json!([]))),
    lasting("503", |name| google(name, 503, "UNAVAILABLE", "not now", json!([]))),
    lasting("broken", |_| Some(Blow::Broken)),
    lasting("half", |_| Some(Blow::Half)),
    lasting("bad", |name| {
        for_ends(name, json!({"done": true, "error": {"code": 9, "message": "no"}}), "FAILURE")
    }),
    lasting("image", |name| {
        let message = "Image 'x@sha256:0' not found.";
        for_ends(name, json!({"done": true, "error": {"code": 5, "message": message}}), "INTERNAL_ERROR")
    }),
    lasting("ended", |name| build(name, "CANCELLED")),
    lasting("late", |name| build(name, "TIMEOUT")),
    passing("401!", |name| google(name, 401, "UNAUTHENTICATED", "stale", json!([]))),
    passing("404!", |name| google(name, 404, "NOT_FOUND", "it is not there", json!([]))),
    passing("etag!", |name| google(name, 409, "ABORTED", "somebody else was first", json!([]))),
    passing("429!", |name| google(name, 429, "RESOURCE_EXHAUSTED", "slow down", after("0.002s"))),
    passing("500!", |name| google(name, 500, "INTERNAL", "oh", json!([]))),
    passing("503!", |name| google(name, 503, "UNAVAILABLE", "not now", json!([]))),
    passing("broken!", |_| Some(Blow::Broken)),
    passing("half!", |_| Some(Blow::Half)),
];

/// Those that take time.
pub(super) const SLOW: &[Fault] = &[
    lasting("hang", hang),
    passing("hang!", hang),
    lasting("never", |name| for_ends(name, json!({"name": "operations/x"}), "WORKING")),
];

fn google(name: &str, status: u16, code: &str, said: &str, details: Value) -> Option<Blow> {
    let (status, body) = refusal(status, code, said, &details);
    (name != "the server").then_some(Blow::Answer(status, body))
}

/// How long a server may be silent is told by the probe, and not looked at here.
fn hang(name: &str) -> Option<Blow> {
    (name != "the server").then_some(Blow::Silence)
}

fn forbidden(name: &str, reason: &str) -> Option<Blow> {
    let details = json!([{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason,
        "metadata": {"service": "run.googleapis.com"}}]);
    google(name, 403, "PERMISSION_DENIED", "no", details)
}

fn after(delay: &str) -> Value {
    json!([{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}])
}

/// What becomes of something that was begun: an operation, or a build.
fn for_ends(name: &str, operation: Value, status: &str) -> Option<Blow> {
    match name {
        name if name.ends_with(".operations.get") => Some(Blow::Answer(200, operation)),
        name => build(name, status),
    }
}

fn build(name: &str, status: &str) -> Option<Blow> {
    let is_build = name == "cloudbuild.projects.locations.builds.get";
    is_build.then(|| Blow::Answer(200, json!({"id": "b", "status": status, "statusDetail": "no"})))
}
