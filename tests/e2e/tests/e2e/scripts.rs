//! `yiwang run` of scripts, with the interpreters where `yiwang.yaml` says.

use std::process::Command;

use crate::world::binary;

/// Runs a workflow that hands `{ n: 20 }` to a script, and gives its output.
fn run(language: &str, code: &str) -> String {
    let project = tempfile::tempdir().unwrap();
    let plugins = xtask::plugins::output();
    std::fs::write(project.path().join("yiwang.yaml"), format!("plugins: {}\n", plugins.display())).unwrap();
    let workflow = project.path().join("workflow.yaml");
    let text = format!(
        "document: {{ dsl: '1.0.3', namespace: test, name: script, version: '1.0.0' }}\ndo:\n  - compute:\n      run:\n        script:\n          language: {language}\n          arguments: {{ n: '${{ .n }}' }}\n          code: |\n            {}\n",
        code.replace('\n', "\n            ")
    );
    std::fs::write(&workflow, text).unwrap();
    let done = Command::new(binary())
        .args(["run", "--input", "{\"n\": 20}", "--project"])
        .arg(project.path())
        .arg(&workflow)
        .env("XDG_CACHE_HOME", xtask::plugins::cache_home())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{said}");
    String::from_utf8(done.stdout).unwrap()
}

#[test]
fn a_script_in_javascript_is_run() {
    xtask::plugins::interpreter("script-js").expect("the interpreter builds");
    let told = run("js", "return { double: n * 2, language: 'js' };");
    assert!(told.contains("\"double\":40"), "{told}");
}

#[test]
fn a_script_in_python_is_run() {
    match xtask::plugins::interpreter_if_possible("script-python").expect("the interpreter builds") {
        Ok(_) => {}
        Err(obstacle) => return println!("skipped: {obstacle}"),
    }
    let told = run("python", "import sys\nreturn {'double': n * 2, 'language': sys.version_info[:2]}");
    assert!(told.contains("\"double\":40") && told.contains("14"), "{told}");
}
