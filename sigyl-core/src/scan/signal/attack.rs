//! Tools that say by their own name and words that they attack.

use super::lexicon::{Class, Classes, ENGLISH, Lexicon};
use super::reading::{Reading, Signal};
use super::view::{CLOSE, View};

/// Verbs that no honest tool needs for what people own.
const HARD: &[&str] = &[
    "exploit",
    "bypass",
    "evad",
    "evasion",
    "hijack",
    "hide",
    "hiding",
    "inject",
    "poison",
    "spoof",
    "forg",
    "crack",
    "sniff",
    "intercept",
    "escap",
    "abus",
    "attack",
    "harvest",
    "impersonat",
    "sabotag",
    "steal",
    "infect",
    "smuggl",
    "trick",
    "deceiv",
    "exhaust",
    "tamper",
    "jailbreak",
    "covert",
    "secretly",
    "stealthily",
    "plant",
    "implant",
    "subvert",
    "gain root",
    "obtain root",
    "corrupt",
];

/// Bytes by which two words are one.
const STEM: usize = 5;

/// What a defender's tool is called at its end.
const DEFENDERS: [&str; 39] = [
    "scan",
    "scanner",
    "detect",
    "detector",
    "detection",
    "check",
    "checker",
    "guard",
    "filter",
    "protection",
    "report",
    "reports",
    "alerts",
    "alert",
    "stats",
    "statistics",
    "feed",
    "lookup",
    "rules",
    "incidents",
    "news",
    "training",
    "info",
    "intel",
    "family",
    "families",
    "monitor",
    "watch",
    "advisory",
    "advisories",
    "quiz",
    "awareness",
    "classifier",
    "score",
    "analysis",
    "analyzer",
    "dashboard",
    "timeline",
    "blocklist",
];

/// What a name and a description come to: the signals that tell it, in the text of the reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Attacks {
    pub(crate) segment: usize,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// What the words of a name say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Name {
    attack: bool,
    /// It begins with a phase of an attack.
    phase: bool,
    hints: usize,
    /// How the first of the hints begins.
    hint: [u8; STEM],
    defence: bool,
    /// A parameter is named for an attack.
    parameter: bool,
}

impl Name {
    /// Reads the name of a tool.
    pub(crate) fn of(lexicon: &Lexicon, name: &str) -> Self {
        let words = words(name);
        let reading = Reading::new(lexicon, [(0, 0, words.as_str())]);
        let mut read = Self::default();
        let mut first = usize::MAX;
        let mut hints = Vec::new();
        for signal in reading.sentences().iter().flat_map(|sentence| &sentence.signals) {
            match signal.class {
                Class::NamedAttack => {
                    read.attack = true;
                    first = first.min(signal.start);
                }
                Class::NamedHint if !hints.contains(&signal.start) => {
                    if hints.is_empty() {
                        read.hint = stem(&words[signal.start..signal.end]);
                    }
                    hints.push(signal.start);
                }
                Class::Defence => read.defence = true,
                _ => {}
            }
        }
        let begins = words.split(' ').next().unwrap_or_default();
        const PHASES: [&str; 7] = ["recon", "reconnaissance", "exfil", "cmdi", "privesc", "pwn", "hack"];
        let phase = PHASES.iter().any(|phase| begins.eq_ignore_ascii_case(phase));
        read.phase = phase && first == 0;
        read.hints = hints.len();
        // A defender's tool begins with what it does about an attack, or ends with it.
        let last = words.trim_end().rsplit(' ').next().unwrap_or_default().to_ascii_lowercase();
        read.defence = read.defence && first > 0 || !read.phase && DEFENDERS.contains(&last.as_str());
        read
    }

    /// Takes the names of the parameters in: one that holds what belongs to an attack tells as much as the name.
    pub(crate) fn with_parameters<'a>(
        mut self,
        lexicon: &Lexicon,
        names: impl Iterator<Item = &'a str>,
    ) -> Self {
        let all = names.take(64).map(words).collect::<Vec<_>>().join(". ");
        let reading = Reading::new(lexicon, [(0, 0, all.as_str())]);
        self.parameter =
            reading.sentences().iter().any(|one| one.classes.any(Classes::of(&[Class::NamedAttack])));
        self
    }
}

/// Returns the words of an identifier.
fn words(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 8);
    let mut lower = false;
    for c in name.chars().take(200) {
        if lower && c.is_ascii_uppercase() {
            out.push(' ');
        }
        lower = c.is_ascii_lowercase();
        out.push(if c.is_alphanumeric() { c } else { ' ' });
    }
    out
}

