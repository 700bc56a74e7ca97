//! A panic inside a draw, in a real terminal.

use std::process::Command;

use sigyl_core::domain::Failure;
use sigyl_core::wire::v1::Response;
use tokio::sync::oneshot;

use super::pty::Pty;
use crate::console::app::App;
use crate::console::command::Command as Asked;
use crate::console::keymap::Scope;
use crate::console::runner::{Console, Runner, Signals, inputs};
use crate::console::screens::Screen;
use crate::console::start::show;
use crate::console::terminal::Terminal;
use crate::console::theme::Theme;
use crate::console::turn::{Tag, Turn};
use crate::console::view::View;
use crate::fixtures;
use crate::output::Output;
use crate::render::Look;
use crate::settings::{Color, Environment, Flags, Format, Settings};
use crate::signal::{Interrupts, Resumes};

/// A screen that was not thought through.
struct Broken;

impl Screen for Broken {
    fn title(&self) -> String {
        "broken".to_owned()
    }

    fn scopes(&self) -> Vec<Scope> {
        Vec::new()
    }

    fn ask(&mut self, _turn: &mut Turn<'_>) {}

    fn answered(&mut self, _tag: Tag, _answer: Result<Response, Failure>, _turn: &mut Turn<'_>) {}

    fn command(&mut self, _command: Asked, _turn: &mut Turn<'_>) -> bool {
        false
    }

    fn draw(&self, area: ratatui::layout::Rect, _buf: &mut ratatui::buffer::Buffer, _view: &View<'_>) {
        panic!("a row too many for {area:?}");
    }
}

/// Says to the test below that it has a terminal of its own.
const INSIDE: &str = "SIGYL_TEST_INSIDE_A_TERMINAL";

#[tokio::main(flavor = "current_thread")]
async fn break_in_a_draw() {
    let (sender, told) = inputs();
    let (_opened, link) = oneshot::channel();
    let terminal = Terminal::take().unwrap();
    let mut app = App::new(Theme::plain(), Look::PLAIN, fixtures::now(), terminal.size().unwrap());
    app.open(Box::new(Broken));
    let settings = Settings::resolve(Flags::default(), Environment::default()).unwrap();
    let console = Console { app, terminal, runner: Runner::new(sender, settings), told, link };
    let mut signals =
        Signals { interrupts: Interrupts::listen().unwrap(), resumes: Resumes::listen().unwrap() };
    let output = Output::of_this_process(&Environment::of_this_process(), Format::Plain, Color::Never);
    let problem = show(console, &mut signals, tokio::spawn(async {}), &output, &[std::env::temp_dir()])
        .await
        .unwrap_err();
    println!("{}: {}", problem.failure.code, problem.failure.message);
}

#[test]
fn the_terminal_is_given_back_before_a_panic_is_told() {
    if std::env::var_os(INSIDE).is_some() {
        return break_in_a_draw();
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    let name = "console::tests::terminal::the_terminal_is_given_back_before_a_panic_is_told";
    command.args(["--exact", "--nocapture", name]).env(INSIDE, "1");
    command.env("TERM", "xterm-256color").env("PATH", std::env::var_os("PATH").unwrap_or_default());
    let folder = tempfile::tempdir().unwrap();
    command.env("TMPDIR", folder.path());
    let mut pty = Pty::start(&command, (80, 24));
    assert!(pty.end().success(), "{}", pty.text());
    pty.assert_given_back();
    let text = pty.text();
    let (drawn, told) = text.split_once("\u{1b}[?1049l").unwrap();
    assert!(!drawn.contains("too many") && told.contains("a row too many for"), "{text}");
    let report = std::fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
    assert!(told.contains("E0050") && told.contains(report.to_str().unwrap()), "{text}");
    let report = std::fs::read_to_string(report).unwrap();
    assert!(report.contains("a row too many for") && report.contains("\"backtrace\":\""), "{report}");
}
