//! SVG without any program beside us: lists run downwards, what is inside of a task stands in its box, jumps
//! bend to the right of their list.
//!
//! ```text
//! measure (inside first) ─► place (outside first) ─► boxes, then arrows
//! ```

use std::collections::BTreeMap;
use std::fmt::Write as _;

use yiwang_dsl::graph::{Edge, Graph, Label, Lane, Node, NodeId};

use super::{edge_word, headline, inside, lane_word, lanes};

const LINE: f64 = 18.0;
const HEAD: f64 = 46.0;
const GAP: f64 = 34.0;
const PADDING: f64 = 14.0;
const WIDTH_MIN: f64 = 120.0;
/// Room that one jump takes to the right of its list.
const JUMP: f64 = 22.0;

/// The drawing of a whole workflow.
pub(crate) fn svg(graph: &Graph) -> String {
    let mut drawing = Drawing::new(graph);
    let size = drawing.measure_list(None);
    drawing.place_list(None, PADDING, PADDING);
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {w:.0} {h:.0}\" width=\"{w:.0}\" height=\"{h:.0}\" \
         font-family=\"system-ui, 'Noto Sans CJK SC', sans-serif\" font-size=\"14\">\n{STYLE}",
        w = size.0 + 2.0 * PADDING,
        h = size.1 + 2.0 * PADDING,
    );
    drawing.boxes(&mut text);
    drawing.arrows(&mut text);
    text.push_str("</svg>\n");
    text
}

