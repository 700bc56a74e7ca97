//! What the signals of a sentence come to: two weak ones make one finding.

use serde::Deserialize;

use super::conceal::conceals;
use super::hand_over::{exfiltrates, hands_over, hands_over_file, sends_away};
use super::later_on::{obeys_elsewhere, persists, waits};
use super::lexicon::{ANY, Class, Classes, ENGLISH, Lexicon};
use super::meddle::{meddles, outranks};
use super::overrule::{overrides, skips_consent};
use super::reading::{Reading, Sentence, Signal};
use super::view::View;
use crate::domain::Severity;

/// What a sentence was found to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
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
const RULES: [(Order, Classes, Severity, Rule); 12] = [
    (Order::HandOver, Classes::of(&[Class::SecretFile]), Severity::Block, hands_over_file),
    (Order::HandOver, Classes::of(&[Class::Context]), Severity::Block, exfiltrates),
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
pub(crate) fn judge(
    lexicon: &Lexicon,
    reading: &Reading,
    of_parameter: impl Fn(usize) -> bool,
) -> Vec<Judged> {
    let mut judged = Vec::new();
    let sentences = reading.sentences();
    let mut frames = Vec::new();
    for (at, sentence) in sentences.iter().enumerate() {
        let next = sentences.get(at + 1).filter(|next| {
            next.segment == sentence.segment && next.end - sentence.start <= SHORT && !next.signals.is_empty()
        });
        // Most sentences signal nothing that anything begins with.
        let classes = next.map_or(sentence.classes, |next| sentence.classes.with(next.classes));
        frames.clear();
        frames.extend(lexicon.frames.that_may_hold(classes));
        if frames.is_empty() && !RULES.iter().any(|(_, needed, ..)| sentence.classes.any(*needed)) {
            continue;
        }
        for &language in languages(sentence).iter().take_while(|language| **language != ANY) {
            if language != ENGLISH && !View::is_written_in(language, sentence) {
                continue;
            }
            let view = View::new(reading, at..at + 1, language, of_parameter(sentence.segment));
            let mut both = Both { reading, at, language, view: None };
            let mut add = |order, severity, (one, other): (Signal, Signal)| {
                judged.push(Judged {
                    order,
                    severity,
                    segment: sentence.segment,
                    start: one.start.min(other.start),
                    end: one.end.max(other.end),
                });
            };
            for (order, classes, severity, rule) in RULES {
                if !sentence.classes.any(classes) {
                    continue;
                }
                let joins = order == Order::HandOver && next.is_some();
                if let Some(found) =
                    rule(&view).or_else(|| joins.then(|| rule(both.get(view.of_parameter)))?)
                {
                    add(order, severity, found);
                }
            }
            for frame in &frames {
                let found = if frame.may_hold(sentence.classes) { frame.find(&view) } else { None };
                let found = found.or_else(|| {
                    let next = next.filter(|_| frame.joins)?;
                    let may = frame.may_hold(sentence.classes.with(next.classes));
                    may.then(|| frame.find(both.get(view.of_parameter)))?
                });
                if let Some(found) = found {
                    add(frame.order, frame.severity, found);
                }
            }
        }
    }
    judged
}

/// A sentence and the next one, read together when that is asked for.
struct Both<'a> {
    reading: &'a Reading,
    at: usize,
    language: u8,
    view: Option<View<'a>>,
}

impl<'a> Both<'a> {
    fn get(&mut self, of_parameter: bool) -> &View<'a> {
        let (reading, at, language) = (self.reading, self.at, self.language);
        self.view.get_or_insert_with(|| View::new(reading, at..at + 2, language, of_parameter))
    }
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
