//! The console has the terminal, and gives it back however it ends.

use std::process::Command;

use rustix::process::Signal;

use crate::pty::Pty;
use crate::sigyl::Home;

const SIZE: (u16, u16) = (80, 24);
/// A word of the dashboard of an empty store: a terminal is written to word by word.
const EMPTY: &str = "registry;";

/// A command in a world of its own, for a terminal.
fn command(home: &Home, program: &str, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(args).env_clear().current_dir(home.path());
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("HOME", home.path()).env("TMPDIR", home.path());
    command.env("LANG", "C.UTF-8").env("TERM", "xterm-256color");
    command
}

/// Starts the console, and waits until it shows an empty store.
fn console(home: &Home) -> Pty {
    let args = ["--listen", "127.0.0.1:0"];
    let pty = Pty::start(&command(home, env!("CARGO_BIN_EXE_sigyl"), &args), SIZE);
    pty.wait_for(EMPTY, 0);
    pty.assert_taken();
    pty
}

#[test]
fn the_terminal_is_given_back_when_it_is_quit() {
    let home = Home::new();
    let mut pty = console(&home);
    pty.press("q");
    assert_eq!(pty.end().code(), Some(0), "{}", pty.text());
    pty.assert_given_back();
}

#[test]
fn the_terminal_is_given_back_by_the_signals_that_end_it() {
    for signal in [Signal::TERM, Signal::HUP, Signal::INT] {
        let home = Home::new();
        let mut pty = console(&home);
        pty.signal(signal);
        assert_eq!(pty.end().code(), Some(0), "{signal:?}: {}", pty.text());
        pty.assert_given_back();
        assert_eq!(home.run(&["list"]).code, 0, "the store is let go of");
    }
}

#[test]
fn a_store_that_cannot_be_opened_is_told_on_the_screen() {
    let home = Home::new();
    home.write("taken", "a file");
    let args = ["--data-dir", "taken", "--listen", "127.0.0.1:0"];
    let mut pty = Pty::start(&command(&home, env!("CARGO_BIN_EXE_sigyl"), &args), SIZE);
    pty.wait_for("not connected", 0);
    pty.assert_taken();
    pty.press("q");
    assert_eq!(pty.end().code(), Some(0), "{}", pty.text());
    pty.assert_given_back();
}

#[test]
fn a_signal_while_the_store_is_opened_ends_it() {
    let home = Home::new();
    let args = ["--listen", "127.0.0.1:0"];
    let mut pty = Pty::start(&command(&home, env!("CARGO_BIN_EXE_sigyl"), &args), SIZE);
    pty.wait_for("\u{1b}[?1049h", 0);
    pty.signal(Signal::TERM);
    assert_eq!(pty.end().code(), Some(0), "{}", pty.text());
    pty.assert_given_back();
    assert_eq!(home.run(&["list"]).code, 0, "the store is let go of");
}

#[test]
fn what_is_stopped_gives_the_terminal_to_the_shell_and_draws_a_whole_frame_afterwards() {
    let home = Home::new();
    let script = r#""$0" --listen 127.0.0.1:0; echo "it is stopped"; read _; fg; echo "it is over""#;
    let shell = command(&home, "sh", &["-mc", script, env!("CARGO_BIN_EXE_sigyl")]);
    let mut pty = Pty::start(&shell, SIZE);
    pty.wait_for(EMPTY, 0);
    pty.assert_taken();
    pty.press("\u{1a}");
    pty.wait_for("it is stopped", 0);
    pty.assert_given_back();
    let mark = pty.mark();
    pty.press("\n");
    pty.wait_for(EMPTY, mark);
    pty.assert_taken();
    pty.press("q");
    assert!(pty.end().success());
    assert!(pty.text().contains("it is over"), "{}", pty.text());
    pty.assert_given_back();
}

#[test]
fn what_was_stopped_from_outside_takes_the_terminal_again() {
    let home = Home::new();
    let script = r#""$0" --listen 127.0.0.1:0 ; stty sane; echo "it is stopped"; read _; fg"#;
    let shell = command(&home, "sh", &["-mc", script, env!("CARGO_BIN_EXE_sigyl")]);
    let mut pty = Pty::start(&shell, SIZE);
    pty.wait_for(EMPTY, 0);
    let front = rustix::termios::tcgetpgrp(pty.terminal()).unwrap();
    rustix::process::kill_process_group(front, Signal::STOP).unwrap();
    pty.wait_for("it is stopped", 0);
    assert!(!pty.is_raw());
    let mark = pty.mark();
    pty.press("\n");
    pty.wait_for(EMPTY, mark);
    pty.assert_taken();
    pty.press("q");
    assert!(pty.end().success());
}

#[test]
fn a_terminal_that_is_gone_ends_it() {
    let home = Home::new();
    console(&home).hang_up();
    assert_eq!(home.run(&["list"]).code, 0, "the store is let go of");
}

#[test]
fn wrong_keys_are_told_before_the_terminal_is_taken() {
    let home = Home::new();
    home.write(".config/sigyl/config.toml", "[console]\nkeymap = 'keys.toml'\n");
    home.write(".config/sigyl/keys.toml", "[everywhere]\nquit = 'ctrl-i'\n");
    let mut pty = Pty::start(&command(&home, env!("CARGO_BIN_EXE_sigyl"), &[]), SIZE);
    assert_eq!(pty.end().code(), Some(2), "{}", pty.text());
    let text = pty.text();
    assert!(text.contains("E0051") && text.contains("keys.toml:2: `ctrl-i` is"), "{text}");
    assert!(!text.contains("\u{1b}[?1049h"), "{text}");
}

#[test]
fn keys_and_colours_come_from_the_files_that_the_configuration_names() {
    let home = Home::new();
    home.write(
        ".config/sigyl/config.toml",
        "[console]\nkeymap = 'k.toml'\ntheme = 'light'\ntheme_file = 't.toml'\n",
    );
    home.write(".config/sigyl/k.toml", "[everywhere]\nquit = 'Q'\n");
    home.write(".config/sigyl/t.toml", "text = '#010203'\ndim = '#fafafa'\n");
    let args = ["--listen", "127.0.0.1:0"];
    let mut pty = Pty::start(&command(&home, env!("CARGO_BIN_EXE_sigyl"), &args), SIZE);
    pty.wait_for(EMPTY, 0);
    // Its colours, and what is to be said about them, word by word.
    pty.wait_for("38;2;1;2;3", 0);
    pty.wait_for("4.5:1:", 0);
    pty.press("qQ");
    assert_eq!(pty.end().code(), Some(0), "{}", pty.text());
}
