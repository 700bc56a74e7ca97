//! Where a server goes, and everything that is rarely said: lines of a form that every source has.

use crate::console::turn::Values;
use crate::console::widgets::{Fill, Line};

/// Names of the lines, in the words of the action that they belong to.
pub(super) const MORE: [(&str, &str, Kind); 18] = [
    ("as", "its name; the manifest's when empty", Kind::Text),
    ("target", "where it runs: local or cloud-run; where it is, or this machine, when empty", Kind::Text),
    ("workspace", "its workspace; yours when empty", Kind::Text),
    ("env", "more plain settings, as NAME=VALUE, parted by blanks", Kind::Text),
    ("secret", "the name of one more secret", Kind::Text),
    ("value", "its value: it is sealed, and never shown", Kind::Hidden),
    ("grant", "more permissions: read=PATH write=PATH network=HOST:PORT exec=PROGRAM", Kind::Text),
    ("scripts", "packages whose install scripts may run while it is built", Kind::Text),
    ("deep", "scan the code of dependencies too", Kind::Switch),
    ("accept", "findings that may stay, as RULE or RULE@FILE:LINE, parted by blanks", Kind::Text),
    ("reason", "why they may stay; it is kept with your name", Kind::Text),
    ("until", "the last day on which they may, as YYYY-MM-DD", Kind::Text),
    (
        "callers",
        "who else may call it where it runs: public, private, user:EMAIL group:EMAIL domain:NAME",
        Kind::Text,
    ),
    (
        "canary",
        "percents of new clients that get it first, such as 10,50; all at once when empty",
        Kind::Text,
    ),
    ("soak", "how long each of them lasts, such as 10m; 5m when empty", Kind::Text),
    ("hold", "how long the last waits to be promoted, such as 24h; else it takes over by itself", Kind::Text),
    (
        "failures",
        "percentage points by which more of its calls may fail than before; 5 when empty",
        Kind::Text,
    ),
    ("latency", "it is taken back where 5 of 100 of its calls take longer, such as 2s", Kind::Text),
];

/// How one of them is filled.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Text,
    Hidden,
    Switch,
}

/// The lines, with what is known of them.
pub(super) fn lines(values: &Values) -> Vec<Line> {
    MORE.iter()
        .map(|(name, words, kind)| {
            let fill = match kind {
                Kind::Text => Fill::Text,
                Kind::Hidden => Fill::Hidden,
                Kind::Switch => Fill::Switch,
            };
            Line::new(*name, *words, fill, values.get(name).map_or("", String::as_str))
        })
        .collect()
}

/// What the lines hold.
pub(super) fn values(lines: &[Line]) -> Values {
    MORE.iter().zip(lines).map(|((name, ..), line)| (*name, line.text().to_owned())).collect()
}
