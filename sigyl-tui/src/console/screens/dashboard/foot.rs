//! What was found in what serves, and how much is called: one line.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use sigyl_core::domain::Severity;
use sigyl_core::wire::v1::FindingCounts;

use super::super::findings::severity;
use super::super::traffic::per_minute;
use crate::console::state::State;
use crate::console::view::View;
use crate::console::widgets::{put, spark};
use crate::render::Role;

/// Columns of a curve at most.
const CURVE: usize = 12;
/// Columns from which on all is said in full.
const WIDE: u16 = 120;

/// Text and its role.
type Part = (Role, String);

/// What was found in all that serves, as far as whoever answers tells it; nothing where nothing serves.
pub(super) fn found(state: &State) -> Option<FindingCounts> {
    let told = state.servers.get().into_iter().flatten().filter_map(|view| view.found);
    told.reduce(|mut sum, one| {
        sum.add(one);
        sum
    })
}

fn findings(counts: &FindingCounts, view: &View<'_>, wide: bool) -> Vec<Part> {
    let all = [
        (Severity::Block, counts.block),
        (Severity::Error, counts.error),
        (Severity::Warning, counts.warning),
        (Severity::Info, counts.info),
    ];
    let shown = all.into_iter().filter(|(of, _)| wide || *of != Severity::Info);
    let parts = shown.map(|(of, count)| {
        let (glyph, role, word) = severity(of);
        let role = if count == 0 { Role::Dim } else { role };
        (role, format!("{} {count} {word}  ", view.look.sign(glyph)))
    });
    parts.collect()
}

/// How much is called, as far as it was counted twice: in full, or in as few columns as can be.
fn traffic(view: &View<'_>, wide: bool, room: usize) -> Vec<Part> {
    let pulse = &view.state.pulse;
    let (Some((calls, errors)), Some(_)) = (pulse.rate(), pulse.total()) else { return Vec::new() };
    let (all, failed) = pulse.series();
    let (calls, errors_rate) = (per_minute(calls), per_minute(errors));
    let last = |series: &[u64], most: usize| {
        spark(&series[series.len().saturating_sub(most.min(CURVE))..], view.look.ascii)
    };
    let role = if errors > 0.0 { Role::Warn } else { Role::Dim };
    if wide {
        return vec![
            (Role::Ok, last(&all, CURVE)),
            (Role::Text, format!(" {calls} calls a minute  ")),
            (role, last(&failed, CURVE)),
            (role, format!(" {errors_rate} errors")),
        ];
    }
    let (calls, errors) = (format!(" {calls} calls/min"), format!(" {errors_rate} err/min"));
    let rest = room.saturating_sub(calls.len() + errors.len());
    vec![(Role::Ok, last(&all, rest)), (Role::Text, calls), (role, errors)]
}

/// Draws both: what was found at the left, what is called at the right.
pub(super) fn foot(area: Rect, found: Option<FindingCounts>, buf: &mut Buffer, view: &View<'_>) {
    let wide = area.width >= WIDE;
    let mut x = area.x + 2;
    if let Some(counts) = &found {
        x = put(buf, area, x, area.y, "In what serves  ", view.theme.accent);
        for (role, text) in findings(counts, view, wide) {
            x = put(buf, area, x, area.y, &text, view.theme.role(role));
        }
    }
    let room = usize::from(area.right().saturating_sub(x + 1));
    let parts = traffic(view, wide, room);
    let width: usize = parts.iter().map(|(_, text)| console::measure_text_width(text)).sum();
    if width > room {
        return;
    }
    let mut x = area.right().saturating_sub(u16::try_from(width).unwrap_or(u16::MAX).saturating_add(1));
    for (role, text) in parts {
        x = put(buf, area, x, area.y, &text, view.theme.role(role));
    }
}
