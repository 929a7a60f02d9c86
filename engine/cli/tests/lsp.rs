//! The language server as an editor sees it: the real binary over stdin and stdout.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on ends here")]

use std::io::{BufRead as _, BufReader, Write};
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
        Self::of_project(options, &[])
    }

    fn of_project(options: Value, arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_yiwang"))
            .args(["lsp", "--stdio"])
            .args(arguments)
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
            "didSave" => json!({ "textDocument": { "uri": uri } }),
            _ => {
                json!({ "textDocument": { "uri": uri, "version": 2 }, "contentChanges": [ { "text": text } ] })
            }
        };
        self.tell(&format!("textDocument/{method}"), parameters);
        self.remarks()
    }

    /// The next remarks, told by themselves.
    fn remarks(&mut self) -> Vec<Value> {
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

const CALLS: &str = "document: { dsl: '1.0.3', namespace: a, name: b, version: '1.0.0' }
do:
  - hello: { call: 'FUNCTION', with: { name: li } }
";

#[test]
fn functions_in_files_are_read_beside_the_document() {
    let folder = tempfile::tempdir().unwrap();
    let uri = format!("file://{}/workflow.yaml", folder.path().display());
    let text = CALLS.replace("FUNCTION", "file:greet/function.yaml");
    let mut editor = Editor::open(json!({}));
    let remarks = editor.show_at(&uri, "didOpen", &text);
    assert_eq!(remarks[0]["code"], "YW0221", "{remarks:?}");
    std::fs::create_dir(folder.path().join("greet")).unwrap();
    let function = folder.path().join("greet/function.yaml");
    std::fs::write(&function, "set: { text: '${ .name }' }\n").unwrap();
    assert_eq!(editor.show_at(&uri, "didSave", ""), Vec::<Value>::new());
    std::fs::write(&function, "sett: { text: '${ .name }' }\n").unwrap();
    let remarks = editor.show_at(&uri, "didChange", &text);
    assert!(remarks[0]["message"].as_str().unwrap().contains("sett"), "{remarks:?}");
    editor.close();
}

#[test]
fn functions_on_the_network_are_fetched_when_the_document_is_opened_or_saved() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut head = String::new();
            let mut lines = BufReader::new(stream.try_clone().unwrap());
            while lines.read_line(&mut head).is_ok_and(|read| read > 2) {}
            let (status, text) = match head.split(' ').nth(1) {
                Some("/greet/function.yaml") => ("200 OK", "sett: { text: x }\n"),
                _ => ("404 Not Found", ""),
            };
            let length = text.len();
            write!(
                stream,
                "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{text}"
            )
            .unwrap();
        }
    });
    let project = tempfile::tempdir().unwrap();
    std::fs::write(project.path().join("yiwang.yaml"), "egress: { allow: [ 127.0.0.0/8 ] }\n").unwrap();
    let arguments = ["--project", project.path().to_str().unwrap()];
    let mut editor = Editor::of_project(json!({}), &arguments);
    let text = |name: &str| CALLS.replace("FUNCTION", &format!("http://{address}/{name}/function.yaml"));
    // Nothing is said of what is not known yet; when it has come, it is checked.
    assert_eq!(editor.show("didOpen", &text("greet")), Vec::<Value>::new());
    let remarks = editor.remarks();
    assert!(remarks[0]["message"].as_str().unwrap().contains("sett"), "{remarks:?}");
    // While an address is being typed nobody is asked for it.
    assert_eq!(editor.show("didChange", &text("gone")), Vec::<Value>::new());
    assert_eq!(editor.show("didSave", ""), Vec::<Value>::new());
    let remarks = editor.remarks();
    assert_eq!(remarks[0]["code"], "YW0221", "{remarks:?}");
    assert!(remarks[0]["message"].as_str().unwrap().contains("404"), "{remarks:?}");
    editor.close();
}
