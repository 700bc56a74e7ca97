//! What Google calls the requests that a run makes.

use crate::deploy::cloud_run::tests::fake::Asked;

/// Names a request as Google does. What is asked of the server itself has no such name.
pub(super) fn name_of(asked: &Asked) -> String {
    let path = asked.path.split('?').next().unwrap().trim_start_matches('/');
    let (api, rest) = path.split_once('/').unwrap();
    let method = asked.method.as_str();
    if let Some((_, verb)) = rest.rsplit_once(':').filter(|(_, verb)| !verb.contains('/')) {
        return format!("{api}.{}.{verb}", noun(rest));
    }
    match (api, method) {
        ("serve", _) => "the server".to_owned(),
        ("logging", _) => "logging.entries.list".to_owned(),
        ("storage", _) => storage(method, rest),
        (_, "GET") if is_list(rest) => format!("{api}.{}.list", noun(rest)),
        (_, "GET") => format!("{api}.{}.get", noun(rest)),
        (_, "POST") => format!("{api}.{}.create", noun(rest)),
        (_, "PATCH") => format!("{api}.{}.patch", noun(rest)),
        (_, "DELETE") => format!("{api}.{}.delete", noun(rest)),
        _ => panic!("{method} {path}"),
    }
}

fn storage(method: &str, rest: &str) -> String {
    let noun = if rest.contains("/o") { "objects" } else { "buckets" };
    let verb = match method {
        "DELETE" => "delete",
        "POST" => "insert",
        _ if rest.ends_with("/o") => "list",
        _ => "get",
    };
    format!("storage.{noun}.{verb}")
}

/// The collections in a path: every second part of it after the version.
fn noun(rest: &str) -> String {
    let parts = rest.split(':').next().unwrap().split('/').skip(1);
    let nouns = parts.step_by(2).filter(|noun| !noun.is_empty());
    nouns.collect::<Vec<_>>().join(".")
}

fn is_list(rest: &str) -> bool {
    rest.split('/').skip(1).count() % 2 == 1
}

/// What a request is about: the same again is another try.
pub(super) fn key_of(asked: &Asked) -> String {
    format!("{} {}", asked.method, asked.path)
}

#[test]
fn requests_have_the_names_of_google() {
    let name = |method: &str, path: &str| {
        let (method, path) = (method.to_owned(), path.to_owned());
        name_of(&Asked { method, path, headers: Default::default(), body: String::new(), bytes: Vec::new() })
    };
    for (method, path, called) in [
        ("GET", "/storage/storage/v1/b/x", "storage.buckets.get"),
        ("POST", "/storage/upload/storage/v1/b/x/o?uploadType=multipart", "storage.objects.insert"),
        ("GET", "/storage/storage/v1/b/x/o?prefix=a", "storage.objects.list"),
        (
            "POST",
            "/run/v2/projects/p/locations/l/services?serviceId=a",
            "run.projects.locations.services.create",
        ),
        (
            "GET",
            "/run/v2/projects/p/locations/l/services/a/revisions",
            "run.projects.locations.services.revisions.list",
        ),
        ("GET", "/run/v2/projects/p/locations/l/operations/1", "run.projects.locations.operations.get"),
        (
            "GET",
            "/run/v2/projects/p/locations/l/services/a:getIamPolicy",
            "run.projects.locations.services.getIamPolicy",
        ),
        (
            "POST",
            "/cloudresourcemanager/v3/projects/p:setIamPolicy",
            "cloudresourcemanager.projects.setIamPolicy",
        ),
        (
            "POST",
            "/secretmanager/v1/projects/p/secrets/s:addVersion",
            "secretmanager.projects.secrets.addVersion",
        ),
        ("POST", "/iam/v1/projects/p/serviceAccounts", "iam.projects.serviceAccounts.create"),
    ] {
        assert_eq!(name(method, path), called);
    }
}
