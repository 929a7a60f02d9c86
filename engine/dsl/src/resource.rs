//! Texts from elsewhere that a workflow needs to be checked: functions and schemas.
//!
//! Nothing is fetched here. [`needed`] tells what a workflow wants; who can read files and networks gets it,
//! puts it into [`Resources`], and asks again, because a function may want others in turn.
//! What is wanted when a call is made (documents of services, scripts) is none of this.
//!
//! ```text
//! text ─needed─► [uri, …] ─fetched by others─► Resources ─check_with─► Definition, which keeps what it used
//!   ▲                                             │
//!   └─────────────── until nothing is needed ─────┘
//! ```

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use crate::Catalog;

/// A text that a workflow wants and that was not given.
#[derive(Clone, Debug, PartialEq)]
pub struct Needed {
    /// Where it is. Absolute, or relative to the workflow's file.
    pub uri: String,
    /// How to authenticate: `{ basic: { use: secret } }` and the like, in which nothing is left to evaluate.
    pub authentication: Option<serde_json::Value>,
    /// What it is wanted as.
    pub what: What,
    /// Where in the workflow's text it is asked for.
    pub span: Range<usize>,
}

/// What a text is wanted as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum What {
    /// A function: one task.
    Function,
    /// A JSON Schema.
    Schema,
}

/// Texts that were fetched, and those that could not be.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resources {
    texts: BTreeMap<String, Result<Arc<str>, String>>,
}

impl Resources {
    /// None.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds or replaces the text at a URI, written as in [`Needed::uri`].
    pub fn add(&mut self, uri: impl Into<String>, text: impl Into<Arc<str>>) {
        self.texts.insert(uri.into(), Ok(text.into()));
    }

    /// Says why there is no text at a URI, so that it is not asked for again.
    pub fn refuse(&mut self, uri: impl Into<String>, reason: impl Into<String>) {
        self.texts.insert(uri.into(), Err(reason.into()));
    }

    /// All of them, by URI: the text, or why there is none.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Result<&Arc<str>, &str>)> {
        self.texts.iter().map(|(uri, text)| (uri.as_str(), text.as_ref().map_err(String::as_str)))
    }
}

impl From<BTreeMap<String, Arc<str>>> for Resources {
    fn from(texts: BTreeMap<String, Arc<str>>) -> Self {
        Self { texts: texts.into_iter().map(|(uri, text)| (uri, Ok(text))).collect() }
    }
}

/// What a workflow wants besides these. Empty: it can be checked, as far as texts from elsewhere go.
pub fn needed(text: &str, resources: &Resources) -> Vec<Needed> {
    crate::check::needed(text, &Catalog::new(), resources)
}

/// A reference made absolute (RFC 3986, section 5.2).
pub(crate) fn resolve(base: &str, reference: &str) -> String {
    let Some((scheme, after)) = base.split_once(':') else { return reference.to_owned() };
    let is_absolute = reference.split_once(':').is_some_and(|(scheme, _)| {
        !scheme.is_empty() && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    });
    if is_absolute {
        return reference.to_owned();
    }
    if reference.starts_with("//") {
        return format!("{scheme}:{reference}");
    }
    let after = after.split(['?', '#']).next().unwrap_or_default();
    let (authority, path) = match after.strip_prefix("//") {
        Some(rest) => {
            let end = rest.find('/').unwrap_or(rest.len());
            (format!("//{}", &rest[..end]), &rest[end..])
        }
        None => (String::new(), after),
    };
    let cut = reference.find(['?', '#']).unwrap_or(reference.len());
    let (target, tail) = reference.split_at(cut);
    let merged = match target {
        "" => path.to_owned(),
        rooted if rooted.starts_with('/') => without_dots(rooted),
        relative => {
            let folder = path.rfind('/').map_or("", |end| &path[..=end]);
            let folder = if folder.is_empty() && !authority.is_empty() { "/" } else { folder };
            without_dots(&format!("{folder}{relative}"))
        }
    };
    format!("{scheme}:{authority}{merged}{tail}")
}

fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let ends_in_folder = path.ends_with("/.") || path.ends_with("/..");
    for segment in path.split('/') {
        match segment {
            "." => {}
            ".." => {
                // The root has no parent.
                if kept.len() > 1 {
                    kept.pop();
                }
            }
            other => kept.push(other),
        }
    }
    let path = kept.join("/");
    if ends_in_folder { path + "/" } else { path }
}

/// Where the text is that a page of a repository shows: GitHub and GitLab serve both.
pub(crate) fn raw(uri: &str) -> String {
    if let Some(rest) = uri.strip_prefix("https://github.com/") {
        let mut parts = rest.splitn(5, '/');
        if let (Some(owner), Some(repository), Some("tree" | "blob"), Some(version), Some(path)) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        {
            let version = branch(version);
            return format!("https://raw.githubusercontent.com/{owner}/{repository}/{version}/{path}");
        }
    }
    for page in ["/-/tree/", "/-/blob/"] {
        if let Some((project, path)) = uri.split_once(page) {
            return format!("{project}/-/raw/{path}");
        }
    }
    uri.to_owned()
}

/// A name after `tree` is a branch, unless it looks like a commit or a version.
fn branch(name: &str) -> String {
    let is_commit = name.len() == 40 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    let digits = name.strip_prefix('v').unwrap_or(name);
    let is_version = digits.starts_with(|first: char| first.is_ascii_digit()) && digits.contains('.');
    if is_commit || is_version { name.to_owned() } else { format!("refs/heads/{name}") }
}

