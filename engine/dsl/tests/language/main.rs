//! The language as authors meet it: texts in, remarks or definitions out.

mod assist;
mod budget;
mod codes;
mod definition;
mod events;
mod examples;
mod expression;
mod expression_in_place;
mod fixtures;
mod flow;
mod fork;
mod format;
mod later;
mod listening;
mod mutation;
mod remarks;
mod schedule;
mod schema;
mod structure;
mod yaml;
