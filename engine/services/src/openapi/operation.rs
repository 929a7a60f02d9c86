//! An operation out of its document: Swagger 2.0, OpenAPI 3.0 and 3.1 become the same here.

use serde_json::{Map, Value};
use url::Url;
use yiwang_dsl::Fault;
use yiwang_dsl::diagnostic::nearest;

use super::style::Style;
use crate::document::Document;
use crate::fault;

const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];
/// References that lead to references: more is a circle.
const REFERENCES_MAX: usize = 32;

/// One operation, ready to be filled.
#[derive(Debug)]
pub(super) struct Operation {
    pub(super) id: String,
    /// In lower case, as documents write it.
    pub(super) method: String,
    /// Where its path begins.
    pub(super) server: Url,
    /// With `{names}`.
    pub(super) path: String,
    pub(super) parameters: Vec<Parameter>,
    pub(super) body: Option<Body>,
    /// Media types that it answers with.
    pub(super) answers: Vec<String>,
}

/// One parameter.
#[derive(Clone, Debug)]
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) place: Place,
    pub(super) required: bool,
    pub(super) style: Style,
    /// Is each item or member one of its own?
    pub(super) explode: bool,
    /// Are reserved characters kept?
    pub(super) reserved: bool,
}

/// Where a parameter stands in the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Path,
    Query,
    Header,
    Cookie,
}

/// The body that an operation takes.
#[derive(Clone, Debug)]
pub(super) struct Body {
    /// Under which name the whole body stands among the parameters of a call.
    pub(super) name: String,
    pub(super) required: bool,
    pub(super) media: String,
    /// Members by name that may be given one by one; none: any name that is no parameter.
    pub(super) members: Option<Vec<Member>>,
}

/// A member of a body that may be given by itself.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) required: bool,
    /// Is it sent as a file?
    pub(super) file: bool,
    /// How a list is joined in a form; none: one field for each item.
    pub(super) joined: Option<char>,
}

/// The operation with this id.
pub(super) fn find(document: &Document, id: &str) -> Result<Operation, Fault> {
    let root = &*document.value;
    let reader = Reader { root };
    let paths = root.get("paths").and_then(Value::as_object);
    let paths =
        paths.ok_or_else(|| fault::configuration("the document describes no paths: is it OpenAPI?"))?;
    let mut ids = Vec::new();
    for (path, item) in paths {
        let item = reader.followed(item)?;
        for method in METHODS {
            let Some(operation) = item.get(method) else { continue };
            let Some(known) = operation.get("operationId").and_then(Value::as_str) else { continue };
            if known != id {
                ids.push(known);
                continue;
            }
            let two = root.get("swagger").is_some();
            let found = Found { document, path, method, item, operation };
            return if two { reader.version_2(&found, id) } else { reader.version_3(&found, id) };
        }
    }
    let near = nearest(id, &ids).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    Err(fault::configuration(format!("the document has no operation `{id}`{near}")))
}

struct Found<'d> {
    document: &'d Document,
    path: &'d str,
    method: &'d str,
    item: &'d Value,
    operation: &'d Value,
}

struct Reader<'d> {
    root: &'d Value,
}

