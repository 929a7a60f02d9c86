//! The channel's configuration, as far as the schema cannot say it.

use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::Value;
use yiwang_sdk::{MailAccount, time};

use crate::address;

/// Mistakes that the schema does not see.
pub(crate) fn problems(config: &Value) -> Vec<Problem> {
    let mut problems = Vec::new();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    if !address::is_plain(&text(&config["address"])) {
        problems.push(Problem::at("/address", "this is no plain address"));
    }
    for (at, own) in config["ownAddresses"].as_array().into_iter().flatten().enumerate() {
        if !address::is_plain(&text(own)) {
            problems.push(Problem::at(format!("/ownAddresses/{at}"), "this is no plain address"));
        }
    }
    if config["imap"].is_null() && config["smtp"].is_null() {
        problems.push(Problem::at("", "neither `imap` nor `smtp`: nothing would come in or go out"));
    }
    if config["imap"]["since"].is_string() && since_ms(config).is_none() {
        problems.push(Problem::at("/imap/since", "there is no such day"));
    }
    if config["unauthenticated"] == "set-aside" && config["authservId"].is_null() {
        problems.push(Problem::at("/unauthenticated", "nothing can be told without `authservId`"));
    }
    problems
}

/// Server and login of `imap` or `smtp`; none where it is not set up.
pub(crate) fn account(config: &Value, member: &str) -> Option<MailAccount> {
    let part = config.get(member).filter(|part| part.is_object())?;
    let text = |name: &str| part[name].as_str();
    Some(MailAccount {
        server: text("server")?.to_owned(),
        user: text("user").or(config["address"].as_str()).unwrap_or_default().to_owned(),
        secret: text("secret").unwrap_or("password").to_owned(),
    })
}

/// The day before which messages are left alone.
pub(crate) fn since_ms(config: &Value) -> Option<u64> {
    let day = config["imap"]["since"].as_str()?;
    u64::try_from(time::parse_rfc3339(&format!("{day}T00:00:00+08:00"))?).ok()
}

/// Is this one of our own addresses?
pub(crate) fn is_own(config: &Value, from: &str) -> bool {
    let further = config["ownAddresses"].as_array().into_iter().flatten();
    further.chain([&config["address"]]).filter_map(Value::as_str).any(|own| address::same(own, from))
}
