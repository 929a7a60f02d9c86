//! dot: for Graphviz and the many programs that read its language.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use yiwang_dsl::graph::{Graph, Label, Lane, Node};

use super::{edge_word, headline, inside, lane_word, lanes};

/// A `digraph` with a cluster for each list inside.
pub(crate) fn dot(graph: &Graph) -> String {
    let mut text = "digraph workflow {\n  node [shape=box, style=rounded];\n".to_owned();
    let lanes = lanes(graph);
    list(&mut text, &lanes, lanes.get(&None).map_or(&[][..], Vec::as_slice), 1);
    for edge in &graph.edges {
        let mut attributes = Vec::new();
        attributes.extend(edge_word(&edge.label).map(|word| format!("label={}", quoted(word))));
        if matches!(edge.label, Label::Done | Label::Loop | Label::Catch) {
            attributes.push("style=dashed".to_owned());
        }
        let attributes =
            if attributes.is_empty() { String::new() } else { format!(" [{}]", attributes.join(", ")) };
        line(&mut text, 1, &format!("n{} -> n{}{attributes};", edge.from, edge.to));
    }
    text.push_str("}\n");
    text
}

fn list(text: &mut String, lanes: &BTreeMap<Option<Lane>, Vec<&Node>>, nodes: &[&Node], depth: usize) {
    for node in nodes {
        let shape = match node.kind {
            "start" | "end" => ", shape=ellipse",
            "switch" => ", shape=diamond, style=solid",
            _ => "",
        };
        line(text, depth, &format!("n{} [label={}{shape}];", node.id, quoted(headline(node))));
        for (at, (lane, nodes)) in inside(lanes, node.id).enumerate() {
            line(text, depth, &format!("subgraph cluster_{}_{at} {{", node.id));
            let word = lane_word(lane.part).unwrap_or_else(|| headline(node).to_owned());
            line(text, depth + 1, &format!("label={};", quoted(&word)));
            list(text, lanes, nodes, depth + 1);
            line(text, depth, "}");
        }
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace(['\n', '\r'], " "))
}

fn line(text: &mut String, depth: usize, content: &str) {
    // Writing into a String cannot fail.
    writeln!(text, "{}{content}", "  ".repeat(depth)).unwrap_or_default();
}