/// Classes without which no sentence tells of an attack, or of a defence.
const TELLING: Classes = Classes::of(&[
    Class::Attack,
    Class::Suspect,
    Class::Harm,
    Class::Deceit,
    Class::Unaware,
    Class::Wield,
    Class::Hostile,
    Class::Defence,
]);

/// Looks through the sentences of a description; `describes` tells which segments describe the tool itself.
pub(crate) fn attacks(reading: &Reading, name: Name, describes: impl Fn(usize) -> bool) -> Option<Attacks> {
    let mut first = true;
    let mut defended = false;
    let mut suspects = Suspects::default();
    for (at, sentence) in reading.sentences().iter().enumerate() {
        if !describes(sentence.segment) || is_argument(&reading.text()[sentence.start..sentence.end]) {
            continue;
        }
        if !sentence.classes.any(TELLING) {
            first = false;
            continue;
        }
        let view = View::new(reading, at..at + 1, ENGLISH, false);
        defended |= first && view.has(Class::Defence) && hostile(&view, true).is_none();
        let found = tells(&view, name);
        if let Some((one, other)) = found {
            return Some(Attacks {
                segment: sentence.segment,
                start: one.start.min(other.start),
                end: one.end.max(other.end),
            });
        }
        suspects.take(&view, sentence.segment, name);
        first = false;
    }
    if let Some(found) = suspects.enough(name) {
        return Some(found);
    }
    let by_name =
        name.phase || !name.defence && !defended && (name.attack || name.parameter || name.hints >= 2);
    let whole = reading.sentences().iter().find(|sentence| describes(sentence.segment))?;
    by_name.then_some(Attacks { segment: whole.segment, start: whole.start, end: whole.end })
}

/// What honest tools speak of as well: one of them tells nothing yet.
#[derive(Default)]
struct Suspects {
    words: Vec<[u8; STEM]>,
    first: Option<Attacks>,
}

impl Suspects {
    fn take(&mut self, view: &View<'_>, segment: usize, name: Name) {
        for one in view.all(Class::Suspect).filter(|one| !is_excused(view, name, one)) {
            let stem = stem(view.words(one));
            if !self.words.contains(&stem) {
                self.words.push(stem);
            }
            self.first.get_or_insert(Attacks { segment, start: one.start, end: one.end });
        }
    }

    /// Returns the first of them if there is another, or if the name says as much.
    fn enough(self, name: Name) -> Option<Attacks> {
        let hints = name.hints > 1 || name.hints == 1 && !self.words.contains(&name.hint);
        let named = !name.defence && (name.attack || name.parameter || hints);
        self.first.filter(|_| self.words.len() >= 2 || named)
    }
}

fn stem(word: &str) -> [u8; STEM] {
    let mut stem = [0; STEM];
    stem.iter_mut().zip(word.bytes()).for_each(|(place, byte)| *place = byte.to_ascii_lowercase());
    stem
}

/// Tells whether a sentence is a line about an argument: "wordlist: Wordlist file to use".
fn is_argument(sentence: &str) -> bool {
    let name = sentence.trim_start().split(':').next().unwrap_or_default();
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    name.len() < sentence.trim_start().len()
        && (2..=40).contains(&name.len())
        && name.bytes().all(is_name)
        && !["note", "warning", "important", "purpose", "description", "summary"].contains(&name)
}

/// One sentence says what is attacked, or how.
fn tells(view: &View<'_>, name: Name) -> Option<(Signal, Signal)> {
    let excused = |one: &Signal| is_excused(view, name, one);
    if let Some(attack) = view.all(Class::Attack).find(|one| !excused(one)) {
        return Some((attack, attack));
    }
    let harmed = [Class::Prey, Class::Victim, Class::Private, Class::Secret, Class::Target];
    let harm = harmed.iter().find_map(|&class| {
        view.pairs(Class::Harm, class, CLOSE).find(|(harm, _)| !excused(harm) && !view.is_reported(*harm))
    });
    // What looks like something else and is none of it.
    let deceit = [Class::Prey, Class::Victim, Class::Secret, Class::Private]
        .iter()
        .find_map(|&class| view.pairs(Class::Deceit, class, CLOSE * 2).find(|(deceit, _)| !excused(deceit)));
    let unaware = view.in_order(Class::Neg, Class::Unaware, CLOSE).find(|(neg, unaware)| {
        view.words(*neg) == "without"
            && !excused(unaware)
            && !view.is_denied(*neg)
            && view.has_any(&[Class::Victim, Class::Private, Class::Prey])
    });
    let topic = view.in_order(Class::Wield, Class::Topic, CLOSE).find(|(wield, topic)| {
        !excused(topic) && !view.is_denied(*wield) && !view.between(*wield, *topic).contains(" about ")
    });
    let fake = view.pairs(Class::Deceit, Class::Fake, CLOSE).find(|(deceit, _)| !excused(deceit));
    harm.or(deceit).or(unaware).or(topic).or(fake).or_else(|| {
        let (hard, prey) = hostile(view, true)?;
        (!excused(&hard)).then_some((hard, prey))
    })
}

