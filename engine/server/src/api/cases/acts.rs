//! Acts on cases: one address each. Who may and whether it fits is decided by the rules of the engine, inside
//! the transition.

use http::Method;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use yiwang_core::case::{Attachment, CaseCommand};
use yiwang_core::{CaseNo, Timestamp};
use yiwang_dsl::Data;
use yiwang_runtime::CaseAct;

use super::find;
use crate::call::{Answer, Call, ok, tagged};
use crate::limits::TEXT_BYTES_MAX;
use crate::policy::Policy;
use crate::problem::{Code, Problem};
use crate::routes::Routes;

/// Address and word of each act.
const ACTS: &[(&str, &str)] = &[
    ("/api/v1/cases/{no}:note", "note"),
    ("/api/v1/cases/{no}:attach", "attach"),
    ("/api/v1/cases/{no}:link", "link"),
    ("/api/v1/cases/{no}:merge", "merge"),
    ("/api/v1/cases/{no}:split", "split"),
    ("/api/v1/cases/{no}:reopen", "reopen"),
    ("/api/v1/cases/{no}:return", "return"),
    ("/api/v1/cases/{no}:redispatch", "redispatch"),
    ("/api/v1/cases/{no}:extend", "extend"),
    ("/api/v1/cases/{no}:suspend", "suspend"),
    ("/api/v1/cases/{no}:resume", "resume"),
    ("/api/v1/cases/{no}:urge", "urge"),
    ("/api/v1/cases/{no}:supervise", "supervise"),
    ("/api/v1/cases/{no}:contact", "contact"),
    ("/api/v1/cases/{no}:callback", "callback"),
    ("/api/v1/cases/{no}:satisfaction", "satisfaction"),
    ("/api/v1/cases/{no}:withdraw", "withdraw"),
    ("/api/v1/cases/{no}:transfer", "transfer"),
    ("/api/v1/cases/{no}:flag", "flag"),
];

pub(super) fn routes(routes: &mut Routes) {
    for &(pattern, word) in ACTS {
        routes.add(Policy::Staff, Method::POST, pattern, move |call| act(call, word));
    }
}

/// `reason` and `decision` beside the act's own members. The `Idempotency-Key` header does for the decision, too;
/// without either there is a fresh one.
async fn act(mut call: Call, word: &'static str) -> Answer {
    let body: Map<String, Value> = call.json_or_default().await?;
    let mut body = Body(body);
    let reason: Option<String> = body.take("reason")?;
    let decision: Option<String> = body.take("decision")?;
    let command = case_command(word, body.0)?;
    if let CaseCommand::Attach { attachment } = &command {
        call.kept_file(&attachment.digest).await?;
    }
    let decision = match decision.or(call.idempotency_key()?) {
        Some(decision) => decision,
        None => crate::auth::random_id("dec").map_err(Problem::internal)?,
    };
    if decision.is_empty() || decision.len() > TEXT_BYTES_MAX {
        return Err(wrong("decision", &format!("A decision id has 1 to {TEXT_BYTES_MAX} bytes")));
    }
    perform(&call, command, reason, decision).await
}

/// Does it; the answer is what was decided.
pub(super) async fn perform(
    call: &Call,
    command: CaseCommand,
    reason: Option<String>,
    decision: String,
) -> Answer {
    let version = call.if_match()?;
    let (no, by) = (CaseNo(call.param("no").into()), call.actor()?.clone());
    let act = CaseAct { no, command, by, reason, decision, version };
    match call.app.handle.case(act).await {
        Ok(acted) => {
            let version = acted.get("version").and_then(|version| version.as_i64()).unwrap_or_default();
            Ok(tagged(ok(&acted)?, u32::try_from(version).unwrap_or_default()))
        }
        Err(error) => {
            let problem = Problem::from(error);
            // The rules know conflicts; HTTP tells "changed since you looked" from all others.
            let seen = version.filter(|_| problem.code() == Code::Conflict);
            let current = find(call).await?.version;
            Err(match seen {
                Some(seen) if seen != current => {
                    let detail = format!("The case is at version {current}, you saw {seen}");
                    Problem::new(Code::Precondition, detail)
                }
                Some(_) | None => problem,
            })
        }
    }
}

/// An act by its word and its members, as the API takes them.
///
/// # Errors
/// When there is no such act, or its members are not these.
pub fn case_command(word: &str, members: Map<String, Value>) -> Result<CaseCommand, Problem> {
    let mut body = Body(members);
    let command = command(word, &mut body)?;
    body.is_empty()?;
    Ok(command)
}

fn command(word: &str, body: &mut Body) -> Result<CaseCommand, Problem> {
    Ok(match word {
        "note" => CaseCommand::Note { text: body.need("text")? },
        "attach" => CaseCommand::Attach {
            attachment: Attachment {
                digest: body.need("digest")?,
                name: body.need("name")?,
                media_type: body.need("mediaType")?,
                size: body.need("size")?,
            },
        },
        "link" => CaseCommand::Link { no: body.need("no")? },
        "merge" => CaseCommand::Merge { into: body.need("into")? },
        "split" => CaseCommand::Split {
            workflow: body.need("workflow")?,
            version: body.take("version")?,
            content: Data::from(body.need::<Value>("content")?),
        },
        "reopen" => CaseCommand::Reopen,
        "return" => CaseCommand::Return,
        "redispatch" => CaseCommand::Redispatch { unit: body.take("unit")? },
        "extend" => {
            let due: String = body.need("due")?;
            let due = Timestamp::parse(&due).ok_or_else(|| wrong("due", "It is not RFC 3339"))?;
            CaseCommand::Extend { due }
        }
        "suspend" => CaseCommand::Suspend,
        "resume" => CaseCommand::Resume,
        "urge" => CaseCommand::Urge,
        "supervise" => CaseCommand::Supervise,
        "contact" => CaseCommand::Contact { reached: body.need("reached")?, text: body.take("text")? },
        "callback" => CaseCommand::Callback {
            reached: body.need("reached")?,
            solved: body.take("solved")?,
            text: body.take("text")?,
        },
        "satisfaction" => CaseCommand::Satisfaction { score: body.need("score")?, text: body.take("text")? },
        "withdraw" => CaseCommand::Withdraw,
        "transfer" => CaseCommand::Transfer { to: body.need("to")? },
        "flag" => CaseCommand::Flag { flag: body.need("flag")? },
        _ => {
            let words: Vec<&str> = ACTS.iter().map(|(_, word)| *word).collect();
            let detail = format!("There is no act `{word}`; there are {}", words.join(", "));
            return Err(Problem::new(Code::Fields, detail));
        }
    })
}

/// A body whose members are taken out one by one. What is left nobody wants.
struct Body(Map<String, Value>);

impl Body {
    /// A member that may be left out, or be null.
    fn take<T: DeserializeOwned>(&mut self, name: &str) -> Result<Option<T>, Problem> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => {
                serde_json::from_value(value).map(Some).map_err(|error| wrong(name, &error.to_string()))
            }
        }
    }

    fn need<T: DeserializeOwned>(&mut self, name: &str) -> Result<T, Problem> {
        self.take(name)?.ok_or_else(|| wrong(name, &format!("`{name}` is missing")))
    }

    fn is_empty(&self) -> Result<(), Problem> {
        match self.0.keys().next() {
            None => Ok(()),
            Some(name) => Err(wrong(name, &format!("There is no member `{name}` here"))),
        }
    }
}

fn wrong(name: &str, detail: &str) -> Problem {
    let pointer = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
    Problem::new(Code::Fields, detail).at(pointer, detail)
}
