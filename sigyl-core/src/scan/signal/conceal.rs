//! Orders to keep something from the user.

use super::lexicon::Class;
use super::reading::Signal;
use super::view::{CLAUSE, CLOSE, View, later};

/// The user is not to know.
pub(super) fn conceals(view: &View<'_>) -> Option<(Signal, Signal)> {
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
    let mut banned =
        view.in_order(Class::Neg, Class::Tell, 28).chain(view.postponed(Class::Tell, Class::Neg, CLAUSE));
    if let Some((neg, tell)) = banned.find(|pair| is_ban(view, *pair)) {
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

pub(super) fn is_ban(view: &View<'_>, (neg, tell): (Signal, Signal)) -> bool {
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
