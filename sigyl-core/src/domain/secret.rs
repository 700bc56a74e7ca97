//! Names and values of secrets.

use std::fmt;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::text::checked_text;

/// Name of a secret, which is the environment variable that a server reads it from.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SecretName(Box<str>);

/// Text that cannot name an environment variable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not the name of a variable: it holds A-Z, a-z, 0-9 and `_`, and does not start with a digit"
)]
pub struct SecretNameError(String);

impl SecretName {
    /// Checks and takes a name.
    pub fn parse(text: &str) -> Result<Self, SecretNameError> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
        if text.is_empty()
            || text.len() > 128
            || !text.bytes().all(plain)
            || text.as_bytes()[0].is_ascii_digit()
        {
            return Err(SecretNameError(text.chars().take(128).collect()));
        }
        Ok(Self(text.into()))
    }
}

impl SecretName {
    /// The name of the pepper of keys, which [`super::ServerName::own`] owns.
    pub fn pepper() -> Self {
        Self("PEPPER".into())
    }

    /// The name of the key that signs statements, which [`super::ServerName::own`] owns.
    pub fn signing_key() -> Self {
        Self("SIGNING_KEY".into())
    }

    /// The name of the keys of the GitHub App, which [`super::ServerName::own`] owns.
    pub fn github_app() -> Self {
        Self("GITHUB_APP".into())
    }
}

checked_text!(SecretName, SecretNameError);

/// The value of a secret: silent in `Debug`, without `Display`, wiped when dropped.
///
/// It serialises, since it has to cross the owner's socket once; nothing that is stored or logged may hold one.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct SecretValue(String);

/// An error that serde makes up by itself repeats a value of another type.
impl<'de> Deserialize<'de> for SecretValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        fn no_text<E: de::Error, T>() -> Result<T, E> {
            Err(E::custom("the value of a secret is a text"))
        }

        impl Visitor<'_> for Text {
            type Value = SecretValue;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the value of a secret, as a text")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<SecretValue, E> {
                Ok(SecretValue::new(text))
            }

            fn visit_string<E: de::Error>(self, text: String) -> Result<SecretValue, E> {
                Ok(SecretValue(text))
            }

            fn visit_bool<E: de::Error>(self, _: bool) -> Result<SecretValue, E> {
                no_text()
            }

            fn visit_i64<E: de::Error>(self, _: i64) -> Result<SecretValue, E> {
                no_text()
            }

            fn visit_u64<E: de::Error>(self, _: u64) -> Result<SecretValue, E> {
                no_text()
            }

            fn visit_f64<E: de::Error>(self, _: f64) -> Result<SecretValue, E> {
                no_text()
            }
        }

        // Asked for a text, a format refuses anything else by itself, in its own words.
        deserializer.deserialize_any(Text)
    }
}

impl SecretValue {
    /// Takes a value.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// Reveals the value: the loud way out.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretValue(…)")
    }
}

impl Drop for SecretValue {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_stays_silent() {
        let value = SecretValue::new("hunter2");
        assert!(!format!("{value:?}").contains("hunter2"));
        assert_eq!(value.reveal(), "hunter2");
    }

    #[test]
    fn what_is_no_text_is_refused_without_being_repeated() {
        assert_eq!(serde_json::from_str::<SecretValue>("\"hunter2\"").unwrap().reveal(), "hunter2");
        for wrong in ["4711", "-4711", "47.11", "true", "[4711]", "{\"a\": 4711}"] {
            let told = serde_json::from_str::<SecretValue>(wrong).unwrap_err().to_string();
            assert!(!told.contains("47") && !told.contains("true"), "{told}");
        }
    }

    #[test]
    fn names_are_environment_variables() {
        assert!(SecretName::parse("API_KEY").is_ok());
        for name in ["", "1A", "A=B", "A B", "A\0"] {
            assert!(SecretName::parse(name).is_err(), "{name:?}");
        }
    }
}
