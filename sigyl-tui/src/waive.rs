//! Waivers: each `--waive RULE[@PATH]` with its own `--reason` and `--expires`, in order.

use sigyl_core::domain::{Kind, Timestamp, Waiver};
use sigyl_core::scan::RuleSet;

use crate::problem::{Problem, chain};

/// What the command line said, in order.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct WaiveArgs {
    /// Accept one finding of RULE (PATH is FILE, FILE:LINE, TOOL or TOOL:FIELD); needs --reason and --expires
    #[arg(long, value_name = "RULE[@PATH]", help_heading = "Accepting findings")]
    waive: Vec<String>,
    /// Why the finding is accepted
    #[arg(long, value_name = "TEXT", requires = "waive", help_heading = "Accepting findings")]
    reason: Vec<String>,
    /// Last day on which it is accepted
    #[arg(long, value_name = "DATE", requires = "waive", help_heading = "Accepting findings")]
    expires: Vec<String>,
}

impl WaiveArgs {
    /// Puts each waiver together.
    pub(crate) fn waivers(&self) -> Result<Vec<Waiver>, Problem> {
        let count = self.waive.len();
        if self.reason.len() != count || self.expires.len() != count {
            let message = format!(
                "{count} --waive, {} --reason and {} --expires: each waiver needs one of each",
                self.reason.len(),
                self.expires.len()
            );
            return Err(wrong(message));
        }
        if count == 0 {
            return Ok(Vec::new());
        }
        let rules = RuleSet::builtin()
            .map_err(|error| Problem::failed("E0999", Kind::Internal, chain(&error), "report this"))?;
        let given = self.waive.iter().zip(&self.reason).zip(&self.expires);
        given.map(|((waive, reason), expires)| waiver(&rules, waive, reason, expires)).collect()
    }
}

fn waiver(rules: &RuleSet, waive: &str, reason: &str, expires: &str) -> Result<Waiver, Problem> {
    let expires = Timestamp::parse(expires).map_err(|error| wrong(format!("--expires: {error}")))?;
    rules.waiver(waive, reason, expires).map_err(|error| wrong(format!("--waive: {error}")))
}

fn wrong(message: String) -> Problem {
    Problem::wrong_use("E0008", message, "write --waive RULE[@PATH] --reason TEXT --expires YYYY-MM-DD")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(waive: &[&str], reason: &[&str], expires: &[&str]) -> WaiveArgs {
        let own = |texts: &[&str]| texts.iter().map(ToString::to_string).collect();
        WaiveArgs { waive: own(waive), reason: own(reason), expires: own(expires) }
    }

    #[test]
    fn each_waiver_takes_its_own_reason_and_date() {
        let args = args(
            &["debug-mode@src/a.py", "debug-mode"],
            &["known", "test data"],
            &["2027-01-31", "2027-02-01T00:00:00Z"],
        );
        let waivers = args.waivers().unwrap();
        assert_eq!(waivers[0].path.as_deref(), Some("src/a.py"));
        assert_eq!((waivers[1].rule.as_str(), waivers[1].reason.as_str()), ("debug-mode", "test data"));
        assert_eq!(waivers[0].expires.to_string(), "2027-01-31T23:59:59.999Z");
    }

    #[test]
    fn a_waiver_that_lacks_something_is_wrong_use() {
        for args in [
            args(&["debug-mode"], &[], &["2027-01-31"]),
            args(&["debug-mode", "debug-mode"], &["known"], &["2027-01-31", "2027-01-31"]),
            args(&["debug-mode"], &[" "], &["2027-01-31"]),
            args(&["debug-mode@"], &["x"], &["2027-01-31"]),
            args(&["*"], &["x"], &["2027-01-31"]),
            args(&["no-such-rule"], &["x"], &["2027-01-31"]),
            args(&["debug-mode"], &["x"], &["soon"]),
        ] {
            assert_eq!(args.waivers().unwrap_err().exit, crate::exit::Exit::WrongUse, "{args:?}");
        }
    }
}
