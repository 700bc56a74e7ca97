//! The front matter of a skill, command or agent.

/// What a front matter says, as far as rules look at it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::scan) struct Matter {
    /// What may be used without asking, each with its line.
    pub(in crate::scan) allowed: Vec<(String, u32)>,
    /// How permissions are asked for, with its line.
    pub(in crate::scan) mode: Option<(String, u32)>,
}

/// Bytes of a front matter.
const BYTES: usize = 64 << 10;

/// Reads the front matter of a document; one that is no YAML says nothing.
pub(in crate::scan) fn matter(text: &str) -> Matter {
    let Some(rest) = text.trim_start_matches('\u{feff}').strip_prefix("---") else {
        return Matter::default();
    };
    let Some(end) = rest.find("\n---").filter(|end| *end <= BYTES) else { return Matter::default() };
    let block = &rest[..end];
    let Ok(serde_yaml::Value::Mapping(members)) = serde_yaml::from_str::<serde_yaml::Value>(block) else {
        return Matter::default();
    };
    let line = |key: &str| {
        let at = block.lines().position(|line| line.trim_start().starts_with(key));
        at.and_then(|at| u32::try_from(at + 1).ok()).unwrap_or(1)
    };
    let mut matter = Matter::default();
    for (key, value) in &members {
        let Some(key) = key.as_str() else { continue };
        match key {
            "allowed-tools" | "allowedTools" | "allowed_tools" => {
                matter.allowed.extend(words(value).into_iter().map(|word| (word, line(key))));
            }
            "permissionMode" | "permission-mode" => {
                matter.mode = value.as_str().map(|mode| (mode.to_owned(), line(key)));
            }
            _ => {}
        }
    }
    matter
}

/// Reads a list, or a line with commas between; what stands in brackets belongs together.
fn words(value: &serde_yaml::Value) -> Vec<String> {
    if let Some(items) = value.as_sequence() {
        return items.iter().filter_map(|item| item.as_str()).map(str::to_owned).collect();
    }
    let (mut words, mut word, mut depth) = (Vec::new(), String::new(), 0_i32);
    for c in value.as_str().unwrap_or_default().chars() {
        depth += i32::from(c == '(') - i32::from(c == ')');
        if depth <= 0 && matches!(c, ',' | ' ') {
            words.push(std::mem::take(&mut word));
        } else {
            word.push(c);
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_allowed_is_read_in_each_form() {
        let of = |text: &str| matter(text).allowed.into_iter().map(|(word, _)| word).collect::<Vec<_>>();
        assert_eq!(
            of("---\nname: a\nallowed-tools: Bash(git add:*, git rm), Read\n---\nx"),
            ["Bash(git add:*, git rm)", "Read"]
        );
        assert_eq!(of("---\nallowed-tools: [Bash, Read]\n---\n"), ["Bash", "Read"]);
        assert_eq!(of("---\nallowed-tools: Read Write\n---\n"), ["Read", "Write"]);
        let mode = matter("---\nname: a\npermissionMode: bypassPermissions\n---\n").mode;
        assert_eq!(mode, Some(("bypassPermissions".to_owned(), 3)));
        for text in ["", "no", "---\n: [\n---\n", "---\nname: a"] {
            assert_eq!(matter(text), Matter::default(), "{text}");
        }
    }
}
