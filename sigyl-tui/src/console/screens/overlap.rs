//! What comes when a stream is taken up again: its past, of which some is here already.

/// Where the past that comes meets what is here.
#[derive(Debug)]
pub(super) struct Overlap<T> {
    /// The last lines that are here.
    known: Vec<T>,
    /// What came so far.
    came: Vec<T>,
    /// Places among the known where what came may begin.
    begins: Vec<usize>,
    /// Of what came, how much is known for sure at least.
    sure: Option<usize>,
}

/// What is known after a line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Met<T> {
    /// Nothing yet.
    Pending,
    /// These lines are new, and so is whatever comes now.
    New(Vec<T>),
    /// Nothing of it is here: between it and what is here something is missing.
    Gap(Vec<T>),
}

impl<T: PartialEq> Overlap<T> {
    /// Looks for these lines in what comes; there has to be one.
    pub(super) fn new(known: Vec<T>) -> Self {
        Self { known, came: Vec::new(), begins: Vec::new(), sure: None }
    }

    /// Takes a line that came. Where what came can begin at several places, it begins at the earliest that it can: nothing is
    /// shown twice.
    pub(super) fn take(&mut self, line: T) -> Met<T> {
        let count = self.came.len();
        if count == 0 {
            self.begins = (0..self.known.len()).filter(|at| self.known[*at] == line).collect();
        } else {
            self.begins.retain(|at| self.known.get(at + count) == Some(&line));
        }
        self.came.push(line);
        let whole = self.known.len() - self.came.len().min(self.known.len());
        if self.begins.contains(&whole) {
            self.sure = Some(self.came.len());
            self.begins.retain(|at| *at != whole);
        }
        match self.sure {
            _ if !self.begins.is_empty() => Met::Pending,
            Some(sure) => Met::New(self.came.split_off(sure)),
            None => Met::Gap(std::mem::take(&mut self.came)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn met(known: &str, came: &str) -> Met<String> {
        let lines = |text: &str| text.chars().map(|c| c.to_string()).collect::<Vec<_>>();
        let mut overlap = Overlap::new(lines(known));
        let mut last = Met::Pending;
        for line in lines(came) {
            assert_eq!(last, Met::Pending, "{came} after {known}");
            last = overlap.take(line);
        }
        last
    }

    fn new(text: &str) -> Met<String> {
        Met::New(text.chars().map(|c| c.to_string()).collect())
    }

    #[test]
    fn what_is_here_already_is_told_from_what_is_new() {
        assert_eq!(met("abc", "abc"), new(""));
        assert_eq!(met("abc", "bc"), new(""));
        assert_eq!(met("abc", "b"), Met::Pending);
        assert_eq!(met("aba", "ac"), new("c"), "it began at the last one after all");
        assert_eq!(met("aba", "aba"), new(""));
        assert_eq!(met("aaa", "aaa"), new(""));
    }

    #[test]
    fn where_nothing_is_here_already_something_is_missing() {
        assert_eq!(met("abc", "x"), Met::Gap(vec!["x".to_owned()]));
        assert_eq!(met("abc", "bx"), Met::Gap(vec!["b".to_owned(), "x".to_owned()]));
    }
}
