//! The rules of the house, each a plain test that fails with a sentence saying what to do.
//!
//! It reads the tree and `cargo metadata`; it knows no engine type but the checker of workflows.

#[cfg(test)]
mod documents;
#[cfg(test)]
mod graph;
#[cfg(test)]
mod licences;
#[cfg(test)]
mod purity;
#[cfg(test)]
mod sources;
#[cfg(test)]
mod tree;
#[cfg(test)]
mod workflows;
