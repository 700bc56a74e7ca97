//! What the `security` block of a manifest opens.

use serde_json::Value;

use super::settings::{Settings, is_off, is_on, member, place};
use crate::scan::findings::{Findings, Hit};
use crate::scan::rule::{Part, Rule, RuleMeta};

macro_rules! setting_rule {
    ($(#[$doc:meta])* $name:ident, $key:literal, $judge:expr) => {
        $(#[$doc])*
        pub(super) struct $name(RuleMeta);

        impl $name {
            pub(super) fn new(meta: RuleMeta) -> Result<Self, regex::Error> {
                Ok(Self(meta))
            }
        }

        impl Rule for $name {
            fn meta(&self) -> &RuleMeta {
                &self.0
            }

            fn check(&self, part: &Part<'_>, found: &mut Findings<'_>) {
                let Some(settings) = Settings::of(part) else { return };
                let judge: fn(&Value) -> Option<String> = $judge;
                if let Some(evidence) = judge(&settings.security) {
                    found.add(&self.0, place(part, $key), Hit::whole(&evidence), None);
                }
            }
        }
    };
}

setting_rule! {
    /// Tokens are passed through.
    TokenPassthroughConfig, "allowtokenpassthrough", |security| {
        is_on(&member(security, "allowTokenPassthrough")).then(|| "security.allowTokenPassthrough: true".to_owned())
    }
}

setting_rule! {
    /// Session cookies travel over plain HTTP.
    InsecureSessionConfig, "secure:", |security| {
        let session = member(security, "sessionConfig");
        is_off(&member(&session, "secure")).then(|| "security.sessionConfig.secure: false".to_owned())
    }
}

setting_rule! {
    /// Session cookies go along with requests of other sites.
    PermissiveSameSite, "samesite", |security| {
        let same_site = member(&member(security, "sessionConfig"), "sameSite");
        let none = same_site.as_str().is_some_and(|text| text.eq_ignore_ascii_case("none"));
        none.then(|| "security.sessionConfig.sameSite: none".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::{Location, Severity};
    use crate::scan::proof::{builtin, findings, severity};

    const OPEN: &str = "name: x\nsecurity:\n  allowTokenPassthrough: true\n  sessionConfig:\n    secure: false\n    sameSite: none\n";

    #[test]
    fn each_open_setting_is_found_in_either_file_and_on_its_line() {
        for path in ["sigyl.yaml", "mcp.yaml", "servers/a/mcp.yml"] {
            assert_eq!(severity(builtin(), "token-passthrough-config", path, OPEN), Some(Severity::Block));
            assert_eq!(severity(builtin(), "insecure-session-config", path, OPEN), Some(Severity::Error));
            assert_eq!(severity(builtin(), "permissive-same-site", path, OPEN), Some(Severity::Warning));
        }
        let lines: Vec<Option<u32>> = findings(builtin(), "mcp.yaml", OPEN)
            .iter()
            .filter(|found| found.rule.as_str() == "token-passthrough-config")
            .map(|found| match &found.location {
                Some(Location::File { line, .. }) => *line,
                _ => None,
            })
            .collect();
        assert_eq!(lines, [Some(3)]);
    }

    #[test]
    fn closed_settings_and_other_files_are_left_alone() {
        let closed = "security:\n  allowTokenPassthrough: false\n  sessionConfig:\n    secure: true\n    sameSite: strict\n";
        for (path, text) in [("sigyl.yaml", closed), ("other.yaml", OPEN), ("sigyl.yaml", "a: [")] {
            for rule in ["token-passthrough-config", "insecure-session-config", "permissive-same-site"] {
                assert_eq!(severity(builtin(), rule, path, text), None, "{path} {rule}");
            }
        }
    }
}
