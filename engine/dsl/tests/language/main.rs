//! The language as authors meet it: texts in, remarks or definitions out.

mod assist;
mod budget;
mod codes;
mod definition;
mod evaluate;
mod events;
mod examples;
mod expression;
mod expression_in_place;
mod extensions;
mod fixtures;
mod flow;
mod fork;
mod format;
mod graph;
mod later;
mod listening;
mod mutation;
mod remarks;
mod schedule;
mod schema;
mod structure;
mod whole;
mod yaml;
