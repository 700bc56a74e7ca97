//! Where in a document something stands.

use std::fmt;

/// A JSON pointer that shares its beginning with those it was made from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pointer<'a> {
    up: Option<&'a Self>,
    part: Part<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Part<'a> {
    Root,
    Member(&'a str),
    Item(usize),
}

/// Longest name of a member that is shown whole, in characters.
const SHOWN: usize = 80;

impl Pointer<'static> {
    /// The document itself.
    pub(in crate::registry) const ROOT: Self = Self { up: None, part: Part::Root };
}

impl<'a> Pointer<'a> {
    /// Points to a member of what this points to.
    pub(in crate::registry) fn member(&'a self, name: &'a str) -> Self {
        Self { up: Some(self), part: Part::Member(name) }
    }

    /// Points to an item of what this points to.
    pub(in crate::registry) fn item(&'a self, at: usize) -> Self {
        Self { up: Some(self), part: Part::Item(at) }
    }
}

impl fmt::Display for Pointer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(up) = self.up {
            fmt::Display::fmt(up, f)?;
        }
        match self.part {
            Part::Root => Ok(()),
            Part::Item(at) => write!(f, "/{at}"),
            Part::Member(name) => {
                let shown: String = name.chars().take(SHOWN).collect();
                write!(f, "/{}", shown.replace('~', "~0").replace('/', "~1"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_escaped_as_the_standard_wants_it() {
        let (packages, first) = (Pointer::ROOT.member("packages"), 1);
        let item = packages.item(first);
        assert_eq!(item.member("a/b~c").to_string(), "/packages/1/a~1b~0c");
        assert_eq!(Pointer::ROOT.to_string(), "");
    }
}