/// Tells whether a sentence speaks of an attack without doing it.
fn is_excused(view: &View<'_>, name: Name, one: &Signal) -> bool {
    view.is_reported(*one)
        || view.is_denied(*one)
        || (name.defence || !name.attack) && is_defended(view, *one)
        || is_tested(view, *one)
        || !name.phase && leads(view)
}

/// Tells whether the sentence begins with what a defender does: "Describes a malware family".
fn leads(view: &View<'_>) -> bool {
    const LEADING: [&str; 28] = [
        "tells ",
        "matches ",
        "highlights ",
        "detect",
        "list",
        "show",
        "explain",
        "describe",
        "monitor",
        "watch",
        "count",
        "report",
        "scan",
        "alert",
        "investigat",
        "analy",
        "classif",
        "summar",
        "teach",
        "audit",
        "review",
        "block",
        "prevent",
        "protect",
        "quarantin",
        "scor",
        "flag",
        "filter",
    ];
    let Some(text) = view.sentence().map(str::trim_start) else { return false };
    // "Given a suspicious message, lists …"
    let head =
        if text.starts_with("given ") { text.split_once(", ").map_or(text, |(_, rest)| rest) } else { text };
    LEADING.iter().any(|stem| head.starts_with(stem))
}

/// "SQL injection testing" says what is tested for.
fn is_tested(view: &View<'_>, signal: Signal) -> bool {
    let after = view.after(signal, 14);
    [" testing", " tests", " assessment", " audit", "-resist", "-proof", "-aware"]
        .iter()
        .any(|word| after.starts_with(word))
}

/// A hostile verb and what it is done to, side by side.
fn hostile(view: &View<'_>, hard: bool) -> Option<(Signal, Signal)> {
    let is_hard = |verb: Signal| HARD.iter().any(|stem| view.words(verb).starts_with(stem));
    view.in_order(Class::Hostile, Class::Prey, CLOSE)
        .chain(view.pairs(Class::Hostile, Class::Means, CLOSE))
        .filter(|(verb, prey)| !view.between(*verb, *prey).contains("dependenc"))
        .find(|(verb, _)| !hard || is_hard(*verb))
}

/// It is about finding, stopping or explaining what `signal` names.
fn is_defended(view: &View<'_>, signal: Signal) -> bool {
    let report = view.all(Class::Report).filter(|report| view.words(*report).len() > 4);
    view.all(Class::Defence).chain(report).any(|one| {
        // "Detects a flood", "flood protection"; "a flood against" is none.
        one.end <= signal.start
            || one.start >= signal.end && one.start - signal.end <= 14 && view.words(one) != "against"
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(name: &str, description: &str) -> bool {
        let lexicon = Lexicon::builtin().unwrap();
        let reading = Reading::new(lexicon, [(0, 0, description)]);
        attacks(&reading, Name::of(lexicon, name), |_| true).is_some()
    }

    #[test]
    fn a_tool_that_says_it_attacks_is_heard() {
        for (name, description) in [
            ("run", "Spawns a keylogger on the machine."),
            ("privesc_find", "Finds binaries."),
            ("startKeylogger", "Starts."),
            ("x", "Bypass endpoint detection on the target."),
        ] {
            assert!(judged(name, description), "{name}: {description}");
        }
        for (name, description) in [
            ("detect_keylogger", "Detects keyloggers on a machine."),
            ("kill_process", "Kills a process by its number."),
            ("dump_database", "Dumps a database into a file."),
            ("list_secrets", "Lists the names of secrets."),
            ("hackernews_get_stories", "Gets the top stories of Hacker News."),
            ("hackathon_list", "Lists hackathons."),
            ("pwned_passwords_check", "Tells whether a password stands in a known leak."),
            (
                "phish_explain",
                "Given a suspicious e-mail, lists what makes it phishing, such as a spoofed sender.",
            ),
            ("note_match", "Matches a ransom note to its ransomware family."),
        ] {
            assert!(!judged(name, description), "{name}: {description}");
        }
    }
}
