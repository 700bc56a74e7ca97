//! Collects what is wrong, up to a bound.

use crate::domain::{Check, Issue, IssueSeverity};

/// Most issues that are told of one document.
const MOST: usize = 50;

/// The issues of one document.
#[derive(Debug, Default)]
pub(crate) struct Issues {
    told: Vec<Issue>,
    untold: usize,
    error: bool,
}

impl Issues {
    /// Takes note of an issue.
    pub(in crate::registry) fn push(
        &mut self,
        check: Check,
        severity: IssueSeverity,
        path: String,
        message: String,
        reference: String,
    ) {
        self.error |= severity == IssueSeverity::Error;
        if self.told.len() == MOST {
            self.untold += 1;
            return;
        }
        self.told.push(Issue { check, path, message, severity, reference });
    }

    /// Tells whether an error is among them, told or not.
    pub(in crate::registry) fn has_error(&self) -> bool {
        self.error
    }

    /// Returns them; the last one says how many more there were.
    pub(in crate::registry) fn finish(mut self) -> Vec<Issue> {
        if self.untold > 0 {
            let severity = if self.error { IssueSeverity::Error } else { IssueSeverity::Warning };
            self.told.push(Issue {
                check: Check::Linter,
                path: String::new(),
                message: format!("{} more issues are not told", self.untold),
                severity,
                reference: "too-many-issues".to_owned(),
            });
        }
        self.told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_counted() {
        let mut issues = Issues::default();
        for at in 0..60 {
            let severity = if at == 59 { IssueSeverity::Error } else { IssueSeverity::Info };
            issues.push(Check::Linter, severity, String::new(), at.to_string(), String::new());
        }
        assert!(issues.has_error());
        let told = issues.finish();
        assert_eq!(told.len(), 51);
        assert_eq!(told[50].message, "10 more issues are not told");
    }
}
