//! Reads old spellings as the fields they became, and says so.

use super::node::{Entry, Node, Value};
use super::problem::{Place, Problems};

/// Old path, and the path it is read as.
const RENAMED: &[(&str, &str)] = &[
    ("entry_point", "entryPoint"),
    ("configSchema", "startCommand.configSchema"),
    ("exampleConfig", "startCommand.exampleConfig"),
    ("port", "startCommand.port"),
    ("transport", "startCommand.type"),
    ("build.dockerBuildPath", "build.context"),
    ("deployment.healthCheck", "health"),
    ("deployment.environment", "env"),
    ("deployment.build.commands", "build.command"),
    ("deployment.build.context", "build.context"),
];

/// Old runtimes that were languages, and the runtime that runs them.
const LANGUAGES: &[(&str, &str)] = &[("typescript", "node"), ("javascript", "node")];

/// Renames every old spelling of a file in place, with a notice for each; returns where an old port stands.
pub(super) fn modernise(root: &mut Node, problems: &mut Problems) -> Option<Place> {
    let mut port = None;
    for (old, new) in RENAMED {
        if let Some((place, node)) = take(root, old) {
            port = port.or_else(|| (*old == "port").then(|| place.clone()));
            rename(root, (old, new), place, node, problems);
        }
    }
    runtime(root, problems);
    one_command(root, problems);
    if let Some((place, _)) = take(root, "startCommand.commandFunction") {
        let notice = place
            .problem("startCommand.commandFunction", "is code of another platform and is not run")
            .hint("name the program in `startCommand.command` and `startCommand.args`");
        problems.notice(notice);
    }
    port
}

fn take(root: &mut Node, path: &str) -> Option<(Place, Node)> {
    let (parent, key) = path.rsplit_once('.').map_or((None, path), |(parent, key)| (Some(parent), key));
    let table: &[Entry] = parent.map_or(Some(&*root), |parent| root.find(parent))?.entries();
    let place = table.iter().find(|entry| entry.key == key)?.place.clone();
    root.take(path).map(|node| (place, node))
}

fn rename(root: &mut Node, (old, new): (&str, &str), place: Place, node: Node, problems: &mut Problems) {
    if let Some(there) = root.find(new) {
        let message =
            format!("is the old spelling of `{new}`, which is given in line {}", line(&there.place));
        problems.error(place.problem(old, message).hint("keep the new one"));
        return;
    }
    let notice = place.problem(old, format!("is the old spelling of `{new}`")).hint(format!("write `{new}`"));
    problems.notice(notice);
    if root.put(new, node).is_err() {
        let message = format!("belongs to `{new}`, but what stands there is no map");
        problems.error(place.problem(old, message).hint(format!("write `{new}`")));
    }
}

fn line(place: &Place) -> usize {
    place.at.map_or(0, |(line, _)| line)
}

fn runtime(root: &mut Node, problems: &mut Problems) {
    let Some(node) = root.find("runtime") else { return };
    let Some(old) = node.as_text().map(str::to_owned) else { return };
    let Some((_, new)) = LANGUAGES.iter().find(|(language, _)| *language == old) else { return };
    let place = node.place.clone();
    let message = format!("was `{old}` of old and is `{new}` now");
    let hint = format!("write `runtime: {new}` and `language: {old}`");
    problems.notice(place.problem("runtime", message).hint(hint));
    // The root is a map, and both keys stand at its top: nothing can be in the way.
    root.put("runtime", Node::text(place.clone(), *new)).ok();
    if root.find("language").is_none() {
        root.put("language", Node::text(place, old)).ok();
    }
}

/// An old build was a list of commands; Sigyl runs one, without a shell.
fn one_command(root: &mut Node, problems: &mut Problems) {
    let Some(node) = root.find("build.command") else { return };
    let Value::List(items) = &node.value else { return };
    match items.as_slice() {
        [only] => {
            let only = only.clone();
            // `build` is a map, as `build.command` was found in it.
            root.put("build.command", only).ok();
        }
        many => {
            let message = format!("holds {} commands, and one is run", many.len());
            problems.error(node.place.problem("build.command", message).hint("put them in a script"));
            root.take("build.command");
        }
    }
}

/// Settles what an old port means once all files are joined: every server of then had to name one.
pub(super) fn settle_port(root: &mut Node, place: &Place, problems: &mut Problems) {
    if root.find("startCommand.type").is_none() {
        let notice =
            place.problem("startCommand.type", "is taken to be `http`, since an old `port` is given");
        problems.notice(notice.hint("write `startCommand.type`"));
        // `startCommand` is a map, as its port was put in it.
        root.put("startCommand.type", Node::text(place.clone(), "http")).ok();
    } else if root.find("startCommand.type").and_then(Node::as_text) == Some("stdio") {
        let notice = place.problem("port", "is not used by a server that speaks stdio");
        problems.notice(notice.hint("remove it"));
        root.take("startCommand.port");
    }
}
