//! `yiwang plugin grant`, `revoke`, `enable`, `disable`: lines of a channel's YAML file.
//!
//! The file is an author's text: what is not meant is left as it is, comments included. Each edit is read again
//! and compared with what it should say; one that cannot be made so is shown, to be made by hand.

use serde_json::{Map, Value, json};
use yiwang_dsl::yaml::{self, Node, Value as Shape};
use yiwang_host::Inspection;

use super::Where;
use crate::failure::{self, Exit, Failure};
use crate::output;
use crate::project::{ChannelFile, Project};

#[derive(clap::Args, Debug)]
#[command(group = clap::ArgGroup::new("address").args(["http", "mail"]).multiple(true))]
pub(super) struct GrantArgs {
    /// The channel's id.
    channel: String,
    /// Small state.
    #[arg(long)]
    kv: bool,
    /// Files.
    #[arg(long)]
    blobs: bool,
    /// Requests to such addresses, with `*` for the rest of a path; may be given several times.
    #[arg(long = "http", value_name = "URL")]
    http: Vec<String>,
    /// Mail servers, like `imaps://imap.example.cn`; may be given several times.
    #[arg(long = "mail", value_name = "URL")]
    mail: Vec<String>,
    /// These addresses and servers may lie inside the network.
    #[arg(long, requires = "address")]
    private: bool,
    /// A secret that the server uses for it; may be given several times.
    #[arg(long = "secret", value_name = "NAME")]
    secrets: Vec<String>,
    /// A secret that the plugin may see; may be given several times.
    #[arg(long = "reveal", value_name = "NAME")]
    reveal: Vec<String>,
    #[command(flatten)]
    place: Where,
}

#[derive(clap::Args, Debug)]
pub(super) struct SwitchArgs {
    /// The channel's id.
    channel: String,
    #[command(flatten)]
    place: Where,
}

