//! The policy and the waivers that were named.

use sigyl_core::domain::{Policy, Timestamp};
use sigyl_core::scan::{RuleSet, policy};

use super::file::bytes_of;
use super::{Settings, SettingsError};

impl Settings {
    /// Reads the policy that was named, with the waivers beside it, and the rules that it was checked against; nothing
    /// when none was.
    pub(crate) fn policy(&self, now: Timestamp) -> Result<Option<(Policy, RuleSet)>, SettingsError> {
        let (named, waivers) = (&self.policy.value, &self.waivers.value);
        if named.is_none() && waivers.is_none() {
            return Ok(None);
        }
        let rules = RuleSet::builtin()?;
        let mut found = Policy::default();
        if let Some(path) = named {
            let read = policy::read(&path.to_string_lossy(), &bytes_of(path, "the policy")?, &rules, now)?;
            read.notices.iter().for_each(|notice| tracing::warn!("{notice}"));
            found = read.policy;
        }
        if let Some(path) = waivers {
            let bytes = bytes_of(path, "the waivers")?;
            let notices = policy::read_waivers(&path.to_string_lossy(), &bytes, &rules, now, &mut found)?;
            notices.iter().for_each(|notice| tracing::warn!("{notice}"));
        }
        Ok(Some((found, rules)))
    }
}
