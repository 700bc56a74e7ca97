//! Pieces that several pages are made of.

use serde_json::Value;
use sigyl_core::domain::{ListingStatus, Proof, Timestamp, Verdict};
use sigyl_core::wire::registry::{OriginKind, ScanStatus, ServerResponse};

use crate::html::{El, Link, el};

/// Characters of a text that is shown in a list.
const SHORT: usize = 240;

/// What a page shows of a document.
#[derive(Debug)]
pub(super) struct Shown<'a> {
    pub(super) response: &'a ServerResponse,
    pub(super) members: serde_json::Map<String, Value>,
}

impl<'a> Shown<'a> {
    /// Reads a document that is on record; nothing of what cannot be read is shown.
    pub(super) fn of(response: &'a ServerResponse) -> Self {
        Self { response, members: response.server.members().unwrap_or_default() }
    }

    /// Returns a member that is a text, or nothing.
    pub(super) fn text(&self, name: &str) -> &str {
        self.members.get(name).and_then(Value::as_str).unwrap_or_default().trim()
    }

    /// Returns what people call it: its title, or the last part of its name.
    pub(super) fn title(&self) -> &str {
        let name = self.text("name");
        match self.text("title") {
            "" => name.rsplit('/').next().filter(|last| !last.is_empty()).unwrap_or(name),
            title => title,
        }
    }

    /// Where its page is.
    pub(super) fn link(&self) -> Link {
        server_link(self.text("name"))
    }

    /// The kinds of ways to install it, each once.
    pub(super) fn ways(&self) -> Vec<String> {
        let texts = |list: &str, name: &'static str| -> Vec<String> {
            let items = self.members.get(list).and_then(Value::as_array).into_iter().flatten();
            items.filter_map(|item| Some(item.get(name)?.as_str()?.to_owned())).collect()
        };
        let mut ways = texts("packages", "registryType");
        ways.extend(texts("remotes", "type").into_iter().map(|_| "remote".to_owned()));
        ways.sort_unstable();
        ways.dedup();
        ways.truncate(6);
        ways
    }
}

/// Where the page of a name is.
pub(super) fn server_link(name: &str) -> Link {
    let mut parts = name.split('/');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(space), Some(short), None) if !space.is_empty() && !short.is_empty() => {
            Link::under("/servers", &[space, short])
        }
        _ => Link::under("/servers", &[name]),
    }
}

/// A word with a meaning, in a frame.
pub(super) fn badge(class: &'static str, text: impl Into<String>) -> El {
    el("span").class(class).text(text)
}

/// What is known of the source of a version.
pub(super) fn scan_badge(scan: &ScanStatus) -> El {
    match scan {
        ScanStatus::Scanned { verdict: Verdict::Pass, .. } => badge("badge good", "Scan passed"),
        ScanStatus::Scanned { verdict: Verdict::Warn, .. } => badge("badge warn", "Scan warned"),
        ScanStatus::Scanned { verdict: Verdict::Hold, approved: true, .. } => {
            badge("badge warn", "Held, approved")
        }
        ScanStatus::Scanned { verdict: Verdict::Hold, .. } => badge("badge bad", "Held by the scan"),
        ScanStatus::Scanned { verdict: Verdict::Block, .. } => badge("badge bad", "Blocked by the scan"),
        _ => badge("badge none", "Not scanned"),
    }
}

/// How a version stands, when that is not the usual.
pub(super) fn status_badge(status: ListingStatus) -> Option<El> {
    match status {
        ListingStatus::Active => None,
        ListingStatus::Deprecated => Some(badge("badge warn", "Deprecated")),
        _ => Some(badge("badge bad", "Deleted")),
    }
}

/// How a document came here.
pub(super) fn origin_words(origin: OriginKind) -> &'static str {
    match origin {
        OriginKind::Imported => "Imported",
        OriginKind::Released => "Released here, with its source",
        _ => "Published here",
    }
}

/// What the right to a namespace rests on.
pub(super) fn proof_words(proof: Proof) -> String {
    match proof {
        Proof::Granted => "Granted by an administrator".to_owned(),
        Proof::Unproven => "Not proven".to_owned(),
        other => {
            let word = serde_json::to_value(other).ok();
            let word = word.as_ref().and_then(Value::as_str).unwrap_or("another way");
            format!("Proven: {word}")
        }
    }
}

/// A day, for people and for programs.
pub(super) fn day(at: Timestamp) -> El {
    let whole = at.to_string();
    let short = whole.get(..10).unwrap_or(&whole).to_owned();
    el("time").attr("datetime", whole).text(short)
}

/// A text that strangers wrote, on one line, bounded.
pub(super) fn short(text: &str) -> String {
    match text.char_indices().nth(SHORT) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text.to_owned(),
    }
}

/// Lines that are copied from, or read as they are.
pub(super) fn code(text: impl Into<String>) -> El {
    el("pre").attr("tabindex", "0").with(el("code").text(text))
}

/// A text of ours, in which what stands between backticks is code.
pub(super) fn ticked(name: &'static str, text: &str) -> El {
    let mut parts = el(name);
    for (at, part) in text.split('`').enumerate() {
        match at % 2 {
            0 => parts.push(part),
            _ => parts.push(el("code").text(part)),
        }
    }
    parts
}

/// Choices, of which one is shown: each has a name and what it holds. It works without a script.
pub(super) fn tabs(id: &str, legend: &str, choices: Vec<(String, El)>) -> El {
    let mut set = el("fieldset").class("tabs").with(el("legend").text(legend));
    let mut panels = Vec::with_capacity(choices.len());
    for (at, (title, panel)) in choices.into_iter().enumerate() {
        let own = format!("{id}-{at}");
        let input = el("input").attr("type", "radio").attr("name", id).attr("id", own.as_str());
        set.push(input.flag("checked", at == 0));
        set.push(el("label").attr("for", own).text(title.as_str()));
        panels.push(el("div").class("panel").attr("role", "group").attr("aria-label", title).with(panel));
    }
    set.all(panels)
}
