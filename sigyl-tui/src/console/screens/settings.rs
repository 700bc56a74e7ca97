//! Who one is, what answers, and how this looks and is used.

use std::path::Path;

use sigyl_core::wire::v1::{Request, Response, WhoAmI};

use super::{Asking, Sheet};
use crate::console::command::{Command, Place};
use crate::console::input::LinkKind;
use crate::console::keymap::{Binding, Scope};
use crate::console::turn::Values;
use crate::console::view::View;
use crate::render::{self, Look, Role, specimen, wrap};

/// Columns of a label.
const LABEL: usize = 9;

/// The settings of the console, and of the account.
pub(in crate::console) fn settings() -> Sheet {
    let text = |response: &Response, look: &Look, view: &View<'_>| match response {
        Response::WhoAmI(who) => Some(account(who, look) + &link(view, look) + &looks(view, look)),
        _ => None,
    };
    let asking = Asking::Beside(Box::new(Request::WhoAmI), Box::new(text));
    Sheet::new(Place::Settings.title(), asking).with(&[Scope::Settings], Values::new()).at(Place::Settings)
}

fn account(who: &WhoAmI, look: &Look) -> String {
    let mut text = format!("{}\n{}\n", look.paint(Role::Dim, "you are"), render::whoami(who));
    let namespaces = who.account.iter().flat_map(|account| &account.namespaces).cloned();
    let namespaces: Vec<_> = namespaces.collect();
    if !namespaces.is_empty() {
        let own = render::namespaces(&namespaces, look);
        text.push_str(&format!("{}\n{own}\n", look.paint(Role::Dim, "namespaces that are proven yours")));
    }
    text
}

fn line(label: &str, value: &str, look: &Look) -> String {
    let label = look.paint(Role::Dim, &format!("{label:<LABEL$}"));
    format!("{label}{}\n", wrap(value, look, LABEL))
}

/// What answers, and whether it does.
fn link(view: &View<'_>, look: &Look) -> String {
    let Some(link) = &view.state.link else { return String::new() };
    let who = match link.kind {
        LinkKind::Own => "this process: what runs here ends with it",
        LinkKind::Owner => "another process of this machine, which owns the data directory",
        LinkKind::Server => "a server",
    };
    let stands = match &view.state.broken {
        None => "connected".to_owned(),
        Some(why) => format!("gone, and what is shown is as it was: {why}"),
    };
    format!("{}\n", look.paint(Role::Strong, "link"))
        + &line("who", who, look)
        + &line("where", &specimen(&link.place), look)
        + &line("now", &stands, look)
        + "\n"
}

fn file(path: Option<&Path>, none: &str) -> String {
    path.map_or_else(|| none.to_owned(), |path| specimen(&path.display().to_string()))
}

/// Colours and keys, with the files that they are from.
fn looks(view: &View<'_>, look: &Look) -> String {
    let files = &view.state.files;
    let next = view.key(Command::Theme, &[Scope::Settings]);
    let mut text = format!("{}\n", look.paint(Role::Strong, "theme"))
        + &line("name", &format!("{}; {next} shows another one", view.theme.name), look)
        + &line("file", &file(files.theme.as_deref(), "none; `theme_file` in [console] names one"), look)
        + &format!("\n{}\n", look.paint(Role::Strong, "keys"))
        + &line("file", &file(files.keymap.as_deref(), "none; `keymap` in [console] names one"), look);
    let changed: Vec<_> = view.keys.changed().collect();
    let says = match changed.len() {
        0 => "none: all keys are those that ? shows without a file".to_owned(),
        count => count.to_string(),
    };
    text.push_str(&line("changed", &says, look));
    let names = |row: &Binding| {
        let names: Vec<String> = row.keys.iter().map(|key| key.name(look.ascii)).collect();
        if names.is_empty() { "no key".to_owned() } else { names.join(" ") }
    };
    for (now, shipped) in changed {
        let what = format!("{}: {}", now.scope.title(), now.words);
        text.push_str(&wrap(&format!("  {what}: {}, instead of {}", names(now), names(shipped)), look, 4));
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use crate::console::state::Files;
    use crate::console::tests::Desk;

    #[test]
    fn the_link_the_theme_and_keys_of_ones_own_are_shown_with_their_files() {
        let mut desk = Desk::new(100, 40);
        desk.press("g c");
        let frame = desk.frame();
        assert!(frame.contains("this process: what runs here ends with it"), "{frame}");
        assert!(frame.contains("none: all keys are those"), "{frame}");
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keys.toml");
        std::fs::write(&file, "[dashboard]\ndeploy = 'f2'\n[everywhere]\nmessages = []\n").unwrap();
        desk.app.keys = Rc::new(crate::console::own::read(&file, crate::console::own::keymap).unwrap());
        desk.app.state.files =
            Files { theme: Some("/x/colours.toml".into()), keymap: Some("/x/keys.toml".into()) };
        desk.app.state.broken = Some("E0705 it is gone".to_owned());
        desk.press("t");
        let frame = desk.frame();
        for said in [
            "light; t shows another one",
            "/x/colours.toml",
            "/x/keys.toml",
            "changed  2",
            "Dashboard: deploy: F2, instead of d",
            "what was said before: no key, instead of !",
            "gone, and what is shown is as it was: E0705 it is gone",
        ] {
            assert!(frame.contains(said), "{said}: {frame}");
        }
    }
}
