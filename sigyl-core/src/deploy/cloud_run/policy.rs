//! Who may do what with something: read, changed, and written back unless somebody else wrote meanwhile.

use serde_json::{Value, json};

use super::call::Call;
use super::endpoints::Api;
use super::google::{Google, GoogleError};
use super::refusal::Class;

/// How often a policy is read anew because somebody else changed it.
const ROUNDS: usize = 5;

/// What has a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Guarded {
    /// The project.
    Project,
    /// A service of Cloud Run, by its whole name.
    Service(String),
    /// A secret, by its whole name.
    Secret(String),
}

impl Google {
    /// Grants roles to a member, beside whatever was granted; tells whether something was missing.
    pub async fn grant(
        &self,
        what: &Guarded,
        roles: &[&str],
        member: &str,
        is_new: bool,
    ) -> Result<bool, GoogleError> {
        self.rewrite(what, is_new, |policy| add(policy, roles, member, is_member)).await
    }

    /// Gives a role to members and takes it from others, in one writing; tells whether something changed.
    pub(super) async fn regrant(
        &self,
        what: &Guarded,
        role: &str,
        given: &[String],
        taken: &[String],
    ) -> Result<bool, GoogleError> {
        let change = |policy: &mut Value| {
            let mut changed = remove(policy, role, taken)?;
            for member in given {
                // Google takes in nobody who was deleted: who is held as that is not named anew.
                changed |= add(policy, &[role], member, is_or_was)?;
            }
            Ok(changed)
        };
        self.rewrite(what, false, change).await
    }

    /// Reads a policy, changes it, and writes it back unless nothing changed; again where somebody else wrote meanwhile.
    async fn rewrite(
        &self,
        what: &Guarded,
        is_new: bool,
        change: impl Fn(&mut Value) -> Result<bool, PolicyError>,
    ) -> Result<bool, GoogleError> {
        let mut rounds = 1;
        loop {
            let reading = self.read_policy(what);
            let call = reading.name;
            let mut policy: Value = self.call(reading).await?;
            let unusable = |why: PolicyError| GoogleError::Answer { call, why: why.to_string() };
            if !change(&mut policy).map_err(unusable)? {
                // After a round that was lost, it may have been written all the same.
                return Ok(rounds > 1);
            }
            let written = self.settled(is_new, || self.call::<Value>(self.write_policy(what, &policy))).await;
            match written {
                Ok(_) => return Ok(true),
                Err(error) if error.is(&Class::Aborted) && rounds < ROUNDS => rounds += 1,
                Err(error) => return Err(error),
            }
        }
    }

    fn read_policy(&self, what: &Guarded) -> Call {
        let version = ("options.requestedPolicyVersion", "3");
        match what {
            Guarded::Project => Call::post(
                "cloudresourcemanager.projects.getIamPolicy",
                Api::ResourceManager,
                format!("v3/projects/{}:getIamPolicy", self.project()),
                json!({"options": {"requestedPolicyVersion": 3}}),
            )
            .safe(),
            Guarded::Service(name) => {
                let path = format!("v2/{name}:getIamPolicy");
                let call = Call::get("run.projects.locations.services.getIamPolicy", Api::Run, path);
                call.with(version.0, version.1)
            }
            Guarded::Secret(name) => {
                let path = format!("v1/{name}:getIamPolicy");
                let call = Call::get("secretmanager.projects.secrets.getIamPolicy", Api::SecretManager, path);
                call.with(version.0, version.1)
            }
        }
    }

    fn write_policy(&self, what: &Guarded, policy: &Value) -> Call {
        let body = json!({ "policy": policy });
        let (name, api, path) = match what {
            Guarded::Project => (
                "cloudresourcemanager.projects.setIamPolicy",
                Api::ResourceManager,
                format!("v3/projects/{}:setIamPolicy", self.project()),
            ),
            Guarded::Service(name) => {
                ("run.projects.locations.services.setIamPolicy", Api::Run, format!("v2/{name}:setIamPolicy"))
            }
            Guarded::Secret(name) => (
                "secretmanager.projects.secrets.setIamPolicy",
                Api::SecretManager,
                format!("v1/{name}:setIamPolicy"),
            ),
        };
        // Its etag keeps a second writing from undoing what somebody else wrote.
        Call::post(name, api, path, body).safe()
    }
}

