//! What Google says when it refuses, told apart by what mends it.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::endpoints::Api;
use crate::domain::Kind;
use crate::web::Heard;

/// Characters of what Google says that are repeated.
const SAID: usize = 600;
/// Characters of a name in it.
const NAMED: usize = 300;
/// Fields that are listed of a request that is wrong.
const FIELDS: usize = 10;

/// A call that Google refused.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// The call, as Google names it: `run.services.create`.
    pub call: &'static str,
    /// The status of HTTP.
    pub status: u16,
    /// The status of Google: `PERMISSION_DENIED`.
    pub code: String,
    /// What it says, on one line.
    pub message: String,
    /// What is the matter.
    pub class: Class,
    /// For how long it asks to be left alone.
    pub retry_after: Option<Duration>,
}

/// What is the matter with a call, as far as Google tells.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Class {
    /// The token is not taken.
    Unauthenticated,
    /// The token was made for less than this.
    Scope,
    /// The project has not switched the API on.
    ApiDisabled {
        /// Its name: `run.googleapis.com`.
        service: String,
    },
    /// The project has no billing account, or it is closed.
    Billing,
    /// A role is missing.
    Denied {
        /// The permission, where it is told.
        permission: Option<String>,
    },
    /// The caller may not act as a service account.
    ActAs {
        /// The account, where it is told.
        account: Option<String>,
    },
    /// A service account may not read a secret.
    SecretAccess,
    /// A policy of the organisation forbids it.
    OrganisationPolicy {
        /// The constraint, where it is told.
        constraint: Option<String>,
    },
    /// A perimeter of VPC Service Controls forbids it.
    Perimeter,
    /// More is asked for than there is.
    Quota,
    /// It is not there.
    NotFound,
    /// It is there already.
    Exists,
    /// Somebody else changed it at the same time.
    Aborted,
    /// Its state forbids it.
    Precondition,
    /// The request is wrong: fields, and what is wrong with each.
    Invalid(Vec<(String, String)>),
    /// Google cannot do it now.
    Unavailable,
    /// Something else.
    Other,
}

/// The body of an error, in the form that all APIs share.
#[derive(Default, Deserialize)]
struct Body {
    #[serde(default)]
    error: Told,
}

#[derive(Default, Deserialize)]
struct Told {
    #[serde(default)]
    message: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    details: Vec<Value>,
    #[serde(default)]
    errors: Vec<Value>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} was refused ({} {}): {}", self.call, self.status, self.code, self.message)?;
        match self.retry_after {
            Some(after) => write!(f, "; it asks to be left alone for {} s", after.as_secs_f64().ceil()),
            None => Ok(()),
        }
    }
}

impl Refusal {
    /// Reads an answer that is no good one.
    pub(super) fn of(call: &'static str, heard: &Heard) -> Self {
        let told = serde_json::from_slice::<Body>(&heard.body).unwrap_or_default().error;
        let message = match plain(&told.message, SAID) {
            empty if empty.is_empty() => format!("status {}, without a reason", heard.status),
            said => said,
        };
        let retry_after = heard.retry_after.or_else(|| delay(&told.details));
        let class = class(heard.status, &told);
        let code = plain(&told.status, 60);
        Self { call, status: heard.status, code, message, class, retry_after }
    }

    /// Tells whether the same call may go well later.
    pub fn is_passing(&self) -> bool {
        matches!(self.class, Class::Unavailable) || self.status == 429
    }

    /// Returns the class of this failure.
    pub fn kind(&self) -> Kind {
        match &self.class {
            Class::NotFound => Kind::NotFound,
            Class::Exists | Class::Aborted => Kind::Conflict,
            Class::Unavailable | Class::Quota => Kind::Unavailable,
            _ => Kind::Upstream,
        }
    }

