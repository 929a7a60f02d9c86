//! Interface definitions in Protocol Buffers, compiled when they are needed, and messages as JSON.
//!
//! Texts are handed in; what is imported is asked for by name, until nothing is missing. It knows no network.

use std::collections::BTreeMap;

use prost_reflect::prost::Message as _;
use prost_reflect::{
    DescriptorPool, DeserializeOptions, DynamicMessage, MessageDescriptor, MethodDescriptor, SerializeOptions,
};
use protox::file::{ChainFileResolver, File, FileResolver, GoogleFileResolver};
use serde_json::Value;
use yiwang_dsl::Fault;
use yiwang_dsl::error::Kind;

use crate::limits;

/// Name of the file that the workflow names; imports have the names they are imported by.
pub(crate) const ROOT: &str = "root.proto";

/// What came of compiling.
pub(crate) enum Compiled {
    /// All there.
    Pool(DescriptorPool),
    /// These imports are needed first.
    Missing(Vec<String>),
}

/// Texts by the name that they are imported by.
#[derive(Clone, Debug, Default)]
pub(crate) struct Texts(pub(crate) BTreeMap<String, String>);

impl FileResolver for Texts {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        let text = self.0.get(name).ok_or_else(|| protox::Error::file_not_found(name))?;
        File::from_source(name, text)
    }
}

/// Compiles [`ROOT`] with what it imports.
pub(crate) fn compile(texts: &Texts) -> Result<Compiled, Fault> {
    let mut missing = Vec::new();
    for (name, text) in &texts.0 {
        if depth(text) > limits::PROTO_DEPTH_MAX {
            return Err(mistake(format!("the proto `{name}` is nested too deeply")));
        }
        let file = File::from_source(name, text).map_err(|error| wrong(&error))?;
        let imported = file.file_descriptor_proto().dependency.iter();
        missing.extend(imported.filter(|name| !is_known(texts, name)).cloned());
    }
    if !missing.is_empty() {
        missing.sort();
        missing.dedup();
        return Ok(Compiled::Missing(missing));
    }
    let mut resolver = ChainFileResolver::new();
    resolver.add(texts.clone());
    resolver.add(GoogleFileResolver::new());
    let mut compiler = protox::Compiler::with_file_resolver(resolver);
    compiler.open_file(ROOT).map_err(|error| wrong(&error))?;
    Ok(Compiled::Pool(compiler.descriptor_pool()))
}

/// How deep brackets are nested, outside of comments and texts. The parser calls itself for each level.
fn depth(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let mut rest = text.as_bytes();
    let after = |rest: &[u8], end: &[u8]| {
        let at = rest.windows(end.len()).position(|window| window == end);
        at.map_or(rest.len(), |at| at + end.len())
    };
    while let Some(byte) = rest.first() {
        let skipped = match byte {
            b'/' if rest.starts_with(b"//") => after(rest, b"\n"),
            b'/' if rest.starts_with(b"/*") => 2 + after(&rest[2..], b"*/"),
            b'#' => after(rest, b"\n"),
            b'"' | b'\'' => quoted(rest),
            b'{' | b'[' | b'<' | b'(' => {
                depth += 1;
                deepest = deepest.max(depth);
                1
            }
            b'}' | b']' | b'>' | b')' => {
                depth = depth.saturating_sub(1);
                1
            }
            _ => 1,
        };
        rest = &rest[skipped.min(rest.len())..];
    }
    deepest
}

/// Length of the text that begins here, with its quotes; to the end of the line when it is not closed.
fn quoted(rest: &[u8]) -> usize {
    let mut at = 1;
    while at < rest.len() {
        match rest[at] {
            b'\\' => at += 2,
            b'\n' => return at,
            byte if byte == rest[0] => return at + 1,
            _ => at += 1,
        }
    }
    at
}

fn is_known(texts: &Texts, name: &str) -> bool {
    texts.0.contains_key(name) || GoogleFileResolver::new().open_file(name).is_ok()
}