/// Why a policy is left as it is. What cannot be read whole would be lost by writing it back.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum PolicyError {
    #[error("the policy has no etag, and writing it back could undo what somebody else granted")]
    NoEtag,
    #[error("`bindings` of the policy is no list")]
    Bindings,
    #[error("`bindings[{0}].members` of the policy is no list")]
    Members(usize),
}

/// Takes a role from members, where no condition is set to it; tells whether that changed something.
fn remove(policy: &mut Value, role: &str, taken: &[String]) -> Result<bool, PolicyError> {
    let mut bindings = bindings(policy)?;
    let mut changed = false;
    for (at, one) in bindings.iter_mut().enumerate() {
        if one["role"] != role || one.get("condition").is_some() {
            continue;
        }
        let members = one.get_mut("members").and_then(Value::as_array_mut);
        let members = members.ok_or(PolicyError::Members(at))?;
        let before = members.len();
        members.retain(|held| !taken.iter().any(|one| is_or_was(held, one)));
        changed |= members.len() != before;
    }
    if changed {
        let is_nobodys = |one: &Value| one["members"].as_array().is_some_and(Vec::is_empty);
        bindings.retain(|one| !is_nobodys(one));
        policy["bindings"] = bindings.into();
    }
    Ok(changed)
}

/// Reads the bindings of a policy that can be written back.
fn bindings(policy: &Value) -> Result<Vec<Value>, PolicyError> {
    if policy.get("etag").and_then(Value::as_str).is_none_or(str::is_empty) {
        return Err(PolicyError::NoEtag);
    }
    match policy.get("bindings") {
        None => Ok(Vec::new()),
        Some(bindings) => bindings.as_array().cloned().ok_or(PolicyError::Bindings),
    }
}

/// Tells whether a policy means a member, whose address it may spell in the casing of the account.
fn is_member(held: &Value, member: &str) -> bool {
    held.as_str().is_some_and(|held| same(held, member))
}

/// The same, or that member since it was deleted: `deleted:KIND:NAME?uid=NUMBER`.
fn is_or_was(held: &Value, member: &str) -> bool {
    let deleted = held.as_str().and_then(|held| held.strip_prefix("deleted:")?.rsplit_once("?uid="));
    is_member(held, member) || deleted.is_some_and(|(held, _)| same(held, member))
}

/// Tells whether two spellings mean one member: its kind is compared as it is, its name without case.
pub(super) fn same(one: &str, other: &str) -> bool {
    match (one.split_once(':'), other.split_once(':')) {
        (Some((kind, name)), Some((other_kind, other_name))) => {
            kind == other_kind && name.eq_ignore_ascii_case(other_name)
        }
        _ => one == other,
    }
}

