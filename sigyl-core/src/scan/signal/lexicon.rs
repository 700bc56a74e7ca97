//! The words by which a sentence signals what it wants, in many languages, compiled once.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

use super::frame::{self, Frames};
use super::letters::{is_word, plain};
use super::trie::Trie;

/// Every file of words.
const FILES: &[(&str, &str)] = &[
    ("any.yaml", include_str!("words/any.yaml")),
    ("attack.yaml", include_str!("words/attack.yaml")),
    ("en.yaml", include_str!("words/en.yaml")),
    ("languages.yaml", include_str!("words/languages.yaml")),
    ("more.yaml", include_str!("words/more.yaml")),
];
/// What signals come to when they stand together.
const FRAMES: (&str, &str) = ("frames.yaml", include_str!("words/frames.yaml"));

/// What a word or phrase signals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Class {
    /// A verb of reading or taking.
    Read,
    /// A verb of handing over.
    Send,
    /// What is in something.
    Content,
    /// A file that holds keys.
    SecretFile,
    /// A secret that a tool may honestly be given.
    Secret,
    /// Something private that no tool is owed.
    Private,
    /// What only the host of the model should hold.
    Context,
    /// All of it.
    Exhaustive,
    /// A copy of something.
    Copy,
    /// A verb of telling.
    Tell,
    /// A verb of telling that needs an object to be suspicious.
    Show,
    /// Not telling, in one word.
    TellNot,
    /// The person that the model works for.
    User,
    /// A negation.
    Neg,
    /// A whole phrase of secrecy.
    Vow,
    /// A verb of hiding.
    Conceal,
    /// Done so that nobody notices.
    Stealth,
    /// What the user gets to read.
    Reply,
    /// What a secret step is called.
    Deed,
    /// A verb of disregard.
    Ignore,
    /// A verb that may mean disregard.
    Replace,
    /// What a model obeys.
    Rules,
    /// Given before.
    Prior,
    /// Given by the host.
    System,
    /// Approval.
    Consent,
    /// A verb of asking.
    Ask,
    /// Doing without.
    Skip,
    /// An approval that is claimed.
    Granted,
    /// A verb of doing, that a consent would be asked for.
    Act,
    /// Steps that a text gives.
    Instructions,
    /// A verb of obeying.
    Follow,
    /// Obeying whatever is there.
    Whatever,
    /// Somewhere else.
    Remote,
    /// A verb of fetching.
    Download,
    /// A web or mail address.
    Address,
    /// A verb of calling tools.
    Call,
    /// A tool of somebody else.
    OtherTool,
    /// A tool or server by its name.
    NamedTool,
    /// This tool.
    ThisTool,
    /// A claim to be the one to use.
    Prefer,
    /// Whatever else is wanted.
    Regardless,
    /// Ill repute.
    Distrust,
    /// A verb of changing.
    Change,
    /// What thieves change.
    Target,
    /// The moment of a call.
    WhenCall,
    /// Obligation.
    Must,
    /// What happens otherwise.
    Fail,
    /// A moment to wait for.
    Trigger,
    /// A new role for the model.
    Role,
    /// A verb of writing.
    Write,
    /// A file that is obeyed or run later.
    AgentFile,
    /// A place that is obeyed or run later.
    Lasting,
    /// Text that is looked for or turned away.
    Report,
    /// A link or image that carries data.
    Link,
    /// An address to the model.
    Model,
    /// A condition that ends a ban.
    Until,
    /// What names an attack beyond doubt.
    Attack,
    /// What an attack does.
    Hostile,
    /// What an attack is after.
    Prey,
    /// What an attack uses.
    Means,
    /// A step of an attack, as a part of a name.
    NamedAttack,
    /// What may be a step of an attack, as a part of a name.
    NamedHint,
    /// Defence, teaching or report.
    Defence,
    /// A question of the user that is foreseen.
    UserAsks,
    /// An answer that is dictated.
    Lie,
    /// Nobody is to be asked, in one phrase.
    Unasked,
    /// What something has to be.
    Be,
    /// The look of something else.
    Deceit,
    /// A verb of harm that no honest tool needs for what people own.
    Harm,
    /// Standing in for another tool.
    Shadow,
    /// What somebody who is not asked lacks.
    Unaware,
    /// Calls without end.
    Loop,
    /// Watching what passes by.
    Watch,
    /// What the model was told by its host.
    OwnPrompt,
    /// What the model writes for a project.
    Code,
    /// A claim to stand above every other instruction.
    Supreme,
    /// For all time to come.
    Forever,
    /// Praise of one thing over others.
    Promote,
    /// Work that is spoiled on purpose.
    Sabotage,
    /// A command that destroys, or runs what it fetches.
    Command,
    /// Sent on by mail so that few see it.
    BlindCopy,
    /// What a victim is called.
    Victim,
    /// Something false that looks true.
    Fake,
    /// The moment that another tool is used.
    WhenUsed,
    /// What is an attack when it is done, and none when it is talked about.
    Topic,
    /// A verb of doing such a thing.
    Wield,
    /// A verb of leaving something out.
    Leave,
    /// What it is left out of.
    Out,
    /// What may name an attack, and honest things as well.
    Suspect,
}

