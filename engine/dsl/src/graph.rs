//! The flow of a workflow as nodes and edges, for whoever draws it or walks it.
//!
//! ```text
//! start ─next─► check ─case─► repair ─next─► end          one lane: a list of tasks
//!                                │ ▲
//!                              do▼ │done
//!                              [ order ─next─► pay ]      a lane inside of `repair`
//! ```
//!
//! Nothing is known here of pixels, and nothing of instances. Extensions and functions are left out: they
//! belong to no place in the flow. The order of nodes and edges is that of the text.

use serde::{Serialize, Serializer};

use crate::definition::{Catch, Definition, Flow, Foreach, Task, TaskId, TaskKind};

/// The flow through a whole workflow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Graph {
    /// The start, the tasks as they are written, outer ones before those inside of them, and the end.
    pub nodes: Vec<Node>,
    /// Node by node, in order.
    pub edges: Vec<Edge>,
}

/// What edges lead from and to. As text: `start`, `end`, or the task's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NodeId {
    /// Where every instance begins.
    Start,
    /// A task.
    Task(TaskId),
    /// Where every instance ends that does not fail.
    End,
}

impl std::fmt::Display for NodeId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Start => f.write_str("start"),
            Self::Task(TaskId(number)) => number.fmt(f),
            Self::End => f.write_str("end"),
        }
    }
}

impl Serialize for NodeId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// One node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Node {
    /// Which.
    pub id: NodeId,
    /// The task's name.
    pub name: String,
    /// `metadata.title` of a task, `document.title` of the start: for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// `start`, `end`, or the word that says what the task does.
    pub kind: &'static str,
    /// JSON Pointer of the task; empty for start and end.
    pub reference: String,
    /// Has it an `if`, so that it may be skipped?
    pub conditional: bool,
    /// The lane it stands in; none: the workflow's own list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lane: Option<Lane>,
}

/// A list of tasks inside of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Lane {
    /// The task that holds it.
    pub of: NodeId,
    /// Which of its lists. Each branch of a fork is a lane of its own.
    pub part: Part,
}

/// What a list is to the task that holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// `do` of a `do`.
    Do,
    /// A round of a `for`.
    For,
    /// What is done with each event.
    Foreach,
    /// A branch of a fork, from 0.
    Branch(usize),
    /// What is tried.
    Try,
    /// What is done about an error.
    Catch,
}

/// From one node to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Edge {
    /// Where from.
    pub from: NodeId,
    /// Where to. A lane is left to the task that holds it.
    pub to: NodeId,
    /// When.
    #[serde(flatten)]
    pub label: Label,
}

/// When an edge is taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase", tag = "label", content = "name")]
pub enum Label {
    /// The next task of the list, or the end after the last one.
    Next,
    /// `then` names the task.
    Then,
    /// A case of a switch, by name.
    Case(String),
    /// Into the first task of a list inside.
    Into,
    /// Into a branch of a fork.
    Branch,
    /// An error is caught.
    Catch,
    /// After the last task of a list inside, back to the task that holds it.
    Done,
    /// After the last task of a round, to the next round.
    Loop,
    /// `then: exit`.
    Exit,
    /// `then: end`.
    End,
}

impl Definition {
    /// The flow through this workflow.
    pub fn graph(&self) -> Graph {
        let mut drawing = Drawing { definition: self, nodes: Vec::new(), edges: Vec::new() };
        let title = self.title.clone();
        drawing.nodes.push(point(NodeId::Start, self.id.name.clone(), title, "start"));
        if let Some(first) = self.root.first() {
            drawing.edge(NodeId::Start, NodeId::Task(*first), Label::Next);
        }
        drawing.list(&self.root, None, NodeId::End, Label::Next);
        drawing.nodes.push(point(NodeId::End, "end".to_owned(), None, "end"));
        Graph { nodes: drawing.nodes, edges: drawing.edges }
    }
}

fn point(id: NodeId, name: String, title: Option<String>, kind: &'static str) -> Node {
    Node { id, name, title, kind, reference: String::new(), conditional: false, lane: None }
}

struct Drawing<'d> {
    definition: &'d Definition,
    nodes: Vec<Node>,
    edges: Vec<Edge>,
}

