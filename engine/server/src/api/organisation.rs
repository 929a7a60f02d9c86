//! The organisation: units, people with their roles, absences, pools of experts. Every change is a new
//! version with who, when and why; what an older one said can be read again.

use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use yiwang_core::organisation::{Absence, Change, Document, Mistake, Person, check, read_yaml};
use yiwang_core::reference::Kind;
use yiwang_runtime::{Error as EngineError, PutReference};

use crate::call::{Answer, Call, ok, tagged};
use crate::policy::{Policy, has_role, is_admin};
use crate::problem::{Code, Problem};
use crate::routes::Routes;
use crate::view::{PageView, time};

/// The one document of this kind.
const NAME: &str = "district";
/// How often a small change is tried again when somebody else was faster.
const TRIES: usize = 5;

pub(super) fn routes(routes: &mut Routes) {
    routes.add(Policy::Staff, Method::GET, "/api/v1/organisation", get);
    routes.add(Policy::Admin, Method::PUT, "/api/v1/organisation", put);
    routes.add(Policy::Staff, Method::POST, "/api/v1/organisation/check", try_out);
    routes.add(Policy::Admin, Method::POST, "/api/v1/organisation/changes", change);
    routes.add(Policy::Staff, Method::GET, "/api/v1/organisation/versions", versions);
    routes.add(Policy::Staff, Method::GET, "/api/v1/organisation/people", people);
    routes.add(Policy::Staff, Method::GET, "/api/v1/organisation/people/{id}", person);
    routes.add(Policy::Staff, Method::POST, "/api/v1/organisation/absences", absent);
    routes.add(Policy::Staff, Method::POST, "/api/v1/organisation/people/{id}:back", back);
}

#[derive(Serialize)]
struct Whole<'d> {
    version: u32,
    at: Option<String>,
    by: Option<&'d str>,
    reason: Option<&'d str>,
    organisation: &'d Document,
}

async fn get(call: Call) -> Answer {
    let district = call.app.handle.district();
    let stored = district.document(Kind::Organisation, NAME);
    let version = stored.map_or(0, |stored| stored.version);
    let whole = Whole {
        version,
        at: stored.map(|stored| time(stored.at)),
        by: stored.map(|stored| stored.by.as_str()),
        reason: stored.and_then(|stored| stored.reason.as_deref()),
        organisation: district.organisation.document(),
    };
    Ok(tagged(ok(&whole)?, version))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// As JSON …
    organisation: Option<Value>,
    /// … or as YAML.
    text: Option<String>,
    reason: Option<String>,
}

/// The text to be stored, once it has no mistakes.
fn checked(wanted: Wanted) -> Result<(String, Option<String>), Problem> {
    let Wanted { organisation, text, reason } = wanted;
    let text = match (organisation, text) {
        (Some(value), None) => {
            check(&value).map_err(|remarks| {
                let mistake = |remark| Mistake { remark, table: None, line: None };
                wrong(remarks.into_iter().map(mistake).collect())
            })?;
            serde_json::to_string_pretty(&value).map_err(Problem::internal)?
        }
        (None, Some(text)) => {
            read_yaml(&text).map_err(wrong)?;
            text
        }
        (None, None) | (Some(_), Some(_)) => {
            return Err(Problem::new(Code::Fields, "Give either `organisation` or `text`"));
        }
    };
    Ok((text, reason))
}

/// All mistakes with their places.
fn wrong(mistakes: Vec<Mistake>) -> Problem {
    let detail = format!("The organisation has {} mistakes", mistakes.len());
    let place = |problem: Problem, mistake: Mistake| {
        let remark = mistake.remark;
        let mut sentence = format!("{} {}", remark.code, remark.message);
        if let Some(help) = &remark.help {
            sentence.push_str(&format!("; {help}"));
        }
        if let Some(line) = mistake.line {
            sentence = format!("line {line}: {sentence}");
        }
        problem.at(remark.pointer, sentence)
    };
    mistakes.into_iter().fold(Problem::new(Code::ReferenceInvalid, detail), place)
}

async fn put(mut call: Call) -> Answer {
    let (body, reason) = checked(call.json().await?)?;
    let version = call.if_match()?;
    store(&call, body, reason, version).await?;
    get(call).await
}

/// Says whether it has mistakes, and stores nothing.
async fn try_out(mut call: Call) -> Answer {
    checked(call.json().await?)?;
    ok(&json!({"mistakes": []}))
}

