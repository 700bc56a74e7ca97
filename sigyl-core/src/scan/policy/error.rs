//! What is wrong with a policy.

use std::fmt;

use crate::domain::Kind;
use crate::manifest::Problem;

/// A policy file that cannot be used, with every problem found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyError {
    /// What is wrong; never empty.
    pub problems: Vec<Problem>,
}

impl PolicyError {
    /// Returns the class of the failure.
    pub fn kind(&self) -> Kind {
        Kind::Invalid
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [only] = self.problems.as_slice() {
            return only.fmt(f);
        }
        write!(f, "{} problems in the policy", self.problems.len())?;
        self.problems.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

impl std::error::Error for PolicyError {}
