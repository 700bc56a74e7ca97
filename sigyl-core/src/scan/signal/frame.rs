//! What signals come to when they stand together, as data: a list of classes, how near they are, and who is told.

use serde::Deserialize;

use super::judge::Order;
use super::lexicon::{CLASSES, Class, Classes};
use super::reading::Signal;
use super::view::View;
use crate::domain::Severity;

/// Signals of one sentence that make an order.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) order: Order,
    pub(crate) severity: Severity,
    /// It may begin in one sentence and end in the next.
    pub(crate) joins: bool,
    slots: Vec<Slot>,
    within: usize,
    in_order: bool,
    needs_parameter: bool,
    in_parameter: bool,
    quote: bool,
    english: bool,
    foreign: bool,
    unless: Vec<Class>,
}

/// One of the signals.
#[derive(Debug)]
struct Slot {
    classes: Vec<Class>,
    set: Classes,
    /// It has to be ordered: not denied, and not what the tool does itself.
    ordered: bool,
}

/// How a frame is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    order: Order,
    #[serde(default = "error")]
    severity: Severity,
    /// Classes, several with `|` between them; `+` before them wants them ordered.
    all: Vec<String>,
    within: usize,
    #[serde(default)]
    in_order: bool,
    #[serde(default)]
    joins: bool,
    /// It holds in the description of a parameter, or where one is named.
    #[serde(default)]
    parameter: bool,
    /// It holds in the description of a parameter.
    #[serde(default)]
    in_parameter: bool,
    /// A quotation follows.
    #[serde(default)]
    quote: bool,
    #[serde(default)]
    english: bool,
    /// It holds in every language but English.
    #[serde(default)]
    foreign: bool,
    #[serde(default)]
    unless: Vec<Class>,
}

fn error() -> Severity {
    Severity::Error
}

/// Frames, and which of them the signals of a sentence may make.
#[derive(Debug)]
pub(crate) struct Frames {
    list: Vec<Frame>,
    /// For the first class of each frame, for the second and so on: for each class a bit for each frame that takes it, or
    /// needs none.
    slots: Vec<[u128; CLASSES]>,
}

/// Frames that there may be: one for each bit.
const MOST: usize = 128;

impl Frames {
    fn new(list: Vec<Frame>) -> Result<Self, String> {
        if list.len() > MOST {
            return Err(format!("more than {MOST} frames"));
        }
        let longest = list.iter().map(|frame| frame.slots.len()).max().unwrap_or(0);
        let mut slots = vec![[0; CLASSES]; longest];
        for (at, frame) in list.iter().enumerate() {
            for (slot, classes) in slots.iter_mut().enumerate() {
                let taken =
                    |class: usize| frame.slots.get(slot).is_none_or(|slot| slot.set.has_number(class));
                let numbers = (0..CLASSES).filter(|class| taken(*class));
                numbers.for_each(|class| classes[class] |= 1 << at);
            }
        }
        Ok(Self { list, slots })
    }

    /// Yields the frames each of whose classes is there.
    pub(super) fn that_may_hold(&self, classes: Classes) -> impl Iterator<Item = &Frame> {
        let of = |slot: &[u128; CLASSES]| classes.numbers().fold(0, |bits, class| bits | slot[class]);
        let mut bits =
            self.slots.iter().fold(u128::MAX, |bits, slot| if bits == 0 { 0 } else { bits & of(slot) });
        std::iter::from_fn(move || {
            let frame = self.list.get(bits.trailing_zeros() as usize)?;
            bits &= bits - 1;
            Some(frame)
        })
    }
}

/// Signals of the first class that are tried.
const TRIES: usize = 8;

/// Tells whether a document holds frames and nothing else.
pub(in crate::scan) fn is_frames(document: serde_yaml::Deserializer<'_>) -> bool {
    Vec::<Written>::deserialize(document).is_ok_and(|all| all.into_iter().all(|one| Frame::new(one).is_ok()))
}

/// Reads a list of frames.
pub(super) fn read(text: &str) -> Result<Frames, String> {
    let written: Vec<Written> = serde_yaml::from_str(text).map_err(|error| error.to_string())?;
    Frames::new(written.into_iter().map(Frame::new).collect::<Result<_, _>>()?)
}

