//! Plain settings of servers: variables of their environment that are no secret.

use std::collections::BTreeMap;

use super::{SecretName, SecretNameError};

/// A setting that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SettingError {
    /// Nothing can be called so.
    #[error(transparent)]
    Name(#[from] SecretNameError),
    /// No variable has such a value.
    #[error("the value of {0} holds a NUL, which no variable can")]
    Value(SecretName),
    /// It is to be set and to go.
    #[error("{0} is both set and unset")]
    Both(SecretName),
}

/// Checks settings that are to be added, and names of those that are to go. A name with a `=` in it would set another
/// variable than the one that is asked about.
pub fn check_settings(env: &BTreeMap<String, String>, unset: &[String]) -> Result<(), SettingError> {
    for (name, value) in env {
        let name = SecretName::parse(name)?;
        if value.contains('\0') {
            return Err(SettingError::Value(name));
        }
        if unset.iter().any(|gone| gone == name.as_str()) {
            return Err(SettingError::Both(name));
        }
    }
    unset.iter().try_for_each(|name| SecretName::parse(name).map(|_| ()))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_sets_the_variable_that_it_says_and_no_other() {
        let of =
            |name: &str, value: &str| check_settings(&BTreeMap::from([(name.into(), value.into())]), &[]);
        assert_eq!(of("LOG_LEVEL", "a=b\n"), Ok(()));
        for name in ["", "NODE_OPTIONS=--require x", "PATH=", "A\0", "1A", "A B"] {
            assert!(matches!(of(name, "x"), Err(SettingError::Name(_))), "{name:?}");
        }
        assert!(matches!(of("A", "x\0y"), Err(SettingError::Value(_))));
    }

    #[test]
    fn what_goes_has_a_name_and_is_not_set_too() {
        let (env, gone) = (BTreeMap::from([("A".to_owned(), String::new())]), ["A".to_owned()]);
        assert!(matches!(check_settings(&env, &gone), Err(SettingError::Both(_))));
        assert_eq!(check_settings(&BTreeMap::new(), &gone), Ok(()));
        assert!(check_settings(&BTreeMap::new(), &["A=".to_owned()]).is_err());
    }
}
