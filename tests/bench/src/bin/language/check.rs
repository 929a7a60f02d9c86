//! `yiwang check` on a definition of a thousand tasks: the checker alone, and the command as a user starts it.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use yiwang_bench::cost::Cost;
use yiwang_bench::figure::print;
use yiwang_core::catalog::default_catalog;

use crate::RUNS;
use crate::ours::definition;

/// Groups of ten tasks each.
const GROUPS: usize = 100;

/// Measures both.
///
/// # Errors
/// When the definition is not as it should be, or the command fails.
pub(crate) fn measure(binary: &Path) -> Result<()> {
    let text = text();
    let tasks = definition(&text)?.tasks.len();
    ensure!(tasks == GROUPS * 10, "the definition has {tasks} tasks");
    let expressions = text.matches("${").count();
    let about = format!("{tasks} tasks, {expressions} expressions, {} KB", text.len() / 1000);

    let catalog = default_catalog();
    let costs: Vec<Cost> = (0..RUNS).map(|_| Cost::of(|| yiwang_dsl::check(&text, &catalog)).0).collect();
    let cost = Cost::median(&costs);
    print(
        "check, without the command",
        &format!("{:.1} ms, {:.1} ms of processor ({about})", ms(cost.wall), ms(cost.cpu)),
    );

    let folder = tempfile::tempdir()?;
    let file = folder.path().join("workflow.yaml");
    std::fs::write(&file, &text)?;
    let mut costs = Vec::new();
    for _ in 0..RUNS {
        let mut command = Command::new(binary);
        command.arg("check").arg(&file).stdout(Stdio::null()).stderr(Stdio::null());
        let (cost, status) = Cost::of(|| command.status());
        let status = status.with_context(|| format!("starting {}", binary.display()))?;
        ensure!(status.success(), "`yiwang check` ended with {status}");
        costs.push(cost);
    }
    print("yiwang check, with its start", &format!("{:.1} ms", ms(Cost::median(&costs).wall)));
    Ok(())
}

/// Groups of every kind of task that most workflows have, no two expressions alike.
fn text() -> String {
    let mut text =
        "document: { dsl: '1.0.3', namespace: bench, name: large, version: '1.0.0' }\ndo:\n".to_owned();
    for n in 0..GROUPS {
        text.push_str(&format!(
            "  - receive-{n}:
      set:
        number: '${{ .number + {n} }}'
        level: '${{ if (.urgent // false) then {n} else 3 end }}'
      export: {{ as: '${{ {{ number: .number, level: .level, round: {n} }} }}' }}
  - route-{n}:
      switch:
        - hurry: {{ when: '${{ .level == {n} }}', then: tell-{n} }}
        - usual: {{ when: '${{ .level > {n} }}', then: continue }}
  - reviews-{n}:
      for: {{ each: review, in: '${{ [range({n}; {n} + 7)] }}' }}
      do:
        - add:
            set: {{ sum: '${{ (.sum // {n}) + $review }}', number: '${{ .number // {n} }}' }}
  - ask-{n}:
      try:
        - work:
            call: human-task:1.0.0@default
            with:
              title: '${{ \"办理第 \\(.number + {n}) 件\" }}'
              candidateRoles: [ handler ]
              outcomes: [ done, back ]
              due: {{ after: PT8H }}
            timeout: {{ after: P1D }}
      catch:
        as: problem
        do:
          - note:
              set: {{ outcome: '${{ \"late-{n}: \" + $problem.title }}' }}
  - tell-{n}:
      call: notify:1.0.0@default
      with:
        channel: sms
        to: {{ kind: mobile, address: '${{ \"1380000\\($context.number + {n})\" }}' }}
        body: '${{ \"办件 \\($context.number) 进入第 {n} 步\" }}'
  - rest-{n}:
      wait: {{ minutes: 5 }}
  - done-{n}:
      set: {{ number: '${{ $context.number + {n} }}', round: '${{ $context.round * {n} }}' }}
",
        ));
    }
    text
}

fn ms(time: std::time::Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
