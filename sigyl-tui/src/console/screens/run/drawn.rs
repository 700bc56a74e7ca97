//! How a run is drawn: its head, its steps, what they say, and what can be done about it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use sigyl_core::domain::{Plan, RunState, StepState, Timestamp};

use super::RunScreen;
use crate::console::command::Command;
use crate::console::keymap::Scope;
use crate::console::loaded::sentence;
use crate::console::view::View;
use crate::console::widgets::{fraction, put};
use crate::render::{self, Glyph, Look, Role, duration, specimen};

impl RunScreen {
    pub(super) fn head(&self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let (glyph, word) = match (self.state, &self.failure) {
            (_, Some(_)) if self.end.is_none() => (Glyph::Failed, "failed"),
            (Some(state), _) => render::run_state(state),
            (None, _) if self.unheard.is_some() => (Glyph::Warning, "not heard of"),
            (None, _) => (Glyph::Starting, "beginning"),
        };
        let style = view.theme.role(glyph.role());
        let mut x =
            put(buf, area, area.x + 1, area.y, &format!("{} {word}", view.look.sign(glyph)), style) + 2;
        let server = self.server.as_ref().map_or(self.words.as_str(), |server| server.as_str());
        x = put(buf, area, x, area.y, server, view.theme.role(Role::Strong)) + 2;
        if self.unheard.is_some() {
            let stale = format!("{} stale", view.look.sign(Glyph::Warning));
            x = put(buf, area, x, area.y, &stale, view.theme.role(Role::Warn)) + 2;
        }
        if let Some(first) = self.steps.first() {
            let end = self.end.as_ref().map_or(self.present(view.now), |end| end.run.updated);
            x = put(buf, area, x, area.y, &duration(end.since(first.started)), view.theme.role(Role::Dim))
                + 2;
        }
        let run = self.run.as_ref().map_or("", |run| run.as_str());
        put(buf, area, x, area.y, run, view.theme.role(Role::Dim));
    }

    pub(super) fn track(&self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        for (y, step) in (area.y..area.bottom()).zip(&self.steps) {
            let (glyph, word) = render::step_state(step.state);
            let role = view.theme.role(glyph.role());
            put(buf, area, area.x + 1, y, view.look.sign(glyph), role);
            put(buf, area, area.x + 3, y, &step.step.to_string(), view.theme.role(Role::Text));
            let took = duration(step.ended.unwrap_or(self.present(view.now)).since(step.started));
            put(buf, area, area.x + 18, y, &format!("{took:>9}"), view.theme.role(Role::Dim));
            let at = area.x + 29;
            match self.progress.get(&step.step).filter(|_| step.state == StepState::Started) {
                Some((done, Some(total), _)) => {
                    let bar = fraction(*done, *total, 8, view.look.ascii);
                    put(buf, area, at, y, &bar, view.theme.accent);
                }
                Some((done, None, unit)) => {
                    put(buf, area, at, y, &format!("{done} {}", specimen(unit)), view.theme.role(Role::Dim));
                }
                None => {
                    put(buf, area, at, y, word, role);
                }
            }
        }
    }

    /// What stands beside or below the steps: the log, and how it ended.
    pub(super) fn text(&self, look: &Look, now: Timestamp) -> String {
        let mut text = String::new();
        if self.lost > 0 {
            text.push_str(&look.paint(Role::Dim, &format!("{} older lines are not kept\n", self.lost)));
        }
        if let Some(tried) = &self.tried {
            text.push_str(&tried.text(look, self.end.is_none().then_some(now)));
            text.push('\n');
        }
        for step in self.steps.iter().filter(|step| step.state != StepState::Started) {
            let note = step.note.as_deref().filter(|_| self.end.is_none());
            if let Some(note) = note {
                let line = render::wrap(&format!("{}: {}", step.step, specimen(note)), look, 2);
                text.push_str(&format!("{}\n", look.paint(Role::Dim, &line)));
            }
        }
        for (ours, line) in &self.log {
            let role = if *ours { Role::Text } else { Role::Specimen };
            let lines = render::wrap(line, look, 2);
            lines.lines().for_each(|line| text.push_str(&format!("{}\n", look.paint(role, line))));
        }
        if let Some(end) = &self.end {
            text.push('\n');
            text.push_str(&render::run_end(
                end,
                &self.log.iter().map(|(_, line)| line.clone()).collect::<Vec<_>>(),
                look,
            ));
            if let Some(url) = &end.url {
                text.push_str(&format!("\n{}\n", look.paint(Role::Ok, &specimen(url))));
            }
        }
        if let Some(failure) = self.failure.as_ref().filter(|_| self.end.is_none()) {
            text.push('\n');
            text.push_str(&look.paint(Role::Error, &render::wrap(&sentence(failure), look, 2)));
        }
        if let Some((_, failure)) = self.unheard.as_ref().filter(|_| self.end.is_none()) {
            let says = format!("nothing is heard of it any more: {}", sentence(failure));
            text.push('\n');
            text.push_str(&look.paint(Role::Warn, &render::wrap(&says, look, 2)));
        }
        text
    }

    pub(super) fn says(&self, view: &View<'_>) -> Option<String> {
        let key = |command| view.key(command, &[Scope::Run, Scope::Sheet]);
        match self.state? {
            RunState::Running if self.tries() => {
                let [promote, cancel] = ["promote", "cancel"].map(|name| key(Command::Act(name)));
                let by_itself = match self.tried.as_ref().is_some_and(|trial| trial.held) {
                    true => "nobody doing so takes it back",
                    false => "by itself it goes on if it does well",
                };
                Some(format!("{promote} lets it take over now, {cancel} takes it back; {by_itself}"))
            }
            RunState::Held => {
                let [approve, reject, report] =
                    ["approve", "reject", "report"].map(|name| key(Command::Act(name)));
                Some(format!(
                    "it waits for a decision: {approve} approves, {reject} rejects, {report} shows the whole report"
                ))
            }
            RunState::Blocked if self.is_known() => {
                let [report, again] = [Command::Act("report"), Command::Again].map(key);
                // A server that is there already has its findings accepted one by one, on its own screen.
                let release = self.end.as_ref().is_some_and(|end| end.run.plan == Plan::Release);
                let accepts = if release { ", page 4 accepts findings" } else { "" };
                Some(format!("{report} shows what was found; {again} fills it in again{accepts}"))
            }
            _ if self.is_recorded() => {
                let [redeploy, again] = [Command::Act("redeploy"), Command::Again].map(key);
                Some(format!(
                    "this version is on record: {redeploy} deploys what changed beside it; {again} needs another version"
                ))
            }
            _ if self.went_wrong() && self.is_known() => {
                let again = key(Command::Again);
                Some(format!("it did not end well: {again} fills it in again, with what was typed"))
            }
            RunState::Done if self.serves().is_some() => {
                Some(format!("done: {} opens the server", key(Command::Open)))
            }
            _ => None,
        }
    }
}
