//! What a run does, as it does it: one moving line on a terminal, plain lines elsewhere. Always on standard error.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressState, ProgressStyle};
use sigyl_core::domain::{StepId, StepState, Timestamp};
use sigyl_core::event::{Event, EventKind};
use sigyl_core::wire::v1::Frame;

use crate::render::{self, Glyph, Look, Role, duration, specimen, step_line};

/// Follows one run.
pub(crate) struct Track {
    look: Look,
    bar: Option<ProgressBar>,
    started: BTreeMap<StepId, Timestamp>,
    undone: Vec<StepId>,
    named: bool,
    told: Vec<String>,
    #[cfg(test)]
    lines: Vec<String>,
}

impl Track {
    /// Starts with an empty line.
    pub(crate) fn new(look: Look) -> Self {
        let bar = std::io::stderr().is_terminal().then(ProgressBar::new_spinner);
        if let Some(bar) = &bar {
            bar.set_style(style(&look, false));
            bar.enable_steady_tick(Duration::from_millis(150));
        }
        Self {
            look,
            bar,
            started: BTreeMap::new(),
            undone: Vec::new(),
            named: false,
            told: Vec::new(),
            #[cfg(test)]
            lines: Vec::new(),
        }
    }

    /// Shows what a frame tells.
    pub(crate) fn take(&mut self, frame: &Frame) {
        if let Frame::Event(event) = frame {
            self.event(event);
        }
    }

    /// Clears the moving line; what was said stays. Returns the lines of the run's log that stay, as they came.
    pub(crate) fn finish(mut self) -> Vec<String> {
        self.tell_undone();
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        self.told
    }

    fn event(&mut self, event: &Event) {
        if let Some(run) = event.run.as_ref().filter(|_| !self.named) {
            self.named = true;
            self.line(&self.look.paint(Role::Dim, &format!("run {run}")));
        }
        match &event.kind {
            EventKind::Step { step, state: StepState::Started, note } => {
                self.started.insert(*step, event.at);
                self.begin(*step, note.as_deref().unwrap_or_default());
            }
            EventKind::Step { step, state: StepState::Undone, note: None } => self.undone.push(*step),
            EventKind::Step { step, state, note } => {
                self.tell_undone();
                // Why a step failed or waits is told at the end of the run.
                let stops = matches!(state, StepState::Failed | StepState::Held);
                let note = note.as_deref().filter(|_| !stops);
                let ends = stops || matches!(state, StepState::Done | StepState::Skipped);
                let took = self.started.remove(step).filter(|_| ends).map(|start| event.at.since(start));
                self.line(&step_line(*step, *state, took, note, &self.look));
            }
            EventKind::Progress { step, done, total, unit } => self.progress(*step, *done, *total, unit),
            EventKind::Log { step, line } => self.log(*step, line),
            _ => {}
        }
    }

    /// Tells in one line what was taken back, last first as it happened.
    fn tell_undone(&mut self) {
        if self.undone.is_empty() {
            return;
        }
        let steps = std::mem::take(&mut self.undone);
        let names = steps.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let text = render::wrap(&format!("{} undone: {names}", self.look.sign(Glyph::Undone)), &self.look, 2);
        self.line(&self.look.paint(Role::Dim, &text));
    }

    fn begin(&self, step: StepId, note: &str) {
        if let Some(bar) = &self.bar {
            bar.set_style(style(&self.look, false));
            bar.reset_elapsed();
            bar.set_prefix(step.to_string());
            bar.set_message(specimen(note));
        }
    }

    fn progress(&self, step: StepId, done: u64, total: Option<u64>, unit: &str) {
        let Some(bar) = &self.bar else { return };
        bar.set_prefix(step.to_string());
        match total {
            Some(total) => {
                bar.set_style(style(&self.look, true));
                bar.set_length(total);
                bar.set_position(done);
                bar.set_message(specimen(unit));
            }
            None => bar.set_message(format!("{done} {}", specimen(unit))),
        }
    }

