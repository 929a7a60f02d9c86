//! Drawings of a workflow's flow: the same graph as SVG, Mermaid and dot.
//!
//! What a workflow means is in the graph (`dsl::graph`); here are only shapes and words.

mod dot;
mod mermaid;
mod svg;

use std::collections::BTreeMap;

use yiwang_dsl::graph::{Graph, Label, Lane, Node, NodeId, Part};

pub(crate) use dot::dot;
pub(crate) use mermaid::mermaid;
pub(crate) use svg::svg;

/// The nodes of each lane, in order; none is the workflow's own list.
fn lanes(graph: &Graph) -> BTreeMap<Option<Lane>, Vec<&Node>> {
    let mut lanes: BTreeMap<Option<Lane>, Vec<&Node>> = BTreeMap::new();
    for node in &graph.nodes {
        lanes.entry(node.lane).or_default().push(node);
    }
    lanes
}

/// The lanes inside of a node, in order.
fn inside<'l, 'n>(
    lanes: &'l BTreeMap<Option<Lane>, Vec<&'n Node>>,
    of: NodeId,
) -> impl Iterator<Item = (Lane, &'l [&'n Node])> {
    lanes.iter().filter_map(move |(lane, nodes)| {
        let lane = lane.filter(|lane| lane.of == of)?;
        Some((lane, nodes.as_slice()))
    })
}

/// What people read on a node.
fn headline(node: &Node) -> &str {
    node.title.as_deref().unwrap_or(&node.name)
}

/// What stands over a lane; nothing over a plain list.
fn lane_word(part: Part) -> Option<String> {
    match part {
        Part::Do => None,
        Part::For => Some("for each".to_owned()),
        Part::Foreach => Some("for each event".to_owned()),
        Part::Branch(at) => Some(format!("branch {}", at + 1)),
        Part::Try => Some("try".to_owned()),
        Part::Catch => Some("catch".to_owned()),
    }
}

/// What stands on an edge. The usual way on has no words.
fn edge_word(label: &Label) -> Option<&str> {
    match label {
        Label::Case(name) => Some(name),
        Label::Catch => Some("catch"),
        Label::Loop => Some("next round"),
        Label::Exit => Some("exit"),
        Label::End => Some("end"),
        Label::Next | Label::Then | Label::Into | Label::Branch | Label::Done => None,
    }
}