/// One more than the number of the last class.
pub(super) const CLASSES: usize = Class::Suspect as usize + 1;

/// A set of classes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Classes(u128);

impl Classes {
    /// Makes a set.
    pub(crate) const fn of(classes: &[Class]) -> Self {
        let (mut bits, mut at) = (0, 0);
        while at < classes.len() {
            bits |= 1u128 << classes[at] as u32;
            at += 1;
        }
        Self(bits)
    }

    /// Adds one.
    #[inline]
    pub(crate) fn add(&mut self, class: Class) {
        self.0 |= 1 << class as u32;
    }

    /// Returns what is in either.
    pub(crate) fn with(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// Yields the numbers of its classes.
    pub(crate) fn numbers(self) -> impl Iterator<Item = usize> {
        let mut bits = self.0;
        std::iter::from_fn(move || {
            let number = bits.trailing_zeros() as usize;
            bits &= bits.checked_sub(1)?;
            Some(number)
        })
    }

    /// Tells whether a class of that number is in it.
    pub(crate) fn has_number(self, number: usize) -> bool {
        self.0 >> number & 1 != 0
    }

    /// Tells whether any of `others` is in it.
    pub(crate) fn any(self, others: Self) -> bool {
        self.0 & others.0 != 0
    }
}

/// One word or phrase.
#[derive(Clone, Copy, Debug)]
pub(super) struct Term {
    pub(super) class: Class,
    pub(super) language: u8,
    /// The word may go on before or after it.
    pub(super) open: (bool, bool),
}

/// The number of the language that goes with every other.
pub(super) const ANY: u8 = 0;
/// The number of English.
pub(super) const ENGLISH: u8 = 1;

/// All words, compiled for one pass.
#[derive(Debug)]
pub(crate) struct Lexicon {
    pub(super) texts: Trie,
    pub(super) inside: Begins,
    /// For each text that is searched, where its terms begin in `terms`, and one more.
    firsts: Vec<u32>,
    terms: Vec<Term>,
    pub(super) frames: Frames,
}

/// Pairs of bytes with which texts begin that may stand inside a word; all others begin where a word does.
#[derive(Debug)]
pub(super) struct Begins {
    /// A bit for each pair.
    pairs: Vec<u64>,
    /// Whether any begins with a byte: hardly a letter of ASCII does.
    firsts: [bool; 256],
}

impl Begins {
    fn new<'t>(texts: impl Iterator<Item = &'t str>) -> Self {
        let mut this = Self { pairs: vec![0; (1 << 16) / 64], firsts: [false; 256] };
        for text in texts {
            match *text.as_bytes() {
                [one, other, ..] => this.set(one, other),
                [one] => (0..=u8::MAX).for_each(|other| this.set(one, other)),
                [] => {}
            }
        }
        this
    }

    fn set(&mut self, one: u8, other: u8) {
        let at = usize::from(u16::from_be_bytes([one, other]));
        self.pairs[at / 64] |= 1 << (at % 64);
        self.firsts[usize::from(one)] = true;
    }

