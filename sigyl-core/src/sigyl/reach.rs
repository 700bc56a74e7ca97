//! What of an order reaches past its server: to the machine that serves, or to which code runs.

use std::collections::BTreeMap;

use crate::domain::{Action, Caller, Denied, steers};

/// Refuses what a caller may not reach that only deploys: grants, install scripts, and variables that decide which code
/// runs, since no scan has seen that code.
pub(super) fn require_reach(
    caller: &Caller,
    env: &BTreeMap<String, String>,
    grant: &[String],
    allow_scripts: &[String],
) -> Result<(), Denied> {
    if caller.may(Action::Operate) {
        return Ok(());
    }
    let refuse = |what: String| Err(Denied::new(caller, what));
    if !grant.is_empty() {
        return refuse("grant a server what is on the machine of the server".to_owned());
    }
    if !allow_scripts.is_empty() {
        return refuse("let install scripts run on the machine of the server".to_owned());
    }
    env.keys().try_for_each(|name| require_plain(caller, name))
}

/// Refuses to set a variable that decides which code runs, whether as a setting or as a secret.
pub(super) fn require_plain(caller: &Caller, name: &str) -> Result<(), Denied> {
    if caller.may(Action::Operate) || !steers(name) {
        return Ok(());
    }
    Err(Denied::new(caller, format!("set {name}, which decides which code runs")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_operates_reaches_past_a_server() {
        let deployer = Caller::limited("ci", [Action::Deploy]);
        let may = |env: &str, grant: &[String], scripts: &[String]| {
            let env = BTreeMap::from([(env.to_owned(), "x".to_owned())]);
            assert!(require_reach(&Caller::local_owner(), &env, grant, scripts).is_ok());
            require_reach(&deployer, &env, grant, scripts).is_ok()
        };
        let some = ["a".to_owned()];
        assert!(may("LOG_LEVEL", &[], &[]) && may("NODE_ENV", &[], &[]));
        assert!(!may("A", &some, &[]) && !may("A", &[], &some));
        for name in
            ["NODE_OPTIONS", "node_options", "LD_PRELOAD", "PYTHONPATH", "npm_config_registry", "PATH"]
        {
            assert!(!may(name, &[], &[]), "{name}");
        }
    }
}