const STYLE: &str = "<style>
.box { fill: #fff; stroke: #4a5568; } .group { fill: #f7fafc; stroke: #a0aec0; } .lane { fill: none; stroke: #cbd5e0; stroke-dasharray: 4 3; }
.switch { fill: #fffaf0; } .wait, .listen { fill: #ebf8ff; } .raise { fill: #fff5f5; } .call, .run { fill: #f0fff4; } .point { fill: #2d3748; stroke: #2d3748; }
.name { fill: #1a202c; } .kind { fill: #718096; font-size: 11px; } .on { fill: #fff; } .edge { fill: none; stroke: #4a5568; } .jump { stroke: #3182ce; } .word { fill: #2b6cb0; font-size: 12px; }
</style>
<defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\"><path d=\"M0,0 L8,4 L0,8 z\" fill=\"#4a5568\"/></marker></defs>
";

struct Drawing<'g> {
    graph: &'g Graph,
    lanes: BTreeMap<Option<Lane>, Vec<&'g Node>>,
    sizes: BTreeMap<NodeId, (f64, f64)>,
    lane_sizes: BTreeMap<Option<Lane>, (f64, f64)>,
    places: BTreeMap<NodeId, (f64, f64)>,
    lane_places: BTreeMap<Lane, (f64, f64)>,
}

impl<'g> Drawing<'g> {
    fn new(graph: &'g Graph) -> Self {
        Self {
            graph,
            lanes: lanes(graph),
            sizes: BTreeMap::new(),
            lane_sizes: BTreeMap::new(),
            places: BTreeMap::new(),
            lane_places: BTreeMap::new(),
        }
    }

    fn nodes(&self, lane: Option<Lane>) -> Vec<&'g Node> {
        self.lanes.get(&lane).cloned().unwrap_or_default()
    }

    fn inside(&self, of: NodeId) -> Vec<Lane> {
        inside(&self.lanes, of).map(|(lane, _)| lane).collect()
    }

    /// Width and height of a list, with the room for its jumps.
    fn measure_list(&mut self, lane: Option<Lane>) -> (f64, f64) {
        let nodes = self.nodes(lane);
        let sizes: Vec<(f64, f64)> = nodes.iter().map(|node| self.measure(node)).collect();
        let width = sizes.iter().map(|size| size.0).fold(WIDTH_MIN, f64::max);
        #[expect(clippy::cast_precision_loss, reason = "a drawing has thousands of nodes at most")]
        let gaps = GAP * nodes.len().saturating_sub(1) as f64;
        let height = sizes.iter().map(|size| size.1).sum::<f64>() + gaps;
        let size = (width + self.jump_room(lane), height);
        self.lane_sizes.insert(lane, size);
        size
    }

    fn measure(&mut self, node: &Node) -> (f64, f64) {
        let own = text_width(headline(node)).max(text_width(below(node))).max(WIDTH_MIN - 2.0 * PADDING);
        let lanes = self.inside(node.id);
        let mut size = (own + 2.0 * PADDING, HEAD);
        if !lanes.is_empty() {
            let inner: Vec<(f64, f64)> = lanes.iter().map(|lane| self.measure_list(Some(*lane))).collect();
            let width: f64 = inner.iter().map(|size| size.0 + 2.0 * PADDING).sum();
            let height = inner.iter().map(|size| size.1).fold(0.0, f64::max);
            size = (size.0.max(width + PADDING), HEAD + height + 2.0 * PADDING + LINE);
        }
        self.sizes.insert(node.id, size);
        size
    }

    fn place_list(&mut self, lane: Option<Lane>, x: f64, y: f64) {
        let nodes = self.nodes(lane);
        let width = nodes.iter().map(|node| self.size(node.id).0).fold(WIDTH_MIN, f64::max);
        let mut top = y;
        for node in nodes {
            let (own, height) = self.size(node.id);
            let left = x + (width - own) / 2.0;
            self.places.insert(node.id, (left, top));
            let mut inner = left + PADDING / 2.0;
            for lane in self.inside(node.id) {
                self.lane_places.insert(lane, (inner, top + HEAD));
                self.place_list(Some(lane), inner + PADDING, top + HEAD + PADDING + LINE / 2.0);
                inner += self.lane_sizes.get(&Some(lane)).map_or(0.0, |size| size.0) + 2.0 * PADDING;
            }
            top += height + GAP;
        }
    }

    fn size(&self, id: NodeId) -> (f64, f64) {
        self.sizes.get(&id).copied().unwrap_or((WIDTH_MIN, HEAD))
    }

    /// Jumps within a list: what is not the way to the next node.
    fn jumps(&self, lane: Option<Lane>) -> Vec<&'g Edge> {
        let nodes = self.nodes(lane);
        let at = |id: NodeId| nodes.iter().position(|node| node.id == id);
        let jumps = self.graph.edges.iter().filter(|edge| match (at(edge.from), at(edge.to)) {
            (Some(from), Some(to)) => to != from + 1,
            _ => false,
        });
        jumps.collect()
    }

    fn jump_room(&self, lane: Option<Lane>) -> f64 {
        let jumps = self.jumps(lane);
        let words =
            jumps.iter().filter_map(|edge| edge_word(&edge.label)).map(text_width).fold(0.0, f64::max);
        #[expect(clippy::cast_precision_loss, reason = "a drawing has thousands of edges at most")]
        let lines = JUMP * jumps.len() as f64;
        if jumps.is_empty() { 0.0 } else { lines + words + PADDING }
    }

    fn boxes(&self, text: &mut String) {
        for node in &self.graph.nodes {
            let ((x, y), (w, h)) =
                (self.places.get(&node.id).copied().unwrap_or_default(), self.size(node.id));
            let lanes = self.inside(node.id);
            let point = matches!(node.id, NodeId::Start | NodeId::End);
            let class = match (point, lanes.is_empty()) {
                (true, _) => "box point".to_owned(),
                (false, true) => format!("box {}", node.kind),
                (false, false) => "box group".to_owned(),
            };
            let round = if point { HEAD / 2.0 } else { 6.0 };
            put(text, &format!("<g><title>{}</title>", escaped(&node.reference)));
            put(
                text,
                &format!(
                    "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{w:.1}\" height=\"{h:.1}\" rx=\"{round}\"/>"
                ),
            );
            let (middle, ink) = (x + w / 2.0, if point { "on" } else { "name" });
            let first = if point { y + HEAD / 2.0 + 5.0 } else { y + 20.0 };
            put(
                text,
                &format!(
                    "<text class=\"{ink}\" x=\"{middle:.1}\" y=\"{first:.1}\" text-anchor=\"middle\">{}</text>",
                    escaped(headline(node))
                ),
            );
            if !point {
                put(
                    text,
                    &format!(
                        "<text class=\"kind\" x=\"{middle:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
                        y + 37.0,
                        escaped(&below(node))
                    ),
                );
            }
            for lane in lanes {
                self.lane(text, lane);
            }
            put(text, "</g>\n");
        }
    }

    fn lane(&self, text: &mut String, lane: Lane) {
        let (x, y) = self.lane_places.get(&lane).copied().unwrap_or_default();
        let (w, h) = self.lane_sizes.get(&Some(lane)).copied().unwrap_or_default();
        let (w, h) = (w + 1.5 * PADDING, h + PADDING + LINE);
        put(
            text,
            &format!(
                "<rect class=\"lane\" x=\"{:.1}\" y=\"{y:.1}\" width=\"{w:.1}\" height=\"{h:.1}\" rx=\"4\"/>",
                x + PADDING / 4.0
            ),
        );
        if let Some(word) = lane_word(lane.part) {
            put(
                text,
                &format!(
                    "<text class=\"kind\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                    x + PADDING,
                    y + 14.0,
                    escaped(&word)
                ),
            );
        }
    }

    fn arrows(&self, text: &mut String) {
        for lane in self.lanes.keys() {
            let nodes = self.nodes(*lane);
            for pair in nodes.windows(2) {
                let between =
                    self.graph.edges.iter().filter(|edge| edge.from == pair[0].id && edge.to == pair[1].id);
                let words: Vec<&str> = between.clone().filter_map(|edge| edge_word(&edge.label)).collect();
                if between.count() > 0 {
                    self.straight(text, pair[0].id, pair[1].id, &words.join(" / "));
                }
            }
            let right = nodes
                .iter()
                .map(|node| self.places.get(&node.id).map_or(0.0, |at| at.0) + self.size(node.id).0);
            let right = right.fold(0.0, f64::max);
            for (n, edge) in self.jumps(*lane).into_iter().enumerate() {
                #[expect(clippy::cast_precision_loss, reason = "a drawing has thousands of edges at most")]
                self.bent(text, edge, right + JUMP * (n as f64 + 1.0));
            }
        }
    }

    fn straight(&self, text: &mut String, from: NodeId, to: NodeId, word: &str) {
        let ((x1, y1), (w1, h1)) = (self.places[&from], self.size(from));
        let ((x2, y2), (w2, _)) = (self.places[&to], self.size(to));
        let (x1, y1, x2) = (x1 + w1 / 2.0, y1 + h1, x2 + w2 / 2.0);
        put(
            text,
            &format!(
                "<path class=\"edge\" d=\"M{x1:.1},{y1:.1} L{x2:.1},{:.1}\" marker-end=\"url(#tip)\"/>",
                y2 - 1.0
            ),
        );
        if !word.is_empty() {
            put(
                text,
                &format!(
                    "<text class=\"word\" x=\"{:.1}\" y=\"{:.1}\">{}</text>\n",
                    x2 + 6.0,
                    (y1 + y2) / 2.0 + 4.0,
                    escaped(word)
                ),
            );
        }
    }

    fn bent(&self, text: &mut String, edge: &Edge, right: f64) {
        let ((x1, y1), (w1, _)) = (self.places[&edge.from], self.size(edge.from));
        let ((x2, y2), (w2, _)) = (self.places[&edge.to], self.size(edge.to));
        // A little apart, so that what leaves and what comes in can be told.
        let (x1, y1, x2, y2) = (x1 + w1, y1 + HEAD * 0.62, x2 + w2, y2 + HEAD * 0.38);
        let dashed =
            if matches!(edge.label, Label::Catch | Label::Loop) { " stroke-dasharray=\"5 3\"" } else { "" };
        put(
            text,
            &format!(
                "<path class=\"edge jump\" d=\"M{x1:.1},{y1:.1} H{:.1} Q{right:.1},{y1:.1} {right:.1},{:.1} V{:.1} Q{right:.1},{y2:.1} {:.1},{y2:.1} H{:.1}\" marker-end=\"url(#tip)\"{dashed}/>",
                right - 8.0,
                y1 + 8.0_f64.copysign(y2 - y1),
                y2 - 8.0_f64.copysign(y2 - y1),
                right - 8.0,
                x2 + 1.0
            ),
        );
        if let Some(word) = edge_word(&edge.label) {
            put(
                text,
                &format!(
                    "<text class=\"word\" x=\"{:.1}\" y=\"{:.1}\">{}</text>\n",
                    x1 + 6.0,
                    y1 - 4.0,
                    escaped(word)
                ),
            );
        }
    }
}

/// The second line of a box.
fn below(node: &Node) -> String {
    let name =
        if node.title.is_some() { format!("{} · {}", node.kind, node.name) } else { node.kind.to_owned() };
    if node.conditional { format!("{name} · if") } else { name }
}

/// Chinese characters are as wide as they are high; the others about half.
fn text_width(text: impl AsRef<str>) -> f64 {
    text.as_ref().chars().map(|character| if character.is_ascii() { 7.8 } else { 14.4 }).sum()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn put(text: &mut String, content: &str) {
    // Writing into a String cannot fail.
    write!(text, "{content}").unwrap_or_default();
}
