//! A language server: remarks, completion, hover, go to, rename, outline and layout in any editor.
//!
//! ```text
//! editor ─stdin─► requests ─► answers (pure: dsl::check, dsl::assist, dsl::format) ─stdout─► editor
//!            └──► documents (whole texts) ─► remarks
//! ```
//! What a workflow means is not known here, only how the protocol counts lines and columns.

mod answer;
mod documents;
mod elsewhere;
mod position;

use std::error::Error;
use std::path::Path;

use crossbeam_channel::select;
use lsp_server::{Connection, Message, Notification, Response};
use lsp_types::notification::{
    DidChangeTextDocument, DidCloseTextDocument, DidOpenTextDocument, DidSaveTextDocument, Notification as _,
    PublishDiagnostics,
};
use lsp_types::{
    CompletionOptions, DidChangeTextDocumentParams, DidCloseTextDocumentParams, DidOpenTextDocumentParams,
    DidSaveTextDocumentParams, HoverProviderCapability, InitializeParams, OneOf, PositionEncodingKind,
    PublishDiagnosticsParams, RenameOptions, ServerCapabilities, TextDocumentSyncCapability,
    TextDocumentSyncKind, TextDocumentSyncOptions, TextDocumentSyncSaveOptions, Uri,
};
use serde::de::DeserializeOwned;
use yiwang_dsl::Catalog;
use yiwang_dsl::diagnostic::Language;

use self::documents::Documents;
use self::elsewhere::{Elsewhere, Fetched};
use self::position::Encoding;

type Failed = Box<dyn Error + Send + Sync>;

/// Serves one editor until it says that it is done.
pub(crate) fn serve(catalog: &Catalog, project: Option<&Path>) -> Result<(), Failed> {
    let (connection, threads) = Connection::stdio();
    let (id, parameters) = connection.initialize_start()?;
    let parameters: InitializeParams = serde_json::from_value(parameters)?;
    let encoding = Encoding::negotiate(&parameters);
    let answer = serde_json::json!({
        "capabilities": capabilities(encoding),
        "serverInfo": { "name": "yiwang", "version": env!("CARGO_PKG_VERSION") },
    });
    connection.initialize_finish(id, answer)?;
    let mut server = Server {
        connection,
        catalog,
        language: language(&parameters),
        encoding,
        documents: Documents::default(),
        elsewhere: Elsewhere::new(project),
    };
    server.run()?;
    // The writing thread ends when nothing can be sent to it any more.
    drop(server);
    threads.join()?;
    Ok(())
}

fn capabilities(encoding: Encoding) -> ServerCapabilities {
    ServerCapabilities {
        position_encoding: Some(match encoding {
            Encoding::Utf8 => PositionEncodingKind::UTF8,
            Encoding::Utf16 => PositionEncodingKind::UTF16,
        }),
        text_document_sync: Some(TextDocumentSyncCapability::Options(TextDocumentSyncOptions {
            open_close: Some(true),
            change: Some(TextDocumentSyncKind::FULL),
            save: Some(TextDocumentSyncSaveOptions::Supported(true)),
            ..TextDocumentSyncOptions::default()
        })),
        completion_provider: Some(CompletionOptions {
            trigger_characters: Some([" ", ":", "$", "{", "-"].map(str::to_owned).to_vec()),
            ..CompletionOptions::default()
        }),
        hover_provider: Some(HoverProviderCapability::Simple(true)),
        definition_provider: Some(OneOf::Left(true)),
        rename_provider: Some(OneOf::Right(RenameOptions {
            prepare_provider: Some(true),
            work_done_progress_options: Default::default(),
        })),
        document_symbol_provider: Some(OneOf::Left(true)),
        document_formatting_provider: Some(OneOf::Left(true)),
        ..ServerCapabilities::default()
    }
}

/// The language of the editor's user.
fn language(parameters: &InitializeParams) -> Language {
    let wanted = parameters.initialization_options.as_ref().and_then(|options| options.get("language"));
    let wanted = wanted.and_then(|wanted| wanted.as_str()).or(parameters.locale.as_deref());
    wanted.and_then(Language::of_tag).unwrap_or_default()
}

