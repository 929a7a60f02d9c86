//! `expert-draw`: drawn by lot, and drawn again by somebody else.

use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::driver::Run;
use crate::{check, expect, json};
use yiwang_core::lot::Proof;

const DISTRICT: &str = "
units:
  - {id: 数据局, name: 区数据局, kind: bureau}
people:
  - {id: 专家甲, name: 甲, roles: [expert]}
  - {id: 专家乙, name: 乙, roles: [expert]}
  - {id: 专家丙, name: 丙, roles: [expert@数据局]}
  - {id: 专家丁, name: 丁, roles: [expert]}
  - {id: 专家戊, name: 戊, roles: [expert]}
  - {id: 专家己, name: 己, roles: [expert]}
  - {id: 专家庚, name: 庚, roles: [expert], inactive: true}
absences:
  - {person: 专家己, substitute: 专家甲, from: 2024-06-01}
pools:
  - id: it
    name: 信息化专家库
    experts:
      - {person: 专家甲, fields: [network]}
      - {person: 专家乙, fields: [network], affiliations: [甲公司]}
      - {person: 专家丙, fields: [network]}
      - {person: 专家丁, fields: [network, data]}
      - {person: 专家戊, fields: [finance]}
      - {person: 专家己, fields: [network]}
      - {person: 专家庚, fields: [network]}
";

fn draw(with: &str) -> Run {
    let mut run = Run::new(&format!("do: [draw: {{call: 'expert-draw:1.0.0@default', with: {with}}}]"), &[]);
    run.organisation(DISTRICT).start(json!({}));
    run
}

fn proof(run: &Run) -> Proof {
    let lines = json!(run.transitions[0].history);
    let done = lines.as_array().unwrap().iter().find(|line| line["event"] == "task_completed").unwrap();
    serde_json::from_value(done["output"]["proof"].clone()).unwrap()
}

#[test]
fn those_who_may_be_are_drawn() {
    check(
        "
        do:
          - draw:
              call: expert-draw:1.0.0@default
              with:
                pool: it
                count: 1
                reserves: 5
                fields: [network]
                avoid: {people: [null], units: [甲公司, 数据局]}
                seed: 福彩 2024066 05 11 12 19 28 33 07
        ",
        |run| {
            run.organisation(DISTRICT).start(json!({}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              draw task_started
              draw task_completed output={"experts":["专家丁"],"proof":{"algorithm":"sha256-ctr-fisher-yates-1","candidates":["专家丁","专家甲"],"count":1,"digest":"045b91df7633174909a17e291d7533a8bf29f31fedf5adbf6dd1c3fe646c8c21","drawn":["专家丁"],"excluded":[{"person":"专家乙","reason":"专家乙 has to do with 甲公司, which the matter concerns"},{"person":"专家丙","reason":"专家丙 has to do with 数据局, which the matter concerns"},{"person":"专家戊","reason":"knows none of network"},{"person":"专家己","reason":"is away"},{"person":"专家庚","reason":"works here no more"}],"pool":"it","reserves":["专家甲"],"seed":"福彩 2024066 05 11 12 19 28 33 07","seedSource":"given"},"reserves":["专家甲"]}
              * completed output={"experts":["专家丁"],"proof":{"algorithm":"sha256-ctr-fisher-yates-1","candidates":["专家丁","专家甲"],"count":1,"digest":"045b91df7633174909a17e291d7533a8bf29f31fedf5adbf6dd1c3fe646c8c21","drawn":["专家丁"],"excluded":[{"person":"专家乙","reason":"专家乙 has to do with 甲公司, which the matter concerns"},{"person":"专家丙","reason":"专家丙 has to do with 数据局, which the matter concerns"},{"person":"专家戊","reason":"knows none of network"},{"person":"专家己","reason":"is away"},{"person":"专家庚","reason":"works here no more"}],"pool":"it","reserves":["专家甲"],"seed":"福彩 2024066 05 11 12 19 28 33 07","seedSource":"given"},"reserves":["专家甲"]}
              = Completed
        "#]],
    );
}

#[test]
fn a_seed_of_chance_is_told() {
    let proof = proof(&draw("{pool: it, count: 3}"));
    assert_eq!((proof.seed.len(), proof.seed_source.as_str()), (32, "entropy"));
    assert_eq!(proof.verify(), Vec::<String>::new());
}

#[test]
fn what_cannot_be_drawn_is_a_fault() {
    for (with, said) in [
        ("{pool: it, count: 6}", "6 experts are to be drawn and the pool `it` has 5 who may be, of 7"),
        ("{pool: its, count: 1}", "the organisation has no pool of experts `its`"),
    ] {
        let run = draw(with);
        assert!(run.log.contains(said), "{}", run.log);
    }
}

/// The description in the guide is enough to draw again: a script in another language does.
#[test]
fn another_program_draws_the_same() {
    for (seed, count, reserves) in [("a", 1, 0), ("种子", 3, 2), ("", 2, 9), ("2024-06-11", 5, 0)] {
        let mut proof = proof(&draw(&format!("{{pool: it, count: {count}, reserves: {reserves}, seed: x}}")));
        proof = yiwang_core::lot::Lot {
            pool: proof.pool,
            seed: seed.to_owned(),
            seed_source: proof.seed_source,
            candidates: proof.candidates.into_iter().collect(),
            excluded: proof.excluded,
            count,
            reserves,
        }
        .draw();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scenarios/lot.py");
        let child = Command::new("python3").arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let Ok(mut child) = child else {
            eprintln!("skipped: there is no python3");
            return;
        };
        child.stdin.take().unwrap().write_all(json!(proof).to_string().as_bytes()).unwrap();
        let said = child.wait_with_output().unwrap();
        assert_eq!(String::from_utf8_lossy(&said.stdout).trim(), "ok", "{proof:?}");
    }
}
