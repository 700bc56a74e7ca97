//! Whole runs at Google Cloud Run, where every call goes wrong in every way: each ends in a known state.

mod audience;
mod calls;
mod crash;
mod faults;
mod image;
mod matrix;
mod place;
mod statement;
