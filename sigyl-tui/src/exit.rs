//! Exit codes, and which one wins.

use sigyl_core::domain::{Kind, Mode, Report, Run, RunState, Verdict};

/// How a command ends. The order is the precedence: of two, the greater wins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// It did what was asked.
    #[default]
    Well,
    /// Something waits for a person.
    Held,
    /// It failed, or something that can carry code or instructions could not be looked at.
    Failed,
    /// A verdict forbids it.
    Blocked,
    /// The command line, the configuration or the environment is wrong.
    WrongUse,
}

impl Exit {
    /// Returns the number that a shell sees.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Well => 0,
            Self::Held | Self::Blocked => 1,
            Self::WrongUse => 2,
            Self::Failed => 3,
        }
    }

    /// What a scan report leads to.
    pub(crate) fn of_report(report: &Report) -> Self {
        // The report says what would have been.
        let observes = report.policy.as_ref().is_some_and(|policy| policy.mode == Mode::Observe);
        Self::of_verdict(if observes { Verdict::Pass } else { report.verdict }, report.partial)
    }

    /// What a verdict leads to, and a gap besides.
    pub(crate) fn of_verdict(verdict: Verdict, partial: bool) -> Self {
        let verdict = match verdict {
            Verdict::Pass | Verdict::Warn => Self::Well,
            Verdict::Hold => Self::Held,
            Verdict::Block => Self::Blocked,
        };
        if partial { verdict.max(Self::Failed) } else { verdict }
    }

    /// What the end of a run leads to. A run that a person let pass has ended well, gaps and all; one that still
    /// waits is incomplete when one of its reports is.
    pub(crate) fn of_run<'a>(run: &Run, mut reports: impl Iterator<Item = &'a Report>) -> Self {
        match run.state {
            RunState::Done => Self::Well,
            RunState::Held if reports.any(|report| report.partial) => Self::Failed,
            RunState::Held => Self::Held,
            RunState::Blocked | RunState::Rejected => Self::Blocked,
            _ => Self::Failed,
        }
    }

    /// What a failure of the core leads to. Input that only the core can judge is a failure, not wrong use.
    pub(crate) fn of_kind(kind: Kind) -> Self {
        match kind {
            Kind::Blocked => Self::Blocked,
            _ => Self::Failed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_use_beats_blocked_beats_failed_beats_held() {
        let mut all = [Exit::Held, Exit::WrongUse, Exit::Well, Exit::Failed, Exit::Blocked];
        all.sort();
        assert_eq!(all.map(Exit::code), [0, 1, 3, 1, 2]);
        assert_eq!(Exit::Blocked.max(Exit::Failed).code(), 1);
        assert_eq!(Exit::Held.max(Exit::Failed).code(), 3);
    }

    #[test]
    fn a_report_is_judged_by_verdict_then_by_gaps() {
        for (verdict, partial, code) in [
            (Verdict::Pass, false, 0),
            (Verdict::Warn, false, 0),
            (Verdict::Hold, false, 1),
            (Verdict::Hold, true, 3),
            (Verdict::Block, true, 1),
        ] {
            let report = Report { verdict, partial, ..crate::fixtures::report() };
            assert_eq!(Exit::of_report(&report).code(), code, "{verdict} {partial}");
            let observe = Some(crate::fixtures::now());
            let policy = sigyl_core::domain::Policy { observe, ..Default::default() };
            let report = Report { policy: Some(policy.used(crate::fixtures::now())), ..report };
            let code = if partial { 3 } else { 0 };
            assert_eq!(Exit::of_report(&report).code(), code, "{verdict} {partial}, observed");
        }
    }
}
