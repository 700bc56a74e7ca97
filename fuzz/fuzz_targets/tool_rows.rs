//! Lists of tools and of code: any bytes are entries, each judged or told as bad, and a report that every form can hold.
#![no_main]

use std::sync::OnceLock;

use sigyl_core::clock::SystemClock;
use sigyl_core::domain::Policy;
use sigyl_core::scan::render::{self, Origin};
use sigyl_core::scan::{BadRow, JudgedRow, RowsOf, RuleSet, Scanner};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    static RULES: OnceLock<RuleSet> = OnceLock::new();
    let rules = RULES.get_or_init(|| RuleSet::builtin().expect("the builtin rules compile"));
    let scanner = Scanner::new(rules, Policy::default());
    for of in [RowsOf::Tools, RowsOf::Code] {
        let mut rows = 0;
        let mut each = |row: Result<&JudgedRow, &BadRow>| {
            rows += u64::from(row.is_ok());
            row.map_or(true, |row| render::row(row).lines().count() == 1)
        };
        let tally = scanner.rows(data, of, &SystemClock, &mut each).expect("a slice can be read");
        assert_eq!(tally.rows(), rows);
        let report = tally.report("fuzz", &scanner, &SystemClock);
        let origin = Origin::default();
        assert!(render::markdown(&report, &origin).chars().count() <= 65_536);
        assert!(
            render::github(&report, &origin)
                .lines()
                .all(|line| line.starts_with("::") || line.starts_with("sigyl: "))
        );
        drop((
            render::sarif(&report, rules, &origin),
            render::junit(&report, &origin),
            render::jsonl(&report),
        ));
    }
});
