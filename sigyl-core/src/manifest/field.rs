//! What a field is: the form of one row of the table of fields, and how to look rows up.

use super::table::FIELDS;

/// One field of a manifest. Checks, suggestions, the schema and the comments of `init` all derive from these rows.
#[derive(Debug)]
pub(super) struct Field {
    /// Dotted path; `[]` stands for each item of a list.
    pub(super) path: &'static str,
    pub(super) shape: Shape,
    /// Which file it usually stands in.
    pub(super) home: Home,
    /// What it is, in a sentence.
    pub(super) doc: &'static str,
    /// A value, as YAML on one line.
    pub(super) example: &'static str,
}

/// The file a field usually stands in; either file may hold it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Home {
    /// `sigyl.yaml`.
    Runs,
    /// `mcp.yaml`.
    Is,
}

/// The form of a value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Shape {
    /// Text on one line.
    Text,
    /// Text on many lines.
    Prose,
    /// One of some words.
    Choice(&'static [&'static str]),
    /// A list of text, each on one line.
    Texts,
    /// A list of text of any sort.
    Args,
    /// A number, or text that is a number with a unit.
    Quantity,
    /// A whole number within bounds.
    Whole(u64, u64),
    /// `true` or `false`.
    Truth,
    /// A map with known keys.
    Table,
    /// A list of maps with known keys.
    Tables,
    /// A map from any name to text.
    Settings,
    /// A map that is kept as it is.
    Free,
}

impl Shape {
    /// Says what is expected, for messages.
    pub(super) fn expects(self) -> String {
        match self {
            Self::Text | Self::Prose => "text".to_owned(),
            Self::Choice(words) => format!("one of {}", words.join(", ")),
            Self::Texts | Self::Args => "a list of texts".to_owned(),
            Self::Quantity => "a number, or text with a unit".to_owned(),
            Self::Whole(least, most) => format!("a whole number from {least} to {most}"),
            Self::Truth => "true or false".to_owned(),
            Self::Table | Self::Free => "a map".to_owned(),
            Self::Tables => "a list of maps".to_owned(),
            Self::Settings => "a map of names to texts".to_owned(),
        }
    }
}

impl Field {
    /// Returns the last key of the path.
    pub(super) fn key(&self) -> &'static str {
        self.path.rsplit('.').next().unwrap_or(self.path)
    }

    /// Returns the path of the table it stands in; empty at the top.
    pub(super) fn parent(&self) -> &'static str {
        self.path.rsplit_once('.').map_or("", |(parent, _)| parent)
    }

    /// Tells whether its table is of no use without it.
    pub(super) fn is_required(&self) -> bool {
        self.key() == "name" && self.parent().ends_with("[]")
    }
}

/// Yields the fields of one table, in the order of the table of fields.
pub(super) fn children(parent: &str) -> impl Iterator<Item = &'static Field> {
    FIELDS.iter().filter(move |field| field.parent() == parent)
}

/// Suggests what was meant by a key that is not known in a table: a neighbour, or the same key elsewhere.
pub(super) fn nearest(parent: &str, key: &str) -> Option<String> {
    const LONGEST: usize = 40;
    if key.len() > LONGEST {
        return None;
    }
    let plain = |text: &str| text.replace(['_', '-'], "").to_lowercase();
    let wanted = plain(key);
    let distance = |field: &Field| {
        let known = plain(field.key());
        let begins = wanted.len() >= 3 && (known.starts_with(&wanted) || wanted.starts_with(&known));
        if begins { 1 } else { strsim::damerau_levenshtein(&known, &wanted) }
    };
    let close = children(parent)
        .map(|field| (distance(field), field))
        .filter(|(distance, field)| *distance <= field.key().len().min(key.len()).div_ceil(3))
        .min_by_key(|(distance, _)| *distance);
    if let Some((_, field)) = close {
        return Some(format!("did you mean `{}`?", field.key()));
    }
    let elsewhere = FIELDS.iter().find(|field| plain(field.key()) == wanted)?;
    Some(match elsewhere.parent() {
        "" => format!("`{}` stands at the top of the file", elsewhere.key()),
        parent => format!("`{}` stands under `{}`", elsewhere.key(), parent.trim_end_matches("[]")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_unique_documented_and_stand_in_a_table() {
        for (at, field) in FIELDS.iter().enumerate() {
            assert!(FIELDS[..at].iter().all(|other| other.path != field.path), "{}", field.path);
            assert!(field.doc.ends_with('.') && !field.doc.contains('\n'), "{}", field.path);
            let holds_fields = matches!(field.shape, Shape::Table | Shape::Tables);
            assert_eq!(field.example.is_empty(), holds_fields, "{}", field.path);
            let parent = field.parent();
            let table = if parent.ends_with("[]") { Shape::Tables } else { Shape::Table };
            let is_it = |other: &Field| other.path == parent.trim_end_matches("[]") && other.shape == table;
            assert!(parent.is_empty() || FIELDS[..at].iter().any(is_it), "{} stands in no table", field.path);
        }
    }

    #[test]
    fn a_typo_finds_its_neighbour_and_a_stray_key_its_table() {
        for (parent, key, hint) in [
            ("", "startComand", "did you mean `startCommand`?"),
            ("permissions", "execute", "did you mean `exec`?"),
            ("", "entry_point", "did you mean `entryPoint`?"),
            ("resources", "memroy", "did you mean `memory`?"),
            ("tools[]", "input_schema", "did you mean `inputSchema`?"),
            ("", "dockerfile", "`dockerfile` stands under `build`"),
            ("build", "runtime", "`runtime` stands at the top of the file"),
        ] {
            assert_eq!(nearest(parent, key).as_deref(), Some(hint), "{parent} {key}");
        }
        assert_eq!(nearest("", "zzzzzz"), None);
        assert_eq!(nearest("", &"name".repeat(1000)), None);
    }
}