    /// Tells whether a text of them may begin with two bytes.
    #[inline]
    pub(super) fn with(&self, one: u8, other: u8) -> bool {
        let at = usize::from(u16::from_be_bytes([one, other]));
        self.firsts[usize::from(one)] && self.pairs[at / 64] >> (at % 64) & 1 != 0
    }
}

/// The words of one language.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    language: String,
    /// Words stand side by side without blanks, or take endings on.
    #[serde(default)]
    joined: bool,
    words: BTreeMap<Class, String>,
}

/// Tells whether a document holds words of a lexicon and nothing else.
pub(in crate::scan) fn is_words(document: serde_yaml::Deserializer<'_>) -> bool {
    File::deserialize(document).is_ok()
}

impl Lexicon {
    /// Returns the words that come with the library.
    pub(crate) fn builtin() -> Result<&'static Self, String> {
        static BUILTIN: OnceLock<Result<Lexicon, String>> = OnceLock::new();
        BUILTIN.get_or_init(|| Self::new(FILES, FRAMES)).as_ref().map_err(Clone::clone)
    }

    fn new(files: &[(&str, &str)], frames: (&str, &str)) -> Result<Self, String> {
        let mut languages = vec!["any".to_owned(), "en".to_owned()];
        let mut all: BTreeMap<String, Vec<Term>> = BTreeMap::new();
        for (name, text) in files {
            for document in serde_yaml::Deserializer::from_str(text) {
                let file = File::deserialize(document).map_err(|error| format!("{name}: {error}"))?;
                let language = number(&mut languages, &file.language)?;
                for (&class, words) in &file.words {
                    for word in words.split('|').map(str::trim).filter(|word| !word.is_empty()) {
                        let (text, open) = parse(word, file.joined);
                        let terms = all.entry(text).or_default();
                        if !terms.iter().any(|term| term.class == class && term.language == language) {
                            terms.push(Term { class, language, open });
                        }
                    }
                }
            }
        }
        let texts = Trie::new(all.keys().map(String::as_str))?;
        let inside = all.iter().filter(|(text, terms)| {
            terms.iter().any(|term| term.open.0) || !text.starts_with(begins_as_word)
        });
        let inside = Begins::new(inside.map(|(text, _)| text.as_str()));
        let (mut firsts, mut terms) = (vec![0], Vec::new());
        for mut some in all.into_values() {
            terms.append(&mut some);
            firsts.push(u32::try_from(terms.len()).map_err(|error| error.to_string())?);
        }
        let frames = frame::read(frames.1).map_err(|error| format!("{}: {error}", frames.0))?;
        Ok(Self { texts, inside, firsts, terms, frames })
    }

    /// Returns the terms of one text that was found.
    #[inline]
    pub(super) fn terms(&self, pattern: usize) -> &[Term] {
        let first = |at: usize| self.firsts.get(at).map_or(self.terms.len(), |&first| first as usize);
        &self.terms[first(pattern)..first(pattern + 1)]
    }
}

fn number(languages: &mut Vec<String>, name: &str) -> Result<u8, String> {
    let at = languages.iter().position(|known| known == name).unwrap_or_else(|| {
        languages.push(name.to_owned());
        languages.len() - 1
    });
    u8::try_from(at).map_err(|error| error.to_string())
}

/// Tells whether a text that begins with a character must stand where a word begins.
pub(super) fn begins_as_word(c: char) -> bool {
    is_word(c) || matches!(c, '.' | '~')
}

/// Takes the marks off a word that say whether it may go on.
fn parse(word: &str, joined: bool) -> (String, (bool, bool)) {
    let (word, before) = word.strip_prefix('*').map_or((word, joined), |word| (word, true));
    let (word, after) = word.strip_suffix('*').map_or((word, joined), |word| (word, true));
    (plain(word), (before, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_builtin_words_compile() {
        let lexicon = Lexicon::builtin().unwrap();
        assert!(lexicon.terms.len() > 2_000, "{}", lexicon.terms.len());
    }

    #[test]
    fn a_wrong_file_is_named() {
        let error = Lexicon::new(&[("mine.yaml", "language: xx\nwords:\n  reed: a\n")], FRAMES).unwrap_err();
        assert!(error.starts_with("mine.yaml: ") && error.contains("reed"), "{error}");
    }
}
