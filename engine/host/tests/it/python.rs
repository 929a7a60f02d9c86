//! Scripts in Python, in the real interpreter: skipped with a word where it cannot be built.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use yiwang_core::{EffectId, InstanceId};
use yiwang_dsl::Data;
use yiwang_dsl::definition::ScriptLanguage;
use yiwang_host::{Scripts, ScriptsConfig};

use crate::support::NOW;

/// Compiled code is shared by the tests: `CPython` takes a minute.
fn cache() -> PathBuf {
    xtask::plugins::script_cache()
}

/// None: this machine has neither Python nor pip, and the test has said so.
#[expect(clippy::print_stdout, reason = "what is skipped is said")]
fn scripts(time_max: Duration) -> Option<Scripts> {
    match xtask::plugins::interpreter_if_possible("script-python").expect("the interpreter builds") {
        Ok(component) => {
            let folder = component.parent().unwrap().to_owned();
            let config = ScriptsConfig { time_max, ..ScriptsConfig::new(vec![folder], cache()) };
            Some(Scripts::start(config).unwrap())
        }
        Err(obstacle) => {
            println!("skipped: {obstacle}");
            None
        }
    }
}

async fn python(scripts: &Scripts, with: Value) -> Value {
    let effect = EffectId { instance: InstanceId(7), n: 1 };
    match scripts.run(ScriptLanguage::Python, &Data::from(with), &effect, NOW).await {
        Ok(output) => output.to_json(),
        Err(error) => {
            let kind = error.r#type.rsplit('/').next().unwrap_or_default().to_owned();
            json!(format!("{kind}: {}", error.detail.unwrap_or_default()))
        }
    }
}

