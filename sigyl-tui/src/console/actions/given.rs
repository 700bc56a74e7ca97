//! What the fields of an action hold, read as what they have to be.

use std::fmt::Display;
use std::str::FromStr;

use crate::console::turn::Values;

/// A field holds what it must not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {why}")]
pub(in crate::console) struct Wrong {
    /// The field.
    pub(in crate::console) field: &'static str,
    /// What is wrong.
    pub(in crate::console) why: String,
}

/// Fields that were filled.
pub(in crate::console) struct Given<'a>(pub(in crate::console) &'a Values);

impl Given<'_> {
    /// What a field holds; nothing when it is empty.
    pub(in crate::console) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|text| text.trim()).filter(|text| !text.is_empty())
    }

    /// What a field holds as it was typed, blanks and all.
    pub(super) fn raw(&self, field: &'static str) -> Result<String, Wrong> {
        let wrong = || Wrong { field, why: "it is empty".to_owned() };
        self.0.get(field).filter(|text| !text.is_empty()).cloned().ok_or_else(wrong)
    }

    /// A field that has to be filled.
    pub(super) fn need<T: FromStr<Err: Display>>(&self, field: &'static str) -> Result<T, Wrong> {
        self.maybe(field)?.ok_or_else(|| Wrong { field, why: "it is empty".to_owned() })
    }

    /// A field that may be empty.
    pub(super) fn maybe<T: FromStr<Err: Display>>(&self, field: &'static str) -> Result<Option<T>, Wrong> {
        let read = |text: &str| text.parse().map_err(|error: T::Err| Wrong { field, why: error.to_string() });
        self.text(field).map(read).transpose()
    }

    /// A field that holds several values, parted by commas or blanks.
    pub(super) fn list<T: FromStr<Err: Display>>(&self, field: &'static str) -> Result<Vec<T>, Wrong> {
        let words = self.text(field).unwrap_or_default().split([',', ' ']).filter(|word| !word.is_empty());
        let read = |text: &str| text.parse().map_err(|error: T::Err| Wrong { field, why: error.to_string() });
        words.map(read).collect()
    }

    /// Whether a switch is on.
    pub(super) fn is_on(&self, field: &str) -> bool {
        self.text(field) == Some("yes")
    }
}

#[cfg(test)]
mod tests {
    use sigyl_core::domain::{ServerName, Tag};

    use super::*;

    #[test]
    fn what_is_wrong_names_its_field() {
        let values = Values::from([
            ("name", "A b".to_owned()),
            ("tags", "a, b  c".to_owned()),
            ("on", "yes".to_owned()),
        ]);
        let given = Given(&values);
        assert!(given.need::<ServerName>("name").unwrap_err().to_string().starts_with("name: "));
        assert_eq!(given.need::<ServerName>("other").unwrap_err().to_string(), "other: it is empty");
        assert_eq!(given.list::<Tag>("tags").unwrap().len(), 3);
        assert!(given.is_on("on") && !given.is_on("off"));
    }
}