/// A method by the names of its service and its own. The service's package may be left out when only one
/// service of the file has that name.
pub(crate) fn method(pool: &DescriptorPool, service: &str, method: &str) -> Result<MethodDescriptor, Fault> {
    let exact = pool.get_service_by_name(service);
    let found = exact.or_else(|| {
        let mut named = pool.services().filter(|known| known.name() == service);
        named.next().filter(|_| named.next().is_none())
    });
    let Some(found) = found else {
        let known = list(pool.services().map(|service| service.full_name().to_owned()));
        return Err(mistake(format!("the proto has no service `{service}`{known}")));
    };
    let wanted = found.methods().find(|known| known.name() == method);
    wanted.ok_or_else(|| {
        let known = list(found.methods().map(|method| method.name().to_owned()));
        mistake(format!("the service `{}` has no method `{method}`{known}", found.full_name()))
    })
}

fn list(names: impl Iterator<Item = String>) -> String {
    let names: Vec<String> = names.take(20).map(|name| format!("`{name}`")).collect();
    if names.is_empty() { String::new() } else { format!("; there is {}", names.join(", ")) }
}

/// A message's bytes out of its JSON form. A member that the message does not have is a mistake.
pub(crate) fn encode(descriptor: MessageDescriptor, value: &Value) -> Result<Vec<u8>, Fault> {
    let name = descriptor.full_name().to_owned();
    let options = DeserializeOptions::new().deny_unknown_fields(true);
    let message = DynamicMessage::deserialize_with_options(descriptor, value, &options)
        .map_err(|error| Fault::new(Kind::Validation, "", format!("`arguments` are no `{name}`: {error}")))?;
    Ok(message.encode_to_vec())
}

/// A message's JSON form: all fields, so that expressions find zeros and empty texts; 64-bit numbers as
/// numbers, which the engine keeps exactly.
pub(crate) fn decode(descriptor: MessageDescriptor, bytes: &[u8]) -> Result<Value, Fault> {
    let broken = |error: String| {
        Fault::new(Kind::Communication, "", format!("the server's message cannot be read: {error}"))
    };
    let message = DynamicMessage::decode(descriptor, bytes).map_err(|error| broken(error.to_string()))?;
    let options = SerializeOptions::new().skip_default_fields(false).stringify_64_bit_integers(false);
    message
        .serialize_with_options(serde_json::value::Serializer, &options)
        .map_err(|error| broken(error.to_string()))
}

fn wrong(error: &protox::Error) -> Fault {
    let place = error.file().map(|name| format!(" `{name}`")).unwrap_or_default();
    mistake(format!("the proto{place} is not valid: {error}"))
}

