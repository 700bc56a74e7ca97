//! JSON that means one thing: no key twice, no NUL, not deep.

use std::collections::HashSet;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

/// Levels of arrays and objects.
const DEEPEST: usize = 64;

/// Refuses JSON that readers could understand differently, or that costs more than it says.
pub(super) fn check(text: &str) -> Result<(), serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_str(text);
    Level(0).deserialize(&mut reader)?;
    reader.end()
}

/// A value at some depth.
#[derive(Clone, Copy)]
struct Level(usize);

impl Level {
    fn deeper<E: de::Error>(self) -> Result<Self, E> {
        let Self(depth) = self;
        if depth == DEEPEST {
            return Err(E::custom(format_args!("it nests deeper than {DEEPEST} levels")));
        }
        Ok(Self(depth + 1))
    }
}

fn plain<E: de::Error>(text: &str) -> Result<(), E> {
    if text.contains('\0') { Err(E::custom("a text holds the character NUL")) } else { Ok(()) }
}

impl<'de> DeserializeSeed<'de> for Level {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Level {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<(), E> {
        plain(text)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let level = self.deeper()?;
        while items.next_element_seed(level)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        let level = self.deeper()?;
        let mut seen = HashSet::new();
        while let Some(key) = fields.next_key::<String>()? {
            plain(&key)?;
            fields.next_value_seed(level)?;
            if let Some(twice) = seen.replace(key) {
                let shown: String = twice.chars().take(80).collect();
                return Err(de::Error::custom(format_args!("the key `{shown}` is there twice")));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_one_thing_is_taken() {
        for text in [r#"{"a":{"b":1},"c":{"b":[1,-2,3.5,true,null,"x"]}}"#, "[]", "1", r#""x""#] {
            check(text).unwrap();
        }
    }

    #[test]
    fn what_could_mean_two_things_is_refused() {
        for (text, why) in [
            (r#"{"a":1,"a":2}"#, "twice"),
            (r#"{"x":[{"a":1,"\u0061":2}]}"#, "twice"),
            (r#"{"a":"\u0000"}"#, "NUL"),
            (r#"{"\u0000":1}"#, "NUL"),
            ("1 2", "trailing"),
            ("{", "EOF"),
            ("NaN", "expected"),
        ] {
            let error = check(text).unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        check(&nested(DEEPEST)).unwrap();
        assert!(check(&nested(DEEPEST + 1)).unwrap_err().to_string().contains("deeper"));
        assert!(check(&nested(100_000)).is_err());
    }
}
