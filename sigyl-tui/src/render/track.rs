//! One step of a run as a line.

use std::time::Duration;

use sigyl_core::domain::{StepId, StepState};

use super::{Glyph, Look, Role, duration, specimen, wrap};

/// How a step stands: a sign, and a word where the sign does not say it all.
pub(crate) fn step_state(state: StepState) -> (Glyph, &'static str) {
    match state {
        StepState::Started => (Glyph::Starting, ""),
        StepState::Done => (Glyph::Done, ""),
        StepState::Skipped => (Glyph::Stopped, "skipped"),
        StepState::Failed => (Glyph::Failed, "failed"),
        StepState::Held => (Glyph::Held, "held"),
        StepState::Undone => (Glyph::Undone, "undone"),
        StepState::UndoFailed => (Glyph::Failed, "could not be undone"),
        _ => (Glyph::Stopped, "unknown"),
    }
}

/// Writes a step that came to an end: sign, name, how long it took, and what it says.
pub(crate) fn step_line(
    step: StepId,
    state: StepState,
    took: Option<Duration>,
    note: Option<&str>,
    look: &Look,
) -> String {
    let (glyph, word) = step_state(state);
    let took = took.map(duration).unwrap_or_default();
    let parts = [word.to_owned(), note.map(specimen).unwrap_or_default()];
    let said = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(": ");
    let name = step.to_string();
    let line = wrap(&format!("{} {name:<14} {took:>10}  {said}", look.sign(glyph)), look, 29);
    let line = line.trim_end();
    line.replacen(look.sign(glyph), &look.paint(glyph.role(), look.sign(glyph)), 1).replacen(
        &took,
        &look.paint(Role::Dim, &took),
        usize::from(!took.is_empty()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_line_up() {
        let line = |step, state, millis, note| {
            step_line(step, state, Some(Duration::from_millis(millis)), note, &Look::PLAIN)
        };
        let lines = [
            line(StepId::FetchSource, StepState::Done, 40, Some("12 files, 34.1 KiB")),
            line(StepId::BuildImage, StepState::Done, 38_000, None),
            line(StepId::Probe, StepState::Failed, 10_000, Some("the server did not answer\u{1b}[2J")),
            step_line(StepId::Release, StepState::Undone, None, None, &Look::PLAIN),
            line(StepId::Admit, StepState::Held, 2, None),
        ];
        insta::assert_snapshot!(lines.join("\n"), @r"
        ✓ fetch_source        40 ms  12 files, 34.1 KiB
        ✓ build_image          38 s
        ✖ probe                10 s  failed: the server did not answer⟦ESC⟧[2J
        ↶ release                    undone
        ▲ admit                2 ms  held
        ");
    }
}
