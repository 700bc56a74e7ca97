//! Checks of single texts: paths that stay in the tree, entry points, addresses.

/// Returns a path inside the tree without `.` parts; nothing when it could leave the tree.
pub(super) fn tree_path(text: &str) -> Option<String> {
    let absolute = text.starts_with('/') || text.contains(['\\', '\0', ':']);
    if text.is_empty() || absolute || text.split('/').any(|part| part == "..") {
        return None;
    }
    let parts: Vec<_> = text.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    Some(if parts.is_empty() { ".".to_owned() } else { parts.join("/") })
}

/// Tells whether a text reads `module:function`, as entry points of Python packages do.
pub(super) fn is_python_entry(text: &str) -> bool {
    let dotted = |text: &str| {
        text.split('.').all(|part| {
            !part.is_empty()
                && !part.starts_with(|c: char| c.is_ascii_digit())
                && part.chars().all(|c| c.is_alphanumeric() || c == '_')
        })
    };
    text.split_once(':').is_some_and(|(module, function)| dotted(module) && dotted(function))
}

/// Tells whether a text can name a built binary.
pub(super) fn is_program_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with('-')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b))
}

/// Text that is no address of the sort that is expected.
#[derive(Debug, thiserror::Error)]
#[error("expected an address such as {0}")]
pub(super) struct AddressError(&'static str);

/// Takes an address that a browser may open.
pub(super) fn web_address(text: &str) -> Result<String, AddressError> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let fine = rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/') && is_address(rest));
    fine.then(|| text.to_owned()).ok_or(AddressError("https://host/path"))
}

/// Takes an address that git or a browser may open.
pub(super) fn repository(text: &str) -> Result<String, AddressError> {
    const SCHEMES: [&str; 7] = ["https", "http", "git", "ssh", "git+https", "git+ssh", "git+http"];
    let with_scheme = text.split_once("://").is_some_and(|(scheme, rest)| {
        SCHEMES.contains(&scheme) && !rest.is_empty() && !rest.starts_with('/')
    });
    let like_scp = text.strip_prefix("git@").is_some_and(|rest| rest.contains(':'));
    let fine = (with_scheme || like_scp) && is_address(text);
    fine.then(|| text.to_owned()).ok_or(AddressError("https://host/path"))
}

fn is_address(text: &str) -> bool {
    text.chars().all(|c| !c.is_whitespace() && !c.is_control() && !"\"<>\\^`{|}".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_in_the_tree() {
        for (text, path) in
            [("./dist//index.js", "dist/index.js"), (".", "."), ("./", "."), ("a/...", "a/...")]
        {
            assert_eq!(tree_path(text).as_deref(), Some(path), "{text}");
        }
        for text in ["", "/etc/passwd", "../x", "a/../../b", "a\\..\\b", "C:/x", "a\0b", ".."] {
            assert_eq!(tree_path(text), None, "{text:?}");
        }
    }

    #[test]
    fn addresses_are_of_the_web() {
        for text in ["https://a.example/b?c#d", "http://localhost:80"] {
            assert!(web_address(text).is_ok(), "{text}");
        }
        for text in ["javascript:alert(1)", "https://", "https:///x", "file:///etc", "https://a b", "ada"] {
            assert!(web_address(text).is_err(), "{text}");
            assert!(repository(text).is_err(), "{text}");
        }
        for text in ["git+https://h/a.git", "git@h:a/b.git", "ssh://git@h/a"] {
            assert!(repository(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn python_entries_are_module_and_function() {
        assert!(is_python_entry("mcp_server_time:main") && is_python_entry("a.b:c.d"));
        for text in ["a", ":", "a:", ":b", "a b:c", "a:b:c", "a..b:c", "1a:b", "a/b:c"] {
            assert!(!is_python_entry(text), "{text}");
        }
    }
}
