//! What a client hands to servers and lets them reach.

use super::visit::{entries, place, rule};
use crate::domain::{Confidence, Severity};
use crate::scan::client::{Entry, literals};
use crate::scan::findings::{Findings, Hit};
use crate::scan::rule::{Part, Rule, RuleMeta};

rule!(ClientSecret, "Finds secrets that stand in a configuration.");
rule!(ClientPlaintext, "Finds servers that are reached without encryption.");
rule!(ClientBroad, "Finds servers that may do more than they need, or unasked.");

impl ClientSecret {
    fn look(&self, part: &Part<'_>, found: &mut Findings<'_>) {
        for (config, entry) in entries(part) {
            for literal in literals(entry) {
                let confidence = if literal.known { Confidence::High } else { self.0.confidence };
                let message = format!("`{}` of `{}` holds a secret", literal.place, entry.name);
                let evidence = format!("{} = ⟦masked⟧", literal.place);
                let place = place(config, literal.line);
                let hit = Hit::whole(&evidence);
                found.add_as(&self.0, self.0.severity, confidence, place, hit, Some(message));
            }
        }
    }
}

impl ClientPlaintext {
    fn look(&self, part: &Part<'_>, found: &mut Findings<'_>) {
        for (config, entry) in entries(part) {
            let Some((url, line)) = &entry.url else { continue };
            let lower = url.to_ascii_lowercase();
            let Some(rest) = lower.strip_prefix("http://").or_else(|| lower.strip_prefix("ws://")) else {
                continue;
            };
            let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
            let host = authority.rsplit('@').next().unwrap_or_default();
            if !is_here(host) {
                let message = format!("`{}` is reached without encryption", entry.name);
                found.add(&self.0, place(config, *line), Hit::whole(host), Some(message));
            }
        }
    }
}

/// Tells whether a host is this machine, or not known yet.
fn is_here(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let address: Option<std::net::IpAddr> = name.parse().ok();
    name.is_empty()
        || name.contains('$')
        || matches!(name, "localhost" | "host.docker.internal" | "host.containers.internal")
        || name.ends_with(".localhost")
        || address.is_some_and(|address| address.is_loopback() || address.is_unspecified())
}

impl ClientBroad {
    fn look(&self, part: &Part<'_>, found: &mut Findings<'_>) {
        if let Part::Clients(clients) = part {
            for config in clients.configs {
                for (what, line) in &config.switches {
                    let message = "Tools and commands run without being asked for".to_owned();
                    found.add(&self.0, place(config, *line), Hit::whole(what), Some(message));
                }
            }
        }
        for (config, entry) in entries(part) {
            for (arg, line) in &entry.args {
                if let Some((what, severity)) = opens(entry, arg) {
                    let message = format!("`{}` {what}", entry.name);
                    let confidence = self.0.confidence;
                    found.add_as(
                        &self.0,
                        severity,
                        confidence,
                        place(config, *line),
                        Hit::whole(arg),
                        Some(message),
                    );
                }
            }
            for (tool, line) in entry.unasked.iter().filter(|(tool, _)| tool == "*") {
                let message = format!("Every tool of `{}` is called without asking", entry.name);
                found.add(&self.0, place(config, *line), Hit::whole(tool), Some(message));
            }
        }
    }
}

/// Tells what an argument opens, and how bad that is.
fn opens(entry: &Entry, arg: &str) -> Option<(&'static str, Severity)> {
    const ROOTS: &[&str] = &[
        "/",
        "~",
        "~/",
        "$HOME",
        "${HOME}",
        "${env:HOME}",
        "%USERPROFILE%",
        "${userHome}",
        "C:\\",
        "C:/",
        "C:",
        "/home",
        "/Users",
        "/root",
        "/etc",
    ];
    let words = entry.words();
    let container = words.first().is_some_and(|word| word.ends_with("docker") || word.ends_with("podman"));
    let mounts = |what: &str| {
        arg.starts_with(&format!("{what}:"))
            || arg.contains(&format!("source={what},"))
            || arg.contains(&format!("src={what},"))
    };
    if container && arg.contains("docker.sock") {
        return Some(("holds the socket that rules over all containers of this machine", Severity::Error));
    }
    if container && matches!(arg, "--privileged" | "--cap-add=ALL" | "--cap-add=SYS_ADMIN" | "--pid=host") {
        return Some(("runs in a container that confines nothing", Severity::Error));
    }
    if container && matches!(arg, "--network=host" | "--net=host") {
        return Some(("shares the network of this machine", Severity::Warning));
    }
    if container && ROOTS.iter().any(|root| mounts(root)) || ROOTS.contains(&arg) {
        return Some(("is given the whole machine or home to work on", Severity::Warning));
    }
    let is_deno = words.first().is_some_and(|word| word.ends_with("deno"));
    if is_deno && matches!(arg, "-A" | "--allow-all") {
        return Some(("runs with every permission", Severity::Warning));
    }
    let lower = arg.to_ascii_lowercase();
    let unasked = ["--dangerously", "--yolo", "--auto-approve", "--no-sandbox", "--skip-permissions"];
    unasked
        .iter()
        .any(|flag| lower.starts_with(flag))
        .then_some(("is told not to ask or confine", Severity::Warning))
}
