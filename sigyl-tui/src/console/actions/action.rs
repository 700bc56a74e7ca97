//! What an action is.

use sigyl_core::domain::Timestamp;
use sigyl_core::wire::v1::{Request, Response};

use super::{Given, Wrong};
use crate::console::screens::Screen;
use crate::console::turn::Values;
use crate::render::Look;

/// How a field is filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::console) enum FieldKind {
    /// By typing.
    Text,
    /// By typing what nobody may see.
    Hidden,
    /// By choosing.
    Choice(&'static [&'static str]),
    /// By switching it on.
    Switch,
    /// By naming a file, whose text is taken.
    File,
}

/// A field of an action.
#[derive(Clone, Copy, Debug)]
pub(in crate::console) struct Field {
    /// The name that screens fill it by.
    pub(in crate::console) name: &'static str,
    /// What it is, for a person.
    pub(in crate::console) words: &'static str,
    /// How it is filled.
    pub(in crate::console) kind: FieldKind,
    /// Whether nothing goes without it.
    pub(in crate::console) needed: bool,
}

impl Field {
    /// A field that has to be filled.
    pub(super) const fn needed(name: &'static str, words: &'static str) -> Self {
        Self { name, words, kind: FieldKind::Text, needed: true }
    }

    /// A field that may stay empty.
    pub(super) const fn free(name: &'static str, words: &'static str) -> Self {
        Self { name, words, kind: FieldKind::Text, needed: false }
    }

    /// The same, filled otherwise.
    pub(super) const fn by(self, kind: FieldKind) -> Self {
        Self { kind, ..self }
    }
}

/// Makes a request of fields.
pub(super) type Make = fn(&Given<'_>) -> Result<Request, Wrong>;

/// Writes an answer; nothing when it answers something else.
pub(super) type Show = fn(&Response, &Look, Timestamp) -> Option<String>;

/// What an action does.
#[derive(Clone, Copy)]
pub(in crate::console) enum Does {
    /// It begins a run, which is shown.
    Run(Make),
    /// It asks, and says these words when that was done.
    Say(Make, &'static str),
    /// It asks, and the answer is shown.
    Show(Make, Show),
    /// It opens a screen.
    Open(fn(&Given<'_>) -> Result<Box<dyn Screen>, Wrong>),
}

/// One thing that can be done.
#[derive(Clone, Copy)]
pub(in crate::console) struct Action {
    /// Its name.
    pub(in crate::console) name: &'static str,
    /// What it does, as an order.
    pub(in crate::console) words: &'static str,
    /// The operations of the server that do it.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "a test holds them against the operations of the server")
    )]
    pub(in crate::console) operations: &'static [&'static str],
    /// What it needs to know.
    pub(in crate::console) fields: &'static [Field],
    /// What it does.
    pub(in crate::console) does: Does,
    /// Fields that are not filled from what is selected: the action is about another one.
    pub(in crate::console) fresh: &'static [&'static str],
    /// Whether it only looks, so that it needs no form when everything is known.
    pub(in crate::console) looks: bool,
    /// Whether it can be done to several at once.
    pub(in crate::console) each: bool,
    /// Whether its answer is nothing that may stay.
    pub(in crate::console) secret: bool,
    /// What goes for good: the value of this field is typed again before.
    pub(in crate::console) destroys: Option<(&'static str, &'static str)>,
}

impl Action {
    /// An action that destroys nothing.
    pub(super) const fn new(
        name: &'static str,
        words: &'static str,
        operations: &'static [&'static str],
        fields: &'static [Field],
        does: Does,
    ) -> Self {
        Self {
            name,
            words,
            operations,
            fields,
            does,
            fresh: &[],
            looks: false,
            each: false,
            secret: false,
            destroys: None,
        }
    }

    /// The same, about another thing than what is selected.
    pub(super) const fn fresh(self, fresh: &'static [&'static str]) -> Self {
        Self { fresh, ..self }
    }

    /// The same, which only looks.
    pub(super) const fn looks(self) -> Self {
        Self { looks: true, ..self }
    }

    /// The same, which can be done to several at once.
    pub(super) const fn each(self) -> Self {
        Self { each: true, ..self }
    }

    /// The same, whose answer is a secret.
    pub(super) const fn secret(self) -> Self {
        Self { secret: true, ..self }
    }

    /// The same, after the value of a field was typed again: what goes is said.
    pub(super) const fn destroys(self, field: &'static str, what: &'static str) -> Self {
        Self { destroys: Some((field, what)), ..self }
    }

    /// Makes a request of the fields; nothing where it opens a screen.
    pub(in crate::console) fn request(&self, values: &Values) -> Result<Option<Request>, Wrong> {
        match self.does {
            Does::Run(make) | Does::Say(make, _) | Does::Show(make, _) => make(&Given(values)).map(Some),
            Does::Open(_) => Ok(None),
        }
    }

    /// Checks the fields, without doing anything: what a file holds is not looked at yet.
    pub(in crate::console) fn check(&self, values: &Values) -> Result<(), Wrong> {
        let given = Given(values);
        let file = |field: &Field| field.kind == FieldKind::File && given.text(field.name).is_some();
        if self.fields.iter().any(file) {
            // So far there is only its path.
            return Ok(());
        }
        match self.does {
            Does::Run(make) | Does::Say(make, _) | Does::Show(make, _) => make(&given).map(|_| ()),
            Does::Open(open) => open(&given).map(|_| ()),
        }
    }

    /// Whether it can begin with these values, without a form.
    pub(in crate::console) fn is_ready(&self, given: &Given<'_>) -> bool {
        self.looks && self.fields.iter().all(|field| field.needed && given.text(field.name).is_some())
    }
}
