//! What GitHub is asked to make: a manifest, with the least that is needed.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::AppSeen;

/// One permission that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AppPermission {
    /// What GitHub calls it.
    pub name: &'static str,
    /// How far it goes: `read` or `write`.
    pub level: &'static str,
    /// What it is for.
    pub why: &'static str,
}

const READS: [AppPermission; 2] = [
    AppPermission {
        name: "contents",
        level: "read",
        why: "to fetch the files of a commit, and to see where a branch is",
    },
    AppPermission {
        name: "metadata",
        level: "read",
        why: "names and numbers of repositories; GitHub gives it with every other",
    },
];
const TELLS: [AppPermission; 2] = [
    AppPermission { name: "statuses", level: "write", why: "to say at a commit how its release stands" },
    AppPermission { name: "checks", level: "write", why: "to show the findings of its scan at their lines" },
];
/// What its webhook tells of. Where it is installed is told without being asked for.
const EVENTS: [&str; 3] = ["push", "release", "repository"];

/// What an App is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AppPlan {
    /// What it is called; nobody else's App at GitHub may have the name.
    pub name: String,
    /// The address that people see it by.
    pub home: String,
    /// Where its webhook goes; nothing where none can arrive.
    pub hook_url: Option<String>,
    /// Where browsers bring the code.
    pub redirect_url: String,
    /// Whether it may say at commits what came of them.
    pub tells_back: bool,
}

impl AppPlan {
    /// Longest name that GitHub takes, in characters.
    pub const NAME: usize = 34;

    /// Makes a plan of an App without a webhook that tells back.
    pub fn new(name: String, home: String, redirect_url: String) -> Self {
        Self { name, home, hook_url: None, redirect_url, tells_back: true }
    }

    /// Lists the permissions that it asks for, the least that do what it is for.
    pub fn permissions(&self) -> Vec<AppPermission> {
        let tells = TELLS.iter().filter(|_| self.tells_back);
        READS.iter().chain(tells).copied().collect()
    }

    /// Lists what its webhook tells of.
    pub fn events(&self) -> &'static [&'static str] {
        if self.hook_url.is_some() { &EVENTS } else { &[] }
    }

    /// Writes the manifest, as the form field of GitHub takes it.
    pub fn manifest(&self) -> String {
        let permissions: BTreeMap<_, _> =
            self.permissions().into_iter().map(|one| (one.name, one.level)).collect();
        // GitHub wants an address for a webhook that is off, too, and never uses it.
        let hook: Value = match &self.hook_url {
            Some(url) => json!({"url": url, "active": true}),
            None => json!({"url": self.home, "active": false}),
        };
        json!({
            "name": self.name,
            "url": self.home,
            "hook_attributes": hook,
            "redirect_url": self.redirect_url,
            "public": false,
            "default_events": self.events(),
            "default_permissions": permissions,
        })
        .to_string()
    }

    /// Lists what was asked for and not given.
    pub fn lacks(&self, seen: &AppSeen) -> Vec<AppPermission> {
        let given = |asked: &AppPermission| match seen.permissions.get(asked.name).map(String::as_str) {
            Some("write" | "admin") => true,
            Some(level) => level == asked.level,
            None => false,
        };
        self.permissions().into_iter().filter(|asked| !given(asked)).collect()
    }

    /// Lists what was given and not asked for, or goes further: each permission and its level.
    pub fn beyond<'a>(&self, given: &'a BTreeMap<String, String>) -> Vec<(&'a str, &'a str)> {
        let asked: BTreeMap<_, _> = self.permissions().into_iter().map(|one| (one.name, one.level)).collect();
        let is_asked = |name: &str, level: &str| match asked.get(name) {
            Some(&"write") => matches!(level, "read" | "write"),
            asked => asked == Some(&level),
        };
        let given = given.iter().map(|(name, level)| (name.as_str(), level.as_str()));
        given.filter(|(name, level)| !is_asked(name, level)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> AppPlan {
        let here = "http://127.0.0.1:1/made".to_owned();
        AppPlan::new("sigyl-x".into(), "https://github.example".into(), here)
    }

    #[test]
    fn the_least_is_asked_for_and_no_webhook_without_an_address() {
        let manifest: Value = serde_json::from_str(&plan().manifest()).unwrap();
        assert_eq!(
            manifest["default_permissions"],
            json!({"checks": "write", "contents": "read", "metadata": "read", "statuses": "write"})
        );
        assert_eq!(manifest["hook_attributes"]["active"], false);
        assert_eq!((&manifest["public"], &manifest["default_events"]), (&json!(false), &json!([])));
        let less = AppPlan { tells_back: false, hook_url: Some("https://a.example/h".into()), ..plan() };
        let manifest: Value = serde_json::from_str(&less.manifest()).unwrap();
        assert_eq!(manifest["default_permissions"], json!({"contents": "read", "metadata": "read"}));
        assert_eq!(manifest["hook_attributes"], json!({"url": "https://a.example/h", "active": true}));
        assert_eq!(manifest["default_events"], json!(["push", "release", "repository"]));
    }

    #[test]
    fn what_was_not_asked_for_is_found() {
        let given = |all: &[(&str, &str)]| {
            all.iter()
                .map(|(name, level)| ((*name).to_owned(), (*level).to_owned()))
                .collect::<BTreeMap<_, _>>()
        };
        let less = given(&[("contents", "read"), ("statuses", "read"), ("checks", "write")]);
        assert!(plan().beyond(&less).is_empty());
        let more = given(&[("administration", "write"), ("contents", "write"), ("metadata", "read")]);
        assert_eq!(plan().beyond(&more), [("administration", "write"), ("contents", "write")]);
        let less = AppPlan { tells_back: false, ..plan() };
        assert_eq!(less.beyond(&given(&[("checks", "read")])), [("checks", "read")]);
    }

    #[test]
    fn what_was_not_given_is_found() {
        let seen = |all: &[(&str, &str)]| AppSeen {
            id: 1,
            slug: "x".into(),
            name: "x".into(),
            permissions: all.iter().map(|(name, level)| ((*name).into(), (*level).into())).collect(),
            events: Vec::new(),
        };
        let names = |seen: &AppSeen| plan().lacks(seen).into_iter().map(|one| one.name).collect::<Vec<_>>();
        let all = [("contents", "write"), ("metadata", "read"), ("statuses", "write"), ("checks", "write")];
        assert!(names(&seen(&all)).is_empty());
        assert_eq!(
            names(&seen(&[("contents", "read"), ("statuses", "read")])),
            ["metadata", "statuses", "checks"]
        );
    }
}
