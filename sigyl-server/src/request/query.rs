//! The query of a request.

use std::str::FromStr;

use super::percent;
use crate::respond::Problem;

/// Most of anything that is listed at a time.
pub(crate) const LISTED_MOST: usize = 10_000;

/// Parameters that are read; no route has nearly as many.
const MOST: usize = 32;

/// The parameters after `?`. Those that nobody asks for are not looked at, and one that comes twice is refused.
#[derive(Debug, Default)]
pub(crate) struct Query {
    pairs: Vec<(String, String)>,
}

impl Query {
    /// Reads `raw`, the part of the address after `?`.
    pub(super) fn read(raw: &str) -> Result<Self, Problem> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for part in raw.split('&').filter(|part| !part.is_empty()) {
            if pairs.len() == MOST {
                return Err(Problem::invalid(format!("the query has more than {MOST} parameters")));
            }
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let name = percent::decode(name, true)
                .map_err(|error| Problem::invalid(format!("a name in the query cannot be read: {error}")))?;
            let value = percent::decode(value, true).map_err(|error| {
                Problem::invalid(format!("`{name}` in the query cannot be read: {error}"))
            })?;
            if pairs.iter().any(|(other, _)| *other == name) {
                return Err(Problem::invalid(format!("`{name}` is in the query twice")));
            }
            pairs.push((name, value));
        }
        Ok(Self { pairs })
    }

    /// Returns a parameter as it was sent.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// Returns a parameter that says how many, of at most `most`.
    pub(crate) fn count(&self, name: &str, most: usize) -> Result<Option<usize>, Problem> {
        let count = self.value(name, "a number")?;
        match count {
            Some(count) if count > most => Err(Problem::invalid(format!(
                "`{name}` in the query is {count}, and {most} are given at a time"
            ))),
            count => Ok(count),
        }
    }

    /// Returns a parameter that is a number, a switch or a name.
    pub(crate) fn value<T: FromStr>(&self, name: &str, what: &str) -> Result<Option<T>, Problem> {
        let Some(text) = self.text(name) else { return Ok(None) };
        text.parse().map(Some).map_err(|_| Problem::invalid(format!("`{name}` in the query is not {what}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_read_once_each() {
        let query = Query::read("search=a+b%26c&limit=30&flag&").unwrap();
        assert_eq!(query.text("search"), Some("a b&c"));
        assert_eq!(query.value::<u8>("limit", "a number").unwrap(), Some(30));
        assert_eq!(query.text("flag"), Some(""));
        assert_eq!(query.value::<u8>("absent", "a number").unwrap(), None);
        assert!(query.value::<u8>("search", "a number").is_err());
        assert_eq!(query.count("limit", 30).unwrap(), Some(30));
        assert!(query.count("limit", 29).is_err());
        assert!(Query::read("limit=1&limit=2").is_err());
        assert!(Query::read("a=%00").is_err());
        assert!(Query::read(&"a&".repeat(MOST)).is_err(), "the same name");
        let many: String = (0..=MOST).map(|at| format!("p{at}&")).collect();
        assert!(Query::read(&many).is_err());
    }
}
