//! What scripts see and what becomes of them, natively.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use crate::{Invocation, Outcome, Stopped, run};

fn invocation(code: &str) -> Invocation {
    Invocation {
        code: code.to_owned(),
        arguments: vec!["hello".to_owned(), "world".to_owned()],
        variables: vec![("emailAddress".to_owned(), "\"a@example.org\"".to_owned())],
        environment: vec![("foo".to_owned(), "bar".to_owned())],
        stdin: "Hello Workflow".to_owned(),
        now_ms: 1_717_482_600_000,
        seed: 7,
        output_bytes_max: 1 << 20,
    }
}

fn outcome(code: &str) -> Outcome {
    run(&invocation(code)).unwrap_or_else(|stopped| panic!("{stopped:?}: {code}"))
}

/// Code, and what it says to stdout.
fn says(code: &str, expected: &str) {
    let outcome = outcome(code);
    assert_eq!((outcome.code, &*outcome.stderr, &*outcome.stdout), (0, "", expected), "{code}");
}

/// Code, its exit code, and how stderr begins.
fn fails(code: &str, exit: u8, stderr: &str) {
    let outcome = outcome(code);
    assert_eq!(outcome.code, exit, "{code}: {outcome:?}");
    assert!(outcome.stderr.starts_with(stderr), "{code}: {}", outcome.stderr);
}

#[test]
fn scripts_of_the_specification() {
    says(
        "const [_, __, arg0, arg1] = process.argv;\nconsole.log('arg > ', arg0, arg1)",
        "arg >  hello world\n",
    );
    says(
        "import { readFileSync } from 'node:fs';\n\
         const stdin = readFileSync(process.stdin.fd, 'utf8');\n\
         console.log('stdin > ', stdin)\n\
         const [_, __, arg] = process.argv;\n\
         console.log('arg > ', arg)\n\
         console.log('env > ', process.env.foo)",
        "stdin >  Hello Workflow\narg >  hello\nenv >  bar\n",
    );
    let outcome = outcome(
        "function validateEmail(email) {\n  const re = /^[a-zA-Z0-9._-]+@[a-zA-Z0-9.-]+\\.[a-zA-Z]{2,6}$/;\n  \
         return re.test(email);\n}\nreturn { isValid: validateEmail(emailAddress) };",
    );
    assert_eq!(outcome.returned.as_deref(), Some("{\"isValid\":true}"), "{outcome:?}");
}

#[test]
fn what_is_said() {
    says("console.log(1, 'a', null, undefined, true, 2n, -0)", "1 a null undefined true 2n -0\n");
    says("console.log({ a: 1, 'b-c': ['x'] }, [])", "{ a: 1, 'b-c': [ 'x' ] } []\n");
    says("console.log('%s is %d', 'x', 3, 'y')", "x is 3 y\n");
    says("console.log(new Map([['a', 1]]), new Set([2]))", "Map(1) { 'a' => 1 } Set(1) { 2 }\n");
    says("class P { x = 1 }; console.log(new P(), () => 1)", "P { x: 1 } [Function (anonymous)]\n");
    says("const a = {}; a.a = a; console.log(a)", "{ a: [Circular] }\n");
    says("process.stdout.write('一望'); console.log()", "一望\n");
    says("console.log(Object.keys([3, 4]).map(Number).at(-1), 'abc'.substr(1))", "1 bc\n");
    assert_eq!(outcome("console.error('x')").stderr, "x\n");
}

#[test]
fn what_is_given_back() {
    let returned = |code: &str| outcome(code).returned;
    assert_eq!(returned("1"), None);
    assert_eq!(returned("return"), None);
    assert_eq!(returned("return null").as_deref(), Some("null"));
    assert_eq!(returned("return await Promise.resolve([1, 'a'])").as_deref(), Some("[1,\"a\"]"));
    assert_eq!(returned("return () => 1"), None);
    assert_eq!(returned("const emailAddress = 1; return emailAddress").as_deref(), Some("1"));
    assert_eq!(returned("process.exitCode = 3; return 1").as_deref(), Some("1"));
    fails("return 1n", 1, "Uncaught TypeError");
}

