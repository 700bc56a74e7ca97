//! Calls through the endpoint: how many come, which fail, how long they take.

use std::collections::BTreeSet;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use sigyl_core::domain::Failure;
use sigyl_core::wire::v1::Response;

use super::nouns::Counts;
use super::{List, Screen};
use crate::console::command::{Command, Place};
use crate::console::keymap::Scope;
use crate::console::turn::{Tag, Turn, Values};
use crate::console::view::View;
use crate::console::widgets::{put, spark};
use crate::render::{Role, age};

/// Rows above the list.
const HEAD: u16 = 4;
/// Columns that a curve takes at most.
const CURVE: usize = 60;

/// The list of what was called, below curves of all of it.
pub(in crate::console) struct Traffic(List<Counts>);

impl Traffic {
    /// All that was called.
    pub(in crate::console) fn new() -> Self {
        Self(List::new(Counts { only: None }))
    }

    fn inside<T>(turn: &mut Turn<'_>, tell: impl FnOnce(&mut Turn<'_>) -> T) -> T {
        let height = turn.height;
        turn.height = height.saturating_sub(HEAD);
        let told = tell(turn);
        turn.height = height;
        told
    }
}

/// A number of calls a minute.
pub(super) fn per_minute(rate: f64) -> String {
    if rate >= 10.0 || rate == 0.0 { format!("{rate:.0}") } else { format!("{rate:.1}") }
}

/// How many sessions are open now, and with how many servers; what is not known stays open.
fn sessions(view: &View<'_>) -> String {
    let open = view.state.sessions.get();
    let Some((open, others)) = open.and_then(|it| it.sessions.as_ref().map(|all| (all, it.others))) else {
        return format!("{:<7}{:>9}", "open", "-");
    };
    let all = open.iter().map(|count| count.open).fold(others, u64::saturating_add);
    let servers = open.iter().map(|count| &count.server).collect::<BTreeSet<_>>().len();
    let more = if others > 0 { " or more" } else { "" };
    let many = if servers == 1 { "" } else { "s" };
    format!("{:<7}{all:>9}  sessions now, of {servers}{more} server{many}", "open")
}

fn curves(area: Rect, buf: &mut Buffer, view: &View<'_>) {
    let pulse = &view.state.pulse;
    let dim = view.theme.role(Role::Dim);
    let Some((all, failed)) = pulse.total() else {
        let says = view.state.counts.says(view.now);
        let (role, says) = says.unwrap_or((Role::Dim, "no calls yet".to_owned()));
        put(
            buf,
            area,
            area.x + 2,
            area.y,
            &view.look.cut(&says, usize::from(area.width.saturating_sub(3))),
            view.theme.role(role),
        );
        return;
    };
    let (calls, errors) = pulse.series();
    let rate = pulse.rate();
    let told = |rate: Option<f64>| {
        rate.map_or_else(
            || "a rate comes with the next look".to_owned(),
            |rate| format!("{} a minute", per_minute(rate)),
        )
    };
    let width = CURVE.min(usize::from(area.width).saturating_sub(44));
    let rows = [
        ("calls", all, calls, told(rate.map(|(calls, _)| calls)), Role::Ok),
        (
            "errors",
            failed,
            errors,
            told(rate.map(|(_, errors)| errors)),
            if failed > 0 { Role::Warn } else { Role::Dim },
        ),
    ];
    for (y, (what, count, series, told, role)) in (area.y..area.bottom()).zip(rows) {
        let x = put(buf, area, area.x + 2, y, &format!("{what:<7}{count:>9}  "), view.theme.role(Role::Text));
        let shown = &series[series.len().saturating_sub(width)..];
        let x = put(buf, area, x, y, &spark(shown, view.look.ascii), view.theme.role(role)) + 2;
        put(buf, area, x, y, &told, dim);
    }
    if let (Some(since), true) = (pulse.since(), area.width >= 100) {
        let says = format!("curves since {}", age(since, view.now));
        let x = area.right().saturating_sub(u16::try_from(says.len()).unwrap_or(0) + 2);
        put(buf, area, x, area.y, &says, dim);
    }
}

impl Screen for Traffic {
    fn title(&self) -> String {
        self.0.title()
    }

    fn scopes(&self) -> Vec<Scope> {
        self.0.scopes()
    }

    fn place(&self) -> Option<Place> {
        Some(Place::Traffic)
    }

    fn ask(&mut self, turn: &mut Turn<'_>) {
        self.0.news(turn);
    }

