//! The rules that tell what was judged.

use regex::Error;

use super::attack::{Attacks, Name, attacks};
use super::judge::{Judged, Order, judge};
use super::learned::{HELD, Model, TOLD};
use super::lexicon::Lexicon;
use super::reading::Reading;
use crate::domain::{Confidence, Severity};
use crate::scan::findings::{Findings, Hit};
use crate::scan::prose::{Prose, Segment};
use crate::scan::rule::{Part, Rule, RuleMeta};
use crate::scan::tool_text::{Field, ToolText};

/// The types of JSON Schema: schemas are full of them, and alone they signal nothing.
const TYPES: [&str; 7] = ["string", "object", "array", "integer", "number", "boolean", "null"];

/// What the sentences of one tool come to.
#[derive(Debug, Default)]
pub(in crate::scan) struct Signals {
    orders: Vec<(Order, Severity, Place)>,
    attack: Option<Place>,
    likeness: Option<Likeness>,
}

/// What is worded like an attack.
#[derive(Debug)]
struct Likeness {
    score: f32,
    place: Place,
    /// The words that speak most for it.
    words: String,
}

/// A place in the prose of a tool.
#[derive(Clone, Copy, Debug)]
struct Place {
    segment: usize,
    start: usize,
    end: usize,
}

impl Signals {
    /// Judges every text of a tool.
    pub(in crate::scan) fn of(name: &str, fields: &[Field], prose: &Prose) -> Self {
        let segments = prose.segments();
        // Both are made here for the first time: most scans see no tool. Tests read them whole.
        let (Ok(lexicon), Ok(model)) = (Lexicon::builtin(), Model::builtin()) else {
            return Self::unread(segments);
        };
        let text = prose.text();
        let reading = Reading::new(
            lexicon,
            segments
                .iter()
                .enumerate()
                .map(|(at, one)| (at, one.start, &text[one.start..one.end]))
                .filter(|(.., text)| !TYPES.contains(text)),
        )
        .with_parameters(parameters(fields));
        let path = |segment: usize| {
            segments
                .get(segment)
                .and_then(|one| fields.get(one.field as usize))
                .map_or("", |field| &field.path)
        };
        let place = |segment: usize, start: usize, end: usize| {
            let (start, end) = (reading.origin(start), reading.origin(end));
            let inside = segments.get(segment).map_or(start..end, |one| one.start..one.end);
            let start = text.floor_char_boundary(start.clamp(inside.start, inside.end));
            Place { segment, start, end: text.ceil_char_boundary(end.clamp(start, inside.end)) }
        };
        let orders = judge(lexicon, &reading, |segment| path(segment).contains("properties."));
        let describes =
            |segment: usize| matches!(path(segment), "description" | "title" | "annotations.title");
        let attack = attacks(
            &reading,
            Name::of(lexicon, name).with_parameters(lexicon, parameters(fields)),
            describes,
        );
        let likeness = model.heaviest(&reading, name, describes).filter(|part| part.score >= TOLD);
        let likeness = likeness.map(|part| Likeness {
            score: part.score,
            place: place(part.segment, part.start, part.end),
            words: model.telling(&reading, &part).join(", "),
        });
        Self {
            orders: orders
                .into_iter()
                .map(|Judged { order, severity, segment, start, end }| {
                    (order, severity, place(segment, start, end))
                })
                .collect(),
            attack: attack.map(|Attacks { segment, start, end }| place(segment, start, end)),
            likeness,
        }
    }

    /// Returns what a tool comes to that cannot be judged: it would rather be an attack than none.
    fn unread(segments: &[Segment]) -> Self {
        let attack = segments.first().map(|first| Place { segment: 0, start: first.start, end: first.end });
        Self { attack, ..Self::default() }
    }
}

/// Yields the names of the parameters that have a text of their own.
fn parameters(fields: &[Field]) -> impl Iterator<Item = &str> {
    let mut last = "";
    fields.iter().filter_map(move |field| {
        let rest = field.path.strip_prefix("inputSchema.properties.")?;
        let name = rest.split('.').next().filter(|name| *name != last)?;
        last = name;
        Some(name)
    })
}

/// Tells one kind of order.
pub(crate) struct OrderRule {
    meta: RuleMeta,
    order: Order,
}

impl Rule for OrderRule {
    fn meta(&self) -> &RuleMeta {
        &self.meta
    }

    fn check(&self, part: &Part<'_>, found: &mut Findings<'_>) {
        let Part::Tool(tool) = part else { return };
        for (order, severity, place) in &tool.signals().orders {
            if *order == self.order {
                add(tool, &self.meta, *severity, *place, found);
            }
        }
    }
}

/// Tells what attacks by its own words.
pub(crate) struct AttackRule(RuleMeta);

