//! What is made for a server and its instances, by name and label: names are labels of DNS, 63 characters at most.

use serde_json::{Value, json};

use crate::deploy::image::Names;
use crate::domain::{Digest, RevisionId, SecretName};

/// The label that says who made something.
pub(super) const MANAGED: &str = "app.kubernetes.io/managed-by";
/// What it says.
pub(super) const SIGYL: &str = "sigyl";
/// The label and the annotation that say for which server something was made.
pub(super) const SERVER: &str = "sigyl-server";
/// The label and the annotation that say for which instance something was made.
pub(super) const INSTANCE: &str = "sigyl-instance";
/// The annotation that says of which source an instance was made; the label has the first of its digits.
pub(super) const SOURCE: &str = "sigyl-source";
/// Hexadecimal digits that tell variables of one instance apart.
const APART: usize = 12;

/// Returns the name of the revision of an instance.
pub(super) fn revision(names: &Names, instance: &RevisionId) -> String {
    format!("{}-{}", names.service(), Names::tag(instance))
}

/// Returns the name of a secret: each value of each instance has one of its own.
pub(super) fn secret(names: &Names, instance: &RevisionId, variable: &SecretName) -> String {
    let apart = &Digest::of(variable.as_str().as_bytes()).hex()[..APART];
    format!("{}-{apart}", revision(names, instance))
}

/// Returns the labels of what is made for a server.
pub(super) fn labels(names: &Names) -> Value {
    json!({MANAGED: SIGYL, SERVER: names.service()})
}

/// Returns what finds everything that was made for a server.
pub(super) fn selector(names: &Names) -> String {
    format!("{MANAGED}={SIGYL},{SERVER}={}", names.service())
}

/// Tells whether the labels of something say that it was made for a server.
pub(super) fn is_for(thing: &Value, names: &Names) -> bool {
    let labels = &thing["metadata"]["labels"];
    labels[MANAGED] == SIGYL && labels[SERVER] == names.service()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ServerName;

    #[test]
    fn every_name_is_a_label_of_dns_and_no_two_things_share_one() {
        let servers = ["clock", "9", "a.b", "a-b", "io.github.Ada/weather", &"x".repeat(100)];
        let (instances, variables) = (["one", "two"], ["KEY", "key", "KEY_2"]);
        let mut seen = std::collections::BTreeSet::new();
        for server in servers {
            let names = Names::of(&ServerName::parse(server).unwrap());
            for instance in instances {
                let instance = RevisionId::parse(instance).unwrap();
                let variables =
                    variables.map(|one| secret(&names, &instance, &SecretName::parse(one).unwrap()));
                let tagged = format!("{}-{}", Names::tag(&instance), names.service());
                assert!(tagged.len() <= 63, "{tagged}");
                for name in variables.into_iter().chain([revision(&names, &instance)]) {
                    let of_dns = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
                    assert!(name.len() <= 63 && name.chars().all(of_dns), "{name}");
                    assert!(
                        name.starts_with(|c: char| c.is_ascii_lowercase()) && !name.ends_with('-'),
                        "{name}"
                    );
                    assert!(name.starts_with(&format!("{}-", names.service())), "{name}");
                    assert!(seen.insert(name));
                }
            }
        }
    }
}
