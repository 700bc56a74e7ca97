//! Texts with places that only a user can fill.

use std::collections::BTreeMap;

use crate::registry::document::Input;

/// A text in pieces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text(pub(super) Vec<Piece>);

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// What stands there as it is.
    Plain(String),
    /// What the user says.
    Asked(Asked),
}

/// What a user is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    /// Its name, as a variable of the environment has it.
    pub(super) name: String,
    pub(super) description: Option<String>,
    pub(super) is_secret: bool,
    pub(super) default: Option<String>,
    pub(super) choices: Vec<String>,
}

impl Text {
    pub(super) fn plain(text: impl Into<String>) -> Self {
        Self(vec![Piece::Plain(text.into())])
    }

    /// The value of an input: what its publisher fixed, or else what the user says; nothing when it is neither fixed nor
    /// needed, and has no default. `name` is what the user is asked for.
    pub(super) fn of(input: &Input, variables: &BTreeMap<String, Input>, name: &str) -> Option<Self> {
        match (&input.value, &input.default) {
            // The value of a secret that stands in a document is nobody's secret, and is not passed on.
            (Some(value), _) if !input.is_secret || value.contains('{') => {
                Some(Self::template(value, variables, name))
            }
            (None, Some(default)) if !input.is_secret && !input.is_required => {
                Some(Self::template(default, variables, name))
            }
            _ if input.is_required || input.is_secret => Some(Self(vec![Piece::Asked(asked(input, name))])),
            _ => None,
        }
    }

    /// A text whose `{templates}` are asked for; those that nothing explains stay as they are.
    pub(super) fn template(text: &str, variables: &BTreeMap<String, Input>, prefix: &str) -> Self {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let Some((inner, end)) = after.split_once('}') else { break };
            match variables.get(inner) {
                Some(input) => {
                    push_plain(&mut pieces, before);
                    match input.value.as_ref().filter(|_| !input.is_secret) {
                        Some(value) => push_plain(&mut pieces, value),
                        None => pieces.push(Piece::Asked(asked(input, &variable(&[prefix, inner])))),
                    }
                }
                None => {
                    push_plain(&mut pieces, before);
                    push_plain(&mut pieces, &format!("{{{inner}}}"));
                }
            }
            rest = end;
        }
        push_plain(&mut pieces, rest);
        Self(pieces)
    }

    /// Returns what the user is asked for.
    pub(super) fn asked(&self) -> impl Iterator<Item = &Asked> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Asked(asked) => Some(asked),
            Piece::Plain(_) => None,
        })
    }

    /// Returns what the user is asked for, if the text is nothing else.
    pub(super) fn only(&self) -> Option<&Asked> {
        match self.0.as_slice() {
            [Piece::Asked(asked)] => Some(asked),
            _ => None,
        }
    }

    /// Writes the text, with `mark` for what is asked.
    pub(super) fn write(&self, mark: impl Fn(&Asked) -> String) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Plain(text) => text.clone(),
            Piece::Asked(asked) => mark(asked),
        };
        self.0.iter().map(piece).collect()
    }
}

fn push_plain(pieces: &mut Vec<Piece>, text: &str) {
    match pieces.last_mut() {
        _ if text.is_empty() => {}
        Some(Piece::Plain(before)) => before.push_str(text),
        _ => pieces.push(Piece::Plain(text.to_owned())),
    }
}

fn asked(input: &Input, name: &str) -> Asked {
    Asked {
        name: name.to_owned(),
        description: input.description.as_deref().map(one_line),
        is_secret: input.is_secret,
        default: input.default.clone().filter(|_| !input.is_secret),
        choices: input.choices.clone(),
    }
}

/// A description as a prompt shows it.
fn one_line(text: &str) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().map(plain).take(200).collect()
}

/// Makes the name of a variable from words.
pub(super) fn variable(words: &[&str]) -> String {
    let mut name = String::new();
    for word in words.iter().filter(|word| !word.is_empty()) {
        if !name.is_empty() {
            name.push('_');
        }
        let letters = word.trim_matches('-').chars();
        name.extend(letters.map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }));
    }
    if name.starts_with(|c: char| c.is_ascii_digit()) { format!("_{name}") } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &Text) -> String {
        text.write(|asked| format!("<{}{}>", asked.name, if asked.is_secret { "!" } else { "" }))
    }

    fn input(value: Option<&str>, default: Option<&str>, is_required: bool, is_secret: bool) -> Input {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Input { value: owned(value), default: owned(default), is_required, is_secret, ..Input::default() }
    }

    #[test]
    fn what_is_fixed_is_written_and_what_is_needed_is_asked() {
        let of = |input: &Input| Text::of(input, &BTreeMap::new(), "KEY").map(|text| shown(&text));
        assert_eq!(of(&input(Some("24h"), None, false, false)).as_deref(), Some("24h"));
        assert_eq!(of(&input(None, Some("UTC"), false, false)).as_deref(), Some("UTC"));
        assert_eq!(of(&input(None, Some("UTC"), true, false)).as_deref(), Some("<KEY>"));
        assert_eq!(of(&input(None, None, false, false)), None);
        assert_eq!(of(&input(None, Some("s3cr3t"), false, true)).as_deref(), Some("<KEY!>"));
        assert_eq!(of(&input(Some("s3cr3t"), None, true, true)).as_deref(), Some("<KEY!>"), "never a secret");
    }

    #[test]
    fn templates_are_asked_for_by_name() {
        let variables = BTreeMap::from([
            ("token".to_owned(), input(None, None, false, true)),
            ("region".to_owned(), input(Some("eu"), None, false, false)),
        ]);
        let text = Text::template("Bearer {token} in {region} {other}{", &variables, "CLOCK");
        assert_eq!(shown(&text), "Bearer <CLOCK_TOKEN!> in eu {other}{");
    }

    #[test]
    fn a_variable_has_a_name_that_a_shell_takes() {
        assert_eq!(variable(&["clock", "--home-zone"]), "CLOCK_HOME_ZONE");
        assert_eq!(variable(&["", "1st"]), "_1ST");
    }
}
