//! `run: shell`: a command for the shell of this machine, with arguments as `$1`, `$2` and so on.

use std::time::Duration;

use serde_json::Value;
use yiwang_dsl::{Data, Fault};

use super::child::{self, Bounds, Program};
use super::{Shell, environment};
use crate::fault::{authorization as forbidden, configuration as mistake};

/// Runs it and gives `{ code, stdout, stderr }`.
pub(crate) async fn run(policy: &Shell, with: &Value) -> Result<Data, Fault> {
    if !policy.allow {
        return Err(forbidden("the operator of this server does not allow `run: shell`"));
    }
    let command = super::required(with, "command")?;
    if command.contains('\0') {
        return Err(mistake("`command` holds a zero byte"));
    }
    // `$0` is the shell's name in messages; arguments are not part of the text, so nothing in them is run.
    let mut arguments = vec!["-c".to_owned(), command.to_owned(), "sh".to_owned()];
    arguments.extend(super::arguments(with)?);
    let mut environment = environment::inherited(&policy.environment);
    environment.extend(environment::given(with)?);
    let scratch = match &policy.folder {
        Some(_) => None,
        None => Some(tempfile::tempdir().map_err(|error| mistake(format!("no folder for it: {error}")))?),
    };
    let folder = match (&policy.folder, &scratch) {
        (Some(folder), _) => folder.clone(),
        (None, Some(scratch)) => scratch.path().to_owned(),
        (None, None) => std::env::temp_dir(),
    };
    let program = Program { program: policy.program.clone(), arguments, environment, folder };
    let bounds =
        Bounds { time: Duration::from_secs(policy.seconds_max), output_bytes: policy.output_bytes_max };
    child::run(&program, &super::stdin(with), bounds).await.map(super::output)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use serde_json::json;

    use super::*;

    async fn check(with: Value, expected: Expect) {
        let policy = Shell { allow: true, output_bytes_max: 1000, seconds_max: 1, ..Shell::default() };
        let told = match run(&policy, &with).await {
            Ok(output) => output.to_string(),
            Err(fault) => format!("{} {}", fault.status, fault.detail.unwrap_or_default()),
        };
        expected.assert_eq(&told);
    }

    #[tokio::test]
    async fn a_command_gets_its_input_its_arguments_and_a_clean_environment() {
        check(
            json!({ "command": "read line; echo \"$line $1 $2\"", "stdin": "hello", "arguments": ["a b", "$X"] }),
            expect![[r#"{"code":0,"stdout":"hello a b $X\n","stderr":""}"#]],
        )
        .await;
        check(
            json!({ "command": "echo $COLOUR $N \"$LIST\"; echo oh >&2; exit 3",
                    "environment": { "COLOUR": "blue", "N": 4, "LIST": ["x"], "NONE": null } }),
            expect![[r#"{"code":3,"stdout":"blue 4 [\"x\"]\n","stderr":"oh\n"}"#]],
        )
        .await;
        check(
            json!({ "command": "echo ${CARGO_PKG_NAME:-unset}; ls -A | wc -l" }),
            expect![[r#"{"code":0,"stdout":"unset\n0\n","stderr":""}"#]],
        )
        .await;
        check(
            json!({ "command": "cat", "stdin": { "a": 1 } }),
            expect![[r#"{"code":0,"stdout":"{\"a\":1}","stderr":""}"#]],
        )
        .await;
        check(json!({ "command": "kill -9 $$" }), expect![[r#"{"code":137,"stdout":"","stderr":""}"#]]).await;
        // Input that nobody reads, larger than a pipe.
        check(
            json!({ "command": "true", "stdin": "x".repeat(1 << 20) }),
            expect![[r#"{"code":0,"stdout":"","stderr":""}"#]],
        )
        .await;
    }

    #[tokio::test]
    async fn limits_hold() {
        check(
            json!({ "command": "sleep 60" }),
            expect!["408 the process took longer than 1 s and was killed"],
        )
        .await;
        check(
            json!({ "command": "while true; do echo a lot of text; done" }),
            expect!["500 the process wrote more than 1000 bytes to its output and was killed"],
        )
        .await;
    }

    #[tokio::test]
    async fn what_a_command_leaves_in_the_background_ends_with_it() {
        // The pipe of the child in the background stays open as long as that one lives.
        check(
            json!({ "command": "sleep 600 & echo done" }),
            expect![[r#"{"code":0,"stdout":"done\n","stderr":""}"#]],
        )
        .await;
    }

    #[tokio::test]
    async fn mistakes_are_told() {
        check(json!({}), expect!["400 `command` is missing"]).await;
        check(json!({ "command": "true", "arguments": [{}] }), expect!["400 an argument must be a text"])
            .await;
        check(
            json!({ "command": "true", "environment": { "A=B": "" } }),
            expect!["400 `A=B` cannot name an environment variable"],
        )
        .await;
        let denied = run(&Shell::default(), &json!({ "command": "true" })).await.unwrap_err();
        expect!["403 the operator of this server does not allow `run: shell`"].assert_eq(&format!(
            "{} {}",
            denied.status,
            denied.detail.unwrap_or_default()
        ));
    }
}