    /// Says what mends it, in a project, for who calls.
    pub fn remedy(&self, project: &str, caller: &str) -> Option<String> {
        let member = member(caller);
        Some(match &self.class {
            Class::Unauthenticated => {
                "sign in anew: `gcloud auth application-default login`, or name another key file".to_owned()
            }
            Class::Scope => {
                "make the credentials for the scope `https://www.googleapis.com/auth/cloud-platform`"
                    .to_owned()
            }
            Class::ApiDisabled { service } => format!("gcloud services enable {service} --project {project}"),
            Class::Billing => format!("gcloud billing projects link {project} --billing-account ACCOUNT"),
            Class::Denied { permission } => {
                let role = permission.as_deref().and_then(role_for).or_else(|| role_of_call(self.call))?;
                format!("gcloud projects add-iam-policy-binding {project} --member {member} --role {role}")
            }
            Class::ActAs { account } => {
                let account = account.as_deref().unwrap_or("ACCOUNT");
                format!(
                    "gcloud iam service-accounts add-iam-policy-binding {account} --project {project} --member {member} \
                     --role roles/iam.serviceAccountUser"
                )
            }
            Class::SecretAccess => format!(
                "grant the service account of the server `roles/secretmanager.secretAccessor` on the secret in {project}"
            ),
            Class::OrganisationPolicy { constraint } => match constraint {
                Some(constraint) => format!("ask who administers the organisation to allow it: {constraint}"),
                None => "ask who administers the organisation which of its policies forbids it".to_owned(),
            },
            Class::Perimeter => {
                "ask who administers the organisation for a rule of its service perimeter".to_owned()
            }
            Class::Quota => {
                format!("see the quotas of {project} in the console of Google Cloud, under IAM & Admin")
            }
            _ => return None,
        })
    }
}

fn class(status: u16, told: &Told) -> Class {
    let said = told.message.to_lowercase();
    match (status, told.status.as_str()) {
        (401, _) | (_, "UNAUTHENTICATED") => Class::Unauthenticated,
        (403, _) => forbidden(told, &said),
        (404, _) => Class::NotFound,
        (409, "ABORTED") | (412, _) => Class::Aborted,
        (409, _) => Class::Exists,
        (429, _) => Class::Quota,
        (400, "FAILED_PRECONDITION") if said.contains("billing") => Class::Billing,
        (400, "FAILED_PRECONDITION") if said.contains("constraint") || is_restricted(told, &said) => {
            organisation(told)
        }
        (400, "FAILED_PRECONDITION") => Class::Precondition,
        (400, _) => Class::Invalid(fields(&told.details)),
        (500 | 502 | 503 | 504, _) => Class::Unavailable,
        _ => Class::Other,
    }
}

/// Tells the reasons apart for which something is forbidden: each is mended elsewhere.
fn forbidden(told: &Told, said: &str) -> Class {
    let reason = reason(told);
    match reason.as_deref() {
        Some("SERVICE_DISABLED" | "accessNotConfigured") => {
            return Class::ApiDisabled { service: disabled(told) };
        }
        Some("BILLING_DISABLED") => return Class::Billing,
        Some("ACCESS_TOKEN_SCOPE_INSUFFICIENT") => return Class::Scope,
        Some("SECURITY_POLICY_VIOLATED" | "VPC_SERVICE_CONTROLS") => return Class::Perimeter,
        Some("ORG_POLICY_VIOLATION") => return organisation(told),
        Some("RATE_LIMIT_EXCEEDED" | "rateLimitExceeded" | "quotaExceeded") => return Class::Quota,
        _ => {}
    }
    if said.contains("actas") || said.contains("act as service account") {
        return Class::ActAs { account: account(&told.message) };
    }
    if said.contains("billing") {
        return Class::Billing;
    }
    if said.contains("vpc service controls") {
        return Class::Perimeter;
    }
    if said.contains("organization policy") || said.contains("constraints/") {
        return organisation(told);
    }
    if said.contains("insufficient authentication scopes") {
        return Class::Scope;
    }
    if said.contains("permission denied on secret") {
        return Class::SecretAccess;
    }
    Class::Denied { permission: permission(told) }
}

