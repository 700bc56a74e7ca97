//! What the `oauth` block of a manifest opens.

use super::settings::{Settings, member, place};
use crate::scan::findings::{Findings, Hit};
use crate::scan::rule::{Part, Rule, RuleMeta};

/// One fixed client id serves several redirect addresses.
pub(super) struct StaticClientManyRedirects(RuleMeta);

impl StaticClientManyRedirects {
    #[expect(clippy::unnecessary_wraps, reason = "the table makes every rule in the same way")]
    pub(super) fn new(meta: RuleMeta) -> Result<Self, regex::Error> {
        Ok(Self(meta))
    }
}

impl Rule for StaticClientManyRedirects {
    fn meta(&self) -> &RuleMeta {
        &self.0
    }

    fn check(&self, part: &Part<'_>, found: &mut Findings<'_>) {
        let Some(settings) = Settings::of(part) else { return };
        let kind = member(&settings.oauth, "clientIdType");
        let redirects = member(&settings.oauth, "redirectUris").as_array().map_or(0, Vec::len);
        if kind.as_str().is_some_and(|kind| kind.eq_ignore_ascii_case("static")) && redirects >= 2 {
            let evidence = format!("oauth.clientIdType: static, {redirects} redirect addresses");
            found.add(&self.0, place(part, "clientidtype"), Hit::whole(&evidence), None);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::Severity;
    use crate::scan::proof::{builtin, severity};

    #[test]
    fn it_takes_two_addresses() {
        let of = |uris: &str| {
            let text = format!("oauth:\n  clientIdType: static\n  redirectUris: {uris}\n");
            severity(builtin(), "static-client-many-redirects", "mcp.yaml", &text)
        };
        assert_eq!(of("[https://a.example/cb, https://b.example/cb]"), Some(Severity::Warning));
        assert_eq!(of("[https://a.example/cb]"), None);
        assert_eq!(of("[]"), None);
    }
}
