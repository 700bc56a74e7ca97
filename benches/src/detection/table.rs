//! The figures as people read them.

use std::io::{self, Write};

use super::row::{Kind, Label, Row};
use super::tally::{Outcome, Tally, pairs, values};

/// Writes every figure; with `wrong` also each sample that was judged wrongly.
pub fn print(outcomes: &[Outcome], wrong: bool, out: &mut impl Write) -> io::Result<()> {
    for (kind, what) in
        [(Kind::Tool, "tools, held or blocked"), (Kind::Code, "code, found at error or above")]
    {
        if outcomes.iter().any(|one| one.row.kind == kind) {
            writeln!(out, "{what}\n")?;
            of_kind(outcomes, kind, out)?;
        }
    }
    let unread = outcomes.iter().filter(|one| one.unread.is_some()).count();
    if unread > 0 {
        writeln!(out, "{unread} samples could not be looked at, and count as not found\n")?;
    }
    if wrong {
        each_wrong(outcomes, out)?;
    }
    Ok(())
}

fn of_kind(outcomes: &[Outcome], kind: Kind, out: &mut impl Write) -> io::Result<()> {
    let count = |label| Tally::of(outcomes.iter().filter(|one| one.counts(kind, label)));
    let (bad, good) = (count(Label::Malicious), count(Label::Benign));
    let false_alarms = good.flagged;
    writeln!(
        out,
        "{:36} {:>6} {:>6} {:>7} {:>9} {:>6}",
        "malicious", "all", "found", "recall", "precision", "F1"
    )?;
    let mut line = |name: &str, tally: Tally| {
        let figures = [tally.share(), tally.precision(false_alarms), tally.f1(false_alarms)].map(figure);
        let [recall, precision, f1] = figures;
        writeln!(out, "{name:36} {:>6} {:>6} {recall:>7} {precision:>9} {f1:>6}", tally.all, tally.flagged)
    };
    line("all", bad)?;
    for (prefix, member) in members() {
        for value in values(outcomes, member) {
            let of = |one: &&Outcome| one.counts(kind, Label::Malicious) && member(&one.row) == value;
            let tally = Tally::of(outcomes.iter().filter(of));
            if tally.all > 0 {
                line(&format!("  {prefix} {value}"), tally)?;
            }
        }
    }
    writeln!(out, "\n{:36} {:>6} {:>6} {:>7}", "benign", "all", "found", "share")?;
    writeln!(out, "{:36} {:>6} {:>6} {:>7}", "all", good.all, good.flagged, percent(good))?;
    for set in values(outcomes, |row| &row.set) {
        let of =
            |one: &&Outcome| one.row.kind == kind && one.row.label == Label::Benign && one.row.set == set;
        let tally = Tally::of(outcomes.iter().filter(of));
        if tally.all > 0 {
            writeln!(
                out,
                "{:36} {:>6} {:>6} {:>7}",
                format!("  set {set}"),
                tally.all,
                tally.flagged,
                percent(tally)
            )?;
        }
    }
    let pairs = pairs(outcomes);
    if kind == Kind::Code && pairs.all > 0 {
        writeln!(out, "\npairs told apart: {} of {}", pairs.flagged, pairs.all)?;
    }
    writeln!(out)
}

/// Takes one member of a sample.
type Member = fn(&Row) -> &str;

/// What the malicious samples are counted by.
fn members() -> [(&'static str, Member); 2] {
    [("set", |row| &row.set), ("category", |row| &row.category)]
}

fn each_wrong(outcomes: &[Outcome], out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "judged wrongly")?;
    for one in outcomes.iter().filter(|one| one.flagged != (one.row.label == Label::Malicious)) {
        let rules: Vec<_> =
            one.findings.iter().map(|found| format!("{} ({})", found.rule, found.severity)).collect();
        let why = one.unread.clone().unwrap_or_else(|| rules.join(", "));
        let Row { id, name, category, .. } = &one.row;
        let label = if one.row.label == Label::Malicious { "missed" } else { "false alarm" };
        writeln!(out, "{label}: {id} {name} [{category}] {}: {why}", one.verdict)?;
    }
    Ok(())
}

fn figure(share: Option<f64>) -> String {
    share.map_or_else(|| "-".to_owned(), |share| format!("{share:.3}"))
}

fn percent(tally: Tally) -> String {
    tally.share().map_or_else(|| "-".to_owned(), |share| format!("{:.2} %", share * 100.0))
}
