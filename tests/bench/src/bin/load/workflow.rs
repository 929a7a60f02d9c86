//! The workflows of the load. A step is a call over HTTP, whose result is recorded before the next one begins: a
//! task that waits for nothing would share its transition with its neighbours.

use std::net::SocketAddr;

/// Their namespace.
pub(crate) const NAMESPACE: &str = "bench";

/// How long a timer of `timers` runs; the driver knows it too.
pub(crate) const TIMER_SECS: [u64; 2] = [1, 15];

/// Name and text of each.
pub(crate) fn all(stub: SocketAddr) -> Vec<(String, String)> {
    let step = format!("call: http\n      with: {{ method: get, endpoint: 'http://{stub}/step' }}\n");
    let steps = |count: usize| (1..=count).map(|n| format!("  - step{n}:\n      {step}")).collect::<String>();
    let mut all = vec![
        ("one-step".to_owned(), steps(1)),
        ("ten-steps".to_owned(), steps(10)),
        (
            "parked".to_owned(),
            "  - listen:
      listen:
        to:
          one:
            with: { type: bench.wake }
            correlate:
              key: { from: '${ .data.key }', expect: '${ $input.key }' }
"
            .to_owned(),
        ),
        (
            "held".to_owned(),
            format!(
                "  - held:\n      call: http\n      with: {{ method: get, endpoint: 'http://{stub}/hold' }}\n"
            ),
        ),
    ];
    for secs in TIMER_SECS {
        // When it is due is known from the time at which the task before began: both are of one transition.
        let due = format!("${{ {{ due: ($task.startedAt.epoch.milliseconds + {}) }} }}", secs * 1_000);
        all.push((
            format!("timer-{secs}"),
            format!(
                "  - begin:
      set: '{due}'
  - rest:
      wait: PT{secs}S
  - due:
      call: http
      with: {{ method: post, endpoint: 'http://{stub}/due', body: {{ due: '${{ .due }}' }} }}
"
            ),
        ));
    }
    all.into_iter().map(|(name, tasks)| (name.clone(), document(&name, &tasks))).collect()
}

fn document(name: &str, tasks: &str) -> String {
    format!(
        "document: {{ dsl: '1.0.3', namespace: {NAMESPACE}, name: {name}, version: '1.0.0' }}\ndo:\n{tasks}"
    )
}

#[cfg(test)]
mod tests {
    use yiwang_core::catalog::default_catalog;

    use super::*;

    #[test]
    fn each_workflow_passes_the_check() {
        for (name, text) in all(SocketAddr::from(([127, 0, 0, 1], 1))) {
            let (definition, remarks) = yiwang_dsl::check(&text, &default_catalog());
            assert!(definition.is_some(), "{name}: {remarks:?}\n{text}");
        }
    }
}
