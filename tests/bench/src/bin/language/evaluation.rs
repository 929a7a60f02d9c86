//! What one expression costs on data of the engine, by the size of the context.

use std::hint::black_box;

use anyhow::{Result, anyhow, ensure};
use serde_json::{Value, json};
use yiwang_bench::cost::Cost;
use yiwang_bench::figure::print;
use yiwang_dsl::Data;
use yiwang_dsl::expression::{Expression, Scope};

use crate::{RUNS, Scale};

/// Sizes of the context as JSON text, and how they are called.
const CONTEXTS: [(usize, &str); 3] = [(55, "55 B"), (2_000, "2 KB"), (48_000, "48 KB")];
/// Evaluations in one run.
const EVALUATIONS: u32 = 20_000;

/// What an expression gives on an input with a context.
type Right = fn(&Value, &Value) -> Value;

/// Their names, the expressions, and what they give.
const EXPRESSIONS: [(&str, &str, Right); 5] = [
    (".", ".", |input, _| input.clone()),
    (".a", ".a", |_, _| json!(1)),
    (".a + $context.b", ".a + $context.b", |_, _| json!(42)),
    ("$context + {x: .a}", "$context + {x: .a}", |_, context| {
        let mut context = context.clone();
        context["x"] = json!(1);
        context
    }),
    ("an average of reviews", "[.reviews[] | select(.valid) | .points] | add / length", |_, _| json!(3.5)),
];

/// Measures all expressions over all contexts.
///
/// # Errors
/// When one of them gives something else than it should.
pub(crate) fn measure(scale: Scale) -> Result<()> {
    let count = scale.of(EVALUATIONS);
    let reviews: Vec<Value> = [9, 1, 2, 3, 4, 5, 6]
        .iter()
        .map(|points| json!({ "points": points, "valid": *points != 9 }))
        .collect();
    let input = json!({ "a": 1, "reviews": reviews });
    for (name, text, right) in EXPRESSIONS {
        let mut figures = Vec::new();
        for (size, size_name) in CONTEXTS {
            let context = context(size);
            let cost = evaluate(text, &input, &context, &right(&input, &context), count)?;
            let nanos = cost.cpu.as_secs_f64() * 1e9 / f64::from(count);
            figures.push(format!("{size_name} {nanos:.0} ns"));
        }
        print(&format!("evaluation, {name}"), &figures.join(", "));
    }
    Ok(())
}

fn evaluate(text: &str, input: &Value, context: &Value, right: &Value, count: u32) -> Result<Cost> {
    let expression =
        Expression::compile(text, &["context"]).map_err(|remarks| anyhow!("{text}: {remarks:?}"))?;
    let (input, scope) = (Data::from(input.clone()), Context(Data::from(context.clone())));
    let is = expression.evaluate(&input, &scope)?;
    ensure!(is == Data::from(right.clone()), "{text} gives {is}, and should give {right}");
    let mut costs = Vec::new();
    for _ in 0..RUNS {
        let (cost, done) = Cost::of(|| {
            (0..count).try_for_each(|_| black_box(&expression).evaluate(black_box(&input), &scope).map(drop))
        });
        done?;
        costs.push(cost);
    }
    Ok(Cost::median(&costs))
}

/// A context of about this size: a number, and entries.
fn context(size: usize) -> Value {
    let mut entries = Vec::new();
    loop {
        let context = json!({ "b": 41, "entries": entries });
        let len = context.to_string().len();
        if len >= size {
            return context;
        }
        // The last entry fills what is left.
        let text = "街灯不亮，请尽快派人查看。";
        let entry = json!({ "id": entries.len(), "text": text });
        let left = size - len;
        if left > entry.to_string().len() + 40 {
            entries.push(entry);
        } else {
            let empty = json!({ "id": entries.len(), "text": "" }).to_string().len();
            let text = "x".repeat(left.saturating_sub(empty + usize::from(!entries.is_empty())));
            entries.push(json!({ "id": entries.len(), "text": text }));
        }
    }
}

struct Context(Data);

impl Scope for Context {
    fn variable(&self, name: &str) -> Option<Data> {
        (name == "context").then(|| self.0.clone())
    }
}