/// Returns the first reason that is given in a form for programs.
fn reason(told: &Told) -> Option<String> {
    let of = |from: &[Value]| from.iter().find_map(|one| Some(one.get("reason")?.as_str()?.to_owned()));
    let violated = |one: &Value| {
        let kind = one.get("@type").and_then(Value::as_str).unwrap_or_default();
        let of = one.pointer("/violations/0/type").and_then(Value::as_str);
        (kind.ends_with("PreconditionFailure")).then_some(of?.to_owned())
    };
    of(&told.details).or_else(|| told.details.iter().find_map(violated)).or_else(|| of(&told.errors))
}

fn detail<'t>(told: &'t Told, name: &str) -> Option<&'t str> {
    told.details.iter().find_map(|one| one.get("metadata")?.get(name)?.as_str())
}

fn disabled(told: &Told) -> String {
    let named = detail(told, "service").map(str::to_owned);
    let found = named.or_else(|| {
        let mut words = told.message.split(|c: char| !(c.is_ascii_alphanumeric() || c == '.' || c == '-'));
        words.find(|word| word.ends_with(".googleapis.com")).map(str::to_owned)
    });
    // Only what can be the name of an API is named in a command.
    let is_api = |name: &String| Api::ALL.iter().any(|api| api.service() == *name);
    found.filter(is_api).unwrap_or_else(|| "API".to_owned())
}

fn permission(told: &Told) -> Option<String> {
    let named = detail(told, "permission").map(str::to_owned);
    named.or_else(|| quoted(&told.message)).filter(|name| is_permission(name))
}

/// Returns the first thing in quotes.
fn quoted(text: &str) -> Option<String> {
    let (_, rest) = text.split_once('\'')?;
    Some(rest.split_once('\'')?.0.to_owned())
}

fn is_permission(name: &str) -> bool {
    name.split('.').count() >= 3
        && name.len() <= NAMED
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.')
}

fn account(text: &str) -> Option<String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "@.-_".contains(c);
    let mut words = text.split(|c: char| !is_part(c)).map(|word| word.trim_matches('.'));
    words.find(|word| word.contains('@') && word.len() <= NAMED).map(str::to_owned)
}

fn organisation(told: &Told) -> Class {
    let mut words = told.message.split(|c: char| !(c.is_ascii_alphanumeric() || "/._-".contains(c)));
    let named = words.find(|word| word.starts_with("constraints/")).map(|word| plain(word, NAMED));
    let restricts = || is_restricted(told, &told.message.to_lowercase()).then(|| DOMAINS.to_owned());
    Class::OrganisationPolicy { constraint: named.or_else(|| violated(&told.details)).or_else(restricts) }
}

/// What keeps members of other organisations, and everybody, out of policies.
const DOMAINS: &str = "constraints/iam.allowedPolicyMemberDomains";

/// Tells whether a member was refused for where it belongs: the message names no constraint then.
fn is_restricted(told: &Told, said: &str) -> bool {
    said.contains("permitted customer") || violated(&told.details).is_some()
}

/// Returns the constraint that details say was violated.
fn violated(details: &[Value]) -> Option<String> {
    let all = details.iter().filter_map(|one| one.get("violations")?.as_array()).flatten();
    let mut kinds = all.filter_map(|one| one.get("type")?.as_str());
    kinds.find(|kind| kind.starts_with("constraints/")).map(|kind| plain(kind, NAMED))
}

fn fields(details: &[Value]) -> Vec<(String, String)> {
    let all = details.iter().filter_map(|one| one.get("fieldViolations")?.as_array()).flatten();
    let text =
        |one: &Value, name: &str| plain(one.get(name).and_then(Value::as_str).unwrap_or_default(), NAMED);
    all.take(FIELDS).map(|one| (text(one, "field"), text(one, "description"))).collect()
}

