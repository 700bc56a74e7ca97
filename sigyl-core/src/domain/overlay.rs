//! What people say of a server beside what its versions say: it alters none of them.

use serde::{Deserialize, Deserializer, Serialize};

use super::label::is_unseen;
use super::text::checked_text;
use super::{Label, Timestamp};

/// Some lines for people, of at most 1 000 characters.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Blurb(Box<str>);

/// A word to find things by: `a-z`, `0-9`, `.`, `_`, `-`, of at most 40 characters.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Tag(Box<str>);

/// The address of a picture: `https://` alone, without a login.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Link(Box<str>);

/// What cannot be said of a server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OverlayError {
    /// A text is too long, or cannot be shown.
    #[error("a description has 1 to {BLURB_MAX} characters that can be seen")]
    Blurb,
    /// A word is none.
    #[error(
        "a tag or category has 1 to {TAG_MAX} of a-z, 0-9, `.`, `_`, `-`, and starts with a letter or digit"
    )]
    Tag,
    /// An address is none that is taken.
    #[error("the address of a picture begins with https://, has no login and at most {LINK_MAX} characters")]
    Link,
    /// There are too many of something.
    #[error("{count} {what} are given, and {most} are taken")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many there are.
        count: usize,
        /// How many there may be.
        most: usize,
    },
    /// Nothing is to be changed.
    #[error("nothing is named that is to be changed")]
    Nothing,
}

const BLURB_MAX: usize = 1_000;
const TAG_MAX: usize = 40;
const LINK_MAX: usize = 500;
const TAGS_MOST: usize = 20;
const SCREENSHOTS_MOST: usize = 8;

impl Blurb {
    /// Checks and takes a text; space around it is dropped.
    pub fn parse(text: &str) -> Result<Self, OverlayError> {
        let text = text.trim();
        let fits = !text.is_empty() && text.chars().count() <= BLURB_MAX;
        let seen = text.chars().all(|c| c == '\n' || !is_unseen(c));
        if fits && seen { Ok(Self(text.into())) } else { Err(OverlayError::Blurb) }
    }
}

impl Tag {
    /// Checks and takes a word.
    pub fn parse(text: &str) -> Result<Self, OverlayError> {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b);
        let starts = text.as_bytes().first().is_some_and(u8::is_ascii_alphanumeric);
        let fits = starts && text.len() <= TAG_MAX && text.bytes().all(plain);
        if fits { Ok(Self(text.into())) } else { Err(OverlayError::Tag) }
    }
}

impl Link {
    /// Checks and takes an address.
    pub fn parse(text: &str) -> Result<Self, OverlayError> {
        let rest = text.strip_prefix("https://").unwrap_or_default();
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let in_host = |b: u8| b.is_ascii_alphanumeric() || b".-:[]".contains(&b);
        let plain = |b: u8| b.is_ascii_graphic() && !b"\"'<>\\`{}|^".contains(&b);
        let fits = text.len() <= LINK_MAX
            && host.bytes().any(|b| b.is_ascii_alphanumeric())
            && host.bytes().all(in_host)
            && rest.bytes().all(plain);
        if fits { Ok(Self(text.into())) } else { Err(OverlayError::Link) }
    }
}

checked_text!(Blurb, OverlayError);
checked_text!(Tag, OverlayError);
checked_text!(Link, OverlayError);

/// How a server is presented, whatever its version says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// Its display name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Label>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Blurb>,
    /// Words to find it by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
    /// The kind of server that it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<Tag>,
    /// A small picture of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon: Option<Link>,
    /// Pictures of what it does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub screenshots: Vec<Link>,
}

/// A profile on record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overlay {
    /// What is said.
    #[serde(flatten)]
    pub profile: Profile,
    /// Who said it last.
    pub by: String,
    /// When.
    pub updated: Timestamp,
}