/// One thing that is granted.
enum Grant {
    /// `kv` or `blobs`.
    Flag(&'static str),
    /// An item of a list: the list, what it is known by, and how it is written.
    Item(&'static str, String, String),
}

impl GrantArgs {
    fn grants(&self) -> Result<Vec<Grant>, Failure> {
        let mut all = Vec::new();
        all.extend(self.kv.then_some(Grant::Flag("kv")));
        all.extend(self.blobs.then_some(Grant::Flag("blobs")));
        let addresses = self.http.iter().map(|url| ("http", url));
        for (list, url) in addresses.chain(self.mail.iter().map(|url| ("mail", url))) {
            let quoted = Value::String(url.clone());
            let private = if self.private { ", private: true" } else { "" };
            all.push(Grant::Item(list, url.clone(), format!("{{ url: {quoted}{private} }}")));
        }
        for name in &self.secrets {
            all.push(Grant::Item("secrets", name.clone(), Value::String(name.clone()).to_string()));
        }
        for name in &self.reveal {
            let quoted = Value::String(name.clone());
            all.push(Grant::Item("secrets", name.clone(), format!("{{ name: {quoted}, reveal: true }}")));
        }
        if all.is_empty() {
            return Err(Failure::new(Exit::Invalid, "cli.grant", "it is not said what is meant")
                .help("--kv, --blobs, --http URL, --mail URL, --secret NAME or --reveal NAME"));
        }
        Ok(all)
    }
}

pub(super) fn grant(args: &GrantArgs) -> Result<(), Failure> {
    let (project, file) = find(&args.place, &args.channel)?;
    let grants = args.grants()?;
    asked_for(&project, &file, &grants)?;
    change(
        &file,
        &|text| grants.iter().try_fold(text.to_owned(), |text, grant| added(&text, grant)),
        &|value| {
            grants.iter().for_each(|grant| grant.put(value));
        },
    )
}

pub(super) fn revoke(args: &GrantArgs) -> Result<(), Failure> {
    let (_, file) = find(&args.place, &args.channel)?;
    let grants = args.grants()?;
    change(
        &file,
        &|text| grants.iter().try_fold(text.to_owned(), |text, grant| removed(&text, grant)),
        &|value| {
            grants.iter().for_each(|grant| grant.take(value));
        },
    )
}

pub(super) fn switch(args: &SwitchArgs, on: bool) -> Result<(), Failure> {
    let (_, file) = find(&args.place, &args.channel)?;
    change(&file, &|text| switched(text, on), &|value| value["enabled"] = json!(on))
}

fn find(place: &Where, id: &str) -> Result<(Project, ChannelFile), Failure> {
    let project = Project::open(&place.project, place.config.as_deref())?;
    let found = project.channels()?.into_iter().find(|channel| channel.id == id);
    let file = found.ok_or_else(|| {
        let message = format!("there is no channel `{id}` in {}", project.root.display());
        Failure::new(Exit::NotFound, "channel.unknown", message)
    })?;
    Ok((project, file))
}

/// A secret that a plugin does not ask for keeps the whole channel from starting; the rest would have no effect.
fn asked_for(project: &Project, file: &ChannelFile, grants: &[Grant]) -> Result<(), Failure> {
    let name = file.value["plugin"].as_str().unwrap_or_default();
    let Ok(found) = Inspection::of(&project.plugins().join(format!("{name}.wasm"))) else {
        output::note(&format!("the plugin `{name}` is not there: what it asks for is not known"));
        return Ok(());
    };
    for grant in grants {
        let asked = found.permissions.iter().any(|one| match grant {
            Grant::Flag(kind) => one.kind == *kind,
            Grant::Item(list @ ("http" | "mail"), _, _) => one.kind == *list,
            Grant::Item(_, secret, written) => {
                let seen = one.what.ends_with(", seen by the plugin");
                let known = one.what.split(',').next() == Some(secret);
                one.kind == "secret" && known && (seen || !written.contains("reveal"))
            }
        });
        if !asked {
            let what = match grant {
                Grant::Flag(kind) => (*kind).to_owned(),
                Grant::Item(list, which, _) => format!("{list} {which}"),
            };
            let message = format!("the plugin `{name}` does not ask for {what}");
            return Err(Failure::new(Exit::Conflict, "plugin.not-asked", message)
                .help("`yiwang plugin inspect` shows what it asks for"));
        }
    }
    Ok(())
}

/// Makes the edit if it says what it should, else shows what to write.
fn change(
    file: &ChannelFile,
    edit: &dyn Fn(&str) -> Option<String>,
    wanted: &dyn Fn(&mut Value),
) -> Result<(), Failure> {
    let path = &file.path;
    let text = std::fs::read_to_string(path).map_err(|error| failure::file("reading", path, error))?;
    let read = |text: &str| yaml::parse(text).map(|node| node.to_json()).ok();
    let mut expected = read(&text).unwrap_or_default();
    wanted(&mut expected);
    let edited = edit(&text).filter(|edited| read(edited).is_some_and(|said| said == expected));
    let Some(edited) = edited else {
        let part = json!({ "enabled": expected["enabled"], "grants": expected["grants"] });
        output::line(&part.to_string());
        let message = format!("{} is written in a way that this command does not edit", path.display());
        return Err(Failure::new(Exit::Conflict, "plugin.edit-by-hand", message)
            .help("write `enabled` and `grants` as they stand on stdout; JSON is YAML, too"));
    };
    if edited == text {
        output::note(&format!("{} says so already", path.display()));
        return Ok(());
    }
    std::fs::write(path, &edited).map_err(|error| failure::file("writing", path, error))?;
    output::line(&path.display().to_string());
    output::note("a running server takes it up with `yiwang channel reload`, or at its next start");
    Ok(())
}

impl Grant {
    /// In the value that the file should have.
    fn put(&self, value: &mut Value) {
        if !value["grants"].is_object() {
            value["grants"] = json!({});
        }
        match self {
            Self::Flag(name) => value["grants"][*name] = json!(true),
            Self::Item(list, _, written) => {
                let item = yaml::parse(written).map(|node| node.to_json()).unwrap_or_default();
                self.take(value);
                if !value["grants"][*list].is_array() {
                    value["grants"][*list] = json!([]);
                }
                if let Some(items) = value["grants"][*list].as_array_mut() {
                    items.insert(0, item);
                }
            }
        }
    }

    fn take(&self, value: &mut Value) {
        let Some(grants) = value.get_mut("grants").and_then(Value::as_object_mut) else { return };
        match self {
            Self::Flag(name) => set_false(grants, name),
            Self::Item(list, which, _) => {
                if let Some(items) = grants.get_mut(*list).and_then(Value::as_array_mut) {
                    items.retain(|item| known_by(item) != Some(which.as_str()));
                }
            }
        }
    }
}

fn set_false(grants: &mut Map<String, Value>, name: &str) {
    if let Some(flag) = grants.get_mut(name) {
        *flag = json!(false);
    }
}

/// A secret's name or an address.
fn known_by(item: &Value) -> Option<&str> {
    item.as_str().or(item["name"].as_str()).or(item["url"].as_str())
}

/// The text with the grant; none if it is written in a way that is not edited here.
fn added(text: &str, grant: &Grant) -> Option<String> {
    let text = match grant {
        // Granted already, perhaps otherwise: written anew.
        Grant::Item(..) => removed(text, grant)?,
        Grant::Flag(_) => text.to_owned(),
    };
    let root = yaml::parse(&text).ok()?;
    let line = match grant {
        Grant::Flag(name) => format!("{name}: true"),
        Grant::Item(list, _, written) => format!("{list}: [{written}]"),
    };
    let Some(grants) = root.get("grants") else {
        let end = if text.ends_with('\n') { "" } else { "\n" };
        return Some(format!("{text}{end}grants:\n  {line}\n"));
    };
    let name = match grant {
        Grant::Flag(name) | Grant::Item(name, ..) => *name,
    };
    match (grants.get(name), grant) {
        (None, _) => first_member(&text, grants, &line),
        (Some(flag), Grant::Flag(_)) => Some(replaced(&text, flag.span.clone(), "true")),
        (Some(list), Grant::Item(_, _, written)) => first_item(&text, list, written),
    }
}

/// Puts a member before the others of a mapping.
fn first_member(text: &str, map: &Node, line: &str) -> Option<String> {
    let Shape::Map(entries) = &map.value else { return None };
    if text[map.span.clone()].starts_with('{') {
        let comma = if entries.is_empty() { " " } else { "," };
        return Some(replaced(text, map.span.start + 1..map.span.start + 1, &format!(" {line}{comma}")));
    }
    let at = entries.first()?.key.span.start;
    let indent = indent(text, at)?;
    Some(replaced(text, at..at, &format!("{line}\n{indent}")))
}

/// Puts an item before the others of a list.
fn first_item(text: &str, list: &Node, written: &str) -> Option<String> {
    let Shape::List(items) = &list.value else { return None };
    if text[list.span.clone()].starts_with('[') {
        let comma = if items.is_empty() { "" } else { ", " };
        return Some(replaced(text, list.span.start + 1..list.span.start + 1, &format!("{written}{comma}")));
    }
    let (dash, indent) = dash(text, items.first()?)?;
    Some(replaced(text, dash..dash, &format!("- {written}\n{indent}")))
}

/// The text without the grant.
fn removed(text: &str, grant: &Grant) -> Option<String> {
    let root = yaml::parse(text).ok()?;
    let grants = root.get("grants");
    match grant {
        Grant::Flag(name) => match grants.and_then(|grants| grants.get(name)) {
            Some(flag) => Some(replaced(text, flag.span.clone(), "false")),
            None => Some(text.to_owned()),
        },
        Grant::Item(list, which, _) => {
            let list = grants.and_then(|grants| grants.get(list));
            let Some(list) = list else { return Some(text.to_owned()) };
            let Shape::List(items) = &list.value else { return None };
            let known = |item: &Node| known_by(&item.to_json()) == Some(which.as_str());
            match items.iter().position(known) {
                None => Some(text.to_owned()),
                Some(at) => without(text, list, items, at),
            }
        }
    }
}

fn without(text: &str, list: &Node, items: &[Node], at: usize) -> Option<String> {
    if text[list.span.clone()].starts_with('[') {
        let span = match (items.get(at + 1), at.checked_sub(1).and_then(|before| items.get(before))) {
            (Some(next), _) => items[at].span.start..next.span.start,
            (None, Some(before)) => before.span.end..items[at].span.end,
            (None, None) => items[at].span.clone(),
        };
        return Some(replaced(text, span, ""));
    }
    if items.len() == 1 {
        let (dash, _) = dash(text, &items[at])?;
        // `name:` and the line break before the list.
        let colon = text[..dash].rfind(':')? + 1;
        let blank = text[colon..dash].chars().all(char::is_whitespace);
        let line_end =
            text[items[at].span.end..].find('\n').map_or(text.len(), |end| items[at].span.end + end);
        return blank.then(|| replaced(text, colon..line_end, " []"));
    }
    let start = line_start(text, dash(text, &items[at])?.0);
    let end = match items.get(at + 1) {
        Some(next) => line_start(text, dash(text, next)?.0),
        None => text[items[at].span.end..].find('\n').map_or(text.len(), |end| items[at].span.end + end + 1),
    };
    Some(replaced(text, start..end, ""))
}

fn switched(text: &str, on: bool) -> Option<String> {
    let root = yaml::parse(text).ok()?;
    match root.get("enabled") {
        Some(flag) => Some(replaced(text, flag.span.clone(), if on { "true" } else { "false" })),
        None => {
            let Shape::Map(entries) = &root.value else { return None };
            let at = entries.iter().find(|entry| entry.key.text == "plugin")?.value.span.end;
            let at = text[at..].find('\n').map_or(text.len(), |end| at + end);
            Some(replaced(text, at..at, &format!("\nenabled: {on}")))
        }
    }
}

fn replaced(text: &str, span: std::ops::Range<usize>, by: &str) -> String {
    format!("{}{by}{}", &text[..span.start], &text[span.end..])
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |end| end + 1)
}

/// The blanks before this place, if there is nothing else before it on its line.
fn indent(text: &str, at: usize) -> Option<&str> {
    let before = &text[line_start(text, at)..at];
    before.chars().all(|char| char == ' ').then_some(before)
}

/// The dash of a list's item, and the blanks before it.
fn dash<'a>(text: &'a str, item: &Node) -> Option<(usize, &'a str)> {
    let start = line_start(text, item.span.start);
    let at = start + text[start..item.span.start].rfind('-')?;
    Some((at, indent(text, at)?))
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    const FILE: &str = "id: a\nplugin: x # which\ngrants:\n  kv: true # the token\n  secrets:\n    - { name: token, reveal: true }\n    # never seen\n    - app_secret\n  http:\n    - url: https://a.cn/*\nsecrets:\n  token: { env: T }\n";

    fn item(list: &'static str, name: &str, written: &str) -> Grant {
        Grant::Item(list, name.to_owned(), written.to_owned())
    }

    /// What is written says what it should, and looks like this.
    fn same(text: Option<String>, value: &Value, expected: &Expect) {
        let text = text.unwrap();
        assert_eq!(yaml::parse(&text).unwrap().to_json(), *value, "{text}");
        expected.assert_eq(&text);
    }

    fn value(text: &str) -> Value {
        yaml::parse(text).unwrap().to_json()
    }

    #[test]
    fn grants_are_added_where_they_belong() {
        let mut wanted = value(FILE);
        let grant = item("http", "https://b.cn/*", "{ url: \"https://b.cn/*\" }");
        grant.put(&mut wanted);
        same(
            added(FILE, &grant),
            &wanted,
            &expect![[r#"
                id: a
                plugin: x # which
                grants:
                  kv: true # the token
                  secrets:
                    - { name: token, reveal: true }
                    # never seen
                    - app_secret
                  http:
                    - { url: "https://b.cn/*" }
                    - url: https://a.cn/*
                secrets:
                  token: { env: T }
            "#]],
        );
        for (text, grant) in [
            ("id: a\nplugin: x\n", Grant::Flag("kv")),
            ("id: a\nplugin: x", item("secrets", "k", "\"k\"")),
            ("id: a\ngrants: {}\n", Grant::Flag("blobs")),
            ("id: a\ngrants: { kv: false }\n", Grant::Flag("kv")),
            ("id: a\ngrants: { kv: true }\n", item("secrets", "k", "\"k\"")),
            ("id: a\ngrants:\n  secrets: [a, b]\n", item("secrets", "k", "\"k\"")),
            ("id: a\ngrants:\n  secrets: [a, k]\n", item("secrets", "k", "{ name: k, reveal: true }")),
            ("id: a\ngrants:\n  secrets: []\n", item("secrets", "k", "\"k\"")),
            ("id: a\ngrants:\n  blobs: true\n", Grant::Flag("kv")),
            (FILE, Grant::Flag("blobs")),
            (FILE, item("secrets", "token", "\"token\"")),
            (FILE, item("mail", "imaps://a.cn", "{ url: \"imaps://a.cn\", private: true }")),
        ] {
            let mut wanted = value(text);
            grant.put(&mut wanted);
            let given = added(text, &grant).unwrap();
            assert_eq!(value(&given), wanted, "{text}\n{given}");
        }
    }

    #[test]
    fn grants_are_taken_away_and_comments_stay() {
        for (text, grant) in [
            (FILE, Grant::Flag("kv")),
            (FILE, item("secrets", "token", "")),
            (FILE, item("secrets", "app_secret", "")),
            (FILE, item("http", "https://a.cn/*", "")),
            (FILE, item("http", "https://none.cn/*", "")),
            ("grants: { secrets: [a, b, c], kv: true }\n", item("secrets", "b", "")),
            ("grants: { secrets: [a, b, c], kv: true }\n", item("secrets", "c", "")),
            ("grants: { secrets: [a] }\n", item("secrets", "a", "")),
            ("id: a\n", Grant::Flag("kv")),
        ] {
            let mut wanted = value(text);
            grant.take(&mut wanted);
            let given = removed(text, &grant).unwrap();
            assert_eq!(value(&given), wanted, "{text}\n{given}");
            assert!(!text.contains("# which") || given.contains("# which"));
        }
    }

    #[test]
    fn a_channel_is_switched() {
        let off = switched(FILE, false).unwrap();
        assert!(off.starts_with("id: a\nplugin: x # which\nenabled: false\ngrants:"), "{off}");
        assert_eq!(value(&switched(&off, true).unwrap())["enabled"], true);
    }
}
