//! `expert-draw`: draws experts by lot, with a proof.

use serde::Deserialize;
use serde_json::{Value, json};
use yiwang_dsl::error::Kind;
use yiwang_dsl::{Data, Fault};

use super::{Called, Function, shape};
use crate::interest::Conflicts;
use crate::lot::{Excluded, Lot};
use crate::machine::{Machine, Move};
use crate::organisation::Expert;

pub(super) const FUNCTION: Function = Function {
    name: "expert-draw",
    summary: "Draws experts from a pool by a lot that anyone can recompute",
    input,
    output: || {
        shape::object(
            &["experts", "reserves", "proof"],
            &[
                ("experts", json!({"type": "array", "items": shape::text()})),
                ("reserves", json!({"type": "array", "items": shape::text()})),
                ("proof", json!({"type": "object"})),
            ],
        )
    },
    begin,
};

fn input() -> Value {
    shape::object(
        &["pool", "count"],
        &[
            ("pool", shape::text()),
            ("count", json!({"type": "integer", "minimum": 1, "maximum": 1000})),
            ("reserves", json!({"type": ["integer", "null"], "minimum": 0, "maximum": 1000})),
            ("fields", shape::texts()),
            ("avoid", shape::conflicts()),
            ("seed", shape::optional_text()),
        ],
    )
}

#[derive(Deserialize)]
struct With {
    pool: String,
    count: usize,
    reserves: Option<usize>,
    fields: Option<Vec<String>>,
    avoid: Option<shape::ConflictsWith>,
    seed: Option<String>,
}

fn begin(machine: &mut Machine<'_>, called: Called<'_>) -> Result<Move, Fault> {
    let with: With = called.read()?;
    let organisation = &machine.district.organisation;
    let Some(pool) = organisation.pool(&with.pool) else {
        let detail = format!("the organisation has no pool of experts `{}`", with.pool);
        return Err(called.place.fault(Kind::Configuration, &detail));
    };
    let avoid: Conflicts = with.avoid.unwrap_or_default().into();
    let fields = with.fields.unwrap_or_default();
    let reason = |expert: &Expert| {
        let known = fields.is_empty() || expert.fields.iter().any(|field| fields.contains(field));
        if organisation.active(&expert.person).is_none() {
            Some("works here no more".to_owned())
        } else if !known {
            Some(format!("knows none of {}", fields.join(", ")))
        } else if organisation.acting(&expert.person, machine.now) != Some(&expert.person) {
            // An opinion is personal: a substitute is no expert.
            Some("is away".to_owned())
        } else {
            avoid.of_person(organisation, &expert.person)
        }
    };
    let judged = pool.experts.iter().map(|expert| (expert.person.clone(), reason(expert)));
    let (out, candidates): (Vec<_>, Vec<_>) = judged.partition(|(_, reason)| reason.is_some());
    let excluded: Vec<_> = out
        .into_iter()
        .map(|(person, reason)| Excluded { person, reason: reason.unwrap_or_default() })
        .collect();
    if candidates.len() < with.count {
        let detail = format!(
            "{} experts are to be drawn and the pool `{}` has {} who may be, of {}",
            with.count,
            with.pool,
            candidates.len(),
            pool.experts.len()
        );
        return Err(called.refuse(&detail));
    }
    let seed_source = if with.seed.is_some() { "given" } else { "entropy" }.to_owned();
    let seed = with.seed.unwrap_or_else(|| machine.entropy.text());
    let candidates = candidates.into_iter().map(|(person, _)| person).collect();
    let reserves = with.reserves.unwrap_or(0);
    let lot = Lot { pool: with.pool, seed, seed_source, candidates, excluded, count: with.count, reserves };
    let proof = json!(lot.draw());
    Ok(Move::Return(Data::from(json!({
        "experts": proof["drawn"],
        "reserves": proof["reserves"],
        "proof": proof,
    }))))
}
