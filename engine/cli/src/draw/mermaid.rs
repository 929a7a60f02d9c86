//! Mermaid: for Markdown that is shown by GitHub, GitLab and many wikis.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use yiwang_dsl::graph::{Graph, Label, Lane, Node, NodeId};

use super::{edge_word, headline, inside, lane_word, lanes};

/// A `flowchart`.
pub(crate) fn mermaid(graph: &Graph) -> String {
    let mut text = "flowchart TD\n".to_owned();
    let lanes = lanes(graph);
    list(&mut text, &lanes, lanes.get(&None).map_or(&[][..], Vec::as_slice), 1);
    for edge in &graph.edges {
        // That the last task of a list inside goes back to its owner is seen by where it stands.
        if edge.label == Label::Done {
            continue;
        }
        let arrow = match (&edge.label, edge_word(&edge.label)) {
            (Label::Loop | Label::Catch, Some(word)) => format!("-. {} .->", escaped(word)),
            (_, Some(word)) => format!("-- {} -->", escaped(word)),
            (_, None) => "-->".to_owned(),
        };
        line(&mut text, 1, &format!("{} {arrow} {}", id(edge.from), id(edge.to)));
    }
    text
}

fn list(text: &mut String, lanes: &BTreeMap<Option<Lane>, Vec<&Node>>, nodes: &[&Node], depth: usize) {
    for node in nodes {
        line(text, depth, &shape(node));
        for (at, (lane, nodes)) in inside(lanes, node.id).enumerate() {
            let word = lane_word(lane.part).unwrap_or_else(|| headline(node).to_owned());
            line(text, depth, &format!("subgraph {}_{at} [\"{}\"]", id(node.id), escaped(&word)));
            list(text, lanes, nodes, depth + 1);
            line(text, depth, "end");
        }
    }
}

fn shape(node: &Node) -> String {
    let (id, name) = (id(node.id), escaped(headline(node)));
    match node.kind {
        "start" | "end" => format!("{id}([\"{name}\"])"),
        "switch" => format!("{id}{{\"{name}\"}}"),
        "listen" | "wait" => format!("{id}[/\"{name}\"/]"),
        _ => format!("{id}[\"{name}\"]"),
    }
}

fn id(node: NodeId) -> String {
    match node {
        NodeId::Start | NodeId::End => format!("n_{node}"),
        NodeId::Task(_) => format!("t{node}"),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "#amp;").replace('"', "#quot;").replace(['\n', '\r'], " ")
}

fn line(text: &mut String, depth: usize, content: &str) {
    // Writing into a String cannot fail.
    writeln!(text, "{}{content}", "  ".repeat(depth)).unwrap_or_default();
}