/// Adds a member to roles, where no condition is set to them and `is_held` tells of none that it is that one; tells whether
/// that changed something.
fn add(
    policy: &mut Value,
    roles: &[&str],
    member: &str,
    is_held: fn(&Value, &str) -> bool,
) -> Result<bool, PolicyError> {
    let mut bindings = bindings(policy)?;
    let mut changed = false;
    for role in roles {
        let is_it = |one: &Value| one["role"] == *role && one.get("condition").is_none();
        match bindings.iter().position(is_it) {
            Some(at) => {
                let members = bindings[at].get_mut("members").and_then(Value::as_array_mut);
                let members = members.ok_or(PolicyError::Members(at))?;
                if !members.iter().any(|one| is_held(one, member)) {
                    members.push(member.into());
                    changed = true;
                }
            }
            None => {
                bindings.push(json!({"role": role, "members": [member]}));
                changed = true;
            }
        }
    }
    policy["bindings"] = bindings.into();
    Ok(changed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_leaves_everything_else_as_it_is() {
        let conditional =
            json!({"role": "roles/a", "members": ["user:x@y"], "condition": {"expression": "false"}});
        let mut policy = json!({"version": 3, "etag": "E", "bindings": [conditional, {"role": "roles/b", "members": ["user:x@y"]}]});
        assert_eq!(add(&mut policy, &["roles/a", "roles/b"], "user:me@y", is_member), Ok(true));
        assert_eq!(policy["bindings"][0], conditional, "what holds on a condition is not taken for a grant");
        assert_eq!(policy["bindings"][1]["members"], json!(["user:x@y", "user:me@y"]));
        assert_eq!(policy["bindings"][2], json!({"role": "roles/a", "members": ["user:me@y"]}));
        assert_eq!((policy["version"].clone(), policy["etag"].clone()), (json!(3), json!("E")));
        assert_eq!(
            add(&mut policy, &["roles/a", "roles/b"], "user:me@y", is_member),
            Ok(false),
            "nothing is missing"
        );
    }

    #[test]
    fn a_role_is_taken_from_whom_it_was_given_to_and_from_nobody_else() {
        let conditional =
            json!({"role": "roles/a", "members": ["allUsers"], "condition": {"expression": "false"}});
        let mut policy = json!({"etag": "E", "bindings": [
            conditional, {"role": "roles/a", "members": ["allUsers", "user:x@y"]}, {"role": "roles/b", "members": ["allUsers"]}]});
        let all = ["allUsers".to_owned()];
        assert_eq!(remove(&mut policy, "roles/a", &all), Ok(true));
        assert_eq!(policy["bindings"][0], conditional, "what holds on a condition was not given here");
        assert_eq!(policy["bindings"][1]["members"], json!(["user:x@y"]));
        assert_eq!(policy["bindings"][2]["members"], json!(["allUsers"]), "another role is left alone");
        assert_eq!(remove(&mut policy, "roles/a", &all), Ok(false), "nothing is left to take");
        assert_eq!(remove(&mut policy, "roles/b", &all), Ok(true));
        assert_eq!(
            policy["bindings"].as_array().map(Vec::len),
            Some(2),
            "a binding of nobody cannot be written"
        );
        assert_eq!(remove(&mut json!({"bindings": []}), "roles/a", &all), Err(PolicyError::NoEtag));
    }

    #[test]
    fn a_member_is_known_in_the_spelling_that_google_holds() {
        let held = [
            "user:Ada@Example.org",
            "deleted:user:Bob@example.org?uid=123",
            "allUsers",
            "group:ada@example.org",
        ];
        let mut policy = json!({"etag": "E", "bindings": [{"role": "roles/a", "members": held}]});
        for member in ["user:ada@example.org", "user:bob@example.org", "allUsers"] {
            assert_eq!(add(&mut policy, &["roles/a"], member, is_or_was), Ok(false), "{member}");
        }
        for other in
            ["User:ada@example.org", "allusers", "user:ada@example.com", "deleted:user:bob@example.org"]
        {
            assert!(!held.iter().any(|held| is_or_was(&json!(held), other)), "{other}");
        }
        // An account of Sigyl that was made again under its name has no right of the one before it.
        assert_eq!(add(&mut policy.clone(), &["roles/a"], "user:bob@example.org", is_member), Ok(true));
        let taken = ["user:ada@example.org".to_owned(), "user:bob@example.org".to_owned()];
        assert_eq!(remove(&mut policy, "roles/a", &taken), Ok(true));
        assert_eq!(policy["bindings"][0]["members"], json!(["allUsers", "group:ada@example.org"]));
    }

    #[test]
    fn a_policy_that_cannot_be_read_whole_is_not_written_back() {
        let with = |bindings: Value| json!({"etag": "E", "bindings": bindings});
        let cases = [
            (json!({}), PolicyError::NoEtag),
            (json!({"etag": "", "bindings": []}), PolicyError::NoEtag),
            (with(json!({"role": "roles/a"})), PolicyError::Bindings),
            (with(Value::Null), PolicyError::Bindings),
            (with(json!([{"role": "roles/b"}, {"role": "roles/a"}])), PolicyError::Members(1)),
            (with(json!([{"role": "roles/a", "members": "user:x@y"}])), PolicyError::Members(0)),
        ];
        for (policy, why) in cases {
            let mut read = policy.clone();
            assert_eq!(add(&mut read, &["roles/a"], "user:me@y", is_member), Err(why), "{policy}");
            assert_eq!(read, policy);
        }
        let mut empty = json!({"etag": "E"});
        assert_eq!(add(&mut empty, &["roles/a"], "user:me@y", is_member), Ok(true), "nobody has a role yet");
    }
}