/// Reads a delay that is asked for in the body: `{"retryDelay": "12s"}`.
fn delay(details: &[Value]) -> Option<Duration> {
    let text = details.iter().find_map(|one| one.get("retryDelay")?.as_str())?;
    let seconds: f64 = text.strip_suffix('s')?.parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

/// Puts text on one line, without what could move a cursor, and cuts it.
fn plain(text: &str, most: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().filter(|c| !c.is_control()).take(most).collect()
}

/// Writes an account as a member of a policy.
pub(super) fn member(caller: &str) -> String {
    match caller {
        service if service.ends_with(".gserviceaccount.com") => format!("serviceAccount:{service}"),
        user if user.contains('@') => format!("user:{user}"),
        _ => "MEMBER".to_owned(),
    }
}

/// Returns the role of least power that Google documents for a permission.
pub(super) fn role_for(permission: &str) -> Option<&'static str> {
    let (api, rest) = permission.split_once('.')?;
    Some(match (api, rest) {
        ("run", _) => "roles/run.admin",
        ("cloudbuild", _) => "roles/cloudbuild.builds.editor",
        ("artifactregistry", _) => "roles/artifactregistry.admin",
        ("secretmanager", _) => "roles/secretmanager.admin",
        ("logging", _) => "roles/logging.viewer",
        ("monitoring", _) => "roles/monitoring.viewer",
        ("storage", _) => "roles/storage.admin",
        ("iam", "serviceAccounts.actAs") => "roles/iam.serviceAccountUser",
        ("iam", "serviceAccounts.getOpenIdToken" | "serviceAccounts.getAccessToken") => {
            "roles/iam.serviceAccountTokenCreator"
        }
        ("iam", _) => "roles/iam.serviceAccountAdmin",
        ("serviceusage", _) => "roles/serviceusage.serviceUsageAdmin",
        ("resourcemanager", "projects.setIamPolicy") => "roles/resourcemanager.projectIamAdmin",
        ("resourcemanager", _) => "roles/browser",
        _ => return None,
    })
}

