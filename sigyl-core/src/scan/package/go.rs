//! `go.mod`, which names one version of each module.

use super::dependency::Dependency;

/// Reads the lines of `require`.
pub(super) fn module(text: &str) -> Vec<Dependency> {
    let mut inside = false;
    let mut found = Vec::new();
    for line in text.lines() {
        let line = line.split("//").next().unwrap_or_default().trim();
        let required = match line {
            "require (" => {
                inside = true;
                continue;
            }
            ")" => {
                inside = false;
                continue;
            }
            line if inside => line,
            line => match line.strip_prefix("require ") {
                Some(line) => line,
                None => continue,
            },
        };
        if let Some((name, version)) = required.trim().split_once(' ') {
            found.push(Dependency::exactly(name.trim_matches('"'), version.trim()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_of_require_are_read() {
        let text = "module m\n\ngo 1.26\n\nrequire a.example/b v1.0.0\nrequire (\n\tc.example/d/v2 v2.1.0 // indirect\n)\nreplace c.example/d => ../d\n";
        let found = module(text);
        let told: Vec<_> =
            found.iter().map(|one| (one.name.as_str(), one.exact.as_deref().unwrap())).collect();
        assert_eq!(told, [("a.example/b", "v1.0.0"), ("c.example/d/v2", "v2.1.0")]);
    }
}
