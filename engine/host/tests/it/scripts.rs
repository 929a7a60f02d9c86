//! Scripts in the real interpreter: what they can do, what hostile ones attempt, and that the next one works.

use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use yiwang_core::{EffectId, InstanceId};
use yiwang_dsl::Data;
use yiwang_dsl::definition::ScriptLanguage;
use yiwang_host::{Scripts, ScriptsConfig};

use crate::support::NOW;

fn folder() -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    let build = || xtask::plugins::interpreter("script-js").expect("the interpreter builds");
    FOLDER.get_or_init(|| build().parent().unwrap().to_owned()).clone()
}

/// Compiled code is shared by the tests, or each of their processes would compile it.
fn cache() -> PathBuf {
    xtask::plugins::script_cache()
}

fn scripts(time_max: Duration) -> Scripts {
    let config = ScriptsConfig { time_max, ..ScriptsConfig::new(vec![folder()], cache()) };
    Scripts::start(config).unwrap()
}

fn effect(step: u32) -> EffectId {
    EffectId { instance: InstanceId(7), n: step }
}

/// The output as JSON, or the fault as `type: detail`.
async fn js(scripts: &Scripts, with: Value) -> Value {
    match scripts.run(ScriptLanguage::Js, &Data::from(with), &effect(1), NOW).await {
        Ok(output) => output.to_json(),
        Err(error) => {
            let kind = error.r#type.rsplit('/').next().unwrap_or_default().to_owned();
            json!(format!("{kind}: {}", error.detail.unwrap_or_default()))
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_handed_over_and_what_comes_back() {
    let scripts = scripts(Duration::from_secs(10));
    let cases = [
        (
            json!({
                "code": "console.log(process.argv.slice(2), process.env, process.stdin.read())",
                "arguments": ["a", 1, {"b": 2}], "environment": {"K": "v", "n": 3}, "stdin": {"x": 1}
            }),
            json!({"code": 0, "stdout": "[ 'a', '1', '{\"b\":2}' ] { K: 'v', n: '3' } {\"x\":1}\n", "stderr": ""}),
        ),
        (
            json!({"code": "return { sum: a + list[1], list }", "arguments": {"a": 1, "list": [1, 2]}}),
            json!({"code": 0, "stdout": {"sum": 3, "list": [1, 2]}, "stderr": ""}),
        ),
        (
            json!({"code": "console.error('so'); process.exit(3)"}),
            json!({"code": 3, "stdout": "", "stderr": "so\n"}),
        ),
        (
            json!({"code": "return new Date().toISOString()"}),
            json!({"code": 0, "stdout": "2024-06-04T06:30:00.000Z", "stderr": ""}),
        ),
        (json!({}), json!("validation: `code` is missing")),
        (json!({"code": 1}), json!("validation: `code` is not a text")),
        (
            json!({"code": "", "arguments": "x"}),
            json!("validation: `arguments` is neither a list nor an object"),
        ),
        (
            json!({"code": "", "arguments": {"a b": 1}}),
            json!("validation: `arguments`: `a b` cannot be the name of a variable"),
        ),
        (json!({"code": "", "environment": []}), json!("validation: `environment` is not an object")),
        (
            json!({"code": "", "stdin": "x".repeat(5 << 20)}),
            json!("validation: the script and all it is handed have 5242880 bytes, more than 4 MiB"),
        ),
    ];
    for (with, expected) in cases {
        assert_eq!(js(&scripts, with.clone()).await, expected, "{with}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_attack_costs_its_own_run_only() {
    let scripts = scripts(Duration::from_secs(1));
    let memory = "runtime: the script needs more memory than 64 MiB";
    let output = "runtime: the script says more than 1024 KiB";
    let cases = [
        ("for (;;) {}", "timeout: the script computed for more than 1000 ms"),
        ("try { for (;;) {} } finally { for (;;) {} }", "timeout: the script computed for more than 1000 ms"),
        ("setInterval(() => {}, 1)", "timeout: the script computed for more than 1000 ms"),
        ("/^(a+)+$/.test('a'.repeat(40) + '!')", "timeout: the script computed for more than 1000 ms"),
        // The interpreter makes an error of the language of this one, before it has nothing left.
        ("const all = []; for (;;) all.push(new Uint8Array(1 << 20))", ""),
        ("let s = 'x'.repeat(1 << 20); const all = []; for (let i = 0; ; i++) all.push(s + i)", memory),
        ("for (;;) console.log('x'.repeat(10000))", output),
        ("return 'x'.repeat(2 << 20)", output),
        ("eval('('.repeat(100000))", "runtime: the script is nested too deeply"),
        (
            "let a = []; for (let i = 0; i < 100000; i++) a = [a]; return a",
            "runtime: the script is nested too deeply",
        ),
        ("function f() { f() } f()", ""),
        ("const f = x => [1].map(() => f(x + 1)); f(0)", ""),
        ("Object.prototype.toString = Array.prototype.push = null; throw {}", ""),
        ("Object.defineProperty(Object.prototype, 'code', { get() { throw 1 } })", ""),
        (
            "globalThis.JSON = Promise = undefined; return { toJSON() { for (;;); } }",
            "timeout: the script computed for more than 1000 ms",
        ),
    ];
    let mut wrong = Vec::new();
    for (code, expected) in cases {
        let given = js(&scripts, json!({ "code": code })).await;
        let right = match given.as_str() {
            Some(fault) => fault == expected,
            None => expected.is_empty(),
        };
        if !right {
            wrong.push(format!("{code}: {given}"));
        }
        let next = js(&scripts, json!({ "code": "return typeof Object.prototype.code" })).await;
        assert_eq!(next["stdout"], "undefined", "after {code}: {next}");
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn others_are_served_while_some_compute() {
    let scripts = scripts(Duration::from_secs(2));
    let endless = || js(&scripts, json!({ "code": "for (;;) {}" }));
    let quick = async {
        let mut told = Vec::new();
        for at in 0..5 {
            told.push(js(&scripts, json!({ "code": format!("return {at}") })).await["stdout"].clone());
        }
        (told, Instant::now())
    };
    let loops = async {
        let ended = tokio::join!(endless(), endless(), endless());
        (ended, Instant::now())
    };
    let ((told, quick_at), (_, loops_at)) = tokio::join!(quick, loops);
    assert_eq!(told, [0, 1, 2, 3, 4]);
    assert!(quick_at < loops_at, "the quick ones had to wait for the endless ones");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_effect_has_the_same_chance() {
    let scripts = scripts(Duration::from_secs(10));
    let with = Data::from(json!({ "code": "return [Math.random(), Math.random()]" }));
    let of = async |step| {
        let output = scripts.run(ScriptLanguage::Js, &with, &effect(step), NOW).await.unwrap();
        output.to_json()["stdout"].clone()
    };
    let first = of(1).await;
    assert_ne!(first[0], first[1]);
    assert_eq!(first, of(1).await);
    assert_ne!(first, of(2).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_interpreter_the_fault_says_where_it_was_looked_for() {
    let nowhere = tempfile::tempdir().unwrap();
    let config = ScriptsConfig::new(vec![nowhere.path().to_owned()], cache());
    let told = js(&Scripts::start(config).unwrap(), json!({ "code": "" })).await;
    let path = nowhere.path().display();
    let help = "`cargo xtask plugins` builds it";
    assert_eq!(told, format!("configuration: there is no interpreter script-js.wasm in {path}; {help}"));
}

const RUNS: usize = 500;

#[tokio::test]
#[ignore = "figures: `cargo xtask bench` prints them"]
async fn figures_of_a_trivial_script() {
    let scripts = scripts(Duration::from_secs(10));
    let with = json!({ "code": "return 1 + 1" });
    js(&scripts, with.clone()).await;
    let mut times = Vec::with_capacity(RUNS);
    for _ in 0..RUNS {
        let began = Instant::now();
        let told = js(&scripts, with.clone()).await;
        times.push(began.elapsed());
        assert_eq!(told["stdout"], 2);
    }
    times.sort_unstable();
    let micros = |percent: usize| times[(times.len() - 1) * percent / 100].as_secs_f64() * 1e6;
    println!("{:<44} p50 {:.0} µs, p99 {:.0} µs", "a trivial script in JavaScript", micros(50), micros(99));
}
