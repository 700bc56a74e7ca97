//! What is known of a value: where it comes from, what was made sure of it, and how it reads.

use std::hash::{Hash, Hasher as _};
use std::rc::Rc;

use super::sides::Sides;
use crate::scan::ast::form::{ClassId, FnId, Word};

/// Things that a value can be safe for, or that are known of it.
pub(super) mod bits {
    pub(in crate::scan::ast::flow) const COMMAND: u32 = 1;
    pub(in crate::scan::ast::flow) const ARGV: u32 = 1 << 1;
    pub(in crate::scan::ast::flow) const CODE: u32 = 1 << 2;
    pub(in crate::scan::ast::flow) const PATH: u32 = 1 << 3;
    pub(in crate::scan::ast::flow) const SQL: u32 = 1 << 4;
    pub(in crate::scan::ast::flow) const URL: u32 = 1 << 5;
    pub(in crate::scan::ast::flow) const DATA: u32 = 1 << 6;
    pub(in crate::scan::ast::flow) const TEMPLATE: u32 = 1 << 7;
    pub(in crate::scan::ast::flow) const REGEX: u32 = 1 << 8;
    pub(in crate::scan::ast::flow) const SHOWN: u32 = 1 << 9;
    /// It is safe for everything.
    pub(in crate::scan::ast::flow) const ALL: u32 = (1 << 10) - 1;
    /// It holds no `..`.
    pub(in crate::scan::ast::flow) const NO_PARENT: u32 = 1 << 10;
    /// It begins at no root.
    pub(in crate::scan::ast::flow) const NO_ROOT: u32 = 1 << 11;
    /// Links and `..` in it were followed.
    pub(in crate::scan::ast::flow) const RESOLVED: u32 = 1 << 12;
    /// Something fixed stands before it.
    pub(in crate::scan::ast::flow) const LED: u32 = 1 << 13;
    /// It stands behind the host of an address.
    pub(in crate::scan::ast::flow) const HOSTED: u32 = 1 << 14;
    /// It is one path seen from another.
    pub(in crate::scan::ast::flow) const RELATIVE: u32 = 1 << 15;
    /// It is the host of an address.
    pub(in crate::scan::ast::flow) const HOST: u32 = 1 << 16;
    /// It is no larger, and no longer, than something that the caller does not choose.
    pub(in crate::scan::ast::flow) const CAPPED: u32 = 1 << 17;
    /// It is one line.
    pub(in crate::scan::ast::flow) const LINE: u32 = 1 << 18;
    /// Something says that it took the secret out of it.
    pub(in crate::scan::ast::flow) const VEILED: u32 = 1 << 19;
    /// What is good to know, so that of two ways both have to give it.
    pub(in crate::scan::ast::flow) const GOOD: u32 = (1 << 20) - 1;
    /// It is a part of what it comes from.
    pub(in crate::scan::ast::flow) const PIECE: u32 = 1 << 20;
    /// It went through something that nothing is known of.
    pub(in crate::scan::ast::flow) const VAGUE: u32 = 1 << 21;
    /// Something that nothing is known of says that it checks it.
    pub(in crate::scan::ast::flow) const VOUCHED: u32 = 1 << 22;
    /// It may be a record or list where a text is meant: its type lets it, or it was read from JSON.
    pub(in crate::scan::ast::flow) const LOOSE: u32 = 1 << 23;
}

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::scan::ast) enum Source {
    /// The caller of a tool.
    Argument,
    /// The environment as a whole.
    Environment,
    /// One variable of the environment that holds a secret by its name.
    Key,
    /// A file that holds credentials by its name.
    Credential,
    /// A token that the caller of the server sent.
    Token,
    /// What other programs hold for the user: clipboard, browser, history.
    Private,
    /// An answer from the network.
    Network,
    /// What a session holds that the caller named.
    Session,
    /// Numbers that look random, and can be foretold.
    Chance,
    /// A part that was picked by a name of the caller's.
    Picked,
    /// Where the code was when it failed, and how it came there.
    Trace,
}

impl Source {
    /// Tells whether it is a secret of the server or its user.
    pub(in crate::scan::ast) fn is_secret(self) -> bool {
        matches!(self, Self::Environment | Self::Key | Self::Credential | Self::Token | Self::Private)
    }
}

