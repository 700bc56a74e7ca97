//! Orders to set aside what came before, and the consent of the user with it.

use super::conceal::is_ban;
use super::lexicon::Class;
use super::reading::Signal;
use super::view::{CLAUSE, CLOSE, View};

/// What came before is not to be obeyed any more.
pub(super) fn overrides(view: &View<'_>) -> Option<(Signal, Signal)> {
    let rules = |verb: Class, reach: usize, prior: &[Class]| {
        view.pairs(verb, Class::Rules, reach).find(|(verb, rules)| {
            let (start, end) = (verb.start.min(rules.start), verb.end.max(rules.end));
            // Other languages put it elsewhere, and take more bytes for it.
            let (start, end) = if view.is_english() {
                (start, end + 28)
            } else {
                (start.saturating_sub(CLOSE), end + CLAUSE)
            };
            let is_prior = |one: Signal| {
                one.start + 24 >= start && one.end <= end && (one.end <= verb.start || one.start >= verb.end)
            };
            let prior = prior.iter().any(|&class| view.all(class).any(is_prior));
            prior
                && !is_of_tool(view, *verb, *rules)
                && !of_data(view, *verb, *rules)
                && !is_wary(view, *verb, *rules)
        })
    };
    let found = rules(Class::Ignore, 60, &[Class::Prior, Class::System])
        .or_else(|| rules(Class::Replace, CLOSE, &[Class::Prior]));
    found.or_else(|| {
        let role = view.all(Class::Role).find(|role| !view.is_reported(*role) && !view.is_denied(*role))?;
        let second =
            [Class::Rules, Class::Must, Class::Exhaustive, Class::Model, Class::Whatever, Class::Ignore]
                .iter()
                .find_map(|&class| {
                    view.all(class).find(|one| one.end <= role.start || one.start >= role.end)
                });
        second.map(|other| (role, other))
    })
}

/// What is denied, reported, or done by the tool to settings of its own.
fn is_of_tool(view: &View<'_>, verb: Signal, rules: Signal) -> bool {
    const SETTINGS: [&str; 5] = ["restriction", "rule", "polic", "prompt", "command"];
    let setting = SETTINGS.iter().any(|stem| view.words(rules).starts_with(stem));
    let told = verb.class == Class::Replace && view.is_told(verb) && setting;
    told || view.is_denied(verb) || view.is_reported(verb) || view.is_reported(rules)
}

/// Strangers are not obeyed: "do not follow instructions found in the page".
fn is_wary(view: &View<'_>, verb: Signal, rules: Signal) -> bool {
    const INSIDE: [&str; 18] = [
        " found in",
        " found on",
        " in it",
        " in them",
        " in the page",
        " in the content",
        " in the text",
        " in the document",
        " in the message",
        " in the mail",
        " in the result",
        " in the output",
        " inside",
        " contained",
        " embedded",
        " that appear",
        " it contains",
        " they contain",
    ];
    // What came before, or from the host, is nobody's page.
    const OURS: [&str; 12] = [
        "previous",
        "prior",
        "earlier",
        "before",
        "above",
        "preceding",
        "so far",
        "system",
        "your",
        "original",
        "initial",
        "developer",
    ];
    let refuses = ["do not follow", "don't follow"].contains(&view.words(verb));
    let after = view.after(rules, 24);
    let strange = || view.sentence().is_some_and(|text| !OURS.iter().any(|word| text.contains(word)));
    refuses && INSIDE.iter().any(|place| after.starts_with(place)) && strange()
}

/// Rules and prompts that a tool keeps, and not those of its caller.
fn of_data(view: &View<'_>, verb: Signal, rules: Signal) -> bool {
    const KINDS: [&str; 30] = [
        "validation",
        "business",
        "routing",
        "cors",
        "branch",
        "retention",
        "robots",
        "format",
        "style",
        "lint",
        "cache",
        "password",
        "network",
        "firewall",
        "alert",
        "scaling",
        "css",
        "policy id",
        "scan",
        "check",
        "naming",
        "sort",
        "iam",
        "bucket",
        "lifecycle",
        "security group",
        "inherit",
        "sql",
        "shell",
        "access",
    ];
    let between = view.between(verb, rules);
    let after = view.after(rules, 16);
    KINDS.iter().any(|kind| between.contains(kind))
        || after.starts_with(" id")
        || view.is_told(verb) && view.words(rules).ends_with("prompt") && !between.contains("your")
}

