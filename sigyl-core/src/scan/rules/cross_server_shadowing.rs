//! Instructions of one server about the tools of another.

use regex::{Regex, RegexSet};

use crate::domain::{Confidence, Severity};
use crate::scan::findings::{Findings, Hit};
use crate::scan::rule::{Part, Rule, RuleMeta};
use crate::scan::set::{Mentions, ServerSet};
use crate::scan::tool_text::ToolText;

/// What a sentence says of the tool that it names, which stands in it as U+0001.
const ABOUT: &[&str] = &[
    // It is to be left.
    r"\b(?:do\s+not|don't|never|avoid|stop|no\s+longer|must\s+not|should\s+not|shouldn't|refuse\s+to)\b.{0,60}\b(?:us(?:e|ing)|call(?:ing)?|invok(?:e|ing)|run|trust|rely\s+on|select|choose)\b.{0,60}\x01",
    r"\b(?:instead\s+of|rather\s+than|in\s+place\s+of|replaces?|replacement\s+for|supersedes?|overrides?|precedence\s+over|prefer(?:red)?\b.{0,60}\bover)\b.{0,60}\x01",
    r"\x01.{0,80}\b(?:is|are|was|has\s+been)\s+(?:now\s+)?(?:deprecated|broken|insecure|unsafe|obsolete|disabled|compromised|vulnerable|unreliable|replaced|superseded|malicious|renamed)\b",
    // Its use is to come with something else.
    r"\b(?:when(?:ever)?|(?:every|each|any)\s+time|before|after|if|while|once|prior\s+to)\b.{0,80}\x01.{0,160}\b(?:must|always|never|also|first|ha(?:ve|s)\s+to|need\s+to|make\s+sure|ensure|add|include|set|change|modify|replace|send|pass|append|bcc|cc|copy|forward|redirect|route|read|mirror)\b",
    r"\b(?:must|always|first|required|mandatory|need\s+to|ha(?:ve|s)\s+to)\b.{0,100}\b(?:before|prior\s+to|whenever|when|after|(?:each|every)\s+time)\b.{0,60}\x01",
    // What it takes or gives is to go elsewhere.
    r"\b(?:send|forward|pass|copy|redirect|route|mirror|feed|share|submit)\b.{0,60}\b(?:results?|outputs?|responses?|contents?|data|arguments?|parameters?)\b.{0,60}\x01",
    r"\b(?:results?|outputs?|arguments?|parameters?|inputs?|recipients?|responses?|calls?|requests?)\b.{0,40}\x01.{0,120}\b(?:must|should|will|(?:are|is)\s+to|be\s+(?:sent|forwarded|passed|copied|redirected|replaced|routed))\b",
    // It is said to be other than it is.
    r"\b(?:side\s+effects?|implementation|adjusted|patched|works?\s+differently)\b.{0,120}\x01",
    r"\x01.{0,120}\b(?:side\s+effects?|has\s+been\s+adjusted|works?\s+differently|must|has\s+to|have\s+to)\b",
    // The same in other languages.
    r"\b(?:siempre|nunca|antes\s+de|en\s+(?:lugar|vez)\s+de|toujours|jamais|avant\s+d|au\s+lieu\s+de|immer|niemals|bevor|anstatt|anstelle|statt|sempre|em\s+vez\s+de|invece\s+di|prima\s+di|altijd|nooit|voordat|zawsze|nigdy|zamiast|her\s+zaman|selalu|jangan|luôn)\b.{0,120}\x01",
    r"必须|必須|务必|務必|总是|總是|始终|不要|禁止|而不是|改用|必ず|常に|しないで|してください|代わりに|반드시|항상|하지\s*마|대신|обязательно|всегда|никогда|долж(?:ен|на|но|ны)|вместо|не\s+используй|يجب|دائم|لا\s+تستخدم|بدل|हमेशा|अवश्य|कभी\s+न|के\s+बजाय|অবশ্যই|সর্বদা|ต้อง|ہمیشہ",
    r"\x01.{0,120}\b(?:siempre|debe|incluye|toujours|doit|immer|muss|sempre|deve|altijd|moet|zawsze|selalu|harus)\b",
];

/// Finds texts in which one server rules over the tools of another.
pub(super) struct CrossServerShadowing {
    meta: RuleMeta,
    about: RegexSet,
    spaces: Regex,
}

impl CrossServerShadowing {
    pub(super) fn new(meta: RuleMeta) -> Result<Self, regex::Error> {
        let about =
            regex::RegexSetBuilder::new(ABOUT).dot_matches_new_line(true).size_limit(8 << 20).build()?;
        Ok(Self { meta, about, spaces: Regex::new(r"\s+")? })
    }

    fn in_text(
        &self,
        (server, text): (usize, &ToolText),
        mentions: &Mentions,
        set: &ServerSet<'_>,
        found: &mut Findings<'_>,
    ) {
        let prose = text.prose().text();
        for mention in mentions.in_text(server, prose) {
            let name = &prose[mention.place.clone()];
            let (before, after) = (
                &prose[mention.sentence.start..mention.place.start],
                &prose[mention.place.end..mention.sentence.end],
            );
            let sentence = format!("{before}{}{after}", crate::scan::set::NAME).to_lowercase();
            let sentence = self.spaces.replace_all(&sentence, " ");
            let (severity, confidence) = match self.about.is_match(&sentence) {
                true => (self.meta.severity, self.meta.confidence),
                // What it says cannot be judged by words, so that it is only told.
                false if is_foreign(&sentence) => (Severity::Warning, Confidence::Medium),
                false => continue,
            };
            let field = prose_field(text, mention.place.start);
            let owner = set.servers.get(mention.owner).map_or("", |server| server.name.as_str());
            let message = format!("It tells what to do about `{name}`, which belongs to `{owner}`");
            let hit = Hit { text: prose, start: mention.sentence.start, end: mention.sentence.end };
            let location = text.location(field);
            found.add_as(&self.meta, severity, confidence, location, hit, Some(message));
        }
    }
}

/// Returns the field that a place of the text comes from.
fn prose_field(text: &ToolText, at: usize) -> usize {
    let segments = text.prose().segments();
    let segment = segments.iter().find(|segment| segment.start <= at && at < segment.end);
    segment.map_or(0, |segment| segment.field as usize)
}

/// Tells whether a sentence is mostly written in other letters than Latin ones.
fn is_foreign(sentence: &str) -> bool {
    let letters = sentence.chars().filter(|c| c.is_alphabetic());
    let (all, foreign) = letters.fold((0, 0), |(all, foreign), c| {
        (all + 1, foreign + usize::from(u32::from(c) >= 0x370 && !matches!(c, '\u{1e00}'..='\u{1eff}')))
    });
    foreign * 3 > all
}

impl Rule for CrossServerShadowing {
    fn meta(&self) -> &RuleMeta {
        &self.meta
    }

    fn check(&self, part: &Part<'_>, found: &mut Findings<'_>) {
        let Part::Set(set) = part else { return };
        let mentions = Mentions::new(set);
        for (at, server) in set.servers.iter().enumerate() {
            for text in server.texts() {
                self.in_text((at, &text), &mentions, set, found);
            }
        }
    }
}