/// What a sink does with what it is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::scan::ast) enum Weakness {
    Command,
    Option,
    Code,
    Path,
    Sql,
    Address,
    Data,
    Template,
    Expression,
    Line,
    Redirect,
    Redirection,
    Archive,
    Assignment,
    Prototype,
    Markup,
    Xml,
    Header,
    Disclosure,
    Trace,
    Passthrough,
    RemoteShell,
    HiddenCode,
    Persistence,
    Evasion,
    HiddenFile,
    SystemFile,
    Metadata,
    Exfiltration,
    CovertSend,
    HiddenCopy,
    ChangingTool,
    Exhaustion,
    Runaway,
    Certificate,
    Mismatch,
    Logged,
    Unowned,
    Session,
    SessionDecides,
    Guessable,
    PasswordHash,
    Download,
    Upload,
    FixedPassword,
    Shadow,
}

impl Weakness {
    /// Tells whether it is what code does by itself, whatever it is given.
    pub(in crate::scan::ast) fn is_act(self) -> bool {
        self >= Self::RemoteShell && self != Self::Exfiltration
    }

    /// Returns the bit that makes a value safe for it.
    pub(super) fn bit(self) -> u32 {
        match self {
            Self::Command => bits::COMMAND,
            Self::Option => bits::ARGV,
            Self::Code => bits::CODE,
            Self::Path => bits::PATH,
            Self::Sql => bits::SQL,
            Self::Address | Self::Redirection => bits::URL,
            Self::Data => bits::DATA,
            Self::Line | Self::Header => bits::LINE,
            Self::Template | Self::Markup | Self::Xml => bits::TEMPLATE,
            Self::Expression => bits::REGEX,
            _ => bits::SHOWN,
        }
    }
}

/// One way that a value came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Entry {
    pub(super) source: Source,
    pub(super) origin: u32,
    pub(super) bits: u32,
}

/// What is known of somebody's value on one side of a condition: origins, and what they are safe for.
pub(super) type Facts = Vec<(u32, u32)>;

/// What a value is, when it is no text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum Object {
    #[default]
    Unknown,
    Functions(Rc<[FnId]>),
    Class(ClassId),
    Instance(ClassId),
    /// Another file of the same tree, by its body.
    Module(FnId),
    /// Something from elsewhere, by the way to it.
    Path(Word),
}

/// What is known of a value.
#[derive(Clone, Debug, Default)]
pub(super) struct Value {
    pub(super) taint: Vec<Entry>,
    /// How it may read; a NUL stands for what is not known.
    pub(super) shapes: Vec<Word>,
    pub(super) object: Object,
    pub(super) items: Option<Rc<[Self]>>,
    pub(super) fields: Option<Rc<[(Word, Self)]>>,
    /// Whether a part of it, or of a part, came some way.
    pub(super) deep: bool,
    /// What holds if it is true, and if it is false.
    pub(super) when: Option<Rc<(Facts, Facts)>>,
    /// What it is on either side of a condition.
    pub(super) sides: Option<Rc<Sides>>,
}

/// Ways that are kept of one value.
const WAYS: usize = 8;
/// Readings that are kept of one value.
const SHAPES: usize = 6;
/// Bytes of a reading that are kept.
const SHAPE: usize = 600;
/// Parts in parts that are asked where they came from; what holds more holds more of the same.
const VISITS: usize = 400;
/// Parts in parts that tell a value from others.
pub(super) const SIGNS: usize = 300;
/// Parts that are kept of a list or record.
pub(super) const PARTS: usize = 48;

impl Value {
    pub(super) fn text(text: &str) -> Self {
        Self { shapes: vec![text.into()], ..Self::default() }
    }

    pub(super) fn path(path: impl Into<Word>) -> Self {
        Self { object: Object::Path(path.into()), ..Self::default() }
    }

    pub(super) fn of(entries: Vec<Entry>) -> Self {
        Self { taint: entries, ..Self::default() }
    }

    /// Returns the text that it certainly is.
    pub(super) fn known(&self) -> Option<&str> {
        match &self.shapes[..] {
            [one] if self.taint.is_empty() && !one.contains('\0') => Some(one),
            _ => None,
        }
    }

