//! What will happen, on one page.

use std::collections::BTreeSet;
use std::time::Duration;

use sigyl_core::domain::{Permissions, SecretName};
use sigyl_core::wire::v1::{Deploy, ServerView};

use super::command_line::command_line;
use super::preview::{build, start, verdict};
use crate::console::outside::Looked;
use crate::render::{Glyph, Look, Role, duration, specimen, wrap};

/// Columns of the names of rows.
const NAMES: usize = 10;

/// Everything that the page is made of.
pub(super) struct Summary {
    pub(super) deploy: Deploy,
    pub(super) looked: Option<std::rc::Rc<Looked>>,
    /// Secrets that the server has already.
    pub(super) kept: BTreeSet<SecretName>,
    /// The server that is there already under this name.
    pub(super) present: Option<Box<ServerView>>,
    /// Whether sources of this machine are sent to another.
    pub(super) sends: bool,
    /// What a command of a shell needs to work on the same.
    pub(super) flags: String,
}

impl Summary {
    /// Writes it.
    pub(super) fn text(&self, look: &Look) -> String {
        let mut rows = vec![("deploy", Role::Strong, self.what()), ("from", Role::Text, self.from())];
        let manifest = self.looked.as_ref().and_then(|looked| looked.manifest.as_ref());
        if let Some(manifest) = manifest {
            rows.push(("build", Role::Text, build(manifest)));
            rows.push(("start", Role::Text, start(manifest)));
        }
        rows.push(("where", Role::Text, self.place()));
        rows.push(("settings", Role::Text, self.settings()));
        rows.push(("secrets", Role::Text, self.secrets()));
        rows.push(("may", Role::Text, self.may()));
        if let Some(refused) = self.refused() {
            rows.push(("may not", Role::Warn, refused));
        }
        rows.extend(self.accepted().map(|accepted| ("accepts", Role::Warn, accepted)));
        rows.extend(self.audience().map(|warning| ("callers", Role::Warn, warning)));
        rows.push(("then", Role::Text, self.then()));
        rows.extend(self.trial().map(|(role, trial)| ("clients", role, trial)));
        let mut text = format!("{}\n\n", self.found(look));
        for (name, role, value) in rows {
            let line = wrap(&format!("{name:NAMES$}{value}"), look, NAMES);
            let value: Vec<_> = line
                .get(NAMES..)
                .unwrap_or_default()
                .split('\n')
                .map(|line| look.paint(role, line))
                .collect();
            text.push_str(&format!(
                "{}{}\n",
                look.paint(Role::Dim, &format!("{name:NAMES$}")),
                value.join("\n")
            ));
        }
        let says = "the same from a shell (y copies it)";
        text.push_str(&format!("\n{}\n", look.paint(Role::Dim, says)));
        text.push_str(&wrap(&specimen(&command_line(&self.deploy, &self.flags)), look, 2));
        text.push('\n');
        text
    }

    /// The command that does the same.
    pub(super) fn command(&self) -> String {
        command_line(&self.deploy, &self.flags)
    }

    fn found(&self, look: &Look) -> String {
        match &self.looked {
            Some(looked) => verdict(looked, &self.deploy.waive, look),
            None => {
                let sign = look.sign(Glyph::Warning);
                let says = format!(
                    "{sign} It was not looked at: the run does that, and stops where something is wrong."
                );
                look.paint(Role::Warn, &wrap(&says, look, 2))
            }
        }
    }

    fn what(&self) -> String {
        let manifest = self.looked.as_ref().and_then(|looked| looked.manifest.as_ref());
        let named = self.deploy.name.as_ref().or(manifest.map(|manifest| &manifest.name));
        let name = named.map_or("whatever its manifest names", |name| name.as_str());
        match manifest.and_then(|manifest| manifest.version.as_ref()) {
            Some(version) => format!("{name} {}", specimen(version.as_str())),
            None => name.to_owned(),
        }
    }

    fn from(&self) -> String {
        let source = specimen(&self.deploy.source.to_string());
        let files = self.looked.as_ref().map(|looked| format!(", {} files", looked.report.stats.files));
        let sent =
            if self.sends && self.deploy.source.is_here() { "; they are sent to the server" } else { "" };
        format!("{source}{}{sent}", files.unwrap_or_default())
    }

