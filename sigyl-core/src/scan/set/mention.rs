//! Finds where a server names a tool of another one.

use std::collections::HashMap;
use std::ops::Range;

use super::server_set::ServerSet;

/// Bytes of a sentence to each side of a name.
const REACH: usize = 400;
/// Stands for the name in a sentence that is judged.
pub(in crate::scan) const NAME: char = '\u{1}';

/// The names of all tools of a set, to look words up in.
#[derive(Debug)]
pub(in crate::scan) struct Mentions {
    /// Lower-case name → the servers that have it.
    owners: HashMap<String, Vec<usize>>,
    /// Lower-case name of a server → which it is.
    servers: HashMap<String, usize>,
}

/// One place where a text names a tool of another server.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::scan) struct Mention {
    /// The server that has the tool.
    pub(in crate::scan) owner: usize,
    /// The name, as it is written.
    pub(in crate::scan) place: Range<usize>,
    /// The sentence around it.
    pub(in crate::scan) sentence: Range<usize>,
}

impl Mentions {
    pub(in crate::scan) fn new(set: &ServerSet<'_>) -> Self {
        let mut owners: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, server) in set.servers.iter().enumerate() {
            for tool in server.tools {
                let known = owners.entry(tool.name().to_lowercase()).or_default();
                if known.last() != Some(&at) {
                    known.push(at);
                }
            }
        }
        let servers = set.servers.iter().enumerate();
        let servers = servers.map(|(at, server)| (server.name.to_lowercase(), at)).collect();
        Self { owners, servers }
    }

    /// Yields the names in a text of `server` that only other servers have.
    pub(in crate::scan) fn in_text<'t>(
        &'t self,
        server: usize,
        text: &'t str,
    ) -> impl Iterator<Item = Mention> + 't {
        words(text).filter_map(move |place| {
            let word = &text[place.clone()];
            if let Some(owner) = self.servers.get(&word.to_lowercase()).filter(|owner| **owner != server)
                && is_server(&text[place.end..])
            {
                let sentence = sentence(text, &place);
                return Some(Mention { owner: *owner, place, sentence });
            }
            // Clients show tools as `mcp__server__tool`.
            let bare = word.rsplit("__").next().unwrap_or(word);
            let owners =
                self.owners.get(&word.to_lowercase()).or_else(|| self.owners.get(&bare.to_lowercase()));
            let owners = owners.filter(|owners| !owners.contains(&server))?;
            if !is_distinctive(bare) && !is_marked(text, &place) {
                return None;
            }
            let sentence = sentence(text, &place);
            Some(Mention { owner: *owners.first()?, place, sentence })
        })
    }
}

/// Yields the runs of letters that may be a name.
fn words(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    let mut from = 0;
    std::iter::from_fn(move || {
        let start = from + text[from..].find(is_name)?;
        let end = text[start..].find(|c| !is_name(c)).map_or(text.len(), |length| start + length);
        from = end;
        Some(start..end)
    })
}

/// Tells whether a name is no common word.
pub(in crate::scan) fn is_distinctive(name: &str) -> bool {
    let inner = name.trim_matches(['_', '-']);
    let capital =
        || inner.chars().zip(inner.chars().skip(1)).any(|(a, b)| a.is_lowercase() && b.is_uppercase());
    inner.len() >= 6 && (inner.contains(['_', '-']) || capital())
}

/// Tells whether what follows a name says that it is one of a server.
fn is_server(after: &str) -> bool {
    let after = after.trim_start_matches(['`', '"', '\'', '’', ' ']);
    let after = after.strip_prefix("s ").unwrap_or(after);
    let words: Vec<&str> = after.split(|c: char| !c.is_alphanumeric()).take(2).collect();
    matches!(words[..], ["server" | "tools" | "tool", ..] | ["mcp" | "MCP", "server" | "tools" | "tool"])
}

/// Tells whether a common word is marked as a name: in quotes, or followed by what it is.
fn is_marked(text: &str, place: &Range<usize>) -> bool {
    let (before, after) = (&text[..place.start], &text[place.end..]);
    let quoted = before.ends_with(['`', '"', '\'', '(']) && after.starts_with(['`', '"', '\'', ')']);
    let after = after.trim_start_matches(['`', '"', '\'', ' ']);
    place.len() >= 3 && (quoted || after.starts_with("tool ") && !before.trim_end().ends_with("this"))
}

/// Returns the sentence around a place, not far beyond it.
fn sentence(text: &str, place: &Range<usize>) -> Range<usize> {
    let from = text.floor_char_boundary(place.start.saturating_sub(REACH));
    let to = text.ceil_char_boundary((place.end + REACH).min(text.len()));
    let before = &text[from..place.start];
    let begins = ends(before).last().map_or(0, |end| end.end);
    let after = &text[place.end..to];
    let stops = ends(after).next().map_or(after.len(), |end| end.start);
    from + begins..place.end + stops
}

/// Yields what ends a sentence: a mark before a space, or an empty line.
fn ends(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let bytes = text.as_bytes();
    text.char_indices().filter_map(move |(at, c)| {
        let next = bytes.get(at + 1);
        let is_end = match c {
            '.' | '!' | '?' => next.is_none_or(u8::is_ascii_whitespace),
            '\n' => next == Some(&b'\n'),
            '\0' | '。' | '！' | '？' => true,
            _ => false,
        };
        is_end.then(|| at..at + c.len_utf8())
    })
}

#[cfg(test)]
mod tests {
    use super::super::OwnedSet;
    use super::*;

    #[test]
    fn a_name_counts_where_it_is_none_of_the_server_s_own_and_no_common_word() {
        let set = OwnedSet::parse(
            r#"{"a": [{"name": "read_file"}], "b": [{"name": "send_email"}, {"name": "search"}, {"name": "read_file"}]}"#,
        );
        let set = set.set();
        let mentions = Mentions::new(&set);
        let of = |text: &str| -> Vec<String> {
            mentions.in_text(0, text).map(|found| text[found.place].to_owned()).collect()
        };
        assert_eq!(of("Then send_email, read_file and search."), ["send_email"]);
        assert_eq!(
            of("Use mcp__b__send_email or the search tool or `search`."),
            ["mcp__b__send_email", "search", "search"]
        );
        assert!(of("sender_email, resend_email").is_empty());
        assert_eq!(of("The b server and `b` MCP tools; b alone, or a's tools."), ["b", "b"]);
    }

    #[test]
    fn the_sentence_goes_from_mark_to_mark() {
        let set = OwnedSet::parse(r#"{"a": [], "b": [{"name": "send_email"}]}"#);
        let set = set.set();
        let text = "Adds v1.2 numbers. When send_email\nis used, stop. Then go.";
        let found = Mentions::new(&set).in_text(0, text).next().unwrap();
        assert_eq!(&text[found.sentence], " When send_email\nis used, stop");
    }
}
