//! What the trainer of the learned model needs of the library; not covered by semver.

use super::features::{FEATURES, Hashed};
use super::learned::norm;
use super::lexicon::Lexicon;
use super::reading::Reading;

/// A text as the model sees it.
#[derive(Clone, Debug)]
pub struct Lesson {
    /// The features of the whole text, unless it is too short to say anything.
    pub whole: Option<Vec<u32>>,
    /// The features of each window.
    pub windows: Vec<Vec<u32>>,
}

/// How many features there are.
pub const COUNT: usize = FEATURES;

/// Reads a text as the scanner does, with the name of the tool that it describes, if that goes with it.
pub fn lesson(name: &str, text: &str) -> Result<Lesson, String> {
    let reading = Reading::new(Lexicon::builtin()?, [(0, 0, text)]);
    let hashed = Hashed::new(&reading, name);
    let windows = hashed.windows().filter_map(|window| hashed.features(window, true)).collect();
    Ok(Lesson { whole: hashed.features(0..reading.sentences().len(), true), windows })
}

/// Makes up for the length of a text of so many features.
pub fn length_norm(features: usize) -> f32 {
    norm(features)
}