    pub(super) fn is_path(&self) -> Option<&str> {
        match &self.object {
            Object::Path(path) => Some(path),
            _ => None,
        }
    }

    /// Returns every way it or a part of it came.
    pub(super) fn ways(&self) -> Vec<Entry> {
        let mut all = self.taint.clone();
        self.gather(&mut all, 6, &mut { VISITS });
        all
    }

    fn gather(&self, all: &mut Vec<Entry>, depth: usize, left: &mut usize) {
        if depth == 0 || !self.deep {
            return;
        }
        let items = self.items.iter().flat_map(|items| items.iter());
        let fields = self.fields.iter().flat_map(|fields| fields.iter().map(|(_, value)| value));
        for part in items.chain(fields) {
            part.taint.iter().for_each(|entry| add_entry(all, *entry));
            part.gather(all, depth - 1, left);
            *left = left.saturating_sub(1);
            if *left == 0 {
                return;
            }
        }
    }

    pub(super) fn comes_from(&self, source: Source) -> bool {
        self.ways().iter().any(|entry| entry.source == source)
    }

    pub(super) fn field(&self, name: &str) -> Option<&Self> {
        self.fields.as_ref()?.iter().rev().find(|(key, _)| &**key == name).map(|(_, value)| value)
    }

    /// Changes what is known of each way.
    pub(super) fn with(mut self, change: impl Fn(u32) -> u32) -> Self {
        self.taint.iter_mut().for_each(|entry| entry.bits = change(entry.bits));
        (self.when, self.sides) = (None, None);
        self
    }

    /// The same, of a text made from it that reads in a way nobody knows.
    pub(super) fn made(&self, change: impl Fn(u32) -> u32) -> Self {
        Self::of(self.ways()).with(change)
    }

    /// Adds the ways of another.
    pub(super) fn absorb(&mut self, other: &[Entry]) {
        other.iter().for_each(|entry| add_entry(&mut self.taint, *entry));
    }

    /// What it is, if it may be either.
    pub(super) fn or(mut self, other: &Self) -> Self {
        let when = self.flagged(other);
        self.absorb(&other.taint);
        self.deep |= other.deep;
        for shape in &other.shapes {
            if self.shapes.len() < SHAPES && !self.shapes.contains(shape) {
                self.shapes.push(shape.clone());
            }
        }
        self.object = match (&self.object, &other.object) {
            (Object::Functions(one), Object::Functions(more)) if one != more => {
                let mut all = one.to_vec();
                all.extend(more.iter().filter(|id| !one.contains(id)));
                all.truncate(PARTS);
                Object::Functions(all.into())
            }
            (Object::Unknown, other) => other.clone(),
            (one, _) => one.clone(),
        };
        self.fields = match (self.fields.take(), &other.fields) {
            (Some(one), Some(more)) if !Rc::ptr_eq(&one, more) => Some(merge(&one, more)),
            (one, more) => one.or_else(|| more.clone()),
        };
        self.items = match (self.items.take(), &other.items) {
            (Some(one), Some(more)) if !Rc::ptr_eq(&one, more) => {
                // What may stand at one place of several lists stands somewhere in either.
                let all = one.iter().chain(more.iter().filter(|_| one.len() < PARTS)).take(PARTS);
                Some(all.cloned().collect())
            }
            (one, more) => one.or_else(|| more.clone()),
        };
        (self.when, self.sides) = (when, None);
        self
    }

    /// What holds where a flag that may be either is true: a way on which it is never true has no say in it.
    fn flagged(&self, other: &Self) -> Option<Rc<(Facts, Facts)>> {
        let yes = match (self.where_true()?, other.where_true()?) {
            (None, yes) | (yes, None) => yes?,
            (Some(one), Some(more)) => super::frame::common(&one, &more),
        };
        (!yes.is_empty()).then(|| Rc::new((yes, Facts::new())))
    }

    /// What holds where a flag is true, unless it never is; nothing if it is no flag.
    fn where_true(&self) -> Option<Option<Facts>> {
        let is_flag = self.taint.is_empty()
            && !self.shapes.is_empty()
            && self.shapes.iter().all(|shape| shape.starts_with('\u{1}'));
        let yes = || self.when.as_ref().map(|when| when.0.clone()).unwrap_or_default();
        is_flag.then(|| self.shapes.iter().any(|shape| &**shape == "\u{1}true").then(yes))
    }

