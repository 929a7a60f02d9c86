//! The catalog as the language and the console know it.

use expect_test::expect;
use serde_json::{Value, json};
use yiwang_core::catalog::{channel_catalog, default_catalog};

#[test]
fn the_catalog_has_these_functions() {
    let catalog = channel_catalog(["sms".to_owned(), "wechat".to_owned()]);
    let lines: Vec<_> = catalog
        .functions()
        .map(|(function, signature)| {
            format!("{}:{}@{}: {}", function.name, function.version, function.catalog, signature.summary)
        })
        .collect();
    expect![[r#"
        case-close:1.0.0@default: Closes the case with an outcome
        case-note:1.0.0@default: Writes a note on the case
        case-open:1.0.0@default: Opens the case of this instance and gives it a number
        case-query:1.0.0@default: Counts, groups and lists cases or work items
        case-update:1.0.0@default: Moves the case to another state, or changes its fields
        clock-cancel:1.0.0@default: Ends a clock that does not matter any more
        clock-change:1.0.0@default: Gives a clock another goal or a fixed due time, with a reason
        clock-pause:1.0.0@default: Stops the count of a clock, or of all that run, for a while, with a reason
        clock-reset:1.0.0@default: Lets a clock count from the beginning, from now on
        clock-resume:1.0.0@default: Lets a paused clock, or all of them, count on
        clock-start:1.0.0@default: Starts a clock of the case: what is to be done in which time
        clock-stop:1.0.0@default: Ends a clock: met, or breached
        deadline:1.0.0@default: Works out when something is due
        expert-draw:1.0.0@default: Draws experts from a pool by a lot that anyone can recompute
        human-task:1.0.0@default: Offers work to people and waits for their decision
        human-task-group:1.0.0@default: Asks several people and waits until they have decided together
        notify:1.0.0@default: Sends a message by a channel
        send:1.0.0@sms: Sends a message by this channel
        send:1.0.0@wechat: Sends a message by this channel
        sla-lookup:1.0.0@default: Looks up what the district promises for a channel, kind and urgency
        sweep:1.0.0@default: Runs a sweep over cases or work items and waits for its end
        table-read:1.0.0@default: Reads the rows of a CSV text, or tells every mistake by row and column"#]]
    .assert_eq(&lines.join("\n"));
    assert_eq!(catalog.channels(), Some(&["sms".to_owned(), "wechat".to_owned()][..]));
    assert_eq!(default_catalog().channels(), None);
}

#[test]
fn schemas_are_valid_and_strict() {
    for (function, signature) in channel_catalog(["sms".to_owned()]).functions() {
        for schema in [&signature.input, &signature.output] {
            assert!(jsonschema::meta::is_valid(schema), "{}: {schema}", function.name);
            assert_eq!(schema["additionalProperties"], json!(false), "{}", function.name);
        }
    }
}

#[test]
fn unknown_members_are_refused_and_null_is_absent() {
    let catalog = default_catalog();
    let (_, human_task) = catalog.functions().find(|(function, _)| function.name == "human-task").unwrap();
    let validator = jsonschema::validator_for(&human_task.input).unwrap();
    let valid = |with: Value| validator.is_valid(&with);
    assert!(valid(json!({"title": "t", "description": null, "due": null, "form": null, "escalation": null})));
    assert!(valid(
        json!({"title": "t", "due": {"after": "PT1H"}, "escalation": [{"at": "50%"}, {"after": "P1D"}]})
    ));
    assert!(!valid(json!({"title": "t", "candidateGroups": ["a"]})));
    assert!(!valid(json!({"title": "t", "due": {"after": "PT1H", "at": "2024-01-01T00:00:00Z"}})));
    assert!(!valid(json!({"title": "t", "escalation": [{"at": "50%", "after": "P1D"}]})));
    assert!(!valid(json!({"title": "t", "escalation": [{"at": "0%"}]})));
    assert!(!valid(json!({"title": "t", "escalation": [{"note": "n"}]})));
    assert!(!valid(json!({"title": ""})));
}

/// The guide is right: every function has a part, every example passes the check.
#[test]
fn the_guide_tells_every_function() {
    let guide = include_str!("../../../../docs/guide/catalog.md");
    let catalog = channel_catalog(["wechat".to_owned()]);
    for (function, _) in catalog.functions() {
        assert!(
            guide.contains(&format!("\n## {}\n", function.name)),
            "docs/guide/catalog.md: {}",
            function.name
        );
    }
    let examples: Vec<_> =
        guide.split("```yaml\n").skip(1).filter_map(|part| part.split("```").next()).collect();
    assert!(examples.len() >= catalog.functions().count());
    for example in examples {
        let head = "document: {dsl: '1.0.3', namespace: guide, name: example, version: '1.0.0'}\n";
        let (definition, diagnostics) = yiwang_dsl::check(&format!("{head}{example}"), &catalog);
        assert!(definition.is_some(), "{example}\n{diagnostics:#?}");
    }
}

/// Every kind of history event stands in the guide, with its fields.
#[test]
fn the_guide_tells_every_kind_of_history() {
    let guide = include_str!("../../../../docs/guide/history.md");
    for line in include_str!("../golden/history.jsonl").lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        let kind = event["event"].as_str().unwrap();
        let told = guide.lines().find(|line| line.starts_with(&format!("| `{kind}` |")));
        let told = told.unwrap_or_else(|| panic!("docs/guide/history.md: {kind}"));
        for field in event.as_object().unwrap().keys() {
            let common = ["seq", "at", "task", "event"].contains(&field.as_str());
            assert!(common || told.contains(&format!("`{field}`")), "docs/guide/history.md: {kind}: {field}");
        }
    }
}

/// What stands literally in a workflow is checked when it is deployed; what an expression gives, when it runs.
#[test]
fn selectors_in_workflows_are_checked_with_their_places() {
    let text = "
document: {dsl: '1.0.3', namespace: test, name: asks, version: '1.0.0'}
do:
  - ask:
      call: case-query:1.0.0@default
      with:
        where: {staet: closed, unit: '${ .unit }', state: '${ .state }'}
        groupBy: [untis]
  - clean:
      call: sweep:1.0.0@default
      with:
        definition:
          sweep: clean
          where: {flags: {lacks: supervisd}, due: {before: '${ .until }'}}
          actions:
            - notte: x
  - later:
      call: sweep:1.0.0@default
      with: {definition: '${ .definition }'}
";
    let (definition, remarks) = yiwang_dsl::check(text, &default_catalog());
    assert!(definition.is_none());
    let told: Vec<String> = remarks
        .iter()
        .map(|remark| {
            let line = text[..remark.span.start].matches('\n').count() + 1;
            let help = remark.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
            format!("{line} {} {}{help}", &text[remark.span.clone()], remark.message)
        })
        .collect();
    expect_test::expect![[r#"
        7 staet this argument does not fit: there is no field `staet` (did you mean `state`?)
        8 untis this argument does not fit: there is no field `untis` (did you mean `unit`?)
        14 lacks this argument does not fit: `supervisd` is none of the words of this field (did you mean `supervised`?)
        16 notte this argument does not fit: there is no act `notte` (did you mean `note`?)"#]].assert_eq(&told.join("\n"));
}
