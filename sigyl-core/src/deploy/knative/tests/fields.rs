//! Which fields a cluster takes: a field that it does not know is refused, and what is known is looked at.

use serde_json::Value;

/// Fields of each kind: the path (`*` is any member or element), and what may be there.
const KNOWN: &[(&str, &[&str])] = &[
    ("Secret", &["apiVersion", "kind", "metadata", "type", "immutable", "data"]),
    ("Secret/metadata", &["name", "namespace", "labels", "annotations"]),
    ("Secret/data", &["value"]),
    ("ServiceAccount", &["apiVersion", "kind", "metadata", "automountServiceAccountToken"]),
    ("ServiceAccount/metadata", &["name", "namespace", "labels", "annotations"]),
    ("Service", &["apiVersion", "kind", "metadata", "spec"]),
    (
        "Service/metadata",
        &[
            "name",
            "namespace",
            "labels",
            "annotations",
            "uid",
            "resourceVersion",
            "generation",
            "creationTimestamp",
        ],
    ),
    ("Service/spec", &["template", "traffic"]),
    ("Service/spec/traffic/*", &["revisionName", "percent", "tag", "latestRevision"]),
    ("Service/spec/template", &["metadata", "spec"]),
    ("Service/spec/template/metadata", &["name", "labels", "annotations"]),
    (
        "Service/spec/template/spec",
        &[
            "serviceAccountName",
            "automountServiceAccountToken",
            "enableServiceLinks",
            "containerConcurrency",
            "timeoutSeconds",
            "containers",
            "imagePullSecrets",
        ],
    ),
    (
        "Service/spec/template/spec/containers/*",
        &["name", "image", "ports", "env", "resources", "securityContext", "readinessProbe"],
    ),
    ("Service/spec/template/spec/containers/*/ports/*", &["name", "containerPort"]),
    ("Service/spec/template/spec/containers/*/env/*", &["name", "value", "valueFrom"]),
    ("Service/spec/template/spec/containers/*/env/*/valueFrom", &["secretKeyRef"]),
    ("Service/spec/template/spec/containers/*/env/*/valueFrom/secretKeyRef", &["name", "key"]),
    ("Service/spec/template/spec/containers/*/resources", &["limits"]),
    ("Service/spec/template/spec/containers/*/resources/limits", &["cpu", "memory"]),
    (
        "Service/spec/template/spec/containers/*/securityContext",
        &["runAsNonRoot", "allowPrivilegeEscalation", "capabilities", "seccompProfile"],
    ),
    ("Service/spec/template/spec/containers/*/securityContext/capabilities", &["drop"]),
    ("Service/spec/template/spec/containers/*/securityContext/seccompProfile", &["type"]),
];

/// Names the first field of a thing that nobody knows.
pub(super) fn unknown(kind: &str, thing: &Value) -> Option<String> {
    KNOWN.iter().filter(|(path, _)| path.split('/').next() == Some(kind)).find_map(|(path, known)| {
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        at(thing, &parts).into_iter().find_map(|value| {
            let fields = value.as_object()?;
            let one = fields.keys().find(|field| !known.contains(&field.as_str()))?;
            Some(format!("{path}/{one}"))
        })
    })
}

fn at<'v>(value: &'v Value, path: &[&str]) -> Vec<&'v Value> {
    let Some((first, rest)) = path.split_first() else { return vec![value] };
    match (*first, value) {
        ("*", Value::Array(all)) => all.iter().flat_map(|one| at(one, rest)).collect(),
        (name, value) => value.get(name).map(|one| at(one, rest)).unwrap_or_default(),
    }
}

/// Says what is wrong with a service, as the webhook of Knative does.
pub(super) fn wrong(service: &Value) -> Option<String> {
    let text = |pointer: &str| service.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let (name, revision) = (text("/metadata/name"), text("/spec/template/metadata/name"));
    let is_label = |text: &str| {
        let is_of_label = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        text.len() <= 63
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.bytes().all(is_of_label)
    };
    if !is_label(name) || !is_label(revision) {
        return Some("metadata.name: not a DNS 1035 label".to_owned());
    }
    if !revision.starts_with(&format!("{name}-")) {
        return Some("spec.template.metadata.name: must have the name of the service as a prefix".to_owned());
    }
    for labels in ["/metadata/labels", "/spec/template/metadata/labels"] {
        let labels = service.pointer(labels).and_then(Value::as_object).into_iter().flatten();
        if let Some((name, _)) =
            labels.into_iter().find(|(_, value)| value.as_str().is_none_or(|it| it.len() > 63))
        {
            return Some(format!("metadata.labels.{name}: must be 63 characters at most"));
        }
    }
    let traffic = service["spec"]["traffic"].as_array().into_iter().flatten();
    if traffic.clone().filter_map(|one| one["percent"].as_u64()).sum::<u64>() != 100 {
        return Some("spec.traffic: traffic targets must sum up to 100".to_owned());
    }
    let mut tags: Vec<&str> = traffic.clone().filter_map(|one| one["tag"].as_str()).collect();
    let count = tags.len();
    tags.sort_unstable();
    tags.dedup();
    if tags.len() != count {
        return Some("spec.traffic.tag: multiple definitions for".to_owned());
    }
    let is_whole = |one: &Value| one["latestRevision"] == false && one["revisionName"].as_str().is_some();
    if !traffic.clone().all(is_whole) {
        return Some("spec.traffic: latestRevision must be false when revisionName is set".to_owned());
    }
    let spec = &service["spec"]["template"]["spec"];
    let [only] = spec["containers"].as_array().map(Vec::as_slice).unwrap_or_default() else {
        return Some("spec.template.spec.containers: expected one".to_owned());
    };
    let is_pinned =
        only["image"].as_str().and_then(|it| it.split_once("@sha256:")).is_some_and(|it| it.1.len() == 64);
    if !is_pinned {
        return Some("spec.template.spec.containers[0].image: is not named by a digest".to_owned());
    }
    let is_off = spec["automountServiceAccountToken"] == false;
    (!is_off).then(|| "must not set the field(s): spec.template.spec.automountServiceAccountToken".to_owned())
}

#[test]
fn a_field_that_nobody_knows_is_found_wherever_it_is() {
    use serde_json::json;
    let container =
        |more: Value| json!({"spec": {"template": {"spec": {"containers": [{"image": "x"}, more]}}}});
    assert_eq!(unknown("Service", &container(json!({"env": [{"name": "A"}]}))), None);
    let found = unknown("Service", &container(json!({"env": [{"nam": "A"}]})));
    assert_eq!(found.as_deref(), Some("Service/spec/template/spec/containers/*/env/*/nam"));
    assert_eq!(unknown("Secret", &json!({"stringData": {}})).as_deref(), Some("Secret/stringData"));
}