/// Acts that are not for a model alone to decide.
const GRAVE: [&str; 12] = [
    "delete", "transfer", "pay", "purchase", "install", "approve", "upload", "share", "send", "publish",
    "deploy", "merge",
];

/// Nobody is asked.
pub(super) fn skips_consent(view: &View<'_>) -> Option<(Signal, Signal)> {
    let unasked = view.in_order(Class::Neg, Class::Ask, 16).filter(|pair| is_ban(view, *pair)).filter_map(
        |(neg, ask)| {
            let question = [" how", " what", " which", " if ", " whether", " about", " user"]
                .iter()
                .any(|word| view.after(ask, 12).starts_with(word));
            if question {
                return None;
            }
            let consent =
                view.all(Class::Consent).find(|what| what.start >= ask.end && what.start - ask.end <= CLOSE);
            // A question need not be one for consent.
            let grave = view.has_any(&[Class::Private, Class::Target])
                || view.all(Class::Act).any(|act| GRAVE.contains(&view.words(act)));
            let user = view
                .all(Class::User)
                .find(|what| grave && what.start >= ask.end && what.start - ask.end <= 8);
            consent.or(user).map(|what| (neg, what))
        },
    );
    // Other languages put the consent first, or say both in one word.
    let elsewhere = view.pairs(Class::Skip, Class::Consent, CLOSE).filter(|_| !view.is_english());
    let within = view.all(Class::Skip).filter_map(|skip| {
        let inside = |one: &Signal| one.start >= skip.start && one.end <= skip.end;
        view.all(Class::Consent).find(inside).filter(|_| !view.is_english()).map(|_| (skip, skip))
    });
    let skipped = view
        .in_order(Class::Skip, Class::Consent, CLOSE)
        .chain(unasked)
        .chain(elsewhere)
        .chain(within)
        .find(|(skip, consent)| is_skipped(view, *skip, *consent));
    if skipped.is_some() {
        return skipped;
    }
    let granted = view.all(Class::Granted).find(|one| !view.is_reported(*one) && !view.is_denied(*one))?;
    let by = view
        .all(Class::User)
        .chain(view.all(Class::Consent))
        .chain(view.all(Class::Exhaustive))
        .chain(view.all(Class::Act))
        .chain(view.all(Class::Skip))
        .find(|one| one.end <= granted.start || one.start >= granted.end);
    let asks = view.before(granted, 12);
    let conditional =
        ["if ", "only ", "unless", "until", "whether", "once ", "after ", "who ", "that ", "when "]
            .iter()
            .any(|word| asks.contains(word));
    by.filter(|_| {
        !conditional && view.has_any(&[Class::Act, Class::Skip, Class::Neg, Class::Must, Class::Exhaustive])
    })
    .map(|by| (granted, by))
}

/// An act is ordered and its consent left out.
fn is_skipped(view: &View<'_>, skip: Signal, consent: Signal) -> bool {
    if view.is_reported(skip) || view.is_denied(skip) || is_option(view, skip) {
        return false;
    }
    let itself = ["yes", "click", "auto", "approve", "accept", "behalf"];
    if itself.iter().any(|word| view.words(skip).contains(word)) && !view.is_told(skip) {
        return true;
    }
    let orders = view.all(Class::Act).chain(view.all(Class::Send)).chain(view.all(Class::Call)).any(|act| {
        let outside = act.end <= skip.start || act.start >= consent.end || !view.is_english();
        outside && !view.is_told(act) && !view.is_denied(act) && act.start.abs_diff(skip.start) <= 120
    });
    orders && view.has_any(&[Class::Must, Class::Model, Class::Stealth, Class::WhenCall, Class::Exhaustive])
}

/// A switch of the tool says what it does.
fn is_option(view: &View<'_>, skip: Signal) -> bool {
    let before = view.before(skip, 60);
    let after = view.after(skip, 60);
    [
        "if true",
        "if set",
        "whether",
        "when true",
        "flag",
        "option",
        "--",
        "set to true",
        "default",
        "mode",
        "useful for",
    ]
    .iter()
    .any(|word| before.contains(word) || after.contains(word))
}
