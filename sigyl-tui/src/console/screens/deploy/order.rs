//! What was filled in, as what is asked.

use sigyl_core::domain::{SecretName, SecretValue};
use sigyl_core::wire::v1::Deploy;

use super::more::{self, MORE};
use super::page::Page;
use super::settings::{Gives, Settings};
use crate::console::actions::{self, Given, Wrong};
use crate::console::widgets::Line;

/// Makes the order of a deploy, or names the page and the line that is wrong.
pub(super) fn order(
    source: &str,
    settings: &Settings,
    more: &[Line],
) -> Result<Deploy, (Page, usize, String)> {
    let mut values = more::values(more);
    values.insert("source", source.to_owned());
    let mut deploy = actions::deploy(&Given(&values)).map_err(|Wrong { field, why }| {
        let at = MORE.iter().position(|(name, ..)| *name == field);
        at.map_or_else(|| (Page::Source, 0, why.clone()), |at| (Page::Place, at, format!("{field}: {why}")))
    })?;
    for (at, setting) in settings.lines.iter().enumerate() {
        let text = setting.line.text();
        let twice =
            |name: &SecretName| (Page::Settings, at, format!("{name} is given on the next page as well"));
        match &setting.gives {
            _ if text.is_empty() => {}
            Gives::Env(name) => {
                if deploy.secrets.contains_key(name) || deploy.env.contains_key(name.as_str()) {
                    return Err(twice(name));
                }
                deploy.env.insert(name.to_string(), text.to_owned());
            }
            Gives::Secret(name) => {
                if deploy.secrets.contains_key(name) || deploy.env.contains_key(name.as_str()) {
                    return Err(twice(name));
                }
                deploy.secrets.insert(name.clone(), SecretValue::new(text.to_owned()));
            }
            Gives::Grant(right) => deploy.grant.push(right.clone()),
        }
    }
    if let Some(name) = deploy.secrets.keys().find(|name| deploy.env.contains_key(name.as_str())) {
        return Err((Page::Place, 0, format!("{name} is given both as a plain setting and as a secret")));
    }
    Ok(deploy)
}
