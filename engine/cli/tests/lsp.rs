//! The language server as an editor sees it: the real binary over stdin and stdout.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on ends here")]

use std::io::{BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use lsp_server::{Message, Notification, Request, RequestId};
use serde_json::{Value, json};

const URI: &str = "file:///workflow.yaml";

struct Editor {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    requests: i32,
}

impl Editor {
    fn open(options: Value) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_yiwang"))
            .args(["lsp", "--stdio"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (to, from) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let mut editor = Self { child, to, from, requests: 0 };
        let answer =
            editor.ask("initialize", json!({ "capabilities": {}, "initializationOptions": options }));
        assert_eq!(answer["capabilities"]["positionEncoding"], "utf-16");
        editor.tell("initialized", json!({}));
        editor
    }

    fn send(&mut self, message: Message) {
        message.write(&mut self.to).unwrap();
        self.to.flush().unwrap();
    }

    fn tell(&mut self, method: &str, parameters: Value) {
        self.send(Message::Notification(Notification::new(method.to_owned(), parameters)));
    }

    fn ask(&mut self, method: &str, parameters: Value) -> Value {
        self.requests += 1;
        let id = RequestId::from(self.requests);
        self.send(Message::Request(Request::new(id.clone(), method.to_owned(), parameters)));
        loop {
            match Message::read(&mut self.from).unwrap().unwrap() {
                Message::Response(response) if response.id == id => {
                    return response
                        .response_result
                        .unwrap_or_else(|error| json!({ "error": error.message }));
                }
                Message::Response(_) | Message::Request(_) | Message::Notification(_) => {}
            }
        }
    }

    /// Opens or changes the text; the remarks that come of it.
    fn show(&mut self, method: &str, text: &str) -> Vec<Value> {
        self.show_at(URI, method, text)
    }

    fn show_at(&mut self, uri: &str, method: &str, text: &str) -> Vec<Value> {
        let parameters = match method {
            "didOpen" => {
                json!({ "textDocument": { "uri": uri, "languageId": "yaml", "version": 1, "text": text } })
            }
            _ => {
                json!({ "textDocument": { "uri": uri, "version": 2 }, "contentChanges": [ { "text": text } ] })
            }
        };
        self.tell(&format!("textDocument/{method}"), parameters);
        loop {
            if let Message::Notification(told) = Message::read(&mut self.from).unwrap().unwrap() {
                assert_eq!(told.method, "textDocument/publishDiagnostics");
                return told.params["diagnostics"].as_array().unwrap().clone();
            }
        }
    }

    fn at(line: u32, character: u32) -> Value {
        json!({ "textDocument": { "uri": URI }, "position": { "line": line, "character": character } })
    }

    fn close(mut self) {
        self.ask("shutdown", Value::Null);
        self.tell("exit", Value::Null);
        assert!(self.child.wait().unwrap().success());
    }
}

const TEXT: &str = "document: { dsl: '1.0.3', namespace: a, name: b, version: '1.0.0' }
do:
  - 登记:
      set: { n: 1 }
      then: 派单了
  - 派单:
      wait: PT1S
";

#[test]
fn forms_beside_the_workflow_are_known() {
    let folder = tempfile::tempdir().unwrap();
    let process = folder.path().join("流程 1");
    std::fs::create_dir_all(process.join("forms")).unwrap();
    std::fs::write(process.join("forms/dispatch.json"), "{}").unwrap();
    let task = "call: human-task:1.0.0@default, with: { title: 派单, candidateRoles: [ a ]";
    let text = TEXT.replace("派单了", "派单").replace(
        "      wait: PT1S\n",
        &format!("      do: [ a: {{ {task}, form: {{ ref: forms/disptach }} }} }} ]\n"),
    );
    std::fs::write(process.join("workflow.yaml"), &text).unwrap();
    let uri = format!("file://{}/%E6%B5%81%E7%A8%8B%201/workflow.yaml", folder.path().display());
    let mut editor = Editor::open(json!({}));
    let remarks = editor.show_at(&uri, "didOpen", &text);
    assert_eq!(remarks.len(), 1, "{remarks:?}");
    assert_eq!(remarks[0]["code"], "YW0125");
    assert!(remarks[0]["message"].as_str().unwrap().contains("did you mean `forms/dispatch`?"));
    assert!(editor.show("didOpen", &text).is_empty(), "a text that is no file has unknown forms");
    editor.close();
}

#[test]
fn an_editor_is_helped() {
    let mut editor = Editor::open(json!({}));
    let remarks = editor.show("didOpen", TEXT);
    assert_eq!(remarks.len(), 1, "{remarks:?}");
    assert_eq!(remarks[0]["code"], "YW0101");
    assert_eq!(remarks[0]["range"]["start"], json!({ "line": 4, "character": 12 }));
    assert_eq!(remarks[0]["range"]["end"], json!({ "line": 4, "character": 15 }));
    assert!(remarks[0]["message"].as_str().unwrap().contains("did you mean `派单`?"));

    let text = TEXT.replace("派单了", "派单");
    assert!(editor.show("didChange", &text).is_empty());

    let found = editor.ask("textDocument/definition", Editor::at(4, 13));
    assert_eq!(found["range"]["start"], json!({ "line": 5, "character": 4 }));

    let hover = editor.ask("textDocument/hover", Editor::at(6, 8));
    assert!(hover["contents"]["value"].as_str().unwrap().contains("Waits so long"), "{hover}");

    let items = editor.ask("textDocument/completion", Editor::at(4, 12));
    let labels: Vec<&str> =
        items.as_array().unwrap().iter().map(|item| item["label"].as_str().unwrap()).collect();
    assert_eq!(labels, ["派单", "continue", "exit", "end"]);

    let range = editor.ask("textDocument/prepareRename", Editor::at(5, 5));
    assert_eq!(range["start"], json!({ "line": 5, "character": 4 }));
    let mut rename = Editor::at(5, 5);
    rename["newName"] = json!("分派");
    let edits = editor.ask("textDocument/rename", rename);
    assert_eq!(edits["changes"][URI].as_array().unwrap().len(), 2, "{edits}");
    let mut taken = Editor::at(5, 5);
    taken["newName"] = json!("登记");
    let refused = editor.ask("textDocument/rename", taken);
    assert!(refused["error"].as_str().unwrap().contains("already"), "{refused}");

    let symbols = editor.ask("textDocument/documentSymbol", json!({ "textDocument": { "uri": URI } }));
    assert_eq!(symbols[1]["name"], "派单");

    editor.show("didChange", &text.replace("{ n: 1 }", "{n:   1}"));
    let options =
        json!({ "textDocument": { "uri": URI }, "options": { "tabSize": 2, "insertSpaces": true } });
    let edits = editor.ask("textDocument/formatting", options);
    assert!(edits[0]["newText"].as_str().unwrap().contains("set: { n: 1 }"), "{edits}");

    let unknown = editor.ask("textDocument/codeLens", json!({ "textDocument": { "uri": URI } }));
    assert!(unknown["error"].as_str().unwrap().contains("codeLens"));
    editor.close();
}

#[test]
fn text_that_is_no_yaml_is_told_and_completed() {
    let mut editor = Editor::open(json!({ "language": "zh-CN" }));
    let remarks = editor.show("didOpen", "do:\n  - a: { call: http, with: { me");
    assert_eq!(remarks[0]["code"], "YW0001", "{remarks:?}");
    let items = editor.ask("textDocument/completion", Editor::at(1, 33));
    assert!(items.as_array().unwrap().iter().any(|item| item["label"] == "method"), "{items}");
    editor.close();
}
