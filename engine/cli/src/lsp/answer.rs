//! What each request is answered with.

use std::collections::HashMap;

use lsp_server::ErrorCode;
use lsp_types::request::{
    Completion, DocumentSymbolRequest, Formatting, GotoDefinition, HoverRequest, PrepareRenameRequest,
    Rename, Request,
};
use lsp_types::{
    CompletionItem, CompletionItemKind, CompletionParams, CompletionResponse, CompletionTextEdit, Diagnostic,
    DiagnosticRelatedInformation, DiagnosticSeverity, DocumentFormattingParams, DocumentSymbol,
    DocumentSymbolParams, DocumentSymbolResponse, GotoDefinitionParams, GotoDefinitionResponse,
    HoverContents, HoverParams, Location, MarkupContent, MarkupKind, NumberOrString, RenameParams,
    SymbolKind, TextDocumentPositionParams, TextEdit, Uri, WorkspaceEdit,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use yiwang_dsl::assist::{self, CompletionKind, Symbol};
use yiwang_dsl::diagnostic::Severity;

use super::{Server, documents};
use crate::project::forms_beside;

/// Why a request is not answered.
pub(super) struct Refusal {
    pub(super) code: i32,
    pub(super) message: String,
}

impl Refusal {
    fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code: code as i32, message: message.into() }
    }
}

type Answer = Result<Value, Refusal>;

/// One request.
pub(super) fn answer(server: &Server<'_>, method: &str, parameters: Value) -> Answer {
    match method {
        Completion::METHOD => completion(server, &read(parameters)?),
        HoverRequest::METHOD => hover(server, &read(parameters)?),
        GotoDefinition::METHOD => definition(server, read(parameters)?),
        PrepareRenameRequest::METHOD => prepare_rename(server, &read(parameters)?),
        Rename::METHOD => rename(server, read(parameters)?),
        DocumentSymbolRequest::METHOD => symbols(server, &read(parameters)?),
        Formatting::METHOD => format(server, &read(parameters)?),
        other => Err(Refusal::new(ErrorCode::MethodNotFound, format!("`{other}` is not answered here"))),
    }
}

fn read<T: DeserializeOwned>(parameters: Value) -> Result<T, Refusal> {
    serde_json::from_value(parameters)
        .map_err(|error| Refusal::new(ErrorCode::InvalidParams, error.to_string()))
}

fn give(value: &impl Serialize) -> Answer {
    serde_json::to_value(value).map_err(|error| Refusal::new(ErrorCode::InternalError, error.to_string()))
}

/// Text and byte that a request is about.
fn place<'s>(server: &'s Server<'_>, at: &TextDocumentPositionParams) -> Result<(&'s str, usize), Refusal> {
    let text = text(server, &at.text_document.uri)?;
    Ok((text, server.encoding.byte(text, at.position)))
}

fn text<'s>(server: &'s Server<'_>, uri: &Uri) -> Result<&'s str, Refusal> {
    let missing = || Refusal::new(ErrorCode::InvalidParams, "the document is not open");
    server.documents.text(uri).ok_or_else(missing)
}

/// All that is to be said about a text.
pub(super) fn remarks(server: &Server<'_>, uri: &Uri, text: &str) -> Vec<Diagnostic> {
    let with_forms = documents::path(uri)
        .filter(|path| path.exists())
        .and_then(|path| forms_beside(&path).ok())
        .map(|forms| server.catalog.with_forms(forms.into_keys()));
    let remarks = server.elsewhere.remarks(uri, text, with_forms.as_ref().unwrap_or(server.catalog));
    let one = |remark: yiwang_dsl::Diagnostic| {
        let message = remark.message.render(server.language);
        let help = remark.help.as_ref().map(|help| help.render(server.language));
        let related = remark.related.iter().map(|(span, words)| DiagnosticRelatedInformation {
            location: Location { uri: uri.clone(), range: server.encoding.range(text, span) },
            message: words.render(server.language),
        });
        let related: Vec<_> = related.collect();
        Diagnostic {
            range: server.encoding.range(text, &remark.span),
            severity: Some(match remark.severity() {
                Severity::Error => DiagnosticSeverity::ERROR,
                Severity::Warning => DiagnosticSeverity::WARNING,
            }),
            code: Some(NumberOrString::String(remark.code.as_str().to_owned())),
            code_description: None,
            source: Some("yiwang".to_owned()),
            message: match help {
                Some(help) => format!("{message}\n{help}"),
                None => message,
            },
            related_information: (!related.is_empty()).then_some(related),
            tags: None,
            data: None,
        }
    };
    remarks.into_iter().map(one).collect()
}