/// What is to be changed of a profile: what is absent stays, what is `null` goes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ProfilePatch {
    /// Its display name.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub title: Option<Option<Label>>,
    /// What it is for.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub description: Option<Option<Blurb>>,
    /// Words to find it by, all of them.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub tags: Option<Option<Vec<Tag>>>,
    /// The kind of server that it is.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub category: Option<Option<Tag>>,
    /// A small picture of it.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub icon: Option<Option<Link>>,
    /// Pictures of what it does, all of them.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub screenshots: Option<Option<Vec<Link>>>,
}

/// Tells what is `null` apart from what is absent.
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(reader: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(reader).map(Some)
}

impl Profile {
    /// Changes what is named.
    pub fn patched(mut self, patch: ProfilePatch) -> Result<Self, OverlayError> {
        if patch == ProfilePatch::default() {
            return Err(OverlayError::Nothing);
        }
        let ProfilePatch { title, description, tags, category, icon, screenshots } = patch;
        self.title = title.unwrap_or(self.title);
        self.description = description.unwrap_or(self.description);
        self.category = category.unwrap_or(self.category);
        self.icon = icon.unwrap_or(self.icon);
        if let Some(tags) = tags {
            self.tags = distinct("tags", tags, TAGS_MOST)?;
        }
        if let Some(screenshots) = screenshots {
            self.screenshots = distinct("screenshots", screenshots, SCREENSHOTS_MOST)?;
        }
        Ok(self)
    }

    /// Tells whether nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Takes a bounded list, each item once and in its order.
fn distinct<T: PartialEq>(
    what: &'static str,
    items: Option<Vec<T>>,
    most: usize,
) -> Result<Vec<T>, OverlayError> {
    let items = items.unwrap_or_default();
    if items.len() > most {
        return Err(OverlayError::TooMany { what, count: items.len(), most });
    }
    let mut taken = Vec::with_capacity(items.len());
    for item in items {
        if !taken.contains(&item) {
            taken.push(item);
        }
    }
    Ok(taken)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn patched(profile: Profile, patch: Value) -> Result<Profile, String> {
        let patch: ProfilePatch = serde_json::from_value(patch).map_err(|error| error.to_string())?;
        profile.patched(patch).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_absent_stays_and_what_is_null_goes() {
        let first =
            json!({"title": "Clock", "tags": ["time", "time", "zones"], "icon": "https://a.example/i.png"});
        let profile = patched(Profile::default(), first).unwrap();
        assert_eq!(profile.tags.len(), 2, "each once");
        let profile = patched(profile, json!({"description": "Tells\nthe time.", "icon": null})).unwrap();
        assert_eq!((profile.title.as_ref().unwrap().as_str(), profile.icon.as_ref()), ("Clock", None));
        let profile = patched(profile, json!({"title": null, "tags": [], "description": null})).unwrap();
        assert!(profile.is_empty());
    }

    #[test]
    fn what_cannot_be_shown_or_is_too_much_is_refused() {
        for (patch, why) in [
            (json!({}), "nothing is named"),
            (json!({"colour": "red"}), "unknown field"),
            (json!({"title": "a\u{202e}b"}), "label"),
            (json!({"description": "x".repeat(1001)}), "description"),
            (json!({"description": "a\u{1b}[2J"}), "description"),
            (json!({"tags": ["Not a tag"]}), "tag"),
            (json!({"tags": (0..21).map(|at| format!("t{at}")).collect::<Vec<_>>()}), "21 tags"),
            (json!({"icon": "http://a.example/i.png"}), "https"),
            (json!({"icon": "https://ada:pw@a.example/i.png"}), "login"),
            (json!({"icon": "https:///i.png"}), "https"),
            (json!({"icon": "https://a.example/\"onload="}), "https"),
            (json!({"icon": "javascript:alert(1)"}), "https"),
            (json!({"screenshots": vec!["https://a.example/"; 9]}), "9 screenshots"),
        ] {
            let error = patched(Profile::default(), patch.clone()).unwrap_err();
            assert!(error.contains(why), "{patch}: {error}");
        }
    }
}
