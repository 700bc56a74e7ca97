//! What the signals of a sentence come to: two weak ones make one finding.

use super::lexicon::{ANY, Class, Classes};
use super::reading::{Reading, Sentence, Signal};
use super::view::{CLAUSE, CLOSE, View};
use crate::domain::Severity;

/// What a sentence was found to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Order {
    /// It wants something private handed over.
    HandOver,
    /// It wants something kept from the user.
    Conceal,
    /// It wants earlier instructions disregarded.
    Override,
    /// It takes consent for given, or wants it not asked for.
    Consent,
    /// It changes what other tools do.
    Meddle,
    /// It wants other tools passed over.
    Outrank,
    /// It wants something written that is obeyed later.
    Persist,
    /// It wants instructions or code from elsewhere obeyed.
    Remote,
    /// It waits for its moment.
    Trigger,
}

/// Part of a reading that was found to be an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Judged {
    pub(crate) order: Order,
    pub(crate) severity: Severity,
    pub(crate) segment: usize,
    /// First byte in the text of the reading.
    pub(crate) start: usize,
    pub(crate) end: usize,
}

type Rule = fn(&View<'_>) -> Option<(Signal, Signal)>;

/// Each kind of order, one class that it cannot do without, how bad it is, and how it is told.
const RULES: [(Order, Classes, Severity, Rule); 11] = [
    (Order::HandOver, Classes::of(&[Class::SecretFile]), Severity::Block, hands_over_file),
    (Order::HandOver, Classes::of(&[Class::Private, Class::Context]), Severity::Error, hands_over),
    (Order::HandOver, Classes::of(&[Class::Address, Class::Link]), Severity::Error, sends_away),
    (
        Order::Conceal,
        Classes::of(&[Class::Tell, Class::Show, Class::TellNot, Class::Conceal, Class::Stealth, Class::Vow]),
        Severity::Error,
        conceals,
    ),
    (Order::Override, Classes::of(&[Class::Ignore, Class::Replace, Class::Role]), Severity::Block, overrides),
    (Order::Consent, Classes::of(&[Class::Skip, Class::Granted, Class::Ask]), Severity::Error, skips_consent),
    (Order::Meddle, Classes::of(&[Class::OtherTool, Class::NamedTool]), Severity::Error, meddles),
    (Order::Outrank, Classes::of(&[Class::Prefer, Class::OtherTool]), Severity::Error, outranks),
    (Order::Persist, Classes::of(&[Class::AgentFile, Class::Lasting]), Severity::Error, persists),
    (Order::Remote, Classes::of(&[Class::Follow, Class::Whatever]), Severity::Error, obeys_elsewhere),
    (Order::Trigger, Classes::of(&[Class::Trigger]), Severity::Error, waits),
];

/// Bytes of a sentence that is still read together with the next one.
const SHORT: usize = 300;

/// Judges every sentence; `of_parameter` tells whether a segment describes a parameter.
pub(crate) fn judge(reading: &Reading, of_parameter: impl Fn(usize) -> bool) -> Vec<Judged> {
    let mut judged = Vec::new();
    let sentences = reading.sentences();
    for (at, sentence) in sentences.iter().enumerate() {
        let next = sentences.get(at + 1).filter(|next| {
            next.segment == sentence.segment && next.end - sentence.start <= SHORT && !next.signals.is_empty()
        });
        for &language in languages(sentence).iter().take_while(|language| **language != ANY) {
            let view = View::new(reading, at..at + 1, language, of_parameter(sentence.segment));
            let mut both = None;
            for (order, classes, severity, rule) in RULES {
                if !sentence.classes.any(classes) {
                    continue;
                }
                let found = rule(&view).or_else(|| {
                    let joins = order == Order::HandOver && next.is_some();
                    let both = joins.then(|| {
                        both.get_or_insert_with(|| {
                            View::new(reading, at..at + 2, language, view.of_parameter)
                        })
                    })?;
                    rule(both)
                });
                if let Some((one, other)) = found {
                    judged.push(Judged {
                        order,
                        severity,
                        segment: sentence.segment,
                        start: one.start.min(other.start),
                        end: one.end.max(other.end),
                    });
                }
            }
        }
    }
    judged
}

/// Languages of which one sentence is looked at.
const LANGUAGES: usize = 8;

/// Returns the languages that a sentence has signals of, then `ANY`.
fn languages(sentence: &Sentence) -> [u8; LANGUAGES] {
    let mut found = [ANY; LANGUAGES];
    let mut count = 0;
    for signal in &sentence.signals {
        if signal.language != ANY && count < LANGUAGES && !found[..count].contains(&signal.language) {
            found[count] = signal.language;
            count += 1;
        }
    }
    found
}

/// A file of keys is read, and what is in it goes somewhere.
fn hands_over_file(view: &View<'_>) -> Option<(Signal, Signal)> {
    let file = view.all(Class::SecretFile).find(|file| !is_harmless_file(view, *file))?;
    let active = |verb: &Signal| view.is_active(*verb) && !view.is_told(*verb);
    let send = view.all(Class::Send).find(active);
    let read = view.all(Class::Read).find(active);
    let content = view.has(Class::Content);
    let sink =
        view.of_parameter || view.names_parameter() || view.has_any(&[Class::Address, Class::ThisTool]);
    let pressed = view.has_any(&[Class::WhenCall, Class::Fail, Class::Must, Class::Model]);
    match (read, send) {
        (Some(read), Some(send)) if sink && (content || pressed) => Some((read, later(send, file))),
        (Some(read), None) if content && pressed && view.of_parameter => Some((read, file)),
        (Some(read), _) if view.has(Class::WhenCall) && !view.has(Class::ThisTool) && content => {
            Some((read, file))
        }
        (None, Some(send))
            if sink && (content || pressed && view.has(Class::Fail)) && goes_out(view, send, file) =>
        {
            Some((send, file))
        }
        _ => None,
    }
}

fn later(one: Signal, other: Signal) -> Signal {
    if one.end > other.end { one } else { other }
}

/// Something is sent, and not put into a file.
fn goes_out(view: &View<'_>, send: Signal, file: Signal) -> bool {
    let between = view.between(send, file);
    !(send.end <= file.start && [" in ", " to ", " into ", " your "].iter().any(|to| between.ends_with(to)))
}

/// A public key, an example, or a path that is turned away.
fn is_harmless_file(view: &View<'_>, file: Signal) -> bool {
    let after = view.after(file, 12);
    let public = [".pub", ".example", ".sample", ".template", ".dist", "-example"]
        .iter()
        .any(|end| after.starts_with(end));
    public || view.is_reported(file)
}

/// Something that no tool is owed goes into a parameter or to an address.
fn hands_over(view: &View<'_>) -> Option<(Signal, Signal)> {
    let pressed = view.has_any(&[Class::WhenCall, Class::Fail, Class::Model, Class::Stealth]);
    let sink = view.names_parameter() || view.of_parameter;
    let away = view.has_any(&[Class::Address, Class::Link]);
    let wanted = |class: Class| {
        view.pairs(Class::Send, class, CLAUSE).find(|(send, object)| {
            let told = view.is_told(*send);
            let not = view.all(Class::Neg).any(|neg| neg.start >= send.end && neg.end <= object.start);
            !told && !not && view.is_active(*send) && !view.is_reported(*object)
        })
    };
    let taken = |send: Signal| {
        view.all(Class::Read)
            .any(|read| read.start < send.start && view.is_active(read) && !view.is_told(read))
    };
    if let Some((send, object)) = wanted(Class::Context) {
        let all = view.has_any(&[Class::Exhaustive, Class::Private]) || pressed || taken(send);
        if away || sink && all {
            return Some((send, object));
        }
    }
    let (send, object) = wanted(Class::Private)?;
    let all = view.has_any(&[Class::Content, Class::Exhaustive, Class::WhenCall]);
    (away || sink && (pressed && all || taken(send) && (pressed || all))).then_some((send, object))
}

/// What passes through the tool is copied to an address.
fn sends_away(view: &View<'_>) -> Option<(Signal, Signal)> {
    let away = view.all(Class::Address).chain(view.all(Class::Link)).next()?;
    // An address that is to carry it.
    if view.has(Class::Address)
        && let Some((link, context)) = view.near(Class::Link, Class::Context, CLAUSE)
        && !view.is_reported(context)
    {
        return Some((link, context));
    }
    let object = [Class::Context, Class::Private, Class::Copy, Class::SecretFile];
    let has = object.iter().find_map(|&class| {
        view.pairs(Class::Send, class, CLOSE).find(|(send, object)| {
            view.is_active(*send)
                && !view.is_told(*send)
                && !view.is_reported(*object)
                && goes_out(view, *send, *object)
        })
    });
    let (send, object) = has?;
    let pressed =
        view.has_any(&[Class::WhenCall, Class::Fail, Class::Model, Class::Stealth, Class::Exhaustive]);
    let taken = view.all(Class::Context).chain(view.all(Class::Private)).next().is_some();
    let copied = view
        .all(Class::Copy)
        .any(|copy| view.words(copy).contains("cop") || view.words(copy).contains("dup"));
    let literal = view.has(Class::Address);
    (literal && (pressed || taken || copied)
        || taken && pressed
        || !literal && taken && view.words(away).contains("image"))
    .then_some((send, object))
}

/// The user is not to know.
fn conceals(view: &View<'_>) -> Option<(Signal, Signal)> {
    let vow = view.all(Class::Vow).find(|vow| !view.is_reported(*vow) && !view.is_denied(*vow));
    vow.map(|vow| (vow, vow)).or_else(|| untold(view)).or_else(|| hidden(view)).or_else(|| stealthy(view))
}

fn untold(view: &View<'_>) -> Option<(Signal, Signal)> {
    if let Some((not, user)) = view
        .pairs(Class::TellNot, Class::User, CLAUSE)
        .find(|(not, _)| !view.is_reported(*not) && !ends_ban(view, *not))
    {
        return Some((not, user));
    }
    let banned =
        view.in_order(Class::Neg, Class::Tell, 28).chain(view.postponed(Class::Tell, Class::Neg, CLAUSE));
    if let Some((neg, tell)) = banned.filter(|pair| is_ban(view, *pair)).next() {
        let about = |class: Class, reach: usize| {
            view.all(class).find(|one| {
                one.start >= tell.end && one.start - tell.end <= reach
                    || one.end <= tell.start && tell.start - one.end <= CLOSE && one.start >= neg.end
            })
        };
        let user = match view.is_english() {
            true => about(Class::User, CLAUSE),
            false => view.near(Class::Tell, Class::User, CLAUSE + CLOSE).map(|(_, user)| user),
        };
        let deed = about(Class::Deed, 24);
        let named = ["this", " it"].iter().any(|word| view.words(tell).contains(word));
        let reply = view
            .all(Class::Reply)
            .find(|one| one.start >= tell.end && one.start - tell.end <= CLAUSE && (deed.is_some() || named));
        // A secret that is not to be shown is no step that is not to be told.
        let deed = deed.filter(|_| view.words(neg) != "without");
        // "The user must not learn of it."
        let heard = ["learn", "find out", "know", "aware", "hear", "notice", "see", "be "]
            .iter()
            .any(|word| view.words(tell).starts_with(word) || view.words(tell).contains(word));
        let subject =
            view.all(Class::User).find(|one| heard && one.end <= neg.start && neg.start - one.end <= 12);
        if let Some(other) = subject.or(user).or(reply).or(deed)
            && !is_technical(view, tell, other)
        {
            return Some((neg, other));
        }
    }
    let (neg, show) = view.in_order(Class::Neg, Class::Show, 24).find(|pair| is_ban(view, *pair))?;
    let user =
        view.all(Class::User).find(|user| user.start >= show.end && user.start - show.end <= CLAUSE)?;
    let deed = view.all(Class::Deed).find(|deed| deed.start >= show.end && deed.start - show.end <= 12)?;
    (!is_technical(view, show, user)).then_some((neg, later(deed, user)))
}

fn is_ban(view: &View<'_>, (neg, tell): (Signal, Signal)) -> bool {
    let between = view.between(neg, tell);
    // "Does not notify users" says what the tool does.
    let told =
        view.words(neg) == "not" && ["does ", "did "].iter().any(|verb| view.before(neg, 5).ends_with(verb));
    let broken = told
        || between.contains([',', ';', '.', ':'])
        || [" and ", " but "].iter().any(|word| between.contains(word));
    !broken && !view.is_reported(neg) && !ends_ban(view, tell)
}

/// "… until it is done" is a matter of order and not of secrecy.
fn ends_ban(view: &View<'_>, tell: Signal) -> bool {
    view.all(Class::Until).any(|until| until.start >= tell.end)
}

/// What means nothing to a person, or must not reach a screen.
fn is_technical(view: &View<'_>, tell: Signal, user: Signal) -> bool {
    const NOUNS: [&str; 26] = [
        " id ",
        " ids ",
        "uuid",
        "token",
        "password",
        "secret",
        " key",
        "credential",
        "raw ",
        "json",
        "internal",
        "stack trace",
        "html",
        "technical",
        "schema",
        "identifier",
        "error code",
        "cursor",
        "number of",
        " sql",
        "debug",
        "variable name",
        "hash",
        "file path",
        "url",
        "parameter name",
    ];
    let between = format!("{} ", view.between(tell, user));
    let after = view.after(user, 40);
    let technical = |text: &str| NOUNS.iter().any(|noun| text.contains(noun));
    technical(&between) && between.len() < 50
        || technical(after.split(['.', ',', ';']).next().unwrap_or_default()) && after.len() < 36
}

/// Something is kept out of what the user reads.
fn hidden(view: &View<'_>) -> Option<(Signal, Signal)> {
    let from = |class| {
        view.in_order(Class::Conceal, class, 60)
            .find(|(hide, _)| view.is_active(*hide) && !view.is_told(*hide))
    };
    let (hide, whom) = from(Class::User).or_else(|| from(Class::Reply))?;
    let between = view.between(hide, whom);
    let kept = between.contains(" from ")
        || between.contains(" out of ")
        || between.contains(" in ")
        || view.words(hide).contains("from")
        || view.words(hide).contains("out");
    let deed = view.all(Class::Deed).any(|deed| deed.start < whom.start && deed.end > hide.end)
        || view.words(hide).contains(' ');
    (kept && deed).then_some((hide, whom))
}

/// Something is done so that nobody notices.
fn stealthy(view: &View<'_>) -> Option<(Signal, Signal)> {
    let deeds =
        [Class::Send, Class::Call, Class::Change, Class::Read, Class::Write, Class::Act, Class::Download];
    let stealth = view.all(Class::Stealth).find(|one| {
        let denied = view.before(*one, 22);
        let honest = [
            "never ",
            "not ",
            "n't ",
            "instead of ",
            "rather than ",
            "may ",
            "would ",
            "could ",
            "might ",
            "nicht ",
            "nao ",
            "ne ",
        ]
        .iter()
        .any(|word| denied.contains(word));
        let fails = [
            "ignor", "drop", "fail", "skip", "truncat", "discard", "miss", "cap", "clamp", "succeed",
            "no-op", "return", "exit", "fall", "cut", "lose", "overwrit", "convert", "coerc", "default",
            "absent", "omit", "clip",
        ];
        let after = view.after(*one, 14);
        let before = view.before(*one, 16);
        !honest
            && !view.is_reported(*one)
            && !fails.iter().any(|word| after.contains(word) || before.contains(word))
    })?;
    let whole = view.words(stealth).contains("user")
        || view.words(stealth).contains("mention")
        || view.words(stealth).contains("telling")
        || view.words(stealth).contains("inform");
    deeds.iter().find_map(|&class| {
        view.pairs(Class::Stealth, class, if whole { CLAUSE } else { 24 }).find(|(one, deed)| {
            *one == stealth
                && !view.is_told(*deed)
                && view.is_active(*deed)
                && !view.between(*one, *deed).contains([',', ';'])
        })
    })
}

/// What came before is not to be obeyed any more.
fn overrides(view: &View<'_>) -> Option<(Signal, Signal)> {
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
                && !(verb.class == Class::Replace
                    && view.is_told(*verb)
                    && ["restriction", "rule", "polic", "prompt", "command"]
                        .iter()
                        .any(|stem| view.words(*rules).starts_with(stem)))
                && !view.is_denied(*verb)
                && !view.is_reported(*verb)
                && !view.is_reported(*rules)
                && !of_data(view, *verb, *rules)
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
fn skips_consent(view: &View<'_>) -> Option<(Signal, Signal)> {
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

/// What other tools do or return is to be changed, copied or passed on.
fn meddles(view: &View<'_>) -> Option<(Signal, Signal)> {
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
fn outranks(view: &View<'_>) -> Option<(Signal, Signal)> {
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

/// Something is written where it is obeyed or run later.
fn persists(view: &View<'_>) -> Option<(Signal, Signal)> {
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
fn obeys_elsewhere(view: &View<'_>) -> Option<(Signal, Signal)> {
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
fn waits(view: &View<'_>) -> Option<(Signal, Signal)> {
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