fn completion(server: &Server<'_>, parameters: &CompletionParams) -> Answer {
    let (text, at) = place(server, &parameters.text_document_position)?;
    let proposals = assist::complete(text, at, server.catalog, server.language);
    let item = |(order, found): (usize, assist::Completion)| CompletionItem {
        label: found.label,
        kind: Some(match found.kind {
            CompletionKind::Key => CompletionItemKind::PROPERTY,
            CompletionKind::Value => CompletionItemKind::ENUM_MEMBER,
            CompletionKind::Function => CompletionItemKind::FUNCTION,
            CompletionKind::Reference => CompletionItemKind::REFERENCE,
            CompletionKind::Variable => CompletionItemKind::VARIABLE,
        }),
        detail: found.detail,
        sort_text: Some(format!("{order:04}")),
        text_edit: Some(CompletionTextEdit::Edit(TextEdit {
            range: server.encoding.range(text, &(at - found.replaces..at)),
            new_text: found.insert,
        })),
        ..CompletionItem::default()
    };
    give(&CompletionResponse::Array(proposals.into_iter().enumerate().map(item).collect()))
}

fn hover(server: &Server<'_>, parameters: &HoverParams) -> Answer {
    let (text, at) = place(server, &parameters.text_document_position_params)?;
    let hover = assist::hover(text, at, server.catalog, server.language).map(|found| lsp_types::Hover {
        contents: HoverContents::Markup(MarkupContent { kind: MarkupKind::Markdown, value: found.text }),
        range: Some(server.encoding.range(text, &found.span)),
    });
    give(&hover)
}

fn definition(server: &Server<'_>, parameters: GotoDefinitionParams) -> Answer {
    let at = parameters.text_document_position_params;
    let (text, byte) = place(server, &at)?;
    let found = assist::definition(text, byte).map(|span| {
        let range = server.encoding.range(text, &span);
        GotoDefinitionResponse::Scalar(Location { uri: at.text_document.uri, range })
    });
    give(&found)
}

/// Can what stands here be renamed? Its range, or null.
fn prepare_rename(server: &Server<'_>, at: &TextDocumentPositionParams) -> Answer {
    let (text, byte) = place(server, at)?;
    // Any name that no task has will do to find out.
    let edits = assist::rename(text, byte, "\u{1}").unwrap_or_default();
    let here = edits.iter().find(|edit| edit.span.start <= byte && byte <= edit.span.end);
    give(&here.map(|edit| server.encoding.range(text, &edit.span)))
}

fn rename(server: &Server<'_>, parameters: RenameParams) -> Answer {
    let at = parameters.text_document_position;
    let (text, byte) = place(server, &at)?;
    let edits = assist::rename(text, byte, &parameters.new_name)
        .map_err(|reason| Refusal::new(ErrorCode::RequestFailed, reason))?;
    let edits = edits
        .into_iter()
        .map(|edit| TextEdit { range: server.encoding.range(text, &edit.span), new_text: edit.text })
        .collect();
    #[expect(clippy::mutable_key_type, reason = "the protocol's type for it")]
    let changes = HashMap::from([(at.text_document.uri, edits)]);
    give(&WorkspaceEdit { changes: Some(changes), ..WorkspaceEdit::default() })
}

fn symbols(server: &Server<'_>, parameters: &DocumentSymbolParams) -> Answer {
    let text = text(server, &parameters.text_document.uri)?;
    let symbols = assist::symbols(text).iter().map(|found| symbol(server, text, found)).collect();
    give(&DocumentSymbolResponse::Nested(symbols))
}

fn symbol(server: &Server<'_>, text: &str, found: &Symbol) -> DocumentSymbol {
    let inside: Vec<_> = found.inside.iter().map(|found| symbol(server, text, found)).collect();
    #[expect(deprecated, reason = "a field of the protocol's type that must be given")]
    DocumentSymbol {
        name: found.name.clone(),
        detail: Some(found.kind.to_owned()),
        kind: if inside.is_empty() { SymbolKind::FUNCTION } else { SymbolKind::NAMESPACE },
        tags: None,
        deprecated: None,
        range: server.encoding.range(text, &found.whole),
        selection_range: server.encoding.range(text, &found.span),
        children: (!inside.is_empty()).then_some(inside),
    }
}

fn format(server: &Server<'_>, parameters: &DocumentFormattingParams) -> Answer {
    let text = text(server, &parameters.text_document.uri)?;
    let whole = server.encoding.range(text, &(0..text.len()));
    let edits: Vec<TextEdit> = match yiwang_dsl::format(text) {
        Ok(formatted) if formatted != text => vec![TextEdit { range: whole, new_text: formatted }],
        // What is wrong with a text that cannot be read is told by its remarks.
        Ok(_) | Err(_) => Vec::new(),
    };
    give(&edits)
}