/// Where a function of a catalog is.
pub(crate) fn in_catalog(endpoint: &str, name: &str, version: &str) -> String {
    let endpoint = endpoint.trim_end_matches('/');
    let path = format!("functions/{name}/{version}/function.yaml");
    match endpoint.strip_prefix("https://github.com/").map(|rest| rest.split('/').collect::<Vec<_>>()) {
        // A repository without a branch: whatever its default is.
        Some(parts) if parts.len() == 2 => {
            format!("https://raw.githubusercontent.com/{}/{}/HEAD/{path}", parts[0], parts[1])
        }
        _ => raw(&format!("{endpoint}/{path}")),
    }
}

/// Where the function is that `call` names by a URI, if it does: a file, a folder, or a folder `@version`.
pub(crate) fn function(text: &str) -> Option<String> {
    let is_uri = ["https://", "http://", "file:"].iter().any(|scheme| text.starts_with(scheme));
    if !is_uri {
        return None;
    }
    let (folders, last) = text.rsplit_once('/')?;
    let is_file = [".yaml", ".yml", ".json"].iter().any(|ending| last.ends_with(ending));
    if is_file {
        return Some(raw(text));
    }
    let text = text.trim_end_matches('/');
    let Some((name, version)) = last.split_once('@') else {
        return Some(raw(&format!("{text}/function.yaml")));
    };
    if let Some(rest) = folders.strip_prefix("https://github.com/") {
        // The version is a tag of the repository.
        let (repository, inner) = split_repository(rest);
        let path = if inner.is_empty() { name.to_owned() } else { format!("{inner}/{name}") };
        let tag = format!("refs/tags/{version}");
        return Some(format!("https://raw.githubusercontent.com/{repository}/{tag}/{path}/function.yaml"));
    }
    Some(format!("{folders}/{name}/{version}/function.yaml"))
}

/// `owner/repository`, and the folders after it.
fn split_repository(rest: &str) -> (&str, &str) {
    let end = rest.match_indices('/').nth(1).map_or(rest.len(), |(at, _)| at);
    (&rest[..end], rest[end..].trim_start_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_resolved() {
        let base = "https://a.example/f/log/1.0.0/function.yaml";
        for (reference, expected) in [
            ("schema.json", "https://a.example/f/log/1.0.0/schema.json"),
            ("./schema.json", "https://a.example/f/log/1.0.0/schema.json"),
            ("../../b/x?y=../z", "https://a.example/f/b/x?y=../z"),
            ("../../../../../x", "https://a.example/x"),
            ("/x", "https://a.example/x"),
            ("//b.example/x", "https://b.example/x"),
            ("http://c.example", "http://c.example"),
            ("", "https://a.example/f/log/1.0.0/function.yaml"),
        ] {
            assert_eq!(resolve(base, reference), expected, "{reference}");
        }
        assert_eq!(resolve("file:///srv/f/function.yaml", "s.json"), "file:///srv/f/s.json");
        assert_eq!(resolve("file:functions/function.yaml", "s.json"), "file:functions/s.json");
        assert_eq!(resolve("catalog/function.yaml", "s.json"), "s.json");
    }

    #[test]
    fn functions_are_found() {
        for (written, expected) in [
            ("https://a.example/log/function.yaml", "https://a.example/log/function.yaml"),
            ("https://a.example/log", "https://a.example/log/function.yaml"),
            ("https://a.example/log@v1", "https://a.example/log/v1/function.yaml"),
            ("file:///srv/log/function.yaml", "file:///srv/log/function.yaml"),
            (
                "https://github.com/o/r/tree/main/functions/log/1.0.0/function.yaml",
                "https://raw.githubusercontent.com/o/r/refs/heads/main/functions/log/1.0.0/function.yaml",
            ),
            (
                "https://github.com/o/r/blob/v1.2.0/log.yaml",
                "https://raw.githubusercontent.com/o/r/v1.2.0/log.yaml",
            ),
            (
                "https://github.com/o/r/validate@v1.0.0",
                "https://raw.githubusercontent.com/o/r/refs/tags/v1.0.0/validate/function.yaml",
            ),
            (
                "https://gitlab.example/g/h/p/-/blob/main/log.yaml",
                "https://gitlab.example/g/h/p/-/raw/main/log.yaml",
            ),
        ] {
            assert_eq!(function(written).as_deref(), Some(expected), "{written}");
        }
        assert_eq!(function("log:1.0.0@default"), None);
    }

    #[test]
    fn catalogs_are_folders() {
        for (endpoint, expected) in [
            ("https://a.example/c/", "https://a.example/c/functions/log/1.0.0/function.yaml"),
            ("file:///srv/c", "file:///srv/c/functions/log/1.0.0/function.yaml"),
            (
                "https://github.com/o/r",
                "https://raw.githubusercontent.com/o/r/HEAD/functions/log/1.0.0/function.yaml",
            ),
            (
                "https://github.com/o/r/tree/main",
                "https://raw.githubusercontent.com/o/r/refs/heads/main/functions/log/1.0.0/function.yaml",
            ),
        ] {
            assert_eq!(in_catalog(endpoint, "log", "1.0.0"), expected, "{endpoint}");
        }
    }
}
