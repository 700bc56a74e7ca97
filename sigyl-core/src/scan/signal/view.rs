//! One sentence in one language: its signals, and what stands around them.

use super::lexicon::{Class, ENGLISH};
use super::reading::{Reading, Sentence, Signal};

/// Bytes that a few words take.
pub(super) const CLOSE: usize = 40;
/// Words of a language that are not there by chance.
const OWN: usize = 3;
/// Bytes of a phrase that is not there by chance.
const LONG: usize = 10;
/// Bytes that a clause takes.
pub(super) const CLAUSE: usize = 90;

/// One sentence, or two in a row, in one language.
pub(super) struct View<'a> {
    reading: &'a Reading,
    text: &'a str,
    signals: Vec<Signal>,
    language: u8,
    /// Where the first sentence begins and ends.
    sentence: (usize, usize),
    /// It describes a parameter.
    pub(super) of_parameter: bool,
}

impl<'a> View<'a> {
    /// Takes the sentences `from..to` of a reading.
    pub(super) fn new(
        reading: &'a Reading,
        range: std::ops::Range<usize>,
        language: u8,
        of_parameter: bool,
    ) -> Self {
        let sentence = reading.sentences().get(range.start).map_or((0, 0), |one| (one.start, one.end));
        let signals = reading.sentences()[range]
            .iter()
            .flat_map(|sentence| &sentence.signals)
            .filter(|signal| signal.goes_with(language) || signal.class == Class::Report)
            .copied()
            .collect();
        Self { reading, text: reading.text(), signals, language, sentence, of_parameter }
    }

    /// Yields the signals of a class.
    pub(super) fn all(&self, class: Class) -> impl Iterator<Item = Signal> {
        self.signals.iter().filter(move |signal| signal.class == class).copied()
    }

    /// Tells whether a class occurs.
    pub(super) fn has(&self, class: Class) -> bool {
        self.all(class).next().is_some()
    }

    /// Tells whether one of some classes occurs.
    pub(super) fn has_any(&self, classes: &[Class]) -> bool {
        classes.iter().any(|&class| self.has(class))
    }

    /// Finds two signals with at most `gap` bytes between them, in either order.
    pub(super) fn near(&self, one: Class, other: Class, gap: usize) -> Option<(Signal, Signal)> {
        self.pairs(one, other, gap).next()
    }

    /// Yields pairs of signals with at most `gap` bytes between them, in either order.
    pub(super) fn pairs(
        &self,
        one: Class,
        other: Class,
        gap: usize,
    ) -> impl Iterator<Item = (Signal, Signal)> {
        self.all(one).flat_map(move |first| {
            let fits = move |second: &Signal| distance(first, *second).is_some_and(|between| between <= gap);
            self.all(other).filter(fits).map(move |second| (first, second))
        })
    }

    /// Yields pairs of signals, the second after the first.
    pub(super) fn in_order(
        &self,
        one: Class,
        other: Class,
        gap: usize,
    ) -> impl Iterator<Item = (Signal, Signal)> {
        self.pairs(one, other, gap).filter(|(first, second)| first.end <= second.start)
    }

    /// Yields a negation that comes after its verb, as it does in some languages, before the verb.
    pub(super) fn postponed(
        &self,
        verb: Class,
        neg: Class,
        gap: usize,
    ) -> impl Iterator<Item = (Signal, Signal)> {
        let english = self.language == ENGLISH;
        self.in_order(verb, neg, gap).filter(move |_| !english).map(|(verb, neg)| (neg, verb))
    }

