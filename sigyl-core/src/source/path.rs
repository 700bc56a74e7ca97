//! Paths inside a tree: relative, with `/`, without `.` and `..`, and safe to show.

/// Bytes of a path at most; what file systems take.
const LONGEST: usize = 4096;
/// Bytes of one name in a path at most; what file systems take.
const LONGEST_NAME: usize = 255;

/// Normalises a path from outside, or says what is wrong with it. The path of the top itself becomes empty.
pub(super) fn clean(raw: &str) -> Result<String, &'static str> {
    if raw.starts_with('/') {
        return Err("an absolute path");
    }
    join(raw)
}

/// Follows `raw` from the folder `base`, both inside a tree; `..` may climb, but not out of the tree.
pub(super) fn follow(base: &str, raw: &str) -> Result<String, &'static str> {
    if raw.starts_with('/') {
        return Err("an absolute path");
    }
    let mut names: Vec<&str> = base.split('/').filter(|name| !name.is_empty()).collect();
    for name in raw.split('/') {
        match name {
            "" | "." => {}
            ".." => drop(names.pop().ok_or("a path out of the tree")?),
            name => names.push(name),
        }
    }
    join(&names.join("/"))
}

/// Tells why a name cannot be a part of a path in a tree.
pub(super) fn bad_name(name: &str) -> Option<&'static str> {
    match name {
        ".." => Some("a path with `..`"),
        name if name.len() > LONGEST_NAME => Some("a name of more than 255 bytes"),
        name if name.chars().any(is_unshowable) => Some("a name with a control or text-direction character"),
        name if name.contains('\\') => Some("a name with a backslash"),
        _ => None,
    }
}

/// Returns the folder that holds `path`; empty for the top.
pub(super) fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Makes a name from outside fit to be shown.
pub(super) fn shown(raw: &str) -> String {
    let mut text: String = raw
        .chars()
        .take(300)
        .flat_map(|c| match is_unshowable(c) {
            true => c.escape_default().collect::<Vec<_>>(),
            false => vec![c],
        })
        .collect();
    if raw.chars().nth(300).is_some() {
        text.push('…');
    }
    text
}

fn join(raw: &str) -> Result<String, &'static str> {
    let mut path = String::new();
    for name in raw.split('/').filter(|name| !name.is_empty() && *name != ".") {
        if let Some(why) = bad_name(name) {
            return Err(why);
        }
        if !path.is_empty() {
            path.push('/');
        }
        path.push_str(name);
    }
    match path.len() > LONGEST {
        true => Err("a path of more than 4096 bytes"),
        false => Ok(path),
    }
}

/// Characters that move or hide text on a screen.
fn is_unshowable(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_normalised_or_refused() {
        assert_eq!(clean("./a//b/./c/"), Ok("a/b/c".to_owned()));
        assert_eq!(clean("./"), Ok(String::new()));
        for bad in ["/etc/passwd", "../a", "a/../b", "a\\..\\b", "a\nb", "a\u{202e}b", &"x".repeat(256)] {
            assert!(clean(bad).is_err(), "{bad:?}");
        }
        assert!(clean(&"x/".repeat(2100)).is_err());
    }

    #[test]
    fn links_climb_inside_the_tree_only() {
        assert_eq!(follow("a/b", "../c"), Ok("a/c".to_owned()));
        assert_eq!(follow("a", "../b/./d"), Ok("b/d".to_owned()));
        assert!(follow("a", "../../b").is_err());
        assert!(follow("a", "/b").is_err());
    }

    #[test]
    fn what_is_shown_cannot_move_the_cursor() {
        assert_eq!(shown("a\u{1b}[2Jb\n"), "a\\u{1b}[2Jb\\n");
        assert_eq!(shown(&"x".repeat(400)).chars().count(), 301);
    }
}
