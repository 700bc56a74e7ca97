//! Which names of servers something is about.

use serde::{Deserialize, Serialize};

use super::ServerName;

/// A pattern over names of servers: `*` is every name, `com.example/*` every name under that namespace, anything else
/// exactly the name that it reads.
///
/// There is no pattern for half a namespace: `com.example*` would also be `com.example-evil/x`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Namespace(Form);

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Form {
    Everything,
    /// The namespace, without its `/`.
    Under(Box<str>),
    Exactly(ServerName),
}

/// Text that is not a pattern over names.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no pattern over server names: write `*`, `com.example/*` or the name of a server")]
pub struct NamespaceError(String);

impl Namespace {
    /// Every name.
    pub const EVERYTHING: Self = Self(Form::Everything);

    /// Reads a pattern.
    pub fn parse(text: &str) -> Result<Self, NamespaceError> {
        let wrong = || NamespaceError(text.chars().take(200).collect());
        if text == "*" {
            return Ok(Self::EVERYTHING);
        }
        if let Some(space) = text.strip_suffix("/*") {
            // A namespace is whatever may stand before the `/` of a name.
            let reads = ServerName::parse(&format!("{space}/x")).is_ok() && !space.contains('/');
            return if reads { Ok(Self(Form::Under(space.into()))) } else { Err(wrong()) };
        }
        ServerName::parse(text).map(|name| Self(Form::Exactly(name))).map_err(|_| wrong())
    }

    /// Tells whether a name is meant.
    pub fn matches(&self, name: &ServerName) -> bool {
        match &self.0 {
            Form::Everything => true,
            Form::Under(space) => name.as_str().split_once('/').is_some_and(|(of, _)| of == &**space),
            Form::Exactly(own) => own == name,
        }
    }

    /// Tells whether every name that `other` means is meant by this too.
    pub fn covers(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Form::Everything, _) => true,
            (_, Form::Everything) => false,
            (_, Form::Exactly(name)) => self.matches(name),
            (Form::Under(own), Form::Under(other)) => own == other,
            (Form::Exactly(_), Form::Under(_)) => false,
        }
    }

    /// Returns patterns for the names that both lists mean; nothing stands for every name.
    pub fn both(one: Option<Vec<Self>>, other: Option<Vec<Self>>) -> Option<Vec<Self>> {
        let (one, other) = match (one, other) {
            (Some(one), Some(other)) => (one, other),
            (one, other) => return one.or(other),
        };
        // Of two patterns that share a name, one covers the other.
        let narrower = |a: &Self, b: &Self| {
            if a.covers(b) { Some(b.clone()) } else { b.covers(a).then(|| a.clone()) }
        };
        Some(one.iter().flat_map(|a| other.iter().filter_map(move |b| narrower(a, b))).collect())
    }
}

impl From<ServerName> for Namespace {
    fn from(name: ServerName) -> Self {
        Self(Form::Exactly(name))
    }
}

impl std::fmt::Display for Namespace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Form::Everything => f.write_str("*"),
            Form::Under(space) => write!(f, "{space}/*"),
            Form::Exactly(name) => f.write_str(name.as_str()),
        }
    }
}

impl std::str::FromStr for Namespace {
    type Err = NamespaceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Namespace {
    type Error = NamespaceError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<Namespace> for String {
    fn from(pattern: Namespace) -> Self {
        pattern.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_pattern() -> impl Strategy<Value = Namespace> {
        prop_oneof!["\\*", "[ab]{1,2}/\\*", "[ab]{1,2}/[xy]{1,2}", "[xy]{1,2}"]
            .prop_map(|text| Namespace::parse(&text).unwrap())
    }

    fn any_name() -> impl Strategy<Value = ServerName> {
        prop_oneof!["[ab]{1,2}/[xy]{1,2}", "[xy]{1,2}"].prop_map(|text| ServerName::parse(&text).unwrap())
    }

    proptest! {
        #[test]
        fn what_is_written_reads_the_same(pattern in any_pattern()) {
            prop_assert_eq!(Namespace::parse(&pattern.to_string()), Ok(pattern));
        }

        #[test]
        fn what_covers_a_pattern_matches_all_that_it_matches(
            wide in any_pattern(), narrow in any_pattern(), name in any_name()
        ) {
            if wide.covers(&narrow) && narrow.matches(&name) {
                prop_assert!(wide.matches(&name));
            }
            prop_assert_eq!(wide.covers(&Namespace::from(name.clone())), wide.matches(&name));
        }
    }

    proptest! {
        #[test]
        fn both_mean_what_each_means(
            one in prop::option::of(prop::collection::vec(any_pattern(), 0..4)),
            other in prop::option::of(prop::collection::vec(any_pattern(), 0..4)),
            name in any_name()
        ) {
            let means = |names: &Option<Vec<Namespace>>| {
                names.as_ref().is_none_or(|names| names.iter().any(|pattern| pattern.matches(&name)))
            };
            let wanted = means(&one) && means(&other);
            prop_assert_eq!(means(&Namespace::both(one, other)), wanted);
        }
    }

    #[test]
    fn a_namespace_does_not_reach_into_its_neighbours() {
        let pattern = Namespace::parse("com.example/*").unwrap();
        let matches = |name: &str| pattern.matches(&ServerName::parse(name).unwrap());
        assert!(matches("com.example/clock"));
        for name in ["com.example-evil/clock", "com.example.sub/clock", "com.Example/clock", "clock"] {
            assert!(!matches(name), "{name}");
        }
    }

    #[test]
    fn what_means_half_a_namespace_is_refused() {
        for text in ["", "com.example*", "com.*/x", "*/x", "a/b/*", "/*", "**", "com.example/", "x/*y"] {
            assert!(Namespace::parse(text).is_err(), "{text:?}");
        }
    }
}