impl Frame {
    fn new(written: Written) -> Result<Self, String> {
        let slots = written.all.iter().map(|slot| Slot::new(slot)).collect::<Result<Vec<_>, _>>()?;
        if slots.is_empty() {
            return Err("a frame without a class holds everywhere".to_owned());
        }
        Ok(Self {
            order: written.order,
            severity: written.severity,
            joins: written.joins,
            slots,
            within: written.within,
            in_order: written.in_order,
            needs_parameter: written.parameter,
            in_parameter: written.in_parameter,
            quote: written.quote,
            english: written.english,
            foreign: written.foreign,
            unless: written.unless,
        })
    }

    /// Tells whether a sentence with some classes may be one.
    pub(super) fn may_hold(&self, classes: Classes) -> bool {
        self.slots.iter().all(|slot| classes.any(slot.set))
    }

    /// Returns the first and the last of the signals that make it one.
    pub(super) fn find(&self, view: &View<'_>) -> Option<(Signal, Signal)> {
        if self.in_parameter && !view.of_parameter {
            return None;
        }
        if self.english && !view.is_english()
            || self.foreign && view.is_english()
            || view.has_any(&self.unless)
        {
            return None;
        }
        let (first, others) = self.slots.split_first()?;
        let found = first.signals(view).take(TRIES).find_map(|signal| {
            self.complete(view, signal, others).filter(|(_, last)| !self.quote || view.quotes_after(*last))
        })?;
        (!self.needs_parameter || view.of_parameter || view.names_parameter()).then_some(found)
    }

    fn complete(&self, view: &View<'_>, first: Signal, others: &[Slot]) -> Option<(Signal, Signal)> {
        let mut taken = vec![first];
        for slot in others {
            let next = slot.signals(view).find(|next| {
                let apart = taken.iter().all(|one| one.end <= next.start || next.end <= one.start);
                let after = !self.in_order || taken.last().is_none_or(|last| last.end <= next.start);
                let start = taken.iter().map(|one| one.start).fold(next.start, usize::min);
                let end = taken.iter().map(|one| one.end).fold(next.end, usize::max);
                apart && after && end - start <= self.within
            })?;
            taken.push(next);
        }
        let start = taken.iter().min_by_key(|one| one.start)?;
        let end = taken.iter().max_by_key(|one| one.end)?;
        Some((*start, *end))
    }
}

impl Slot {
    fn new(text: &str) -> Result<Self, String> {
        let (ordered, names) = text.strip_prefix('+').map_or((false, text), |names| (true, names));
        let class = |name: &str| {
            serde_yaml::from_str::<Class>(name.trim()).map_err(|error| format!("{name}: {error}"))
        };
        let classes = names.split('|').map(class).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { set: Classes::of(&classes), classes, ordered })
    }

    fn signals(&self, view: &View<'_>) -> impl Iterator<Item = Signal> {
        self.classes.iter().flat_map(|&class| view.all(class)).filter(|signal| {
            !view.is_reported(*signal)
                && (!self.ordered || !view.is_denied(*signal) && !view.is_told(*signal))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_frame_is_named() {
        for (text, what) in [
            ("- {order: conceal, all: [tell, nobody], within: 9}", "nobody"),
            ("- {order: conceal, all: [], within: 9}", "without a class"),
            ("- {order: bake, all: [tell], within: 9}", "bake"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(what), "{error}");
        }
        let many = "- {order: conceal, all: [tell], within: 9}\n".repeat(MOST + 1);
        assert!(read(&many).unwrap_err().contains("more than 128"));
    }

    #[test]
    fn no_frame_that_may_hold_is_passed_over() {
        let frames = &super::super::lexicon::Lexicon::builtin().unwrap().frames;
        let mut held = 0;
        for frame in &frames.list {
            let mut classes =
                Classes::of(&frame.slots.iter().map(|slot| slot.classes[0]).collect::<Vec<_>>());
            for more in [Class::Neg, Class::Send, Class::Must] {
                let found: Vec<_> = frames.that_may_hold(classes).map(std::ptr::from_ref).collect();
                let wanted: Vec<_> =
                    frames.list.iter().filter(|one| one.may_hold(classes)).map(std::ptr::from_ref).collect();
                assert_eq!(found, wanted);
                assert!(found.contains(&std::ptr::from_ref(frame)));
                held += found.len();
                classes.add(more);
            }
        }
        assert!(held > frames.list.len() * 3);
        assert_eq!(frames.that_may_hold(Classes::default()).count(), 0);
    }
}