/// Code, and what it prints.
async fn says(scripts: &Scripts, cases: &[(&str, &str)]) {
    let mut wrong = Vec::new();
    for (code, expected) in cases {
        let given = python(scripts, json!({ "code": code })).await;
        if given != json!({ "code": 0, "stdout": format!("{expected}\n"), "stderr": "" }) {
            wrong.push(format!("{code}\n  gave {given}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_handed_over_and_what_comes_back() {
    let Some(scripts) = scripts(Duration::from_secs(10)) else { return };
    let cases = [
        (
            json!({
                "code": "import sys, os\nprint(sys.argv[1:], dict(os.environ), sys.stdin.read())",
                "arguments": ["a", 1, {"b": 2}], "environment": {"K": "v", "n": 3}, "stdin": {"x": 1}
            }),
            json!({"code": 0, "stdout": "['a', '1', '{\"b\":2}'] {'K': 'v', 'n': '3'} {\"x\":1}\n", "stderr": ""}),
        ),
        (
            json!({"code": "return {'sum': a + list[1], '名': 名}", "arguments": {"a": 1, "list": [1, 2], "名": "张三"}}),
            json!({"code": 0, "stdout": {"sum": 3, "名": "张三"}, "stderr": ""}),
        ),
        (
            json!({"code": "import sys\nprint('so', file=sys.stderr)\nsys.exit(3)"}),
            json!({"code": 3, "stdout": "", "stderr": "so\n"}),
        ),
        (json!({"code": "return None"}), json!({"code": 0, "stdout": null, "stderr": ""})),
        (json!({"code": "return"}), json!({"code": 0, "stdout": "", "stderr": ""})),
        (
            json!({"code": "print(input() + input())\nprint(open(0).read(), end='')", "stdin": "a\nb\nc"}),
            json!({"code": 0, "stdout": "ab\nc", "stderr": ""}),
        ),
        (
            json!({"code": "def f(n):\n    return 1 / n\nf(0)"}),
            json!({"code": 1, "stdout": "", "stderr": "Traceback (most recent call last):\n  File \"script.py\", line 3, in <module>\n    f(0)\n    ~^^^\n  File \"script.py\", line 2, in f\n    return 1 / n\n           ~~^~~\nZeroDivisionError: division by zero\n"}),
        ),
        (
            json!({"code": "x = "}),
            json!({"code": 1, "stdout": "", "stderr": "  File \"script.py\", line 1\n    x = \n        ^\nSyntaxError: invalid syntax\n"}),
        ),
        (
            json!({"code": "return {1}"}),
            json!({"code": 1, "stdout": "", "stderr": "the value of the script: TypeError: Object of type set is not JSON serializable\n"}),
        ),
    ];
    let mut wrong = Vec::new();
    for (with, expected) in cases {
        let given = python(&scripts, with.clone()).await;
        if given != expected {
            wrong.push(format!("{with}\n  gave {given}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_is_a_module_or_the_body_of_a_function() {
    let Some(scripts) = scripts(Duration::from_secs(10)) else { return };
    let cases = [
        "'''doc'''\nfrom __future__ import annotations\nfrom math import *\nz: nothing = floor(pi)\n\nclass A:\n    def m(self): return z\n\nfor i in range(9):\n    if i == 2: return [i, A().m(), __doc__, A.m.__qualname__, __name__]",
        "n = 0\ndef up():\n    global n\n    n += 1\nup(); up()\nif n: return [n, 3, 'doc', 'A.m', '__main__']",
    ];
    let expected = json!([2, 3, "doc", "A.m", "__main__"]);
    for code in cases {
        assert_eq!(python(&scripts, json!({ "code": code })).await["stdout"], expected, "{code}");
    }
    says(
        &scripts,
        &[
            ("import dataclasses, pickle\n@dataclasses.dataclass\nclass P:\n    x: int = 1\nprint(pickle.loads(pickle.dumps(P(2))))", "P(x=2)"),
            ("import json, re, decimal, csv, io\nprint(json.dumps([decimal.Decimal('1.10').to_eng_string()]), re.sub('a+', 'b', 'caat'), next(csv.reader(['a,\"b,c\"'])))", "[\"1.10\"] cbt ['a', 'b,c']"),
            ("import xml.etree.ElementTree as e\nprint(e.fromstring('<a><b>1</b></a>').find('b').text)", "1"),
            ("print('一望'.encode('gb18030'), b'\\xd2\\xbb'.decode('gbk'))", "b'\\xd2\\xbb\\xcd\\xfb' 一"),
            ("import datetime as d\nprint(d.datetime.strptime('2024-01-31', '%Y-%m-%d').date() + d.timedelta(days=1))", "2024-02-01"),
            ("import hashlib, zlib, base64\nprint(hashlib.sha256(b'').hexdigest()[:8], zlib.decompress(zlib.compress(b'x')), base64.b64encode(b'1'))", "e3b0c442 b'x' b'MQ=='"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn time_is_virtual_and_chance_is_the_hosts() {
    let Some(scripts) = scripts(Duration::from_secs(10)) else { return };
    says(
        &scripts,
        &[
            ("import datetime\nprint(datetime.datetime.now(), datetime.date.today())", "2024-06-04 06:30:00 2024-06-04"),
            ("import time\nt = time.time()\ntime.sleep(3600)\nprint(time.time() - t, time.monotonic(), time.strftime('%H:%M'))", "3600.0 3600.0 07:30"),
            ("import asyncio, time\nasync def m():\n    await asyncio.sleep(60)\n    return await asyncio.gather(asyncio.sleep(2, 'a'), asyncio.sleep(1, 'b'))\nprint(asyncio.run(m()), time.monotonic())", "['a', 'b'] 62.0"),
            ("import logging\nlogging.basicConfig(format='%(asctime)s %(message)s', stream=__import__('sys').stdout)\nlogging.warning('x')", "2024-06-04 06:30:00,000 x"),
        ],
    )
    .await;
    let code = "import random, uuid, secrets, os\nreturn [random.random(), str(uuid.uuid4()), secrets.token_hex(), os.urandom(4).hex(), random.Random().random(), list({'a', 'b', 'c'}), hash('x')]";
    let of = async |n| {
        let effect = EffectId { instance: InstanceId(7), n };
        let with = Data::from(json!({ "code": code }));
        scripts.run(ScriptLanguage::Python, &with, &effect, NOW).await.unwrap().to_json()["stdout"].clone()
    };
    let first = of(1).await;
    assert!(first.is_array(), "{first}");
    assert_eq!(first, of(1).await);
    let second = of(2).await;
    for n in 0..5 {
        assert_ne!(first[n], second[n]);
    }
    assert_eq!((&first[5], &first[6]), (&second[5], &second[6]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_script_has_not_is_an_exception() {
    let Some(scripts) = scripts(Duration::from_secs(10)) else { return };
    let refused = |code: &str, error: &str| {
        (
            format!(
                "try:\n    {}\nexcept Exception as error:\n    print(type(error).__name__, error)",
                code.replace('\n', "\n    ")
            ),
            error.to_owned(),
        )
    };
    let files = "a script has no files but its standard input, output and error";
    let cases = [
        refused("open('/etc/passwd')", &format!("PermissionError [Errno 63] {files}: '/etc/passwd'")),
        refused("import os\nos.listdir('/')", &format!("PermissionError [Errno 63] {files}: '/'")),
        refused(
            "import pathlib\npathlib.Path('a').write_text('x')",
            &format!("PermissionError [Errno 63] {files}: 'a'"),
        ),
        refused(
            "import tempfile\ntempfile.TemporaryFile()",
            "FileNotFoundError [Errno 44] No usable temporary directory found in ['/tmp', '/var/tmp', '/usr/tmp', '/']",
        ),
        refused(
            "import socket\nsocket.create_connection(('127.0.0.1', 80))",
            "PermissionError [Errno 63] a script has no network",
        ),
        refused("import socket\nsocket.socket()", "PermissionError [Errno 63] a script has no network"),
        refused(
            "import urllib.request\nurllib.request.urlopen('http://a.cn')",
            "URLError <urlopen error [Errno 63] a script has no network>",
        ),
        refused(
            "import subprocess\nsubprocess.run(['ls'])",
            "PermissionError [Errno 63] a script has no processes",
        ),
        refused("import os\nos.system('ls')", "AttributeError module 'os' has no attribute 'system'"),
        refused(
            "import threading\nthreading.Thread(target=print).start()",
            "RuntimeError can't start new thread: a script has one only",
        ),
        refused("import requests", "ModuleNotFoundError No module named 'requests'"),
        refused("import sqlite3", "ModuleNotFoundError No module named 'sqlite3'"),
        refused(
            "import asyncio\nasync def m():\n    await asyncio.Future()\nasyncio.run(m())",
            "RuntimeError the script waits for something that will never happen",
        ),
    ];
    let cases: Vec<(&str, &str)> = cases.iter().map(|(code, told)| (code.as_str(), told.as_str())).collect();
    says(&scripts, &cases).await;
    says(
        &scripts,
        &[(
            "import os\nprint(os.path.exists('/etc'), os.getcwd(), os.getpid(), list(os.walk('/')))",
            "False / 1 []",
        )],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_attack_costs_its_own_run_only() {
    let Some(scripts) = scripts(Duration::from_secs(1)) else { return };
    let time = "timeout: the script computed for more than 1000 ms";
    let output = "runtime: the script says more than 1024 KiB";
    let deep = "runtime: the script is nested too deeply";
    let broken = "runtime: the script asks for what its sandbox has not, or has broken its interpreter";
    let cases = [
        ("while True: pass", time),
        ("try:\n    while True: pass\nfinally:\n    while True: pass", time),
        ("import re\nre.match('(a+)+$', 'a' * 40 + '!')", time),
        ("import time\nwhile True: time.sleep(1)", time),
        // The interpreter makes an error of the language of these, before it has nothing left.
        ("a = []\nwhile True: a.append(bytearray(1 << 24))", ""),
        ("x = 'x' * (1 << 40)", ""),
        ("def f(): f()\nf()", ""),
        ("a = []\nfor _ in range(100000): a = [a]\nreturn a", deep),
        ("import json\njson.loads('[' * 100000)", deep),
        ("eval('(' * 100000)", ""),
        ("while True: print('x' * 10000)", output),
        ("try:\n    while True: print('x' * 10000)\nexcept BaseException: pass", output),
        ("return 'x' * (2 << 20)", output),
        ("import builtins, sys\nfor n in dir(builtins): delattr(builtins, n)", broken),
        ("import sys\nsys.modules.clear()\nraise ValueError", broken),
        ("import queue\nqueue.Queue().get()", broken),
        ("import _random\n_random.Random()", broken),
        ("import sys, io\nsys.stdout = sys.stderr = None\nraise ValueError", ""),
    ];
    let mut wrong = Vec::new();
    for (code, expected) in cases {
        let given = python(&scripts, json!({ "code": code })).await;
        let right = match given.as_str() {
            Some(fault) => fault == expected,
            None => expected.is_empty(),
        };
        if !right {
            wrong.push(format!("{code}: {given}"));
        }
        let next = python(&scripts, json!({ "code": "return len('ab')" })).await;
        assert_eq!(next["stdout"], 2, "after {code}: {next}");
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_interpreter_the_fault_says_how_to_get_one() {
    let nowhere = tempfile::tempdir().unwrap();
    let config = ScriptsConfig::new(vec![nowhere.path().to_owned()], cache());
    let told = python(&Scripts::start(config).unwrap(), json!({ "code": "" })).await;
    let path = nowhere.path().display();
    let help = "`cargo xtask plugins` builds it where python3 and pip are";
    let expected = format!("configuration: there is no interpreter script-python.wasm in {path}; {help}");
    assert_eq!(told, expected);
}

const RUNS: usize = 200;

#[tokio::test]
#[ignore = "figures: `cargo xtask bench` prints them"]
async fn figures_of_a_trivial_script_in_python() {
    let Some(scripts) = scripts(Duration::from_secs(10)) else { return };
    let began = Instant::now();
    let with = json!({ "code": "return 1 + 1" });
    python(&scripts, with.clone()).await;
    println!("{:<44} {:.1} s", "the first script in Python", began.elapsed().as_secs_f64());
    let mut times = Vec::with_capacity(RUNS);
    for _ in 0..RUNS {
        let began = Instant::now();
        let told = python(&scripts, with.clone()).await;
        times.push(began.elapsed());
        assert_eq!(told["stdout"], 2);
    }
    times.sort_unstable();
    let micros = |percent: usize| times[(times.len() - 1) * percent / 100].as_secs_f64() * 1e6;
    println!("{:<44} p50 {:.0} µs, p99 {:.0} µs", "a trivial script in Python", micros(50), micros(99));
    let compiled = std::fs::read_dir(cache()).unwrap().flatten().map(|entry| entry.metadata().unwrap().len());
    println!("{:<44} {} MiB", "the greatest compiled interpreter", compiled.max().unwrap_or(0) >> 20);
    let component = xtask::plugins::output().join("script-python.wasm");
    println!("{:<44} {} MiB", "its component", size(&component) >> 20);
}

fn size(path: &Path) -> u64 {
    std::fs::metadata(path).unwrap().len()
}
