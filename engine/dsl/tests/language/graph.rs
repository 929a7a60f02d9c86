//! The flow as nodes and edges.

use std::fmt::Write as _;

use expect_test::{Expect, expect};
use yiwang_dsl::graph::{Edge, Graph, Label};

use crate::remarks::{as_do, catalog, with_head};

fn graph(tasks: &str) -> Graph {
    let text = with_head(&as_do(tasks));
    let (definition, diagnostics) = yiwang_dsl::check(&text, &catalog());
    definition.unwrap_or_else(|| unreachable!("{diagnostics:?}")).graph()
}

/// Each edge by the names of its nodes.
fn check(tasks: &str, expect: Expect) {
    let graph = graph(tasks);
    let name = |id| {
        graph.nodes.iter().find(|node| node.id == id).map_or("?", |node| match node.kind {
            kind @ ("start" | "end") => kind,
            _ => node.name.as_str(),
        })
    };
    let mut shown = String::new();
    for Edge { from, to, label } in &graph.edges {
        let label = match label {
            Label::Case(case) => format!("case {case}"),
            other => format!("{other:?}").to_lowercase(),
        };
        writeln!(shown, "{} -{label}-> {}", name(*from), name(*to)).expect("a String takes everything");
    }
    expect.assert_eq(&shown);
}

#[test]
fn one_after_the_other() {
    check(
        "- a: { wait: PT1S }\n- b: { wait: PT1S, then: d }\n- c: { wait: PT1S, then: end }\n- d: { wait: PT1S, then: exit }",
        expect![[r#"
            start -next-> a
            a -next-> b
            b -then-> d
            c -end-> end
            d -exit-> end
        "#]],
    );
}

#[test]
fn switches() {
    check(
        "- a: { switch: [{ x: { when: .x, then: c } }, { y: { when: .y, then: end } }] }\n- b: { switch: [{ z: { then: exit } }, { u: { when: .u, then: continue } }] }\n- c: { wait: PT1S }",
        expect![[r#"
            start -next-> a
            a -case x-> c
            a -case y-> end
            a -next-> b
            b -case u-> c
            b -case z-> end
            c -next-> end
        "#]],
    );
}

#[test]
fn lists_inside() {
    check(
        "- a: { do: [{ b: { wait: PT1S, then: exit } }, { c: { wait: PT1S } }] }\n- d: { wait: PT1S }",
        expect![[r#"
            start -next-> a
            a -into-> b
            b -exit-> a
            c -done-> a
            a -next-> d
            d -next-> end
        "#]],
    );
    check(
        "- a: { for: { in: .x }, do: [{ b: { wait: PT1S } }, { c: { wait: PT1S } }] }",
        expect![[r#"
        start -next-> a
        a -into-> b
        b -next-> c
        c -loop-> a
        a -next-> end
    "#]],
    );
    check(
        "- a: { listen: { to: { any: [], until: false } }, foreach: { do: [{ b: { wait: PT1S } }] } }",
        expect![[r#"
            start -next-> a
            a -into-> b
            b -loop-> a
            a -next-> end
        "#]],
    );
}

#[test]
fn branches() {
    check(
        "- a: { fork: { branches: [{ b: { do: [{ c: { wait: PT1S } }] } }, { d: { wait: PT1S, then: end } }] } }\n- e: { wait: PT1S }",
        expect![[r#"
            start -next-> a
            a -branch-> b
            b -into-> c
            c -done-> b
            b -done-> a
            a -branch-> d
            d -end-> end
            a -next-> e
            e -next-> end
        "#]],
    );
}

#[test]
fn errors() {
    check(
        "- a: { try: [{ b: { raise: { error: { type: x, status: 500 } } } }], catch: { do: [{ c: { wait: PT1S } }], then: e } }\n- d: { if: .x, raise: { error: { type: x, status: 500 } } }\n- e: { wait: PT1S }",
        expect![[r#"
            start -next-> a
            a -into-> b
            a -catch-> c
            c -done-> a
            a -catch-> e
            a -next-> d
            d -next-> e
            e -next-> end
        "#]],
    );
}

#[test]
fn as_json() {
    let graph = graph(
        "- a: { if: .x, fork: { branches: [{ b: { wait: PT1S, metadata: { title: 等待, more: 1 } } }] } }",
    );
    let json = serde_json::to_string_pretty(&graph).unwrap();
    expect![[r#"
        {
          "nodes": [
            {
              "id": "start",
              "name": "test",
              "kind": "start",
              "reference": "",
              "conditional": false
            },
            {
              "id": "0",
              "name": "a",
              "kind": "fork",
              "reference": "/do/0/a",
              "conditional": true
            },
            {
              "id": "1",
              "name": "b",
              "title": "等待",
              "kind": "wait",
              "reference": "/do/0/a/fork/branches/0/b",
              "conditional": false,
              "lane": {
                "of": "0",
                "part": {
                  "branch": 0
                }
              }
            },
            {
              "id": "end",
              "name": "end",
              "kind": "end",
              "reference": "",
              "conditional": false
            }
          ],
          "edges": [
            {
              "from": "start",
              "to": "0",
              "label": "next"
            },
            {
              "from": "0",
              "to": "1",
              "label": "branch"
            },
            {
              "from": "1",
              "to": "0",
              "label": "done"
            },
            {
              "from": "0",
              "to": "end",
              "label": "next"
            }
          ]
        }"#]]
    .assert_eq(&json);
}

#[test]
fn the_same_every_time() {
    let text = include_str!("good.yaml");
    let draw = || yiwang_dsl::check(text, &catalog()).0.expect("the text is good").graph();
    let first = draw();
    assert_eq!(first, draw());
    let known = |id| first.nodes.iter().any(|node| node.id == id);
    assert!(first.edges.iter().all(|edge| known(edge.from) && known(edge.to)));
    let mut ids: Vec<_> = first.nodes.iter().map(|node| node.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), first.nodes.len(), "no node stands twice");
}