/// Returns the role for a call whose refusal names no permission.
fn role_of_call(call: &str) -> Option<&'static str> {
    match call.split_once('.')?.0 {
        "cloudresourcemanager" => Some("roles/browser"),
        "iamcredentials" => Some("roles/iam.serviceAccountTokenCreator"),
        _ => role_for(call),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refusal(status: u16, body: &Value) -> Refusal {
        let heard = Heard::of(status, body.to_string().into_bytes());
        Refusal::of("run.projects.locations.services.create", &heard)
    }

    fn told(status: u16, code: &str, message: &str, details: &Value) -> Refusal {
        refusal(
            status,
            &json!({"error": {"code": status, "message": message, "status": code, "details": details}}),
        )
    }

    fn info(reason: &str, metadata: &Value) -> Value {
        json!([{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "metadata": metadata}])
    }

    #[test]
    fn each_reason_for_which_something_is_forbidden_is_told_apart() {
        let denied = |message: &str, details: Value| told(403, "PERMISSION_DENIED", message, &details).class;
        let disabled = Class::ApiDisabled { service: "run.googleapis.com".to_owned() };
        assert_eq!(
            denied("off", info("SERVICE_DISABLED", &json!({"service": "run.googleapis.com"}))),
            disabled
        );
        assert_eq!(
            denied("Permission 'run.services.create' denied on resource '//x'", json!([])),
            Class::Denied { permission: Some("run.services.create".to_owned()) }
        );
        assert_eq!(
            denied(
                "Permission 'iam.serviceaccounts.actAs' denied on service account a@b.iam.gserviceaccount.com (or",
                json!([])
            ),
            Class::ActAs { account: Some("a@b.iam.gserviceaccount.com".to_owned()) }
        );
        assert_eq!(
            denied("caller does not have permission to act as service account a@b.com", json!([])),
            Class::ActAs { account: Some("a@b.com".to_owned()) }
        );
        assert_eq!(denied("x", info("BILLING_DISABLED", &json!({}))), Class::Billing);
        assert_eq!(denied("This API method requires billing to be enabled", json!([])), Class::Billing);
        assert_eq!(denied("Request had insufficient authentication scopes.", json!([])), Class::Scope);
        assert_eq!(
            denied("Request is prohibited by organization's policy. vpc service controls", json!([])),
            Class::Perimeter
        );
        assert_eq!(
            denied("Operation denied by org policy: [constraints/run.allowedIngress]", json!([])),
            Class::OrganisationPolicy { constraint: Some("constraints/run.allowedIngress".to_owned()) }
        );
        let domains = Class::OrganisationPolicy {
            constraint: Some("constraints/iam.allowedPolicyMemberDomains".to_owned()),
        };
        let failed =
            |message: &str, details: Value| told(400, "FAILED_PRECONDITION", message, &details).class;
        let says = "One or more users named in the policy do not belong to a permitted customer.";
        assert_eq!(failed(says, json!([])), domains);
        let details = json!([{"@type": "type.googleapis.com/google.rpc.PreconditionFailure", "violations": [
            {"type": "constraints/iam.allowedPolicyMemberDomains", "subject": "orgpolicy:x"}]}]);
        assert_eq!(failed("The policy cannot be set.", details), domains);
        assert_eq!(
            denied("The caller does not have permission", json!([])),
            Class::Denied { permission: None }
        );
    }

    #[test]
    fn a_refusal_says_which_command_mends_it() {
        let remedy = |refusal: Refusal| refusal.remedy("demo", "me@demo.iam.gserviceaccount.com").unwrap();
        let off = told(
            403,
            "PERMISSION_DENIED",
            "x",
            &info("SERVICE_DISABLED", &json!({"service": "run.googleapis.com"})),
        );
        assert_eq!(remedy(off), "gcloud services enable run.googleapis.com --project demo");
        let hostile = told(
            403,
            "PERMISSION_DENIED",
            "x",
            &info("SERVICE_DISABLED", &json!({"service": "a; rm -rf /"})),
        );
        assert_eq!(remedy(hostile), "gcloud services enable API --project demo");
        let denied = told(403, "PERMISSION_DENIED", "Permission 'run.services.create' denied", &json!([]));
        assert_eq!(
            remedy(denied),
            "gcloud projects add-iam-policy-binding demo --member serviceAccount:me@demo.iam.gserviceaccount.com --role \
             roles/run.admin"
        );
        let unnamed = told(403, "PERMISSION_DENIED", "The caller does not have permission", &json!([]));
        assert!(remedy(unnamed).ends_with("--role roles/run.admin"));
    }

    #[test]
    fn what_passes_by_itself_and_what_is_wrong_are_told_apart() {
        assert!(told(503, "UNAVAILABLE", "x", &json!([])).is_passing());
        let slow =
            told(429, "RESOURCE_EXHAUSTED", "x", &json!([{"@type": "RetryInfo", "retryDelay": "1.5s"}]));
        assert!(slow.is_passing() && slow.retry_after == Some(Duration::from_millis(1_500)));
        assert_eq!(told(409, "ABORTED", "x", &json!([])).class, Class::Aborted);
        assert_eq!(told(409, "ALREADY_EXISTS", "x", &json!([])).class, Class::Exists);
        let details = json!([{"fieldViolations": [{"field": "a.b", "description": "is\nno c"}]}]);
        let wrong = told(400, "INVALID_ARGUMENT", "x", &details);
        assert_eq!(wrong.class, Class::Invalid(vec![("a.b".to_owned(), "is no c".to_owned())]));
        assert!(!wrong.is_passing());
    }

    #[test]
    fn what_is_no_json_or_tries_the_terminal_is_shown_and_not_obeyed() {
        let heard = Heard::of(502, b"<html>bad gateway".to_vec());
        let refused = Refusal::of("run.x", &heard);
        assert_eq!(
            (refused.message.as_str(), refused.class),
            ("status 502, without a reason", Class::Unavailable)
        );
        assert_eq!(told(418, "x", "a\u{1b}[2J\n  b", &json!([])).message, "a[2J b");
    }
}