impl<'d> Reader<'d> {
    /// The value itself, or what its `$ref` leads to within the document.
    fn followed(&self, value: &'d Value) -> Result<&'d Value, Fault> {
        let mut value = value;
        for _ in 0..REFERENCES_MAX {
            let Some(reference) = value.get("$ref").and_then(Value::as_str) else { return Ok(value) };
            let Some(pointer) = reference.strip_prefix('#') else {
                return Err(fault::configuration(format!(
                    "the document refers to `{reference}`, another document; only references within it are \
                     followed"
                )));
            };
            let pointer = percent_encoding::percent_decode_str(pointer).decode_utf8_lossy();
            value = self.root.pointer(&pointer).ok_or_else(|| {
                fault::configuration(format!("the document refers to `{reference}`, which is not in it"))
            })?;
        }
        Err(fault::configuration("the document refers in a circle"))
    }

    /// The parameters of the path and of the operation; the latter count where both name one.
    fn given(&self, found: &Found<'d>) -> Result<Vec<&'d Map<String, Value>>, Fault> {
        let mut parameters: Vec<&Map<String, Value>> = Vec::new();
        let lists = [found.item, found.operation].into_iter().filter_map(|it| it.get("parameters"));
        for parameter in lists.filter_map(Value::as_array).flatten() {
            let Some(parameter) = self.followed(parameter)?.as_object() else { continue };
            parameters.retain(|other| {
                other.get("name") != parameter.get("name") || other.get("in") != parameter.get("in")
            });
            parameters.push(parameter);
        }
        Ok(parameters)
    }

    fn version_2(&self, found: &Found<'d>, id: &str) -> Result<Operation, Fault> {
        let mut parameters = Vec::new();
        let mut body = None;
        let mut form = Vec::new();
        let consumes = self.media_types(found, "consumes");
        for given in self.given(found)? {
            let name = text(given, "name").to_owned();
            let required = is(given, "required");
            let collection = text(given, "collectionFormat");
            let place = match text(given, "in") {
                "path" => Place::Path,
                "query" => Place::Query,
                "header" => Place::Header,
                "body" => {
                    let media = preferred(&consumes).unwrap_or("application/json").to_owned();
                    body = Some(Body { name, required, media, members: Some(Vec::new()) });
                    continue;
                }
                "formData" => {
                    let joined = match (text(given, "type"), collection) {
                        ("array", "ssv") => Some(' '),
                        ("array", "tsv") => Some('\t'),
                        ("array", "pipes") => Some('|'),
                        ("array", "" | "csv") => Some(','),
                        _ => None,
                    };
                    form.push(Member { name, required, file: text(given, "type") == "file", joined });
                    continue;
                }
                other => return Err(no_place(&name, other)),
            };
            let style = match collection {
                "ssv" => Style::Space,
                "tsv" => Style::Tab,
                "pipes" => Style::Pipe,
                _ if place == Place::Query => Style::Form,
                _ => Style::Simple,
            };
            let explode = collection == "multi";
            parameters.push(Parameter { name, place, required, style, explode, reserved: false });
        }
        if !form.is_empty() {
            let multipart = form.iter().any(|member| member.file)
                || consumes.iter().any(|media| media.starts_with("multipart/"))
                    && !consumes.iter().any(|media| media.ends_with("form-urlencoded"));
            let media = if multipart { "multipart/form-data" } else { "application/x-www-form-urlencoded" };
            let media = media.to_owned();
            body = Some(Body { name: String::new(), required: false, media, members: Some(form) });
        }
        self.keys(self.root.get("securityDefinitions"), &mut parameters);
        Ok(Operation {
            id: id.to_owned(),
            method: found.method.to_owned(),
            server: self.server_2(found)?,
            path: found.path.to_owned(),
            parameters,
            body,
            answers: self.media_types(found, "produces"),
        })
    }

    fn media_types(&self, found: &Found<'d>, key: &str) -> Vec<String> {
        let list = found.operation.get(key).or_else(|| self.root.get(key)).and_then(Value::as_array);
        let list = list.into_iter().flatten().filter_map(Value::as_str);
        list.map(str::to_owned).collect()
    }

    fn server_2(&self, found: &Found<'d>) -> Result<Url, Fault> {
        let from = &found.document.url;
        let schemes = self.media_types(found, "schemes");
        let known: Vec<&str> =
            schemes.iter().map(String::as_str).filter(|it| matches!(*it, "http" | "https")).collect();
        let scheme = match known.as_slice() {
            [] => from.scheme(),
            known if known.contains(&from.scheme()) => from.scheme(),
            known if known.contains(&"https") => "https",
            known => known[0],
        };
        let own = from.host_str().map(|host| match from.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        });
        let host = self.root.get("host").and_then(Value::as_str).map(str::to_owned).or(own);
        let host = host.ok_or_else(|| fault::configuration("the document names no host"))?;
        let base = self.root.get("basePath").and_then(Value::as_str).unwrap_or("/");
        crate::http::address(&format!("{scheme}://{host}/{}", base.trim_start_matches('/')))
    }

    fn version_3(&self, found: &Found<'d>, id: &str) -> Result<Operation, Fault> {
        let mut parameters = Vec::new();
        for given in self.given(found)? {
            let name = text(given, "name").to_owned();
            let place = match text(given, "in") {
                "path" => Place::Path,
                "query" => Place::Query,
                "header" => Place::Header,
                "cookie" => Place::Cookie,
                other => return Err(no_place(&name, other)),
            };
            // These three are not parameters, says the specification.
            let ignored = ["accept", "content-type", "authorization"];
            if place == Place::Header && ignored.contains(&name.to_ascii_lowercase().as_str()) {
                continue;
            }
            let style = match text(given, "style") {
                _ if given.contains_key("content") => Style::Json,
                "simple" => Style::Simple,
                "label" => Style::Label,
                "matrix" => Style::Matrix,
                "form" => Style::Form,
                "spaceDelimited" => Style::Space,
                "pipeDelimited" => Style::Pipe,
                "deepObject" => Style::Deep,
                _ if matches!(place, Place::Query | Place::Cookie) => Style::Form,
                _ => Style::Simple,
            };
            let explode = given.get("explode").and_then(Value::as_bool).unwrap_or(style == Style::Form);
            let (required, reserved) = (is(given, "required"), is(given, "allowReserved"));
            parameters.push(Parameter { name, place, required, style, explode, reserved });
        }
        let schemes = self.root.get("components").and_then(|it| it.get("securitySchemes"));
        self.keys(schemes, &mut parameters);
        Ok(Operation {
            id: id.to_owned(),
            method: found.method.to_owned(),
            server: self.server_3(found)?,
            path: found.path.to_owned(),
            parameters,
            body: self.body_3(found)?,
            answers: self.answers_3(found)?,
        })
    }

    fn body_3(&self, found: &Found<'d>) -> Result<Option<Body>, Fault> {
        let Some(body) = found.operation.get("requestBody") else { return Ok(None) };
        let body = self.followed(body)?;
        let required = body.get("required").and_then(Value::as_bool).unwrap_or(false);
        let Some(content) = body.get("content").and_then(Value::as_object) else { return Ok(None) };
        let medias: Vec<String> = content.keys().cloned().collect();
        let Some(media) = preferred(&medias).map(str::to_owned) else { return Ok(None) };
        let schema = content.get(&media).and_then(|it| it.get("schema"));
        let members = match schema {
            Some(schema) => self.members(self.followed(schema)?, 0)?,
            None => None,
        };
        Ok(Some(Body { name: "body".to_owned(), required, media, members }))
    }

    /// The properties of an object's schema; none when it says none, so that any may be given.
    fn members(&self, schema: &'d Value, depth: usize) -> Result<Option<Vec<Member>>, Fault> {
        if depth > REFERENCES_MAX {
            return Err(fault::configuration("the document refers in a circle"));
        }
        let mut members: Option<Vec<Member>> = None;
        for part in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            if let Some(more) = self.members(self.followed(part)?, depth + 1)? {
                members.get_or_insert_default().extend(more);
            }
        }
        if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
            for (name, property) in properties {
                let property = self.followed(property)?;
                let binary = property.get("format").and_then(Value::as_str) == Some("binary");
                let member = Member { name: name.clone(), required: false, file: binary, joined: None };
                members.get_or_insert_default().push(member);
            }
        }
        let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
        let required: Vec<&str> = required.filter_map(Value::as_str).collect();
        for member in members.iter_mut().flatten() {
            member.required |= required.contains(&member.name.as_str());
        }
        let open = schema.get("additionalProperties").is_some_and(|it| *it != Value::Bool(false));
        Ok(members.filter(|_| !open))
    }

    fn answers_3(&self, found: &Found<'d>) -> Result<Vec<String>, Fault> {
        let mut answers: Vec<String> = Vec::new();
        for response in found.operation.get("responses").and_then(Value::as_object).into_iter().flatten() {
            let content = self.followed(response.1)?.get("content").and_then(Value::as_object);
            answers.extend(content.into_iter().flat_map(|content| content.keys().cloned()));
        }
        answers.sort();
        answers.dedup();
        Ok(answers)
    }

    fn server_3(&self, found: &Found<'d>) -> Result<Url, Fault> {
        let lists = [found.operation, found.item, self.root];
        let servers = lists.iter().find_map(|it| it.get("servers").and_then(Value::as_array)?.first());
        let written = servers.and_then(|server| server.get("url")).and_then(Value::as_str).unwrap_or("/");
        let mut address = written.to_owned();
        let variables = servers.and_then(|server| server.get("variables")).and_then(Value::as_object);
        for (name, variable) in variables.into_iter().flatten() {
            let value = variable.get("default").and_then(Value::as_str).unwrap_or_default();
            address = address.replace(&format!("{{{name}}}"), value);
        }
        let from = &found.document.url;
        let joined = from.join(&address);
        let url = joined.map_err(|error| {
            fault::configuration(format!("the document's server `{address}` is no address: {error}"))
        })?;
        if url.scheme() == "file" {
            return Err(fault::configuration("the document is a file and names no server of its own"));
        }
        crate::http::address(url.as_str())
    }

    /// API keys stand among the security schemes, not among the parameters; a call may give them alike.
    fn keys(&self, schemes: Option<&'d Value>, parameters: &mut Vec<Parameter>) {
        for scheme in schemes.and_then(Value::as_object).into_iter().flat_map(Map::values) {
            let Ok(Some(scheme)) = self.followed(scheme).map(Value::as_object) else { continue };
            let place = match text(scheme, "in") {
                "query" => Place::Query,
                "header" => Place::Header,
                "cookie" => Place::Cookie,
                _ => continue,
            };
            let name = text(scheme, "name").to_owned();
            if text(scheme, "type") == "apiKey" && !parameters.iter().any(|it| it.name == name) {
                let (style, explode) = (Style::Simple, false);
                parameters.push(Parameter { name, place, required: false, style, explode, reserved: false });
            }
        }
    }
}

fn text<'m>(members: &'m Map<String, Value>, key: &str) -> &'m str {
    members.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn is(members: &Map<String, Value>, key: &str) -> bool {
    members.get(key).and_then(Value::as_bool).unwrap_or(false)
}

fn no_place(name: &str, place: &str) -> Fault {
    fault::configuration(format!("the document puts the parameter `{name}` in `{place}`, which is no place"))
}

/// The media type that is written: JSON where it may be.
fn preferred(medias: &[String]) -> Option<&str> {
    let find = |wanted: &dyn Fn(&str) -> bool| medias.iter().map(String::as_str).find(|it| wanted(it));
    find(&|media| media.starts_with("application/json"))
        .or_else(|| find(&|media| media.contains("+json")))
        .or_else(|| find(&|media| media.starts_with("application/x-www-form-urlencoded")))
        .or_else(|| find(&|media| media.starts_with("multipart/form-data")))
        .or_else(|| find(&|media| media == "*/*").map(|_| "application/json"))
        .or_else(|| find(&|_| true))
}
