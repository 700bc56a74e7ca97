//! Names of tools of different servers that can be taken for each other.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::label::words_of_name;
use super::mention::is_distinctive;
use super::server_set::ServerSet;
use crate::scan::fold::{Folded, fold};

/// Letters of a name that are compared.
const LONGEST: usize = 64;

/// Why two names can be taken for each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::scan) enum Kind {
    /// They look alike and are written with other characters.
    LooksAlike,
    /// They are the same.
    Same,
    /// They differ in one letter of a word that is used nowhere else.
    OneLetter,
}

/// Two tools of different servers whose names can be taken for each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::scan) struct Confusion {
    /// The server and the name of the one that looks like the other.
    pub(in crate::scan) one: (usize, String),
    /// The other.
    pub(in crate::scan) other: (usize, String),
    /// Why.
    pub(in crate::scan) kind: Kind,
}

/// Finds all pairs, in the order of the set.
pub(in crate::scan) fn confusions(set: &ServerSet<'_>) -> Vec<Confusion> {
    let mut names: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, server) in set.servers.iter().enumerate() {
        for tool in server.tools.iter().filter(|tool| tool.name().chars().count() <= LONGEST) {
            let servers = names.entry(tool.name()).or_default();
            if servers.last() != Some(&at) {
                servers.push(at);
            }
        }
    }
    let mut found = same(&names);
    found.extend(alike(&names));
    found.extend(one_letter(&names, &vocabulary(set)));
    found
}

fn same(names: &BTreeMap<&str, Vec<usize>>) -> Vec<Confusion> {
    let both = names.iter().filter(|(name, servers)| servers.len() > 1 && is_distinctive(name));
    let pair = |(name, servers): (&&str, &Vec<usize>)| Confusion {
        one: (servers[1], (*name).to_owned()),
        other: (servers[0], (*name).to_owned()),
        kind: Kind::Same,
    };
    both.map(pair).collect()
}

fn alike(names: &BTreeMap<&str, Vec<usize>>) -> Vec<Confusion> {
    let mut known: HashMap<String, Vec<(&str, usize)>> = HashMap::new();
    for (name, servers) in names {
        known.entry(skeleton(name)).or_default().extend(servers.iter().map(|server| (*name, *server)));
    }
    let mut known: Vec<_> = known.into_values().collect();
    known.sort_unstable();
    let mut found = Vec::new();
    for twins in known {
        // The one that is written plainly is the one that is imitated.
        let plain = twins.iter().min_by_key(|(name, _)| (disguises(name), *name));
        let Some(&(plain, owner)) = plain else { continue };
        for (name, server) in twins.iter().filter(|(name, server)| *name != plain && *server != owner) {
            let (one, other) = ((*server, (*name).to_owned()), (owner, plain.to_owned()));
            found.push(Confusion { one, other, kind: Kind::LooksAlike });
        }
    }
    found
}

/// Pairs that one letter tells apart, by the names with one letter left out.
fn one_letter(names: &BTreeMap<&str, Vec<usize>>, vocabulary: &HashMap<String, usize>) -> Vec<Confusion> {
    let distinctive = names.iter().filter(|(name, _)| is_distinctive(name) && name.is_ascii());
    let mut shorter: HashMap<String, Vec<(&str, usize)>> = HashMap::new();
    for (name, servers) in distinctive {
        let lower = name.to_ascii_lowercase();
        let less = (0..lower.len()).map(|at| format!("{}{}", &lower[..at], &lower[at + 1..]));
        let forms: HashSet<String> = less.chain([lower.clone()]).collect();
        for form in forms {
            shorter.entry(form).or_default().push((*name, servers[0]));
        }
    }
    let mut pairs = Vec::new();
    for twins in shorter.values().filter(|twins| twins.len() > 1) {
        for (at, one) in twins.iter().enumerate() {
            for other in &twins[at + 1..] {
                if one.1 != other.1 && is_mistyped(one.0, other.0, vocabulary) {
                    pairs.push((*one, *other));
                }
            }
        }
    }
    pairs.sort_unstable();
    pairs.dedup();
    let confusion = |((name, server), (other, owner)): ((&str, usize), (&str, usize))| {
        let (one, other) = ((server, name.to_owned()), (owner, other.to_owned()));
        let known = |name: &str| known_words(name, vocabulary);
        // The one with the word that nobody else uses imitates the other.
        let (one, other) = if known(&one.1) > known(&other.1) { (other, one) } else { (one, other) };
        Confusion { one, other, kind: Kind::OneLetter }
    };
    pairs.into_iter().map(confusion).collect()
}

fn known_words(name: &str, vocabulary: &HashMap<String, usize>) -> usize {
    words_of_name(name).iter().filter(|word| vocabulary.get(*word).is_some_and(|&count| count > 1)).count()
}