#[test]
fn time_is_virtual_and_chance_is_the_hosts() {
    says("console.log(new Date().toISOString())", "2024-06-04T06:30:00.000Z\n");
    says(
        "const before = Date.now(); await new Promise(done => setTimeout(done, 3_600_000));\n\
         console.log(Date.now() - before)",
        "3600000\n",
    );
    says(
        "setTimeout(() => console.log('c'), 2); setTimeout(() => console.log('b'), 1);\n\
         Promise.resolve().then(() => console.log('a'));\n\
         const gone = setTimeout(() => console.log('never'), 1); clearTimeout(gone)",
        "a\nb\nc\n",
    );
    says(
        "let n = 0; const id = setInterval(() => { if (++n === 3) clearInterval(id); console.log(n) }, 5)",
        "1\n2\n3\n",
    );
}

#[test]
fn standard_input_in_every_way() {
    says("console.log(require('fs').readFileSync(0, 'utf8'))", "Hello Workflow\n");
    says("console.log(String(require('node:fs').readFileSync('/dev/stdin')))", "Hello Workflow\n");
    says("for await (const part of process.stdin) console.log(part)", "Hello Workflow\n");
    says(
        "let all = ''; process.stdin.setEncoding('utf8');\n\
         process.stdin.on('data', part => { all += part }); process.stdin.on('end', () => console.log(all))",
        "Hello Workflow\n",
    );
    says(
        "import process, { argv } from 'process'; console.log(process.stdin.read(), argv[2])",
        "Hello Workflow hello\n",
    );
}

#[test]
fn how_scripts_end() {
    fails("throw new Error('no')", 1, "Uncaught Error: no\n");
    fails("throw { a: 1 }", 1, "Uncaught { a: 1 }\n");
    fails("null.x", 1, "Uncaught TypeError");
    fails("let x = ;", 1, "Uncaught SyntaxError");
    fails("import { x } from 'node:net'; x()", 1, "Uncaught Error: cannot find module 'node:net'");
    fails("import { x } from 'node:fs'", 1, "Uncaught SyntaxError");
    fails("import fs from 'node:fs'; throw new Error('late')", 1, "Uncaught Error: late");
    fails("import fs from 'node:fs'; let x = ;", 1, "Uncaught SyntaxError");
    fails("require('child_process')", 1, "Uncaught Error: cannot find module 'child_process'");
    fails(
        "require('fs').readFileSync('/etc/passwd')",
        1,
        "Uncaught Error: '/etc/passwd': a script has no files",
    );
    fails("Promise.reject(new Error('nobody'))", 1, "Uncaught Error: nobody");
    fails("await new Promise(() => {})", 13, "Warning: ");
    fails("try { process.exit(3) } finally { console.error('never') }", 3, "");
    fails("process.exitCode = 4", 4, "");
    fails("function f() { f() } f()", 1, "Uncaught ");
    says("try { null.x } catch { console.log('caught') }", "caught\n");
    says(
        "const late = Promise.reject(1); setTimeout(() => late.catch(() => console.log('seen')), 1)",
        "seen\n",
    );
}

#[test]
fn a_script_that_breaks_its_world_breaks_only_that() {
    let outcome = outcome(
        "for (const of of [Array, String, Object, Map, Promise]) for (const name of Object.getOwnPropertyNames(of.prototype))\n\
         { try { of.prototype[name] = () => { throw 1 } } catch {} }\n\
         console.log('x')",
    );
    assert_eq!(outcome.code, 1);
    says("Object.prototype.code = 5; process.exitCode = undefined; console.log({}.code)", "5\n");
    says("globalThis.console = undefined; process.stdout.write('x')", "x");
    says("console.log(eval('1 + 1'), new Function('return this === globalThis')())", "2 true\n");
}

#[test]
fn there_is_an_end_to_talking() {
    let mut long = invocation("for (;;) console.log('x'.repeat(1000))");
    assert!(matches!(run(&long), Err(Stopped::TooMuchOutput)));
    long.code = "return 'x'.repeat(2 << 20)".to_owned();
    assert!(matches!(run(&long), Err(Stopped::TooMuchOutput)));
    long.code = "try { for (;;) console.log('x'.repeat(1000)) } catch {} return 1".to_owned();
    assert!(matches!(run(&long), Err(Stopped::TooMuchOutput)));
}
