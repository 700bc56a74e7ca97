//! A version that is tried beside the one that serves.

use std::time::Duration;

use sigyl_core::domain::{Came, Timestamp, Version};

use crate::console::widgets::fraction;
use crate::render::{Look, Role, duration, specimen};

/// Columns of the bar of a share.
const BAR: usize = 20;
/// Columns that a row with all numbers takes.
const WHOLE: usize = 72;

/// How a trial stands, as its run told it last.
pub(super) struct Trial {
    /// The version that is tried.
    pub(super) version: Version,
    /// Percent of new clients that reach it.
    pub(super) percent: u8,
    /// When more do, or all.
    pub(super) until: Timestamp,
    /// Whether it waits to be promoted, and is taken back then.
    pub(super) held: bool,
    /// Calls since the trial began: of the version that serves, and of the one that is tried.
    pub(super) sides: [Came; 2],
}

impl Trial {
    /// Writes both sides below each other; `now` where it still goes on.
    pub(super) fn text(&self, look: &Look, now: Option<Timestamp>) -> String {
        let percent = self.percent.min(100);
        let waits = if self.held { ", until it is promoted," } else { "," };
        let left = now
            .map(|now| format!("{waits} for {} more", duration(self.until.since(now))))
            .unwrap_or_default();
        let mut text = format!(
            "{} {}\n",
            look.paint(Role::Strong, &format!("{} is tried", specimen(self.version.as_str()))),
            look.paint(Role::Dim, &format!("by {percent} % of new clients{left}")),
        );
        let rows = [("serves", 100 - percent, &self.sides[0]), ("is tried", percent, &self.sides[1])];
        if look.width.is_some_and(|width| width < WHOLE) {
            for (what, share, came) in rows {
                let bar = fraction(u64::from(share), 100, BAR, look.ascii);
                text.push_str(&format!("{what:<10}{share:>3} %  {bar}\n"));
                let says = format!("{} calls, {} failed, p95 {}", came.calls, failed(came), took(came.p95));
                text.push_str(&format!("  {}\n", look.paint(role(came), &says)));
            }
            return text;
        }
        let titles = format!(
            "{:<10}{:>5}  {:BAR$}{:>8}{:>8}{:>9}{:>9}",
            "", "share", "", "calls", "failed", "p50", "p95"
        );
        text.push_str(&format!("{}\n", look.paint(Role::Dim, &titles)));
        for (what, share, came) in rows {
            let bar = fraction(u64::from(share), 100, BAR, look.ascii);
            let line = format!(
                "{what:<10}{share:>3} %  {bar}{:>8}{:>8}{:>9}{:>9}",
                came.calls,
                failed(came),
                took(came.p50),
                took(came.p95)
            );
            text.push_str(&format!("{}\n", look.paint(role(came), &line)));
        }
        text
    }
}

fn role(came: &Came) -> Role {
    if came.failed > 0 { Role::Warn } else { Role::Text }
}

fn failed(came: &Came) -> String {
    // Counts of calls are far below what a float holds exactly.
    match came.calls {
        0 => "-".to_owned(),
        calls => format!("{:.1} %", came.failed as f64 * 100.0 / calls as f64),
    }
}

fn took(micros: Option<u64>) -> String {
    micros.map_or_else(|| "-".to_owned(), |micros| duration(Duration::from_micros(micros)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures;

    #[test]
    fn both_sides_stand_below_each_other_and_what_was_not_measured_stays_open() {
        let came = Came { calls: 500, failed: 5, p50: Some(3_000), p95: Some(12_000) };
        let trial = Trial {
            version: Version::parse("2.0.0").unwrap(),
            percent: 10,
            until: fixtures::now().plus(Duration::from_secs(42)),
            held: false,
            sides: [came, Came::default()],
        };
        insta::assert_snapshot!(trial.text(&Look::PLAIN, Some(fixtures::now())));
        let narrow = trial.text(&Look { width: Some(39), ..Look::PLAIN }, None);
        assert!(narrow.contains("\n  500 calls, 1.0 % failed, p95 12 ms\n"), "{narrow}");
        assert!(narrow.lines().all(|line| console::measure_text_width(line) <= 39), "{narrow}");
        assert!(!trial.text(&Look::PLAIN, None).contains("more"));
        let held = Trial { held: true, ..trial };
        let text = held.text(&Look::PLAIN, Some(fixtures::now()));
        assert!(text.contains("by 10 % of new clients, until it is promoted, for 42 s more"), "{text}");
    }
}