/// Where a list is left to, and how its last task says so.
#[derive(Clone, Copy)]
struct Around<'l> {
    list: &'l [TaskId],
    position: usize,
    out: NodeId,
    done: &'l Label,
}

impl<'d> Drawing<'d> {
    fn edge(&mut self, from: NodeId, to: NodeId, label: Label) {
        self.edges.push(Edge { from, to, label });
    }

    fn list(&mut self, list: &[TaskId], lane: Option<Lane>, out: NodeId, done: Label) {
        for (position, id) in list.iter().enumerate() {
            let around = Around { list, position, out, done: &done };
            self.task(self.definition.task(*id), lane, around);
        }
    }

    fn task(&mut self, task: &'d Task, lane: Option<Lane>, around: Around<'_>) {
        let id = NodeId::Task(task.id);
        self.nodes.push(Node {
            id,
            name: task.name.clone(),
            title: task.title.clone(),
            kind: task.kind.word(),
            reference: task.reference.clone(),
            conditional: task.condition.is_some(),
            lane,
        });
        match &task.kind {
            TaskKind::Do { body } => {
                self.inside(id, Part::Do, body, Label::Into, Label::Done);
                self.flow(id, task.then, around);
            }
            TaskKind::For { body, .. } => {
                self.inside(id, Part::For, body, Label::Into, Label::Loop);
                self.flow(id, task.then, around);
            }
            TaskKind::Fork { branches, .. } => {
                for (at, branch) in branches.iter().enumerate() {
                    let branch = std::slice::from_ref(branch);
                    self.inside(id, Part::Branch(at), branch, Label::Branch, Label::Done);
                }
                self.flow(id, task.then, around);
            }
            TaskKind::Try { body, catch } => self.attempt(task, body, catch, around),
            TaskKind::Call { foreach, .. } | TaskKind::Listen { foreach, .. } => {
                if let Some(Foreach { body, .. }) = foreach {
                    self.inside(id, Part::Foreach, body, Label::Into, Label::Loop);
                }
                self.flow(id, task.then, around);
            }
            TaskKind::Switch { cases } => {
                for case in cases {
                    let (to, _) = self.target(case.then, around);
                    self.edge(id, to, Label::Case(case.name.clone()));
                }
                if task.condition.is_some() || cases.iter().all(|case| case.when.is_some()) {
                    self.flow(id, task.then, around);
                }
            }
            TaskKind::Raise { .. } => {
                if task.condition.is_some() {
                    self.flow(id, task.then, around);
                }
            }
            TaskKind::Emit { .. } | TaskKind::Run { .. } | TaskKind::Set { .. } | TaskKind::Wait { .. } => {
                self.flow(id, task.then, around);
            }
        }
    }

    fn attempt(&mut self, task: &'d Task, body: &[TaskId], catch: &Catch, around: Around<'_>) {
        let id = NodeId::Task(task.id);
        self.inside(id, Part::Try, body, Label::Into, Label::Done);
        if let Some(body) = &catch.body {
            self.inside(id, Part::Catch, body, Label::Catch, Label::Done);
        }
        if catch.then != Flow::Continue {
            let (to, _) = self.target(catch.then, around);
            self.edge(id, to, Label::Catch);
        }
        self.flow(id, task.then, around);
    }

    /// A list inside of a task.
    fn inside(&mut self, of: NodeId, part: Part, list: &[TaskId], into: Label, done: Label) {
        if let Some(first) = list.first() {
            self.edge(of, NodeId::Task(*first), into);
        }
        self.list(list, Some(Lane { of, part }), of, done);
    }

    fn flow(&mut self, from: NodeId, flow: Flow, around: Around<'_>) {
        let (to, label) = self.target(flow, around);
        self.edge(from, to, label);
    }

    fn target(&self, flow: Flow, around: Around<'_>) -> (NodeId, Label) {
        match flow {
            Flow::Continue => match around.list.get(around.position + 1) {
                Some(next) => (NodeId::Task(*next), Label::Next),
                None => (around.out, around.done.clone()),
            },
            Flow::Exit => (around.out, Label::Exit),
            Flow::End => (NodeId::End, Label::End),
            Flow::Goto(task) => (NodeId::Task(task), Label::Then),
        }
    }
}
