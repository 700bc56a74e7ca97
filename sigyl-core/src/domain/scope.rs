//! Scopes: which actions a key is for, on which servers.

use serde::{Deserialize, Serialize};

use super::{Action, Namespace, ServerName};

/// An action on some servers, written `ACTION:NAMES` as in `deploy:com.example/*`; `*` stands for every action.
///
/// A scope only narrows: what a key can do is what its account may do and one of its scopes says.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Scope {
    /// Nothing means every action.
    action: Option<Action>,
    names: Namespace,
}

/// Text that is not a scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a scope: {why}")]
pub struct ScopeError {
    text: String,
    why: String,
}

impl Scope {
    /// Everything that the account may do.
    pub const EVERYTHING: Self = Self { action: None, names: Namespace::EVERYTHING };

    /// Makes the scope of one action on every server.
    pub fn anywhere(action: Action) -> Self {
        Self { action: Some(action), names: Namespace::EVERYTHING }
    }

    /// Reads a scope; an action alone means it on every server.
    pub fn parse(text: &str) -> Result<Self, ScopeError> {
        let wrong = |why: String| ScopeError { text: text.chars().take(240).collect(), why };
        let (word, names) = text.split_once(':').unwrap_or((text, "*"));
        let action = match word {
            "*" => None,
            word => Some(Action::of_word(word).ok_or_else(|| wrong(no_action()))?),
        };
        let names = Namespace::parse(names).map_err(|error| wrong(error.to_string()))?;
        if let Some(action) = action.filter(|it| !it.is_on_servers() && names != Namespace::EVERYTHING) {
            return Err(wrong(format!("`{}` is about no server: write `{0}:*`", action.word())));
        }
        Ok(Self { action, names })
    }

    /// Returns the actions that it says.
    pub fn actions(&self) -> impl Iterator<Item = Action> + use<> {
        let one = self.action;
        // On some servers, every action is every one that is done to servers.
        let servers_only = self.names != Namespace::EVERYTHING;
        let said = move |action: &Action| match one {
            Some(one) => one == *action,
            None => !servers_only || action.is_on_servers(),
        };
        Action::ALL.into_iter().filter(said)
    }

    /// Returns the servers that it is about.
    pub fn names(&self) -> &Namespace {
        &self.names
    }

    /// Tells whether it says this action, on some server at least.
    pub fn allows(&self, action: Action) -> bool {
        self.actions().any(|said| said == action)
    }

    /// Tells whether it says this action on this server.
    pub fn allows_on(&self, action: Action, server: &ServerName) -> bool {
        self.allows(action) && self.names.matches(server)
    }

    /// Returns what it says of `actions`, as scopes of one action each.
    pub fn only(&self, actions: &[Action]) -> impl Iterator<Item = Self> {
        let said = actions.iter().copied().filter(|action| self.allows(*action));
        said.map(|action| Self { action: Some(action), names: self.names.clone() })
    }

    /// Tells whether it says all that `other` says.
    pub fn covers(&self, other: &Self) -> bool {
        let action = match (self.action, other.action) {
            (None, _) => true,
            (Some(own), Some(other)) => own == other,
            (Some(_), None) => false,
        };
        action && self.names.covers(&other.names)
    }
}

fn no_action() -> String {
    let words: Vec<_> = Action::ALL.into_iter().map(Action::word).collect();
    format!("the action is one of {}, or `*`", words.join(", "))
}

impl std::fmt::Display for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.action.map_or("*", Action::word), self.names)
    }
}

impl std::str::FromStr for Scope {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Scope {
    type Error = ScopeError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_scope() -> impl Strategy<Value = Scope> {
        let action = prop::option::of(prop::sample::select(Action::ALL.to_vec()));
        let names = prop_oneof!["\\*", "[ab]/\\*", "[ab]/[xy]", "[xy]"];
        (action, names).prop_filter_map("about no server", |(action, names)| {
            Scope::parse(&format!("{}:{names}", action.map_or("*", Action::word))).ok()
        })
    }

    fn any_name() -> impl Strategy<Value = ServerName> {
        prop_oneof!["[ab]/[xy]", "[xy]"].prop_map(|text| ServerName::parse(&text).unwrap())
    }

    proptest! {
        #[test]
        fn what_is_written_reads_the_same(scope in any_scope()) {
            prop_assert_eq!(Scope::parse(&scope.to_string()), Ok(scope));
        }

        #[test]
        fn what_covers_a_scope_allows_all_that_it_allows(
            wide in any_scope(), narrow in any_scope(), name in any_name()
        ) {
            prop_assert!(wide.covers(&wide));
            if wide.covers(&narrow) {
                for action in Action::ALL {
                    prop_assert!(!narrow.allows(action) || wide.allows(action));
                    prop_assert!(!narrow.allows_on(action, &name) || wide.allows_on(action, &name));
                }
            }
        }
    }

    #[test]
    fn an_action_alone_means_it_everywhere() {
        assert_eq!(Scope::parse("deploy"), Ok(Scope::anywhere(Action::Deploy)));
        assert_eq!(Scope::parse("*"), Ok(Scope::EVERYTHING));
    }

    #[test]
    fn every_action_on_some_servers_is_none_on_the_installation() {
        let scope = Scope::parse("*:com.example/*").unwrap();
        assert!(scope.allows(Action::Delete));
        for action in [Action::Keys, Action::Manage, Action::Administer, Action::Operate] {
            assert!(!scope.allows(action), "{action}");
            assert!(Scope::EVERYTHING.allows(action), "{action}");
        }
    }

    #[test]
    fn what_says_nothing_clear_is_refused() {
        for text in ["", ":", "deploy:", "fly:*", "deploy:com.example*", "manage:com.example/*", "Deploy:*"] {
            assert!(Scope::parse(text).is_err(), "{text:?}");
        }
    }
}
