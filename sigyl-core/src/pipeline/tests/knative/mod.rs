//! Whole runs on Knative: the same pipeline, in a place that has nothing in common with the others but the contract.

mod crash;
mod matrix;
mod place;
mod story;
