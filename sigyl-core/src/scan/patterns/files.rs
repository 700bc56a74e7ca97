//! The table of pattern files.

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        /// Every pattern file: its name and what it says.
        pub(crate) const FILES: &[(&str, &str)] = &[$(($name, include_str!($name))),*];
    };
}

files![];
