//! Takes credentials out of addresses.

/// Hides the user information of every address in a text.
pub(in crate::source) fn mask(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        masked.push_str(before);
        let end = after.find(|c: char| c == '/' || c.is_whitespace() || "\"'<>?#".contains(c));
        let host = &after[..end.unwrap_or(after.len())];
        rest = match host.rfind('@') {
            Some(at) => {
                masked.push_str("***");
                &after[at..]
            }
            None => after,
        };
    }
    masked.push_str(rest);
    masked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_in_addresses_are_hidden() {
        for (text, expected) in [
            ("clone https://ada:s3c@ret@host.example/a.git now", "clone https://***@host.example/a.git now"),
            ("'https://token@h' and ssh://git@h/x", "'https://***@h' and ssh://***@h/x"),
            ("https://host.example/a@b", "https://host.example/a@b"),
            ("git@host.example:a/b.git", "git@host.example:a/b.git"),
            ("://", "://"),
        ] {
            assert_eq!(mask(text), expected);
        }
    }
}