    /// What any of its parts is.
    pub(super) fn element(&self) -> Self {
        let items = self.items.iter().flat_map(|items| items.iter());
        let fields = self.fields.iter().flat_map(|fields| fields.iter().map(|(_, value)| value));
        let start = Self::of(self.taint.clone());
        items.chain(fields).take(PARTS).fold(start, |all, part| all.or(part))
    }

    /// Sets a field.
    pub(super) fn set(&mut self, name: &str, value: Self) {
        let mut all = self.fields.take().map(|fields| fields.to_vec()).unwrap_or_default();
        let full = all.len() >= PARTS;
        self.deep |= value.deep || !value.taint.is_empty();
        match all.iter_mut().find(|(key, _)| &**key == name) {
            Some((_, old)) => *old = value,
            None if !full => all.push((name.into(), value)),
            None => self.absorb(&value.ways()),
        }
        self.fields = Some(all.into());
    }

    /// Adds a part to a list.
    pub(super) fn push(&mut self, value: Self) {
        let mut all = self.items.take().map(|items| items.to_vec()).unwrap_or_default();
        self.deep |= value.deep || !value.taint.is_empty();
        if all.len() < PARTS {
            all.push(value);
        } else {
            self.absorb(&value.ways());
        }
        self.items = Some(all.into());
    }

    /// Writes what tells it from others; `left` is nothing where there is more than that.
    pub(super) fn sign(&self, state: &mut std::hash::DefaultHasher, left: &mut usize) {
        if *left == 0 {
            return;
        }
        *left -= 1;
        self.taint.hash(state);
        self.shapes.hash(state);
        self.object.hash(state);
        state.write_u8(0xfe);
        for part in self.items.iter().flat_map(|items| items.iter()) {
            part.sign(state, left);
        }
        for (name, part) in self.fields.iter().flat_map(|fields| fields.iter()) {
            name.hash(state);
            part.sign(state, left);
        }
        state.write_u8(0xff);
    }
}

fn merge(one: &Rc<[(Word, Value)]>, more: &Rc<[(Word, Value)]>) -> Rc<[(Word, Value)]> {
    let mut all = one.to_vec();
    for (name, value) in more.iter() {
        let full = all.len() >= PARTS;
        match all.iter_mut().find(|(key, _)| key == name) {
            Some((_, old)) => *old = std::mem::take(old).or(value),
            None if !full => all.push((name.clone(), value.clone())),
            None => {}
        }
    }
    all.into()
}

pub(super) fn add_entry(all: &mut Vec<Entry>, new: Entry) {
    let same = |old: &&mut Entry| old.source == new.source && old.origin == new.origin;
    if let Some(old) = all.iter_mut().find(same) {
        old.bits = join(old.bits, new.bits);
    } else if all.len() < WAYS {
        all.push(new);
    } else if let Some(old) = all.iter_mut().rev().find(|old| old.source == new.source) {
        // Too many to tell apart: what is left is no safer than either.
        old.bits = join(old.bits, new.bits);
    } else {
        all.push(new);
    }
}

/// What is known if it came either way.
fn join(one: u32, other: u32) -> u32 {
    (one & other & bits::GOOD) | ((one | other) & !bits::GOOD)
}

/// How texts that stand one behind the other read.
pub(super) fn concat(parts: &[Value]) -> Vec<Word> {
    let mut all = vec![String::new()];
    for part in parts {
        let choices: Vec<&str> = match &part.shapes[..] {
            [] => vec!["\0"],
            shapes => shapes.iter().map(|shape| &**shape).collect(),
        };
        let mut next = Vec::new();
        for before in &all {
            for choice in &choices {
                if next.len() < SHAPES && before.len() < SHAPE {
                    next.push(format!("{before}{choice}"));
                }
            }
        }
        if next.is_empty() {
            break;
        }
        all = next;
    }
    let bounded = |text: String| text[..text.floor_char_boundary(SHAPE)].into();
    all.into_iter().filter(|text| text.chars().any(|c| c != '\0')).map(bounded).collect()
}
