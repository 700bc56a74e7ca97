//! Judges sentences by what their words signal: who is told to do what with whose secrets, and whether anyone may
//! know. The same rules hold in every language; the words of each are data.

mod alphabet;
mod attack;
mod codes;
mod conceal;
mod corpus;
mod disguise;
mod dressed;
mod features;
mod find;
mod frame;
mod hand_over;
mod judge;
mod later_on;
mod learned;
#[cfg(feature = "learning")]
pub mod learning;
mod letters;
mod lexicon;
mod marks;
mod meddle;
mod overrule;
mod reading;
mod rule;
mod shifted;
mod trie;
mod view;
mod windows;
mod wording;

pub(super) use disguise::{disguised, is_disguise, together};
pub(super) use dressed::{dressed, marked};
pub(super) use frame::is_frames;
pub(super) use lexicon::is_words;
pub(super) use rule::{
    Attack, Conceal, Consent, HandOver, Meddle, Outrank, Override, Persist, Remote, Signals, Trigger, Worded,
};
