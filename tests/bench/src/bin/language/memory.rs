//! What a deployed definition of 60 different expressions occupies.
//!
//! Each runtime is measured in a process of its own, which is this program started again, so that no memory
//! that others gave back is counted. What grows is `VmRSS`: resident memory as Linux counts it.

use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use yiwang_bench::figure::print;
use yiwang_bench::process;

use crate::Scale;
use crate::contender::{Contender, Runtime};

/// Definitions, and how many of whoever is beside us: its filters take a hundred times the memory.
const DEFINITIONS: (u32, u32) = (200, 40);
/// Tasks of a definition, with three expressions each.
const TASKS: u32 = 20;
/// The word after which this program is such a process.
pub(crate) const ALONE: &str = "memory";

/// Starts the processes.
///
/// # Errors
/// When one of them fails.
pub(crate) fn measure(scale: Scale) -> Result<()> {
    let mut first = None;
    for (at, runtime) in Runtime::ALL.iter().enumerate() {
        let count = scale.of(if at == 0 { DEFINITIONS.0 } else { DEFINITIONS.1 });
        let mut command = Command::new(std::env::current_exe()?);
        let output = command.args([ALONE, &at.to_string(), &count.to_string()]).output()?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let told: Value = serde_json::from_slice(&output.stdout).context("the process told no figures")?;
        let kib = |name: &str| told[name].as_f64().map(|mib| mib * 1024.0 / f64::from(count));
        let (Some(loaded), Some(run)) = (kib("loaded"), kib("run")) else { bail!("a figure is missing") };
        let ours = *first.get_or_insert(run);
        print(
            &format!("a definition, {}", runtime.name()),
            &format!(
                "{loaded:.0} KiB deployed, {run:.0} KiB after its first run{} (60 different expressions, {count} \
                 definitions, VmRSS)",
                if at == 0 { String::new() } else { format!(", {:.1} times ours", run / ours) }
            ),
        );
    }
    Ok(())
}

/// Loads so many definitions with this runtime, runs each once, and prints what they occupy.
///
/// # Errors
/// When an output is not right.
#[expect(clippy::print_stdout, reason = "what the process that started this one reads")]
pub(crate) fn alone(at: &str, count: &str) -> Result<()> {
    let runtime = Runtime::ALL.get(at.parse::<usize>()?).context("there is no such runtime")?;
    let count: u32 = count.parse()?;
    // What is made once for all definitions is no part of any.
    let (text, output) = definition(count);
    let mut warm = runtime.load(&text, &input())?;
    run(warm.as_mut(), &output)?;

    let empty = resident_mib();
    let mut deployed = Vec::new();
    for at in 0..count {
        let (text, output) = definition(at);
        deployed.push((runtime.load(&text, &input())?, output));
    }
    let loaded = resident_mib();
    for (contender, output) in &mut deployed {
        run(contender.as_mut(), output)?;
    }
    let run = resident_mib();
    println!("{}", json!({ "loaded": loaded - empty, "run": run - empty }));
    Ok(())
}

fn resident_mib() -> f64 {
    process::resident_mib(std::process::id())
}

fn run(contender: &mut dyn Contender, right: &Value) -> Result<()> {
    contender.run()?;
    let is = contender.output();
    ensure!(is == *right, "the output is {is}, and should be {right}");
    Ok(())
}

/// What every definition is run with.
fn input() -> Value {
    json!({ "a": 1, "name": "n", "items": [3, 1, 2] })
}

/// A definition none of whose expressions stands in it or in another one twice, and what it makes of
/// [`input`]: told here once more in Rust, so that no runtime is its own witness.
fn definition(at: u32) -> (String, Value) {
    let mut text =
        format!("document: {{ dsl: '1.0.0', namespace: bench, name: sixty-{at}, version: '1.0.0' }}\ndo:\n");
    let (mut a, mut name, mut items) = (1_i64, "n".to_owned(), vec![3_i64, 1, 2]);
    for task in 0..TASKS {
        let n = at * TASKS + task + 1;
        let number = i64::from(n);
        a += number;
        name = format!("{name}-{n}");
        let (named, listed) = match task % 4 {
            0 => {
                items.iter_mut().for_each(|item| *item += number);
                (format!("\"\\(.name)-{n}\""), format!(".items | map(. + {n})"))
            }
            1 => {
                items.iter_mut().for_each(|item| *item += if *item > number { -number } else { number });
                let listed = format!("[.items[] | if . > {n} then . - {n} else . + {n} end]");
                (format!(".name + \"-{n}\""), listed)
            }
            2 => {
                items.iter_mut().for_each(|item| *item += number);
                items.sort_unstable();
                (format!("[.name, \"{n}\"] | join(\"-\")"), format!(".items | map(. + {n}) | sort"))
            }
            _ => {
                items.push(number);
                (format!(".name as $name | $name + \"-{n}\""), format!(".items + [{n}]"))
            }
        };
        text.push_str(&format!(
            "  - step-{task}:
      set:
        a: '${{ .a + {n} }}'
        name: '${{ {named} }}'
        items: '${{ {listed} }}'
"
        ));
    }
    (text, json!({ "a": a, "name": name, "items": items }))
}
