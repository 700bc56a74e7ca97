//! Answers that are kept by their tags, so that GitHub does not count what did not change.

use std::collections::BTreeMap;

/// Small answers that are kept, and bytes of one.
const SMALL: usize = 256;
const SMALL_BYTES: usize = 32 << 10;
/// Bytes of a large answer, such as a page of a list, and of all of them.
const LARGE_BYTES: usize = 1 << 20;
const LARGE_ALL: usize = 8 << 20;

/// An answer that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KeptAnswer {
    pub(super) tag: String,
    pub(super) body: Vec<u8>,
    /// Whether another page comes after it.
    pub(super) has_next: bool,
}

/// Answers by what was asked. Large ones never crowd out the small, which are asked for again and again.
#[derive(Debug, Default)]
pub(super) struct Kept {
    small: BTreeMap<String, KeptAnswer>,
    large: BTreeMap<String, KeptAnswer>,
    large_bytes: usize,
}

impl Kept {
    pub(super) fn get(&self, asked: &str) -> Option<&KeptAnswer> {
        self.small.get(asked).or_else(|| self.large.get(asked))
    }

    pub(super) fn forget(&mut self, asked: &str) {
        self.small.remove(asked);
        if let Some(gone) = self.large.remove(asked) {
            self.large_bytes -= gone.body.len();
        }
    }

    /// Keeps an answer in the place of an older one. What is too large is not kept, and where there is too much, all of its size
    /// is forgotten.
    pub(super) fn keep(&mut self, asked: String, answer: KeptAnswer) {
        self.forget(&asked);
        let bytes = answer.body.len();
        if bytes <= SMALL_BYTES {
            if self.small.len() >= SMALL {
                self.small.clear();
            }
            self.small.insert(asked, answer);
        } else if bytes <= LARGE_BYTES {
            if self.large_bytes + bytes > LARGE_ALL {
                self.large.clear();
                self.large_bytes = 0;
            }
            self.large_bytes += bytes;
            self.large.insert(asked, answer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(bytes: usize) -> KeptAnswer {
        KeptAnswer { tag: "t".to_owned(), body: vec![0; bytes], has_next: false }
    }

    #[test]
    fn large_answers_are_bounded_together_and_leave_the_small_alone() {
        let mut kept = Kept::default();
        kept.keep("small".to_owned(), answer(10));
        (0..20).for_each(|at| kept.keep(format!("{at}"), answer(LARGE_BYTES)));
        assert!(kept.large_bytes <= LARGE_ALL && kept.get("small").is_some() && kept.get("19").is_some());
        assert_eq!(kept.large_bytes, kept.large.values().map(|it| it.body.len()).sum::<usize>());
        kept.keep("too large".to_owned(), answer(LARGE_BYTES + 1));
        assert!(kept.get("too large").is_none());
        kept.keep("19".to_owned(), answer(1));
        assert_eq!(kept.get("19").unwrap().body.len(), 1, "the newer one alone is there");
        (0..1_000).for_each(|at| kept.keep(format!("s{at}"), answer(1)));
        assert!(kept.small.len() <= SMALL);
    }
}
