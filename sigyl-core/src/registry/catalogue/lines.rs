//! What lists are searched by, as one text: a look through all of it is a walk over memory that lies together.

use memchr::memmem::Finder;

use crate::domain::DocumentName;

/// One line for each text of each name, in the order of the names.
#[derive(Debug, Default)]
pub(super) struct Lines {
    text: String,
    /// Where each line begins, and whose it is.
    begins: Vec<(usize, DocumentName)>,
}

impl Lines {
    /// Adds a line after all others.
    pub(super) fn push(&mut self, name: &DocumentName, line: &str) {
        self.begins.push((self.text.len(), name.clone()));
        self.text.push_str(line);
        // No line holds it. Who searches for it is given names too many, and looks at their texts as always.
        self.text.push('\0');
    }

    /// Returns the names from `from` on whose lines hold what is searched for, each once.
    pub(super) fn holding<'a>(
        &'a self,
        wanted: &'a Finder<'static>,
        from: Option<&DocumentName>,
    ) -> impl Iterator<Item = &'a DocumentName> {
        let first = from.map_or(0, |from| self.begins.partition_point(|(_, name)| name < from));
        let mut at = self.begins.get(first).map_or(self.text.len(), |(at, _)| *at);
        std::iter::from_fn(move || {
            let found = at + wanted.find(self.text.as_bytes().get(at..)?)?;
            let line = self.begins.partition_point(|(begin, _)| *begin <= found).checked_sub(1)?;
            let name = &self.begins.get(line)?.1;
            let next = self.begins.get(line..)?.iter().find(|(_, other)| other != name);
            at = next.map_or(self.text.len(), |(begin, _)| *begin);
            Some(name)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_once_by_any_of_its_lines_and_by_no_other() {
        let name = |text: &str| DocumentName::parse(text).unwrap();
        let mut lines = Lines::default();
        for (of, line) in [("a", "a clock"), ("a", "a clock clock"), ("b", "b c"), ("c", "lock"), ("d", "x")]
        {
            lines.push(&name(of), line);
        }
        let found = |text: &str, from: Option<&str>| -> Vec<String> {
            let (wanted, from) = (Finder::new(text).into_owned(), from.map(name));
            lines.holding(&wanted, from.as_ref()).map(ToString::to_string).collect()
        };
        assert_eq!(found("lock", None), ["a", "c"]);
        assert_eq!(found("lock", Some("b")), ["c"]);
        assert_eq!(found("lock", Some("z")), [""; 0]);
        assert_eq!(
            found("c\0l", None),
            ["b"],
            "the mark between lines is no text that anybody may search for"
        );
        assert_eq!(found("x", Some("d")), ["d"]);
        assert!(Lines::default().holding(&Finder::new("x").into_owned(), None).next().is_none());
    }
}