    /// Returns the words of a signal.
    pub(super) fn words(&self, signal: Signal) -> &'a str {
        &self.text[signal.start..signal.end]
    }

    /// Returns what stands between two signals.
    pub(super) fn between(&self, one: Signal, other: Signal) -> &'a str {
        let (first, second) = if one.start <= other.start { (one, other) } else { (other, one) };
        self.text.get(first.end..second.start).unwrap_or_default()
    }

    /// Returns up to some bytes before a signal.
    pub(super) fn before(&self, signal: Signal, bytes: usize) -> &'a str {
        &self.text[self.text.floor_char_boundary(signal.start.saturating_sub(bytes))..signal.start]
    }

    /// Returns up to some bytes after a signal.
    pub(super) fn after(&self, signal: Signal, bytes: usize) -> &'a str {
        &self.text[signal.end..self.text.floor_char_boundary((signal.end + bytes).min(self.text.len()))]
    }

    /// Tells whether the sentence begins with some words.
    pub(super) fn begins_with(&self, words: &str) -> bool {
        let Some((start, _)) = self.whole() else { return false };
        let head = &self.text[self.text.floor_char_boundary(start.saturating_sub(60))..start];
        let sentence = head.rfind(['.', '\n']).map_or(head, |end| &head[end + 1..]);
        format!(
            "{}{}",
            sentence.trim_start(),
            &self.text[start..self.text.ceil_char_boundary((start + words.len()).min(self.text.len()))]
        )
        .starts_with(words)
    }

    /// Returns the text from the first signal to the last, and a little more.
    pub(super) fn text_of(&self) -> &'a str {
        let Some((start, end)) = self.whole() else { return "" };
        let (start, end) = (start.saturating_sub(30), (end + 30).min(self.text.len()));
        &self.text[self.text.floor_char_boundary(start)..self.text.ceil_char_boundary(end)]
    }

    /// Returns the bytes from the first signal to the last.
    pub(super) fn whole(&self) -> Option<(usize, usize)> {
        let start = self.signals.first()?.start;
        self.signals.iter().map(|signal| signal.end).max().map(|end| (start, end))
    }

    /// Tells whether it is read as English, where the order of words tells most.
    pub(super) fn is_english(&self) -> bool {
        self.language == ENGLISH
    }

    /// Tells whether a sentence is truly written in a language: single words of it may be words of English as well.
    pub(super) fn is_written_in(language: u8, sentence: &Sentence) -> bool {
        let signals = || sentence.signals.iter();
        let english = |one: &Signal| {
            signals()
                .any(|other| other.language == ENGLISH && other.start == one.start && other.end == one.end)
        };
        let (mut own, mut last, mut long) = (0, 0, false);
        for signal in signals().filter(|one| one.language == language) {
            if signal.start < last {
                continue;
            }
            if own < OWN && !english(signal) {
                own += 1;
                long |= signal.end - signal.start >= LONG;
            }
            last = signal.end;
        }
        let others = signals().filter(|one| one.language == ENGLISH).count();
        own >= OWN || own * 2 > others && (own > 1 || long)
    }

    /// Returns the text of the first sentence.
    pub(super) fn sentence(&self) -> Option<&'a str> {
        self.text.get(self.sentence.0..self.sentence.1)
    }

    /// Tells whether a quotation follows.
    pub(super) fn quotes_after(&self, signal: Signal) -> bool {
        self.reading.quotes_after(signal, 16)
    }

    /// Tells whether something is said to be done by the tool, and not ordered.
    pub(super) fn is_told(&self, verb: Signal) -> bool {
        let words = self.words(verb);
        let third =
            words.ends_with('s') && !words.ends_with("ss") && !["takes", "expects", "wants"].contains(&words);
        self.language == ENGLISH && third
    }

    /// Tells whether a verb is denied: "does not send". "Calls that do not send … fail" is an order.
    pub(super) fn is_denied(&self, verb: Signal) -> bool {
        let near = |neg: &Signal| neg.end <= verb.start && verb.start - neg.end <= 24;
        let Some(neg) = self.all(Class::Neg).filter(near).last() else { return false };
        let between = self.text[neg.end..verb.start].trim();
        let fails = ["forget", "fail", "hesitat", "skip", "omit", "miss", "neglect"];
        let again = fails.iter().any(|word| between.starts_with(word)) || fails.contains(&self.words(neg));
        !again && !between.contains([',', ';']) && !self.has(Class::Fail)
    }

    /// Tells whether something is looked for or turned away and `signal` is what it says.
    pub(super) fn is_reported(&self, signal: Signal) -> bool {
        let quoted = self.reading.is_quoted(signal);
        self.all(Class::Report).any(|report| {
            self.governs(report, signal)
                || quoted && report.end <= signal.start && !self.reading.is_quoted(report)
        })
    }

    fn governs(&self, report: Signal, signal: Signal) -> bool {
        const SAID: [&str; 26] = [
            "text",
            "prompt",
            "attempt",
            "input",
            "request",
            "message",
            "injection",
            "content",
            "attack",
            "path",
            "phrase",
            "user",
            "model",
            "agent",
            "jailbreak",
            "payload",
            "document",
            "pattern",
            "string",
            "instruction",
            "comment",
            "threat",
            "words",
            "quer",
            "file",
            "response",
        ];
        const BREAKS: [&str; 14] = [
            ";",
            ", ",
            " and ",
            " then ",
            " but ",
            " must ",
            " always ",
            " please ",
            " errors",
            " so that ",
            " first ",
            " so ",
            " instead",
            " you should",
        ];
        if report.end > signal.start || signal.start - report.end > 70 {
            return false;
        }
        let between = &self.text[report.end..signal.start];
        let breaks = BREAKS.iter().any(|word| between.contains(word));
        let purpose = self.before(report, 3) == "to " && self.words(report).starts_with("prevent");
        let said = between.trim().len() <= 3
            || self.language != ENGLISH
            || SAID.iter().any(|word| between.contains(word));
        !breaks && !purpose && said
    }

    /// Tells whether a verb is neither denied nor only reported.
    pub(super) fn is_active(&self, verb: Signal) -> bool {
        !self.is_denied(verb) && !self.is_reported(verb)
    }

    /// Tells whether a parameter is named: an identifier in ticks or quotes, or before or after a word for one.
    pub(super) fn names_parameter(&self) -> bool {
        let Some((start, end)) = self.whole() else { return false };
        let text = &self.text[self.text.floor_char_boundary(start.saturating_sub(40))
            ..self.text.ceil_char_boundary((end + 60).min(self.text.len()))];
        let quoted = |mark: char| {
            text.split(mark).skip(1).step_by(2).any(|word| {
                (2..=32).contains(&word.len())
                    && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            })
        };
        const WORDS: [&str; 26] = [
            " parameter",
            " argument",
            " field",
            " param ",
            " param.",
            " arg ",
            "参数",
            "字段",
            "參數",
            "引数",
            "パラメータ",
            "フィールド",
            " parametr",
            " parámetro",
            " campo",
            " champ ",
            " feld",
            " поле",
            " параметр",
            " аргумент",
            "매개변수",
            "필드",
            " trường",
            " alan",
            "पैरामीटर",
            " المعامل",
        ];
        quoted('`') || quoted('\'') || WORDS.iter().any(|word| text.contains(word)) || self.names_own(text)
    }

    /// Tells whether a parameter of the tool is named as the place where something goes.
    fn names_own(&self, text: &str) -> bool {
        const INTO: [&str; 12] = [
            "in ", "into ", "as ", "to ", "via ", "through ", "with ", "using ", "under ", "fill ", "set ",
            "inside ",
        ];
        self.reading.parameters().iter().any(|name| {
            text.match_indices(name.as_str()).any(|(at, _)| {
                let whole =
                    text[at + name.len()..].chars().next().is_none_or(|c| !c.is_alphanumeric() && c != '_');
                let head = text[..at].strip_suffix("the ").unwrap_or(&text[..at]);
                whole && INTO.iter().any(|word| head.ends_with(word))
            })
        })
    }
}

/// Returns which of two signals ends later.
pub(super) fn later(one: Signal, other: Signal) -> Signal {
    if one.end > other.end { one } else { other }
}

/// Returns the bytes between two signals, nothing if they overlap.
fn distance(one: Signal, other: Signal) -> Option<usize> {
    let (first, second) = if one.start <= other.start { (one, other) } else { (other, one) };
    second.start.checked_sub(first.end)
}
