//! API keys.

use sigyl_core::domain::{Failure, Timestamp};
use sigyl_core::wire::v1::{KeyView, Request, Response};

use super::super::{Asking, Key, Noun, Sheet};
use crate::console::command::Place;
use crate::console::keymap::Scope;
use crate::console::state::State;
use crate::console::turn::{Turn, Values};
use crate::console::view::View;
use crate::console::widgets::{Cell, Column, cell};
use crate::link::Answer as _;
use crate::render::{self, Look, Role, age, specimen, wrap};

const COLUMNS: &[Column] = &[
    Column::fixed("KEY", 16),
    Column::fixed("STATE", 8),
    Column::wide("FOR", 10),
    Column::wide("SCOPES", 10),
    Column::fixed("ACCOUNT", 12).optional(),
    Column::number("USES", 7),
    Column::number("LAST USED", 10).optional(),
];

/// The caller's own keys.
pub(in crate::console) struct Keys;

fn stands(key: &KeyView, now: Timestamp) -> (Role, &'static str) {
    match (key.revoked, key.expires) {
        (Some(_), _) => (Role::Dim, "revoked"),
        (None, Some(end)) if end <= now => (Role::Dim, "expired"),
        (None, _) => (Role::Ok, "good"),
    }
}

/// All of a key, but for the key itself.
fn whole(key: &KeyView, look: &Look, now: Timestamp) -> String {
    let networks: Vec<_> = key.networks.iter().map(ToString::to_string).collect();
    let facts = [
        ("key", key.id.to_string()),
        ("for", specimen(key.label.as_str())),
        ("stands", stands(key, now).1.to_owned()),
        ("account", key.account.to_string()),
        ("workspace", key.workspace.as_ref().map_or_else(|| "any".to_owned(), ToString::to_string)),
        ("scopes", render::scopes(&key.scopes)),
        ("from", if networks.is_empty() { "anywhere".to_owned() } else { networks.join(", ") }),
        ("made", key.created.to_string()),
        ("expires", key.expires.map_or_else(|| "never".to_owned(), |at| at.to_string())),
        ("uses", key.uses.to_string()),
    ];
    let lines = facts.map(|(label, value)| {
        format!("{}{}\n", look.paint(Role::Dim, &format!("{label:<11}")), wrap(&value, look, 11))
    });
    lines.concat()
}

impl Noun for Keys {
    type Item = KeyView;

    fn title(&self) -> String {
        Place::Keys.title().to_owned()
    }

    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Keys]
    }

    fn place(&self) -> Option<Place> {
        Some(Place::Keys)
    }

    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn request(&self) -> Option<Request> {
        Some(Request::Keys { of: None })
    }

    fn items(&self, response: Response) -> Result<Vec<KeyView>, Failure> {
        Vec::<KeyView>::take(response).map_err(|problem| problem.failure)
    }

    fn aside(&self, state: &State) -> Option<&'static str> {
        state.is_open_here().then_some("tools are called here without a key, also once one is revoked")
    }

    fn id(&self, key: &KeyView) -> String {
        key.id.to_string()
    }

    fn cells(&self, key: &KeyView, view: &View<'_>) -> Vec<Cell> {
        let (role, word) = stands(key, view.now);
        vec![
            cell(Role::Strong, key.id.as_str()),
            cell(role, word),
            cell(Role::Text, specimen(key.label.as_str())),
            cell(Role::Text, render::scopes(&key.scopes)),
            cell(Role::Text, key.account.as_str()),
            cell(Role::Text, key.uses.to_string()),
            cell(Role::Dim, key.last_used.map_or_else(|| "never".to_owned(), |at| age(at, view.now))),
        ]
    }

    fn key(&self, key: &KeyView, column: usize) -> Key {
        match column {
            0 => Key::Text(key.id.to_string()),
            1 => Key::Number(i64::from(key.revoked.is_some())),
            2 => Key::Text(key.label.as_str().to_lowercase()),
            3 => Key::Text(render::scopes(&key.scopes)),
            4 => Key::Text(key.account.to_string()),
            5 => Key::Number(i64::try_from(key.uses).unwrap_or(i64::MAX)),
            _ => Key::Number(key.last_used.map_or(0, |at| -at.millis())),
        }
    }

    fn words(&self, key: &KeyView) -> String {
        format!("{} {} {} {}", key.id, key.label.as_str(), key.account, render::scopes(&key.scopes))
    }

    fn values(&self, key: Option<&KeyView>) -> Values {
        key.map(|key| ("key", key.id.to_string())).into_iter().collect()
    }

    fn open(&self, key: &KeyView, turn: &mut Turn<'_>) {
        let (title, key, now) = (format!("key {}", key.id), key.clone(), turn.now);
        turn.open(Sheet::new(title, Asking::Here(Box::new(move |look| whole(&key, look, now)))));
    }

    fn whole(&self, key: &KeyView, look: &Look, now: Timestamp) -> Option<String> {
        Some(whole(key, look, now))
    }

    fn none(&self) -> &'static str {
        "No keys yet. n makes one: it is shown once, and only its digest is kept."
    }
}