    fn log(&mut self, step: StepId, line: &str) {
        if line.trim().is_empty() {
            return;
        }
        // A command is shown before it runs, and stays; what it prints passes by where lines can move.
        let shown = specimen(line);
        match &self.bar {
            Some(bar) if !line.starts_with("$ ") => bar.set_message(shown),
            _ => {
                self.told.push(line.to_owned());
                let text = render::wrap(&format!("  {step:<14} {shown}"), &self.look, 17);
                self.line(&self.look.paint(Role::Dim, &text));
            }
        }
    }

    #[cfg_attr(not(test), expect(clippy::needless_pass_by_ref_mut, reason = "tests keep the lines"))]
    fn line(&mut self, text: &str) {
        #[cfg(test)]
        self.lines.push(text.to_owned());
        match &self.bar {
            Some(bar) => bar.println(text),
            None => {
                crate::output::tell(&format!("{text}\n"));
            }
        }
    }
}

fn style(look: &Look, counted: bool) -> ProgressStyle {
    let (ticks, bar) = if look.ascii { ("-\\|/ ", "=> ") } else { ("◐◓◑◒ ", "━╸─") };
    let template = if counted {
        "{spinner} {prefix:14} {took:>10}  {bar:20} {pos} of {len} {msg}"
    } else {
        "{spinner} {prefix:14} {took:>10}  {wide_msg}"
    };
    // The templates are constants; were one wrong, the plain spinner would still turn.
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner());
    style.tick_chars(ticks).progress_chars(bar).with_key(
        "took",
        |state: &ProgressState, out: &mut dyn std::fmt::Write| {
            if state.elapsed() >= Duration::from_secs(2) {
                // Writing to the line under construction cannot fail.
                out.write_str(&duration(state.elapsed())).ok();
            }
        },
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn frame(seconds: u64, kind: serde_json::Value) -> Frame {
        let mut event = json!({
            "seq": seconds, "at": format!("2026-11-22T14:00:{seconds:02}Z"), "run": "019aa1b2", "server": null,
        });
        event.as_object_mut().unwrap().extend(kind.as_object().unwrap().clone());
        Frame::Event(serde_json::from_value(event).unwrap())
    }

    #[test]
    fn a_run_is_told_in_lines_where_lines_cannot_move() {
        let mut track = Track { bar: None, ..Track::new(Look::PLAIN) };
        for frame in [
            frame(0, json!({"kind": "run", "state": "running", "note": null})),
            frame(0, json!({"kind": "step", "step": "build_image", "state": "started", "note": null})),
            frame(1, json!({"kind": "log", "step": "build_image", "line": "$ cargo build --release"})),
            frame(2, json!({"kind": "log", "step": "build_image", "line": "Compiling \u{1b}[32mclock"})),
            frame(
                38,
                json!({"kind": "step", "step": "build_image", "state": "done", "note": "from the cache"}),
            ),
            frame(39, json!({"kind": "something_new"})),
            frame(40, json!({"kind": "step", "step": "probe", "state": "started", "note": null})),
            frame(50, json!({"kind": "step", "step": "probe", "state": "failed", "note": "no answer"})),
            frame(51, json!({"kind": "step", "step": "build_image", "state": "undone", "note": null})),
            frame(51, json!({"kind": "step", "step": "fetch_source", "state": "undone", "note": null})),
        ] {
            track.take(&frame);
        }
        track.tell_undone();
        insta::assert_snapshot!(track.lines.join("\n"), @r"
        run 019aa1b2
          build_image    $ cargo build --release
          build_image    Compiling ⟦ESC⟧[32mclock
        ✓ build_image          38 s  from the cache
        ✖ probe                10 s  failed
        ↶ undone: build_image, fetch_source
        ");
    }

    #[test]
    fn every_template_is_understood() {
        for template in ["{spinner} {prefix:14} {took:>10}  {bar:20} {pos} of {len} {msg}", "{wide_msg}"] {
            assert!(ProgressStyle::with_template(template).is_ok());
        }
    }
}
