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

/// The address of a repository, and its credentials apart from it.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::source) struct Split {
    /// The address without a password; a user of ssh stays, since it names the place.
    pub(in crate::source) public: String,
    /// `scheme://user:password@host`, for the file that git reads credentials from.
    pub(in crate::source) credentials: Option<String>,
}

/// Parts an address from its credentials.
pub(in crate::source) fn split(url: &str) -> Split {
    let whole = || Split { public: url.to_owned(), credentials: None };
    let Some((scheme, rest)) = url.split_once("://") else { return whole() };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let Some((user, host)) = authority.rsplit_once('@') else { return whole() };
    if matches!(scheme.to_ascii_lowercase().as_str(), "http" | "https") {
        let credentials = Some(format!("{scheme}://{user}@{host}"));
        return Split { public: format!("{scheme}://{host}{path}"), credentials };
    }
    let user = user.split(':').next().unwrap_or_default();
    Split { public: format!("{scheme}://{user}@{host}{path}"), credentials: None }
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

    #[test]
    fn an_address_is_parted_from_its_credentials() {
        let parts = split("https://ada:s3cret@host.example:8443/a.git");
        assert_eq!(parts.public, "https://host.example:8443/a.git");
        assert_eq!(parts.credentials.as_deref(), Some("https://ada:s3cret@host.example:8443"));
        assert_eq!(split("ssh://git:pw@host.example/a").public, "ssh://git@host.example/a");
        for plain in ["git@host.example:a.git", "../bare.git", "https://host.example/a@1.git"] {
            assert_eq!(split(plain), Split { public: plain.to_owned(), credentials: None });
        }
    }
}
