//! The lines on which a manifest names packages, each given once.

use std::collections::BTreeSet;

use crate::domain::Location;
use crate::scan::file::FileText;
use crate::scan::findings::in_file;
use crate::scan::package::whole_names;

/// Names whose line is looked for in one file: each look reads the file anew.
const LOOKS: usize = 100;

/// Gives each finding a place of its own: a rule is heard once on a line, and a manifest may be one line.
pub(super) struct NamedLines<'a> {
    file: &'a FileText<'a>,
    used: BTreeSet<u32>,
    looks: usize,
}

impl<'a> NamedLines<'a> {
    /// Begins with a file.
    pub(super) fn new(file: &'a FileText<'a>) -> Self {
        Self { file, used: BTreeSet::new(), looks: 0 }
    }

    /// Returns the line that names a package, or the file as a whole when another finding has it.
    pub(super) fn of(&mut self, name: &str) -> Option<Location> {
        self.looks += 1;
        let at = (self.looks <= LOOKS).then(|| whole_names(self.file.text(), name).next()).flatten();
        let place = at.and_then(|at| in_file(self.file, at));
        match place {
            Some(Location::File { line: Some(line), .. }) if self.used.insert(line) => place,
            _ => self.whole(),
        }
    }

    /// Returns the file as a whole.
    pub(super) fn whole(&self) -> Option<Location> {
        Some(Location::File { path: self.file.path().to_owned(), line: None, column: None })
    }
}