fn mistake(detail: String) -> Fault {
    Fault::new(Kind::Configuration, "", detail)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use serde_json::json;

    use super::*;

    const GREETER: &str = r#"
        syntax = "proto3";
        package demo.v1;
        import "google/protobuf/timestamp.proto";
        import "kinds/colour.proto";
        service Greeter {
            rpc Hello(Request) returns (Reply);
        }
        message Request { string name = 1; repeated int64 numbers = 2; google.protobuf.Timestamp at = 3; }
        message Reply { string text = 1; uint64 count = 2; kinds.Colour colour = 3; map<string, int32> by = 4;
                        optional string maybe = 5; bytes raw = 6; }
    "#;
    const COLOUR: &str = r#"syntax = "proto3"; package kinds; enum Colour { NONE = 0; RED = 1; }"#;

    fn pool() -> DescriptorPool {
        let texts = [(ROOT, GREETER), ("kinds/colour.proto", COLOUR)];
        let texts = texts.map(|(name, text)| (name.to_owned(), text.to_owned()));
        match compile(&Texts(texts.into())).unwrap() {
            Compiled::Pool(pool) => pool,
            Compiled::Missing(names) => unreachable!("{names:?}"),
        }
    }

    #[test]
    fn imports_are_asked_for() {
        let texts = Texts([(ROOT.to_owned(), GREETER.to_owned())].into());
        let Compiled::Missing(names) = compile(&texts).unwrap() else { unreachable!() };
        assert_eq!(names, ["kinds/colour.proto"]);
    }

    #[test]
    fn messages_are_json() {
        let method = method(&pool(), "Greeter", "Hello").unwrap();
        let sent = json!({ "name": "易", "numbers": [1, "9007199254740993"], "at": "2026-01-02T03:04:05Z" });
        let bytes = encode(method.input(), &sent).unwrap();
        expect![[r#"{"at":"2026-01-02T03:04:05Z","name":"易","numbers":[1,9007199254740993]}"#]]
            .assert_eq(&decode(method.input(), &bytes).unwrap().to_string());
        let reply = json!({ "count": 18_446_744_073_709_551_615_u64, "colour": "RED", "by": { "a": 1 }, "raw": "aGk=" });
        let bytes = encode(method.output(), &reply).unwrap();
        expect![[r#"{"by":{"a":1},"colour":"RED","count":18446744073709551615,"raw":"aGk=","text":""}"#]]
            .assert_eq(&decode(method.output(), &bytes).unwrap().to_string());
    }

    #[test]
    fn a_proto_that_is_nested_too_deeply_is_refused() {
        for bomb in ["message A{", "message A{// }\n", "message A{/*}*/", "message A{option x='}';"] {
            let texts = Texts([(ROOT.to_owned(), bomb.repeat(50_000))].into());
            assert!(compile(&texts).is_err_and(|fault| fault.detail.unwrap().contains("nested")), "{bomb}");
        }
    }

    fn check(told: Result<String, Fault>, expected: &Expect) {
        let told = told.unwrap_or_else(|fault| format!("{} {}", fault.status, fault.detail.unwrap()));
        expected.assert_eq(&told);
    }

    #[test]
    fn mistakes_are_told() {
        let pool = pool();
        let name = |found: Result<MethodDescriptor, Fault>| found.map(|method| method.full_name().to_owned());
        check(name(method(&pool, "demo.v1.Greeter", "Hello")), &expect!["demo.v1.Greeter.Hello"]);
        check(
            name(method(&pool, "Greeting", "Hello")),
            &expect!["400 the proto has no service `Greeting`; there is `demo.v1.Greeter`"],
        );
        check(
            name(method(&pool, "Greeter", "hello")),
            &expect!["400 the service `demo.v1.Greeter` has no method `hello`; there is `Hello`"],
        );
        let hello = method(&pool, "Greeter", "Hello").unwrap();
        let sent = |value: Value| encode(hello.input(), &value).map(|bytes| format!("{bytes:?}"));
        check(
            sent(json!({ "nam": "x" })),
            &expect!["400 `arguments` are no `demo.v1.Request`: unrecognized field name 'nam'"],
        );
        check(
            sent(json!({ "name": 1 })),
            &expect![
                "400 `arguments` are no `demo.v1.Request`: invalid type: integer `1`, expected a string"
            ],
        );
        let broken = Texts([(ROOT.to_owned(), "syntax = \"proto3\"; message {".to_owned())].into());
        check(
            compile(&broken).map(|_| String::new()),
            &expect!["400 the proto `root.proto` is not valid: expected an identifier, but found '{'"],
        );
        let loose =
            Texts([(ROOT.to_owned(), "syntax = \"proto3\"; message A { B b = 1; }".to_owned())].into());
        check(
            compile(&loose).map(|_| String::new()),
            &expect!["400 the proto `root.proto` is not valid: name 'B' is not defined"],
        );
        check(
            decode(hello.output(), &[0xff]).map(|value| value.to_string()),
            &expect![
                "500 the server's message cannot be read: failed to decode Protobuf message: invalid varint"
            ],
        );
    }
}
