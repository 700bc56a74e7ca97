//! Secrets of a server, by name.

use sigyl_core::domain::{Failure, ServerName};
use sigyl_core::wire::v1::{Request, Response, SecretView};

use super::super::{Key, Noun};
use crate::console::command::Command;
use crate::console::keymap::Scope;
use crate::console::turn::Values;
use crate::console::view::View;
use crate::console::widgets::{Cell, Column, cell};
use crate::link::Answer as _;
use crate::render::{Role, age, specimen};

const COLUMNS: &[Column] = &[
    Column::wide("SECRET", 20),
    Column::number("VERSION", 7),
    Column::fixed("SET", 14),
    Column::wide("BY", 10),
];

/// What one server is given, never the values.
pub(in crate::console) struct Secrets {
    /// The server.
    pub(in crate::console) name: ServerName,
}

impl Noun for Secrets {
    type Item = SecretView;

    fn title(&self) -> String {
        "secrets".to_owned()
    }

    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Secrets]
    }

    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn request(&self) -> Option<Request> {
        Some(Request::Secrets { name: self.name.clone() })
    }

    fn items(&self, response: Response) -> Result<Vec<SecretView>, Failure> {
        Vec::<SecretView>::take(response).map_err(|problem| problem.failure)
    }

    fn renews(&self) -> bool {
        true
    }

    fn id(&self, secret: &SecretView) -> String {
        secret.name.to_string()
    }

    fn cells(&self, secret: &SecretView, view: &View<'_>) -> Vec<Cell> {
        vec![
            cell(Role::Strong, secret.name.as_str()),
            cell(Role::Text, secret.version.to_string()),
            match secret.given_up {
                true => cell(Role::Warn, "set it anew"),
                false => cell(Role::Dim, age(secret.updated, view.now)),
            },
            cell(Role::Text, specimen(secret.by.as_deref().unwrap_or_default())),
        ]
    }

    fn key(&self, secret: &SecretView, column: usize) -> Key {
        match column {
            0 => Key::Text(secret.name.to_string()),
            1 => Key::Number(i64::try_from(secret.version).unwrap_or(i64::MAX)),
            2 => Key::Number(-secret.updated.millis()),
            _ => Key::Text(secret.by.clone().unwrap_or_default()),
        }
    }

    fn words(&self, secret: &SecretView) -> String {
        format!("{} {}", secret.name, secret.by.as_deref().unwrap_or_default())
    }

    fn values(&self, secret: Option<&SecretView>) -> Values {
        secret.map(|secret| ("secret", secret.name.to_string())).into_iter().collect()
    }

    fn offers(&self, _secret: Option<&SecretView>, command: Command) -> bool {
        // There is nothing to be shown of it but its row.
        command != Command::Open
    }

    fn none(&self) -> &'static str {
        "It is given no secrets. n sets one: it is sealed here, and the server gets it when it starts."
    }
}
