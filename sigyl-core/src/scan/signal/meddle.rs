//! Orders about other tools.

use super::lexicon::Class;
use super::reading::Signal;
use super::view::{CLOSE, View, later};

/// What other tools do or return is to be changed, copied or passed on.
pub(super) fn meddles(view: &View<'_>) -> Option<(Signal, Signal)> {
    let sure = view.all(Class::OtherTool).find(|other| !view.is_reported(*other));
    let named = view.all(Class::NamedTool).find(|other| !view.is_reported(*other));
    let other = sure.or(named)?;
    hijacks(view, other).or_else(|| redirects(view, other)).or_else(|| siphons(view, other))
}

/// What is meant for another tool is taken.
fn hijacks(view: &View<'_>, other: Signal) -> Option<(Signal, Signal)> {
    let takes = ["intercept", "hijack", "impersonat", "reroute", "shadow"];
    let verb = view.all(Class::Change).find(|one| {
        view.is_active(*one)
            && takes.iter().any(|stem| view.words(*one).starts_with(stem))
            && one.end <= other.start
            && other.start - one.end <= CLOSE
    })?;
    Some((verb, other))
}

/// What another tool does is changed in what thieves change.
fn redirects(view: &View<'_>, other: Signal) -> Option<(Signal, Signal)> {
    let change = view.all(Class::Change).find(|one| view.is_active(*one) && !view.is_told(*one))?;
    let target = view.near(Class::Change, Class::Target, CLOSE).is_some()
        || view.has(Class::Address) && view.has(Class::Target);
    let when = view.has_any(&[Class::WhenCall, Class::Must, Class::Model])
        || ["if ", "when "].iter().any(|word| view.begins_with(word));
    (target && when || view.has(Class::Stealth)).then_some((change, other))
}

/// What goes to or comes from another tool is to pass through this one.
fn siphons(view: &View<'_>, other: Signal) -> Option<(Signal, Signal)> {
    const STEMS: [&str; 13] = [
        "mirror",
        "forward",
        "relay",
        "copy",
        "copied",
        "pass",
        "rout",
        "duplicat",
        "send",
        "sent",
        "share",
        "hand",
        "go through",
    ];
    let this = view.all(Class::ThisTool).next()?;
    let pressed = view.has_any(&[Class::WhenCall, Class::Must, Class::Model, Class::Fail, Class::Regardless]);
    let sent = view.all(Class::Send).chain(view.all(Class::Call)).find(|send| {
        view.is_active(*send)
            && !view.is_told(*send)
            && STEMS.iter().any(|stem| view.words(*send).starts_with(stem))
    });
    let text = view.text_of();
    let all = view.has_any(&[Class::Copy, Class::Exhaustive, Class::Regardless])
        || ["same arguments", "same payload", "all its", "any file", "result", "message", "output"]
            .iter()
            .any(|word| text.contains(word));
    let identifier =
        [" id ", " ids ", " id.", "identifier", " uri", "_id"].iter().any(|word| text.contains(word));
    if let Some(send) = sent.filter(|_| pressed && all && !identifier) {
        return Some((send, later(other, this)));
    }
    let bad = view.all(Class::Distrust).find(|bad| !view.is_denied(*bad) && *bad != other)?;
    let instead = view.has_any(&[Class::Change, Class::Send, Class::Call, Class::Regardless]) || pressed;
    let about = bad.start >= other.end && bad.start - other.end <= CLOSE;
    (about && instead).then_some((bad, later(other, this)))
}

/// What makes a preference unconditional.
const WHATEVER: [&str; 6] =
    ["no matter", "regardless", "even if", "irrespective", "whatever", "without exception"];

/// It wants to be used whatever else there is.
pub(super) fn outranks(view: &View<'_>) -> Option<(Signal, Signal)> {
    let prefer = view.all(Class::Prefer).find(|one| !view.is_reported(*one) && !view.is_denied(*one))?;
    let other = view
        .all(Class::OtherTool)
        .chain(view.all(Class::NamedTool))
        .find(|other| !view.words(*other).starts_with("this"));
    let regardless = view.all(Class::Regardless).next();
    let distrust = view.all(Class::Distrust).next();
    let twice = view.all(Class::Prefer).nth(1).filter(|second| second.start >= prefer.end);
    let this = view
        .all(Class::ThisTool)
        .next()
        .or_else(|| other.filter(|_| regardless.is_some()).map(|_| prefer))?;

    let whatever = view
        .all(Class::Regardless)
        .find(|one| WHATEVER.iter().any(|word| view.words(*one).starts_with(word)));
    match (regardless, other, distrust, twice) {
        (Some(regardless), Some(_), ..) => Some((prefer, later(regardless, this))),
        (_, Some(other), Some(_), _) | (_, Some(other), _, Some(_)) => Some((prefer, later(other, this))),
        _ => whatever
            .or(regardless.filter(|_| !view.is_english()))
            .map(|whatever| (prefer, later(whatever, this))),
    }
}
