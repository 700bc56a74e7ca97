//! No text makes the scanner slow: the line that kept the old product busy for seconds, and its like.

use std::time::{Duration, Instant};

use sigyl_core::domain::Policy;
use sigyl_core::scan::{RuleSet, Scanner};

#[test]
fn hostile_lines_take_time_in_step_with_their_length() {
    let rules = RuleSet::builtin().expect("the builtin rules compile");
    let scanner = Scanner::new(&rules, Policy::default());
    let cost = |text: &str| -> Duration {
        let file = format!("const x = '{text}'; // {text}");
        let run = || {
            let started = Instant::now();
            scanner.file("a.ts", file.as_bytes()).expect("text is looked at");
            started.elapsed()
        };
        (0..3).map(|_| run()).min().expect("three runs")
    };
    for phrase in [
        "ignore previous ",
        "proxy token without ",
        "session cookie: ",
        "if (sessions.has(",
        "<important",
        "<important>",
        "req.headers.authorization ",
        "jwt req.headers.authorization ",
        "=/[",
        "\u{202a}x ",
    ] {
        let line = phrase.repeat(25_600 / phrase.len());
        let (once, tenfold) = (cost(&line), cost(&line.repeat(10)));
        // Ten times the text may take ten times as long; forty leaves room for a busy machine.
        assert!(tenfold < once.max(Duration::from_millis(5)) * 40, "{phrase:?}: {once:?}, {tenfold:?}");
        assert!(once < Duration::from_secs(2), "{phrase:?}: {once:?} without optimisation");
    }
}
