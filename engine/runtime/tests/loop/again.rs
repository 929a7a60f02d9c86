//! What was done is not refused to whoever did not get the answer and asks again under the same id.

use serde_json::json;
use yiwang_core::input::OperatorCommand;
use yiwang_core::work_item::{Act, Actor, WorkItemCommand};
use yiwang_runtime::{OperatorAct, WorkItemAct};

use crate::world::{World, workflow};

/// Found by the simulator, in worlds where an operator or a colleague came between the act and the question.
#[tokio::test]
async fn acts_are_answered_again_whatever_has_happened_meanwhile() {
    let asks = "  - ask: {call: 'human-task:1.0.0@default', with: {title: t, candidateRoles: [handler]}}\n  - rest: {wait: PT1H}";
    let mut world = World::running(&[&workflow("desk", "", asks)]).await;
    let instance = world.start("test/desk", None, json!({})).await;
    let item = world.open_items().await[0].id;
    let zhang = Actor::new("zhang", vec!["handler".to_owned()]);
    let act = |command| WorkItemAct { item, command, version: None, by: zhang.clone() };
    let act_of = |text: &str| Act::Comment { text: text.to_owned() };
    let comment =
        || WorkItemCommand::Act { act: act_of("好"), reason: None, decision: Some("c1".to_owned()) };
    let complete =
        || WorkItemCommand::Complete { outcome: None, form: json!({}).into(), decision: "d1".to_owned() };
    let operate = |command| OperatorAct { instance, command, by: zhang.clone(), reason: None };
    world.engine.work_item(act(WorkItemCommand::Claim)).await.unwrap();
    world.engine.work_item(act(comment())).await.unwrap();
    world.engine.operator(operate(OperatorCommand::Suspend)).await.unwrap();
    world.engine.work_item(act(comment())).await.unwrap();
    world.engine.work_item(act(complete())).await.unwrap_err();
    world.engine.operator(operate(OperatorCommand::Resume)).await.unwrap();
    let done = world.engine.work_item(act(complete())).await.unwrap();
    world.engine.operator(operate(OperatorCommand::Suspend)).await.unwrap();
    assert_eq!(world.engine.work_item(act(complete())).await.unwrap(), done);
    world.engine.work_item(act(comment())).await.unwrap();
    world.restart().await;
    assert_eq!(world.engine.work_item(act(complete())).await.unwrap(), done);
    let said = world.history(instance).await;
    assert_eq!(said.iter().filter(|line| line["event"] == "work_item_commented").count(), 1);
}