async fn store(
    call: &Call,
    body: String,
    reason: Option<String>,
    version: Option<u32>,
) -> Result<(), Problem> {
    let by = call.actor()?.person.clone();
    let wish = PutReference { kind: Kind::Organisation, name: NAME.to_owned(), body, by, reason, version };
    call.app.handle.put_reference(wish).await?;
    Ok(())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChangeWanted {
    change: Change,
    reason: Option<String>,
}

async fn change(mut call: Call) -> Answer {
    let ChangeWanted { change, reason } = call.json().await?;
    apply(&call, change, reason).await?;
    get(call).await
}

/// Makes a small change of the newest version, again if somebody else has made another meanwhile.
async fn apply(call: &Call, change: Change, reason: Option<String>) -> Result<(), Problem> {
    let mut tries = 0;
    loop {
        let district = call.app.handle.district();
        let version = district.document(Kind::Organisation, NAME).map_or(0, |stored| stored.version);
        let document = change.clone().apply(district.organisation.document().clone());
        let document = document.ok_or_else(|| {
            Problem::new(Code::NotFound, "The change is about somebody or something that is not there")
        })?;
        let value = serde_json::to_value(&document).map_err(Problem::internal)?;
        let (body, reason) =
            checked(Wanted { organisation: Some(value), text: None, reason: reason.clone() })?;
        let by = call.actor()?.person.clone();
        let (kind, name) = (Kind::Organisation, NAME.to_owned());
        let wish = PutReference { kind, name, body, by, reason, version: Some(version) };
        tries += 1;
        match call.app.handle.put_reference(wish).await {
            Err(EngineError::ReferenceChanged { .. }) if tries < TRIES => {}
            done => return done.map(drop).map_err(Problem::from),
        }
    }
}

async fn versions(call: Call) -> Answer {
    let stored = call.app.query.reference_versions(Kind::Organisation, NAME.to_owned()).await?;
    let view = |one: yiwang_core::reference::Reference| json!({"version": one.version, "at": time(one.at), "by": one.by, "reason": one.reason});
    ok(&PageView::whole(stored.into_iter().map(view).collect()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Who {
    /// `role`, `role@unit`, `*@unit`.
    role: Option<String>,
}

async fn people(call: Call) -> Answer {
    let wanted: Who = call.query()?;
    let district = call.app.handle.district();
    let all = district.organisation.document().people.iter();
    let found = all.filter(|person| {
        wanted.role.as_ref().is_none_or(|role| district.organisation.holds(&person.id, role))
    });
    ok(&PageView::whole(found.map(|person| view(&call, person)).collect::<Vec<_>>()))
}

async fn person(call: Call) -> Answer {
    let district = call.app.handle.district();
    let id = call.param("id");
    let known = district.organisation.person(id);
    let known = known.ok_or_else(|| Problem::not_found("person", id))?;
    ok(&view(&call, known))
}

/// A person, with who acts now.
fn view(call: &Call, person: &Person) -> Value {
    let district = call.app.handle.district();
    let organisation = &district.organisation;
    let away: Vec<&Absence> =
        organisation.document().absences.iter().filter(|absence| absence.person == person.id).collect();
    let actor = organisation.actor(&person.id, &[], call.now);
    let stands_in: Vec<&str> = actor.stands_in.iter().map(|away| away.person.as_str()).collect();
    let mut value = json!(person);
    value["acting"] = json!(organisation.acting(&person.id, call.now));
    value["standsInFor"] = json!(stands_in);
    value["absences"] = json!(away);
    value
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AbsenceWanted {
    /// Absent: the caller.
    person: Option<String>,
    substitute: Option<String>,
    from: String,
    until: Option<String>,
    reason: Option<String>,
}

/// Everybody says it of themselves; supervisors and administrators of others.
async fn absent(mut call: Call) -> Answer {
    let AbsenceWanted { person, substitute, from, until, reason } = call.json().await?;
    let person = person.unwrap_or(call.actor()?.person.clone());
    may_say(&call, &person)?;
    let absence = Absence { person, substitute, from, until, reason: reason.clone() };
    let id = absence.person.clone();
    apply(&call, Change::Away { absence }, reason).await?;
    shown(&call, &id)
}

async fn back(mut call: Call) -> Answer {
    #[derive(Default, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Plain {
        reason: Option<String>,
    }
    let Plain { reason } = call.json_or_default().await?;
    let id = call.param("id").to_owned();
    may_say(&call, &id)?;
    apply(&call, Change::Back { person: id.clone() }, reason).await?;
    shown(&call, &id)
}

fn shown(call: &Call, id: &str) -> Answer {
    let district = call.app.handle.district();
    let person = district.organisation.person(id).ok_or_else(|| Problem::not_found("person", id))?;
    ok(&view(call, person))
}

fn may_say(call: &Call, person: &str) -> Result<(), Problem> {
    let who = call.actor()?;
    if who.person == person || is_admin(who) || has_role(who, "supervisor") {
        return Ok(());
    }
    Err(Problem::new(Code::Forbidden, "Absences of others need the role supervisor or platform_admin"))
}
