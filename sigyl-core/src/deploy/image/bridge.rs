//! How a server of standard input and output speaks HTTP in a container: by `supergateway`, which starts a process for each
//! session.
//!
//! It is installed from a lock that Sigyl carries, with scripts off, beside the server and not among what that loads. It
//! starts processes through a shell, so that each word of the command is quoted here; and it writes the messages of clients to its
//! standard output, which is why that goes nowhere: what is logged is what the server itself says, and the bridge of messages that it
//! cannot read.

use super::dockerfile::{NODE, OWN};
use crate::domain::{Resources, Transport};

/// Where it serves.
pub(in crate::deploy) const PATH: &str = "/mcp";
/// Milliseconds without a request after which a session ends: more than the gateway waits, which ends it first.
const IDLE: u32 = 35 * 60 * 1000;
/// Bytes of memory that it takes itself.
const MEMORY: u64 = 128 << 20;
/// Where it is in the image.
const PROGRAM: &str = "/opt/sigyl-bridge/node_modules/supergateway/dist/index.js";
/// Starts what follows it, with nothing to read, for it ends when its input does; what it writes to its output is dropped.
const QUIET: &str = "exec \"$0\" \"$@\" </dev/null >/dev/null";

/// What goes into the archive for it: name, text.
pub(in crate::deploy) const FILES: [(&str, &str); 2] = [
    ("bridge/package.json", include_str!("bridge/package.json")),
    ("bridge/package-lock.json", include_str!("bridge/package-lock.json")),
];

/// Returns the lines of the stage that installs it.
pub(in crate::deploy) fn stage(install: &str) -> String {
    format!("FROM {NODE} AS bridge\nWORKDIR /opt/sigyl-bridge\nCOPY {OWN}/bridge/ ./\nRUN {install}\n")
}

/// Returns the lines that bring it into an image, with Node where there is none.
pub(in crate::deploy) fn brought(has_node: bool) -> String {
    let node = if has_node { "" } else { "COPY --from=bridge /usr/local/bin/node /usr/local/bin/node\n" };
    format!("COPY --from=bridge /opt/sigyl-bridge /opt/sigyl-bridge\n{node}")
}

/// Returns the words that start it, and by it a server, on a port.
pub(in crate::deploy) fn command(server: &[&str], port: u16) -> Vec<String> {
    let server: Vec<String> = server.iter().map(|word| quoted(word)).collect();
    let (port, idle) = (port.to_string(), IDLE.to_string());
    let server = format!("exec {}", server.join(" "));
    let words = [
        "/bin/sh",
        "-c",
        QUIET,
        "/usr/local/bin/node",
        PROGRAM,
        "--outputTransport",
        "streamableHttp",
        "--stateful",
        "--sessionTimeout",
        &idle,
        "--port",
        &port,
        "--streamableHttpPath",
        PATH,
        "--stdio",
        &server,
    ];
    words.map(str::to_owned).to_vec()
}

/// Returns where a server is spoken to, and the port, by what it speaks.
pub(in crate::deploy) fn door(transport: &Transport) -> (&str, Option<u16>) {
    match transport {
        Transport::Http { path, port } => (path, *port),
        Transport::Stdio => (PATH, None),
    }
}

/// Returns what an instance needs: with the bridge, its memory too, and one instance, in which all sessions are.
pub(in crate::deploy) fn resources(asked: &Resources, transport: &Transport) -> Resources {
    if *transport != Transport::Stdio {
        return asked.clone();
    }
    let memory = asked.memory.map(|memory| memory.saturating_add(MEMORY));
    // A stream that a client holds open counts as a request: few at a time would lock all others out.
    Resources { memory, max_instances: None, concurrency: None, ..asked.clone() }
}

/// Quotes a word for a shell: nothing within is read.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_of_a_command_is_read_by_the_shell_that_starts_it() {
        let words = ["printf", "%s|", "it's", "$(id)", "`id`", "a b", "\"", "\\", "*", "", "\n"];
        let line = words.map(quoted).join(" ");
        let output = std::process::Command::new("/bin/sh").args(["-c", &line]).output().unwrap();
        let expected: String = words[2..].iter().map(|word| format!("{word}|")).collect();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
    }

    #[test]
    fn what_is_installed_is_named_by_version_and_digest() {
        let lock: serde_json::Value = serde_json::from_str(FILES[1].1).unwrap();
        let packages = lock["packages"].as_object().unwrap();
        assert!(packages.contains_key("node_modules/supergateway"));
        for (path, package) in packages.iter().filter(|(path, _)| !path.is_empty()) {
            assert!(package["integrity"].as_str().unwrap().starts_with("sha512-"), "{path}");
            assert!(package.get("hasInstallScript").is_none(), "{path} wants to run a script");
        }
    }

    #[test]
    fn the_memory_of_the_bridge_is_added_and_sessions_stay_in_one_instance() {
        let asked = Resources {
            memory: Some(512 << 20),
            max_instances: Some(9),
            concurrency: Some(1),
            ..Resources::default()
        };
        let given = resources(&asked, &Transport::Stdio);
        assert_eq!((given.memory, given.max_instances, given.concurrency), (Some(640 << 20), None, None));
        let http = Transport::Http { path: "/mcp".to_owned(), port: None };
        assert_eq!(resources(&asked, &http), asked);
    }
}
