//! Calls of services and processes: requested once, performed at least once, retried only by `try`.

use serde_json::{Value, json};
use yiwang_core::InstanceId;
use yiwang_core::input::EffectOutcome;
use yiwang_dsl::Fault;
use yiwang_dsl::error::Kind;
use yiwang_runtime::ports::Store as _;

use crate::plug::{Life, pulled_everywhere};
use crate::world::{World, workflow};

const CALL: &str =
    "  - call: {call: http, with: {method: post, endpoint: 'http://a.cn/x', body: {n: '${ .n }'}}}";

async fn output(world: &World, id: InstanceId) -> Value {
    world.last(id, "completed", "output").await
}

async fn run(world: &mut World, input: Value) -> InstanceId {
    let id = world.start("test/w", None, input).await;
    world.engine.settle().await.unwrap();
    id
}

#[tokio::test]
async fn the_answer_is_the_output() {
    let mut world = World::running(&[&workflow("w", "", CALL)]).await;
    let id = run(&mut world, json!({"n": 7})).await;
    assert_eq!(output(&world, id).await, json!({"n": 7}));
    let calls = world.services.calls.lock().unwrap().clone();
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0].request.workflow.name, "w");
    assert_eq!(calls[0].request.task, "/do/0/call");
}

#[tokio::test]
async fn what_fails_is_the_fault_of_the_task_and_is_not_repeated() {
    let outcomes = [
        EffectOutcome::Faulted { error: Fault::new(Kind::Authorization, "", "no such secret") },
        EffectOutcome::Permanent { code: "x.gone".to_owned(), message: "gone".to_owned() },
        EffectOutcome::Retryable { code: "x.busy".to_owned(), message: String::new(), retry_after: None },
    ];
    let expected = [("authorization", 403), ("communication", 500), ("communication", 500)];
    for (outcome, (kind, status)) in outcomes.into_iter().zip(expected) {
        let mut world = World::running(&[&workflow("w", "", CALL)]).await;
        world.services.outcomes.lock().unwrap().push(outcome);
        let id = run(&mut world, json!({"n": 7})).await;
        let error = world.last(id, "faulted", "error").await;
        assert!(error["type"].as_str().unwrap().ends_with(kind), "{error}");
        assert_eq!((&error["status"], &error["instance"]), (&json!(status), &json!("/do/0/call")));
        world.later(86_400_000).await;
        assert_eq!(world.services.calls.lock().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn the_result_of_a_cancelled_attempt_is_ignored() {
    let tasks = "  - safe:\n      try:\n        - call: {timeout: {after: PT1S}, call: http, with: {method: get, endpoint: 'http://a.cn/x'}}\n      catch: {do: [{late: {set: {late: true}}}]}";
    let mut world = World::running(&[&workflow("w", "", tasks)]).await;
    let id = world.start("test/w", None, json!({})).await;
    let effect = yiwang_core::EffectId { instance: id, n: 1 };
    world.engine.set_clock(world.engine.now().plus_millis(1_000));
    // The answer and the timeout come together; the answer is an effect that is performed later.
    world.engine.settle().await.unwrap();
    assert_eq!(output(&world, id).await, json!({"late": true}));
    assert_eq!(world.last(id, "result_ignored", "effect").await, json!(effect));
}

#[tokio::test]
async fn a_process_gives_the_part_that_is_wanted() {
    let done = |code| EffectOutcome::done(json!({"code": code, "stdout": "out", "stderr": "err"}));
    let cases = [
        ("", 0, json!("out")),
        (", return: stderr", 0, json!("err")),
        (", return: code", 3, json!(3)),
        (", return: all", 3, json!({"code": 3, "stdout": "out", "stderr": "err"})),
        (", return: none", 3, Value::Null),
        (", await: false", 3, json!({"n": 1})),
    ];
    for (wanted, code, expected) in cases {
        let task = format!("  - go: {{run: {{script: {{language: js, code: 'x'}}{wanted}}}}}");
        let mut world = World::running(&[&workflow("w", "", &task)]).await;
        world.services.outcomes.lock().unwrap().push(done(code));
        let id = run(&mut world, json!({"n": 1})).await;
        assert_eq!(output(&world, id).await, expected, "{wanted}");
    }
    let mut world =
        World::running(&[&workflow("w", "", "  - go: {run: {script: {language: js, code: 'x'}}}")]).await;
    world.services.outcomes.lock().unwrap().push(done(3));
    let id = run(&mut world, json!({})).await;
    let error = world.last(id, "faulted", "error").await;
    assert!(error["type"].as_str().unwrap().ends_with("runtime"), "{error}");
    assert_eq!(error["detail"], "run: it ended with the exit code 3: err");
}

#[tokio::test]
async fn authorization_shows_its_scheme_and_hides_its_parameter() {
    let task = "  - call:\n      call: http\n      with: {method: get, endpoint: 'http://a.cn/x'}\n      output: {as: '${ $authorization }'}";
    let mut world = World::running(&[&workflow("w", "", task)]).await;
    let authorization = Some("Bearer".to_owned());
    let done = EffectOutcome::Done { output: json!({}).into(), authorization };
    world.services.outcomes.lock().unwrap().extend([done, EffectOutcome::done(json!({}))]);
    let id = run(&mut world, json!({})).await;
    assert_eq!(output(&world, id).await, json!({"scheme": "Bearer", "parameter": "***"}));
    let id = run(&mut world, json!({})).await;
    assert_eq!(output(&world, id).await, Value::Null);
}

#[tokio::test]
async fn a_secret_is_known_only_to_the_performer() {
    let text = workflow(
        "w",
        "use: {secrets: [api]}",
        "  - call: {call: http, with: {method: post, endpoint: 'http://a.cn/x', headers: {x-key: '${ $secrets.api.key + .n }'}}}\n  - wait: {wait: PT1H}",
    );
    let mut world = World::running(&[&text]).await;
    let id = run(&mut world, json!({"n": "-7"})).await;
    let request = world.services.calls.lock().unwrap()[0].request.clone();
    assert_eq!(request.secrets, ["api"]);
    assert_eq!(request.with.to_json()["headers"]["x-key"], Value::Null);
    let secrets = json!({"api": {"key": "s3cr3t-t0ken"}}).into();
    assert_eq!(request.deferred[0].pointer, "/headers/x-key");
    assert_eq!(request.deferred[0].evaluate(&secrets).unwrap().as_str(), Some("s3cr3t-t0ken-7"));
    let stored = world.store.load(vec![id]).await.unwrap().remove(0).state.unwrap();
    let stored = String::from_utf8(stored).unwrap() + &json!(world.history(id).await).to_string();
    assert!(!stored.contains("s3cr3t"), "{stored}");
}

#[tokio::test]
async fn a_call_in_a_loop_in_a_try_survives_any_crash() {
    let tasks = "  - safe:
      try:
        - rounds:
            for: {in: '[1, 2]'}
            do:
              - call: {call: http, with: {method: post, endpoint: 'http://a.cn/x', body: {n: '${ $item }'}}}
              - rest: {wait: PT1S}
      catch: {retry: {delay: PT5S, limit: {attempt: {count: 5}}}}";
    let life = Life {
        workflows: vec![workflow("w", "", tasks)],
        starts: vec![("test/w", json!({}))],
        fails: vec![("http://a.cn/x", 2)],
        times: vec![60_000, 60_000],
        ..Life::default()
    };
    let picture = pulled_everywhere(life, &["test/w"]).await;
    assert_eq!(picture["lives"]["test/w#0"]["output"], json!({"n": 2}));
    assert_eq!(picture["calls"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn a_retried_call_in_a_loop_in_a_branch_survives_any_crash() {
    let tasks = "  - both:
      fork:
        branches:
          - left:
              try:
                - rounds:
                    for: {in: '[1, 2]'}
                    do:
                      - call: {call: http, with: {method: post, endpoint: 'http://a.cn/x', body: {n: '${ $item }'}}}
              catch: {retry: {delay: PT5S, limit: {attempt: {count: 5}}}}
          - right:
              do:
                - child: {run: {workflow: {namespace: test, name: child, version: '1.0.0', input: {n: 3}}}}
                - rest: {wait: PT1S}";
    let life = Life {
        workflows: vec![
            workflow("w", "", tasks),
            workflow(
                "child",
                "",
                "  - call: {call: http, with: {method: post, endpoint: 'http://a.cn/y', body: {n: '${ .n }'}}}",
            ),
        ],
        starts: vec![("test/w", json!({}))],
        fails: vec![("http://a.cn/x", 1)],
        times: vec![60_000, 60_000],
        branches: true,
        ..Life::default()
    };
    let picture = pulled_everywhere(life, &["test/w", "test/child"]).await;
    assert_eq!(picture["lives"]["test/w#0"]["output"], json!([{"n": 2}, {"n": 3}]));
    assert_eq!(picture["calls"], 4);
}
