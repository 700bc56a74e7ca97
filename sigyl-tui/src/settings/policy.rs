//! The policy and the waivers that were named.

use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use sigyl_core::clock::{Clock as _, SystemClock};
use sigyl_core::domain::{Kind, Policy};
use sigyl_core::scan::policy::{self, PolicyError, PolicyRead};
use sigyl_core::scan::{Advisories, AdvisoryError, RuleSet};

use super::Settings;
use crate::problem::{Problem, chain};

/// Bytes of a file that is read for an operator: more than any of them may have.
const LIMIT: u64 = 32 << 20;

impl Settings {
    /// Reads the policy, with the waivers beside it; the default one when none is named.
    pub(crate) fn policy(&self, rules: &RuleSet) -> Result<PolicyRead, Problem> {
        let now = SystemClock.now();
        let mut read = match &self.policy {
            Some(path) => {
                let bytes = bytes_of(path, "policy")?;
                policy::read(&path.to_string_lossy(), &bytes, rules, now).map_err(wrong)?
            }
            None => PolicyRead { policy: Policy::default(), notices: Vec::new() },
        };
        if let Some(path) = &self.waivers {
            let bytes = bytes_of(path, "waivers")?;
            let file = path.to_string_lossy();
            let more = policy::read_waivers(&file, &bytes, rules, now, &mut read.policy).map_err(wrong)?;
            read.notices.extend(more);
        }
        Ok(read)
    }
}

impl Settings {
    /// Lets rules look dependencies up in the advisories that were named.
    pub(crate) fn with_advisories(&self, rules: RuleSet) -> Result<RuleSet, Problem> {
        let Some(path) = &self.advisories else { return Ok(rules) };
        let wrong = |error: AdvisoryError| {
            let hint = "name an OSV file (.json, .jsonl, .zip) or a folder of them";
            Problem::wrong_use("E0030", chain(&error), hint)
        };
        Ok(rules.with_advisories(Arc::new(Advisories::read(path).map_err(wrong)?)))
    }
}

/// Says what is wrong with a policy.
pub(crate) fn wrong(error: PolicyError) -> Problem {
    let hint = "`sigyl policy check FILE` reads it alone; docs/policy.md lists every key";
    Problem::wrong_use("E0024", error, hint)
}

/// Compiles the rules that come with the library.
pub(crate) fn rules() -> Result<RuleSet, Problem> {
    RuleSet::builtin().map_err(|error| Problem::failed("E0999", Kind::Internal, chain(&error), "report this"))
}

/// Reads a file that the operator named, within bounds.
pub(crate) fn bytes_of(path: &Path, what: &str) -> Result<Vec<u8>, Problem> {
    let unreadable = |error: std::io::Error| {
        let message = format!("could not read the {what} {}: {error}", path.display());
        Problem::wrong_use("E0024", message, "name a file that can be read")
    };
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.take(LIMIT).read_to_end(&mut bytes).map_err(unreadable)?;
    Ok(bytes)
}
