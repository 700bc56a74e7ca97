//! Orders that reach beyond this call: written down, fetched from elsewhere, waiting for their moment.

use super::lexicon::Class;
use super::reading::Signal;
use super::view::{CLAUSE, CLOSE, View, later};

/// Something is written where it is obeyed or run later.
pub(super) fn persists(view: &View<'_>) -> Option<(Signal, Signal)> {
    let place = |class| {
        view.pairs(Class::Write, class, CLAUSE).find(|(write, place)| {
            view.is_active(*write) && !view.is_told(*write) && !view.is_reported(*place)
        })
    };
    let pressed = view.has_any(&[
        Class::WhenCall,
        Class::Must,
        Class::Model,
        Class::Stealth,
        Class::Neg,
        Class::ThisTool,
        Class::Exhaustive,
    ]);
    place(Class::AgentFile).or_else(|| place(Class::Lasting)).filter(|_| pressed)
}

/// What to do is decided elsewhere.
pub(super) fn obeys_elsewhere(view: &View<'_>) -> Option<(Signal, Signal)> {
    let address = view.all(Class::Address).next();
    let download = view.all(Class::Download).find(|one| view.is_active(*one) && !view.is_told(*one));
    let follow = view.all(Class::Whatever).chain(view.all(Class::Follow)).find(|one| {
        view.is_active(*one) && !view.is_told(*one) && download.is_none_or(|get| get.start != one.start)
    });
    match (download, address, follow) {
        (Some(download), Some(address), Some(follow))
            if view.has_any(&[Class::Instructions, Class::Remote, Class::Whatever]) =>
        {
            Some((download, later(address, follow)))
        }
        (Some(download), None, Some(follow))
            if view.all(Class::Whatever).any(|one| one == follow) && view.has(Class::Remote) =>
        {
            Some((download, follow))
        }
        (None, Some(address), Some(follow))
            if view.has(Class::Instructions) && view.has_any(&[Class::Remote, Class::Must]) =>
        {
            Some((follow, address))
        }
        _ => None,
    }
}

/// A count, a word or a date sets it off.
pub(super) fn waits(view: &View<'_>) -> Option<(Signal, Signal)> {
    let trigger = view.all(Class::Trigger).find(|one| !view.is_reported(*one))?;
    let change = view.near(Class::Change, Class::Target, CLOSE).map(|(change, _)| change);
    let send = view.all(Class::Send).find(|send| {
        view.has_any(&[Class::Address, Class::Context, Class::Private, Class::SecretFile])
            && !view.is_told(*send)
    });
    let act = view
        .all(Class::Act)
        .chain(view.all(Class::Call))
        .find(|_| view.has_any(&[Class::Private, Class::SecretFile, Class::Stealth]));
    let told = view
        .near(Class::Send, Class::Target, CLOSE)
        .map(|(told, _)| told)
        .filter(|told| view.words(*told) == "return");
    [change, send, act, told]
        .into_iter()
        .flatten()
        .find(|one| view.is_active(*one) && one.end != trigger.end)
        .map(|one| (trigger, one))
}
