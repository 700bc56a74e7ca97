//! Which part of a list is asked for.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{LISTED_MOST, Query};
use crate::respond::Problem;

/// Longest cursor that is read; those of ours are shorter.
const CURSOR_MOST: usize = 4 << 10;

/// A part of a list: so many of what comes after the place that a cursor names.
#[derive(Debug)]
pub(crate) struct Part {
    list: &'static str,
    limit: usize,
    after: Option<String>,
}

impl Query {
    /// Reads which part of `list` is asked for.
    pub(crate) fn part(&self, list: &'static str) -> Result<Part, Problem> {
        let limit = self.count("limit", LISTED_MOST)?.unwrap_or(LISTED_MOST);
        if limit == 0 {
            return Err(Problem::invalid(
                "`limit` in the query is 0, and a part of a list has one entry at least",
            ));
        }
        let after = self.text("cursor").map(|cursor| read(list, cursor)).transpose()?;
        Ok(Part { list, limit, after })
    }
}

impl Part {
    /// Takes the part out of the whole list, and tells the cursor of the next, if there is more. `place` is what tells an
    /// entry from all others.
    pub(crate) fn of<T>(
        self,
        mut all: Vec<T>,
        place: impl Fn(&T) -> String,
    ) -> Result<(Vec<T>, Option<String>), Problem> {
        if let Some(after) = &self.after {
            let at = all.iter().position(|one| place(one) == *after).ok_or_else(|| {
                Problem::invalid(
                    "what the cursor goes on after is not there any more: begin again without it",
                )
            })?;
            all.drain(..=at);
        }
        let has_more = all.len() > self.limit;
        all.truncate(self.limit);
        let next = all.last().filter(|_| has_more).map(|last| write(self.list, &place(last)));
        Ok((all, next))
    }
}

fn write(list: &str, place: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("{list}\n{place}"))
}

fn read(list: &str, cursor: &str) -> Result<String, Problem> {
    let wrong = || Problem::invalid("the cursor is not one that this list gave: begin again without it");
    let bytes = Some(cursor).filter(|cursor| cursor.len() <= CURSOR_MOST);
    let bytes = bytes.and_then(|cursor| URL_SAFE_NO_PAD.decode(cursor).ok()).ok_or_else(wrong)?;
    let text = String::from_utf8(bytes).map_err(|_| wrong())?;
    match text.split_once('\n') {
        Some((of, place)) if of == list => Ok(place.to_owned()),
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(query: &str) -> Result<Part, Problem> {
        Query::read(query).and_then(|query| query.part("letters"))
    }

    fn letters(query: &str) -> (Vec<char>, Option<String>) {
        part(query).unwrap().of("abcde".chars().collect(), char::to_string).unwrap()
    }

    #[test]
    fn parts_follow_each_other_and_end() {
        let (first, next) = letters("limit=2");
        assert_eq!(first, ['a', 'b']);
        let (second, next) = letters(&format!("limit=2&cursor={}", next.unwrap()));
        assert_eq!(second, ['c', 'd']);
        let (third, next) = letters(&format!("limit=2&cursor={}", next.unwrap()));
        assert_eq!((third, next), (vec!['e'], None));
        assert_eq!(letters("limit=5").1, None, "nothing is left");
        assert_eq!(letters("").0.len(), 5, "all, when no part is asked for");
    }

    #[test]
    fn what_is_no_cursor_of_the_list_is_refused() {
        let other = write("numbers", "a");
        for cursor in ["", "a", "%20", &other, &"A".repeat(CURSOR_MOST + 1)] {
            assert!(part(&format!("cursor={cursor}")).is_err(), "{cursor}");
        }
        assert!(part("limit=0").is_err());
        let gone = part(&format!("cursor={}", write("letters", "x"))).unwrap();
        assert!(gone.of(vec!['a'], char::to_string).is_err());
    }
}