    fn place(&self) -> String {
        let target = match (&self.deploy.target, &self.present) {
            (Some(target), _) => specimen(target),
            (None, Some(_)) => "where it is".to_owned(),
            (None, None) if self.sends => "the machine of the server".to_owned(),
            (None, None) => "this machine".to_owned(),
        };
        let workspace = self.deploy.workspace.as_ref().map(|it| format!(", workspace {it}"));
        format!("{target}{}", workspace.unwrap_or_default())
    }

    fn settings(&self) -> String {
        let all: Vec<String> =
            self.deploy.env.iter().map(|(name, value)| format!("{name}={}", specimen(value))).collect();
        if all.is_empty() { "as the manifest has them".to_owned() } else { all.join(" ") }
    }

    fn secrets(&self) -> String {
        let given = self.deploy.secrets.keys().map(ToString::to_string);
        let kept = self.kept.iter().filter(|name| !self.deploy.secrets.contains_key(*name));
        let all: Vec<String> = given.chain(kept.map(|name| format!("{name} (kept)"))).collect();
        if all.is_empty() { "none".to_owned() } else { all.join(", ") }
    }

    fn granted(&self) -> Permissions {
        let before = self.present.as_ref().map(|view| view.server.granted.clone()).unwrap_or_default();
        let mut given = Permissions::default();
        // What cannot be granted was refused on the page where it was typed.
        self.deploy.grant.iter().for_each(|right| drop(given.grant(right)));
        before.union(&given)
    }

    fn may(&self) -> String {
        let granted = self.granted();
        if granted.is_empty() {
            "nothing beyond its own files".to_owned()
        } else {
            specimen(&granted.to_string())
        }
    }

    fn refused(&self) -> Option<String> {
        let manifest = self.looked.as_ref().and_then(|looked| looked.manifest.as_ref())?;
        let refused = manifest.permissions.beyond(&self.granted());
        (!refused.is_empty())
            .then(|| format!("{}: it asks for that, and does not get it", specimen(&refused.to_string())))
    }

    /// Who else may call it where it runs: those who are named, or those who may now.
    fn audience(&self) -> Option<String> {
        let now = || self.present.as_ref()?.deployment.as_ref().map(|deployment| &deployment.audience);
        let audience = self.deploy.audience.as_ref().or_else(now)?;
        audience.warning().map(|warning| specimen(&warning))
    }

    /// Findings that may stay, and why.
    fn accepted(&self) -> Option<String> {
        let first = self.deploy.waive.first()?;
        let one = |it: &sigyl_core::domain::Waiver| {
            let path = it.path.as_ref().map(|path| format!("@{path}")).unwrap_or_default();
            specimen(&format!("{}{path}", it.rule))
        };
        let all: Vec<_> = self.deploy.waive.iter().map(one).collect();
        let until = first.expires.to_string();
        let day = until.get(..10).unwrap_or_default();
        Some(format!("{}, until {day}: {}", all.join(", "), specimen(&first.reason)))
    }

    /// How clients are led to it, where somebody said so.
    fn trial(&self) -> Option<(Role, String)> {
        let canary = self.deploy.canary.as_ref()?;
        if self.present.as_ref().is_none_or(|view| view.server.active.is_none()) {
            let says = "nothing serves yet that it could be tried beside: it takes over at once, and waits for nobody";
            return Some((Role::Warn, says.to_owned()));
        }
        let time = |seconds: u64| duration(Duration::from_secs(seconds));
        let last = canary.steps.last();
        let share = |percent: &u8| match canary.hold.filter(|_| Some(percent) == last) {
            Some(hold) => format!("{percent} % until it is promoted, and is taken back after {}", time(hold)),
            None => format!("{percent} % for {}", time(canary.soak)),
        };
        let shares: Vec<String> = canary.steps.iter().map(share).collect();
        let ends = if canary.hold.is_some() { "" } else { ", then all of them" };
        Some((
            Role::Text,
            format!("of the new ones {}{ends}; it is taken back where it does worse", shares.join(", ")),
        ))
    }

    fn then(&self) -> String {
        let active = self.present.as_ref().and_then(|view| view.server.active.as_ref());
        match active {
            Some(active) => {
                let active = specimen(active.as_str());
                format!(
                    "fetched, scanned, recorded, built, asked what it is; {active} serves on until that is done, and if it fails"
                )
            }
            None => {
                "fetched, scanned, recorded, built, asked what it is; it serves once all of that went well"
                    .to_owned()
            }
        }
    }
}
