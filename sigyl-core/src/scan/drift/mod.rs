//! Judges by meaning what a server declares now and did not when it was pinned.
//!
//! A mended word informs. A new instruction, address, parameter or tool, a flipped annotation, a schema that lets more
//! through, or anything that a rule finds now and did not find before holds or blocks. What cannot be judged holds.

mod compare;
mod field;
mod schema;
mod words;