struct Server<'c> {
    connection: Connection,
    catalog: &'c Catalog,
    language: Language,
    encoding: Encoding,
    documents: Documents,
    elsewhere: Elsewhere,
}

impl Server<'_> {
    fn run(&mut self) -> Result<(), Failed> {
        loop {
            let message = select! {
                recv(self.connection.receiver) -> message => match message {
                    Ok(message) => message,
                    Err(_) => return Ok(()),
                },
                recv(self.elsewhere.arrived) -> fetched => {
                    if let Ok(fetched) = fetched {
                        self.arrived(&fetched)?;
                    }
                    continue;
                }
            };
            match message {
                Message::Request(request) => {
                    if self.connection.handle_shutdown(&request)? {
                        return Ok(());
                    }
                    let id = request.id.clone();
                    let answered = answer::answer(self, &request.method, request.params);
                    let response = match answered {
                        Ok(value) => Response { id, response_result: Ok(value) },
                        Err(refusal) => Response::new_err(id, refusal.code, refusal.message),
                    };
                    self.connection.sender.send(Message::Response(response))?;
                }
                Message::Notification(notification) => self.notified(notification)?,
                // Nothing is asked of the editor.
                Message::Response(_) => {}
            }
        }
    }

    fn notified(&mut self, notification: Notification) -> Result<(), Failed> {
        match notification.method.as_str() {
            DidOpenTextDocument::METHOD => {
                let Some(opened) = read::<DidOpenTextDocumentParams>(notification) else { return Ok(()) };
                let opened = opened.text_document;
                self.elsewhere.fetch(&opened.uri, &opened.text);
                self.changed(opened.uri, opened.version, opened.text)
            }
            DidSaveTextDocument::METHOD => {
                let Some(saved) = read::<DidSaveTextDocumentParams>(notification) else { return Ok(()) };
                let uri = saved.text_document.uri;
                if let Some(text) = self.documents.text(&uri) {
                    self.elsewhere.fetch(&uri, text);
                }
                // A file that it needs may be another one by now.
                self.remarked(uri)
            }
            DidChangeTextDocument::METHOD => {
                let Some(changed) = read::<DidChangeTextDocumentParams>(notification) else { return Ok(()) };
                // Whole texts were agreed on: the last one counts.
                match changed.content_changes.into_iter().next_back() {
                    Some(change) => {
                        self.changed(changed.text_document.uri, changed.text_document.version, change.text)
                    }
                    None => Ok(()),
                }
            }
            DidCloseTextDocument::METHOD => {
                let Some(closed) = read::<DidCloseTextDocumentParams>(notification) else { return Ok(()) };
                self.documents.close(&closed.text_document.uri);
                self.publish(closed.text_document.uri, None, Vec::new())
            }
            _ => Ok(()),
        }
    }

    fn changed(&mut self, uri: Uri, version: i32, text: String) -> Result<(), Failed> {
        self.documents.put(&uri, version, text);
        self.remarked(uri)
    }

    fn arrived(&mut self, fetched: &Fetched) -> Result<(), Failed> {
        self.elsewhere.keep(fetched);
        self.remarked(fetched.document.clone())
    }

    /// Says all that is to be said about a text that is open.
    fn remarked(&self, uri: Uri) -> Result<(), Failed> {
        let Some(document) = self.documents.get(&uri) else { return Ok(()) };
        let remarks = answer::remarks(self, &uri, &document.text);
        self.publish(uri, Some(document.version), remarks)
    }

    fn publish(
        &self,
        uri: Uri,
        version: Option<i32>,
        diagnostics: Vec<lsp_types::Diagnostic>,
    ) -> Result<(), Failed> {
        let parameters = PublishDiagnosticsParams { uri, diagnostics, version };
        let notification = Notification::new(PublishDiagnostics::METHOD.to_owned(), parameters);
        self.connection.sender.send(Message::Notification(notification))?;
        Ok(())
    }
}

/// What cannot be read is not answered: a notification has no answer.
fn read<T: DeserializeOwned>(notification: Notification) -> Option<T> {
    serde_json::from_value(notification.params).ok()
}