    fn answered(&mut self, _tag: Tag, _answer: Result<Response, Failure>, _turn: &mut Turn<'_>) {}

    fn news(&mut self, turn: &mut Turn<'_>) {
        Self::inside(turn, |turn| self.0.news(turn));
    }

    fn command(&mut self, command: Command, turn: &mut Turn<'_>) -> bool {
        Self::inside(turn, |turn| self.0.command(command, turn))
    }

    fn values(&self, turn: &Turn<'_>) -> Values {
        self.0.values(turn)
    }

    fn filter(&self) -> Option<&str> {
        self.0.filter()
    }

    fn set_filter(&mut self, text: &str, turn: &mut Turn<'_>) {
        Self::inside(turn, |turn| self.0.set_filter(text, turn));
    }

    fn click(&mut self, (x, y): (u16, u16), turn: &mut Turn<'_>) {
        if let Some(y) = y.checked_sub(HEAD) {
            Self::inside(turn, |turn| self.0.click((x, y), turn));
        }
    }

    fn grabs(&self, (x, y): (u16, u16)) -> bool {
        y.checked_sub(HEAD).is_some_and(|y| self.0.grabs((x, y)))
    }

    fn pull(&mut self, (x, y): (u16, u16)) {
        self.0.pull((x, y.saturating_sub(HEAD)));
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        curves(Rect { height: 2.min(area.height), ..area }, buf, view);
        let says = view.look.cut(&sessions(view), usize::from(area.width.saturating_sub(3)));
        put(buf, area, area.x + 2, area.y + 2, &says, view.theme.role(Role::Text));
        let rest = Rect { y: area.y + HEAD, height: area.height.saturating_sub(HEAD), ..area };
        self.0.draw(rest, buf, view);
    }
}

#[cfg(test)]
mod tests {
    use sigyl_core::wire::v1::{Request, Response, SessionCounts};

    use crate::console::input::Input;
    use crate::console::tests::Desk;
    use crate::fixtures;

    fn counts(ok: u64) -> Response {
        serde_json::from_value(serde_json::json!({"result": "call_counts", "with": [{
            "server": "clock", "caller": "ada", "tool": "now", "ok": ok, "tool_error": 1, "protocol_error": 0,
            "failed": 0, "micros": 430_000, "p50": 3_000, "p95": 9_000, "p99": 20_000,
        }]}))
        .unwrap()
    }

    #[test]
    fn rates_and_curves_come_with_the_next_look() {
        let mut desk = Desk::new(110, 24);
        desk.press("g t");
        assert!(desk.frame().contains("a rate comes with the next look"), "{}", desk.frame());
        for look in 1..=3_u64 {
            desk.take(Input::Tick(fixtures::now().plus(std::time::Duration::from_secs(look * 5))));
            let at = desk.open.iter().position(|(_, request)| matches!(request, Request::CountCalls));
            let (ticket, _) =
                desk.open.remove(at.unwrap_or_else(|| panic!("it looks again: {:?}", desk.open)));
            desk.answer(ticket, Ok(counts(42 + look * look * 10)));
        }
        assert!(desk.frame().contains("open           3  sessions now, of 1 server"), "{}", desk.frame());
        insta::assert_snapshot!("traffic", desk.frame());
        desk.press("g d");
        assert!(desk.frame().contains("360 calls/min"), "{}", desk.frame());
        // Whoever answers now has no endpoint.
        desk.app.state.sessions.take(Ok(SessionCounts::default()));
        desk.press("g t");
        assert!(desk.frame().lines().any(|line| line.trim() == "open           -"), "{}", desk.frame());
        let mut none = Desk::new(130, 24);
        none.app.state = std::mem::take(&mut desk.app.state);
        none.app.state.runs.take(Ok(Vec::new()));
        let frame = none.frame();
        assert!(frame.contains("360 calls a minute"), "where nothing ran too: {frame}");
    }

    #[test]
    fn whoever_may_not_see_calls_is_asked_no_more() {
        let mut desk = Desk::alone(100, 24, "dark");
        desk.link();
        desk.take(Input::Tick(fixtures::now().plus(std::time::Duration::from_secs(5))));
        let at = desk.open.iter().position(|(_, request)| matches!(request, Request::CountCalls)).unwrap();
        let (ticket, _) = desk.open.remove(at);
        let failure = sigyl_core::domain::Failure {
            code: "E0901".to_owned(),
            kind: sigyl_core::domain::Kind::Denied,
            message: "you may not".to_owned(),
            hint: None,
        };
        desk.answer(ticket, Err(failure));
        desk.take(Input::Tick(fixtures::now().plus(std::time::Duration::from_secs(60))));
        assert!(!desk.open.iter().any(|(_, request)| matches!(request, Request::CountCalls)));
    }
}