/// Tells whether two names differ in one word alone, by one letter, so that it is no other form of it and one of the
/// two is used nowhere else.
fn is_mistyped(one: &str, other: &str, vocabulary: &HashMap<String, usize>) -> bool {
    let (one, other) = (words_of_name(one), words_of_name(other));
    if one.len() != other.len() {
        return false;
    }
    let mut differ = one.iter().zip(&other).filter(|(one, other)| one != other);
    let (Some((one, other)), None) = (differ.next(), differ.next()) else { return false };
    let is_rare = |word: &String| vocabulary.get(word).is_none_or(|&count| count <= 1);
    let is_form = |word: &String, of: &String| {
        ["s", "d", "e", "r", "y"].iter().any(|end| *word == format!("{of}{end}"))
            || word.chars().any(char::is_numeric)
    };
    one.len().min(other.len()) >= 4
        && (is_rare(one) || is_rare(other))
        && !is_form(one, other)
        && !is_form(other, one)
        && strsim::osa_distance(one, other) == 1
}

/// Counts every word of every description and name, a name once.
fn vocabulary(set: &ServerSet<'_>) -> HashMap<String, usize> {
    let mut words = HashMap::new();
    for tool in set.servers.iter().flat_map(|server| server.tools) {
        let said = tool.description().unwrap_or_default();
        let said = said.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).take(2_000);
        for word in words_of_name(tool.name()).into_iter().chain(said.map(str::to_lowercase)) {
            *words.entry(word).or_default() += 1;
        }
    }
    words
}

/// Writes a name as it looks: marks gone, look-alikes as the letters that they imitate.
fn skeleton(name: &str) -> String {
    let mut skeleton = String::with_capacity(name.len());
    let mut small = false;
    for c in name.chars() {
        // A capital I behind small letters looks like an l, and seldom begins a word: `readIndex` has one before it.
        let c = if c == 'I' && small { 'l' } else { c };
        small = c.is_lowercase();
        match fold(c) {
            Folded::Gone => {}
            Folded::Tag(c) | Folded::Is(c) | Folded::Looks(c) => skeleton.extend(c.to_lowercase()),
            Folded::Same => skeleton.extend(c.to_lowercase()),
        }
    }
    let letters: Vec<char> = skeleton.chars().collect();
    let is_letter = |at: Option<usize>| at.and_then(|at| letters.get(at)).is_some_and(|c| c.is_alphabetic());
    let mut plain = String::with_capacity(skeleton.len());
    for (at, c) in letters.iter().enumerate() {
        // A digit that stands between letters may imitate one; elsewhere it counts.
        let inside = is_letter(at.checked_sub(1)) && (is_letter(Some(at + 1)) || at + 1 == letters.len());
        plain.push(match c {
            '0' if inside => 'o',
            '1' if inside => 'l',
            c => *c,
        });
    }
    plain.replace("rn", "m").replace("vv", "w")
}

/// Counts what a name is not written plainly with.
fn disguises(name: &str) -> usize {
    let odd = name.chars().filter(|c| !c.is_ascii()).count() * 10;
    odd + name.chars().filter(char::is_ascii_digit).count()
        + name.matches("rn").count()
        + name.matches("vv").count()
}

#[cfg(test)]
mod tests {
    use super::super::OwnedSet;
    use super::*;

    fn kinds(text: &str) -> Vec<(String, Kind)> {
        let set = OwnedSet::parse(text);
        confusions(&set.set()).into_iter().map(|found| (found.one.1, found.kind)).collect()
    }

    fn two(one: &str, other: &str) -> Vec<(String, Kind)> {
        kinds(&format!(r#"{{"a": [{{"name": "{one}"}}], "b": [{{"name": "{other}"}}]}}"#))
    }

    #[test]
    fn names_that_look_alike_are_found() {
        for imitation in ["sеnd_email", "send_emai1", "send_ernail", "ｓend_email", "send_\u{200b}email"] {
            assert_eq!(two("send_email", imitation), [(imitation.to_owned(), Kind::LooksAlike)]);
        }
        assert_eq!(two("read_file", "read_file"), [("read_file".to_owned(), Kind::Same)]);
        for imitation in ["send_emial", "send_emal", "send_emaill"] {
            let text = format!(
                r#"{{"a": [{{"name": "send_email", "description": "Sends an email."}}], "b": [{{"name": "{imitation}"}}]}}"#
            );
            assert_eq!(kinds(&text), [(imitation.to_owned(), Kind::OneLetter)]);
        }
    }

    #[test]
    fn common_words_and_other_forms_are_not() {
        for (one, other) in [
            ("search", "search"),
            ("get_user", "set_user"),
            ("get_issue", "get_issues"),
            ("list_v1", "list_v2"),
            ("get_page1", "get_page2"),
            ("list-issues", "list_issues"),
            ("create_table", "create_tables"),
        ] {
            assert_eq!(two(one, other), [], "{one} {other}");
        }
        let text = r#"{"a": [{"name": "list_labels", "description": "Labels of a table, tables"}], "b": [{"name": "list_tables", "description": "Labels of labels"}]}"#;
        assert!(kinds(text).is_empty());
    }
}