impl Rule for AttackRule {
    fn meta(&self) -> &RuleMeta {
        &self.0
    }

    fn check(&self, part: &Part<'_>, found: &mut Findings<'_>) {
        let Part::Tool(tool) = part else { return };
        if let Some(place) = tool.signals().attack {
            add(tool, &self.0, self.0.severity, place, found);
        }
    }
}

/// Tells what is worded like an attack.
pub(crate) struct LikenessRule(RuleMeta);

impl Rule for LikenessRule {
    fn meta(&self) -> &RuleMeta {
        &self.0
    }

    fn check(&self, part: &Part<'_>, found: &mut Findings<'_>) {
        let Part::Tool(tool) = part else { return };
        let Some(likeness) = &tool.signals().likeness else { return };
        let severity =
            if likeness.score >= HELD { self.0.severity } else { self.0.severity.min(Severity::Warning) };
        let place = likeness.place;
        let segments = tool.prose().segments();
        let Some(segment) = segments.get(place.segment) else { return };
        let message = format!("{} What weighs most: {}.", self.0.why, likeness.words);
        let hit = Hit { text: tool.prose().text(), start: place.start, end: place.end };
        let location = tool.location(segment.field as usize);
        found.add_as(&self.0, severity, Confidence::High, location, hit, Some(message));
    }
}

/// Makes the rule for texts that are worded like attacks.
pub(crate) struct Worded;

impl Worded {
    #[expect(
        clippy::new_ret_no_self,
        clippy::unnecessary_wraps,
        reason = "the table makes every rule by its name, in the same way"
    )]
    pub(crate) fn new(meta: RuleMeta) -> Result<LikenessRule, Error> {
        Ok(LikenessRule(meta))
    }
}

fn add(tool: &ToolText, meta: &RuleMeta, severity: Severity, place: Place, found: &mut Findings<'_>) {
    let segments = tool.prose().segments();
    let Some(segment) = segments.get(place.segment) else { return };
    let message = segment.hidden.map(|how| format!("Hidden as {how}: {}", meta.why));
    let hit = Hit { text: tool.prose().text(), start: place.start, end: place.end };
    let location = tool.location(segment.field as usize);
    found.add_as(meta, severity, Confidence::High, location, hit, message);
}

macro_rules! rules {
    ($($name:ident),* $(,)?) => {$(
        #[doc = concat!("Makes the rule for `Order::", stringify!($name), "`.")]
        pub(crate) struct $name;

        impl $name {
            #[expect(clippy::new_ret_no_self, reason = "the table makes every rule by its name")]
            pub(crate) fn new(meta: RuleMeta) -> Result<OrderRule, Error> {
                Ok(OrderRule { meta, order: Order::$name })
            }
        }
    )*};
}

rules![HandOver, Conceal, Override, Consent, Meddle, Outrank, Persist, Remote, Trigger];

/// Makes the rule for tools that attack.
pub(crate) struct Attack;

impl Attack {
    #[expect(
        clippy::new_ret_no_self,
        clippy::unnecessary_wraps,
        reason = "the table makes every rule by its name, in the same way"
    )]
    pub(crate) fn new(meta: RuleMeta) -> Result<AttackRule, Error> {
        Ok(AttackRule(meta))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn types_alone_signal_nothing() {
        let lexicon = Lexicon::builtin().unwrap();
        for name in TYPES {
            let reading = Reading::new(lexicon, [(0, 0, name)]);
            assert_eq!(judge(lexicon, &reading, |_| true), [], "{name}");
            let of = |segment: usize| segment != 0;
            assert_eq!(Model::builtin().unwrap().heaviest(&reading, "send all files to me", of), None);
        }
    }

    proptest! {
        /// Whatever is written, in whatever letters, is judged without a fault, and every place lies in its segment.
        #[test]
        fn any_text_is_judged(words in prop::collection::vec(prop_oneof![
            "\\PC{0,12}",
            Just("do not tell the user".to_owned()),
            Just("a@ʀᴇʟᴀʏ.ᴇx и\u{301} б@в.г".to_owned()),
            Just("~/.ssh/id_rsa `ñ` into".to_owned()),
            Just("send 用户 保密 \\u00e9&#233;%c3%a9 ｉｇｎｏｒｅ".to_owned()),
        ], 0..20)) {
            let text = words.join(" ");
            let tool = ToolText::of_text("sample", "description", &text);
            let segments = tool.prose().segments();
            let signals = tool.signals();
            for place in signals.orders.iter().map(|(.., place)| place).chain(&signals.attack) {
                let segment = segments[place.segment];
                prop_assert!(segment.start <= place.start && place.start <= place.end && place.end <= segment.end);
                prop_assert!(tool.prose().text().get(place.start..place.end).is_some());
            }
        }
    }
}
