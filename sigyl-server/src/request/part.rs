//! Which part of a list is asked for.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use sigyl_core::domain::Timestamp;

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
    /// Takes the part out of the whole list, which is in the order of `place`, and tells the cursor of the next, if there is
    /// more. It goes on after a place, whether or not something still stands there.
    pub(crate) fn of<T>(self, mut all: Vec<T>, place: impl Fn(&T) -> String) -> (Vec<T>, Option<String>) {
        all.sort_by_cached_key(&place);
        if let Some(after) = &self.after {
            all.retain(|one| place(one) > *after);
        }
        let has_more = all.len() > self.limit;
        all.truncate(self.limit);
        let next = all.last().filter(|_| has_more).map(|last| write(self.list, &place(last)));
        (all, next)
    }
}

/// The place of an entry in a list that begins with what is newest; `own` tells it from others of the same moment.
pub(crate) fn newest_first(at: Timestamp, own: &impl std::fmt::Display) -> String {
    format!("{:020}\n{own}", i64::MAX.saturating_sub(at.millis()))
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
        part(query).unwrap().of("abcde".chars().collect(), char::to_string)
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
    }

    #[test]
    fn a_part_goes_on_after_what_is_not_there_any_more() {
        let after = |place: &str| part(&format!("cursor={}", write("letters", place))).unwrap();
        let left = |place| after(place).of(vec!['d', 'b', 'a'], char::to_string).0;
        assert_eq!((left("c"), left("0"), left("x")), (vec!['d'], vec!['a', 'b', 'd'], vec![]));
    }

    #[test]
    fn what_is_newest_comes_first_and_what_came_since_is_passed_over() {
        let place = |(at, own): &(i64, &str)| newest_first(Timestamp::from_millis(*at), own);
        let all = vec![(1, "a"), (30, "b"), (2, "d"), (2, "c")];
        let (first, next) = part("limit=2").unwrap().of(all.clone(), place);
        assert_eq!(first, [(30, "b"), (2, "c")]);
        let gone = all.into_iter().filter(|one| one.1 != "c").chain([(40, "e")]).collect();
        let rest = part(&format!("cursor={}", next.unwrap())).unwrap().of(gone, place);
        assert_eq!(rest, (vec![(2, "d"), (1, "a")], None));
    }
}
