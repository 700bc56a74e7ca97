//! `go.sum`.

use super::component::{Component, Listed};
use crate::domain::percent_encoded;

/// Lists the modules whose content is summed. `go.sum` may name versions that are not taken in the end.
pub(super) fn listed(path: &str, bytes: &[u8]) -> Listed {
    let Ok(text) = std::str::from_utf8(bytes) else { return Listed::unread(path) };
    let components = text.lines().filter_map(component).collect();
    Listed { components, gaps: vec![format!("{path} may name versions of modules that are not built in")] }
}

fn component(line: &str) -> Option<Component> {
    let mut words = line.split_ascii_whitespace();
    let (module, version, sum) = (words.next()?, words.next()?, words.next()?);
    if version.ends_with("/go.mod") {
        return None;
    }
    let parts: Vec<String> = module.split('/').map(percent_encoded).collect();
    Some(Component {
        name: module.to_owned(),
        version: version.to_owned(),
        purl: Some(format!("pkg:golang/{}@{}", parts.join("/"), percent_encoded(version))),
        // It is the hash of a list of files, and of no file.
        properties: vec![("sigyl:go-sum", sum.to_owned())],
        ..Component::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_listed_with_their_sums_and_the_doubt() {
        let sum = "host.example/a/b v1.0.0 h1:abc=\nhost.example/a/b v1.0.0/go.mod h1:def=\n";
        let Listed { components, gaps } = listed("go.sum", sum.as_bytes());
        assert_eq!(components.len(), 1);
        assert_eq!(components[0].purl.as_deref(), Some("pkg:golang/host.example/a/b@v1.0.0"));
        assert_eq!(components[0].properties, [("sigyl:go-sum", "h1:abc=".to_owned())]);
        assert_eq!(gaps.len(), 1);
    }
}
