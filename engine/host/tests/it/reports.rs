//! What providers report of messages that went out.

use serde_json::{Value, json};
use yiwang_core::Timestamp;
use yiwang_runtime::ports::{Channels as _, DeliveryReport, DeliveryState, Poll, Received, Rejected};

use crate::support::{Fixture, NOW, older, plugin, post};

async fn reported(host: &Fixture, path: &str, body: &Value) -> Result<Received, Rejected> {
    assert_eq!(host.problem(), None);
    host.host.report("test", post(path, "application/json", body.to_string())).await
}

fn arrived(id: &str) -> DeliveryReport {
    DeliveryReport {
        channel: "test".to_owned(),
        provider_id: id.to_owned(),
        state: DeliveryState::Delivered,
        code: None,
        reason: None,
        at: NOW,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_comes_by_its_own_address_by_a_webhook_or_with_a_page() {
    let host = Fixture::new(&plugin("hostile"), &json!({})).await;
    let received = reported(&host, "/", &json!({})).await.unwrap();
    assert_eq!(received.response.body, "/deliveries/test", "where it is mounted");
    let gone = DeliveryReport {
        state: DeliveryState::Failed,
        code: Some("test.gone".to_owned()),
        reason: Some("空号".to_owned()),
        ..arrived("p2")
    };
    assert_eq!(received.reports, [arrived("p1"), gone]);
    assert!(received.events.is_empty());

    let received = host.receive(post("/updates", "text/plain", "")).await.unwrap();
    assert_eq!((received.events.len(), received.reports), (0, vec![arrived("p1")]));
    let poll = Poll { cursor: None, events_max: 7, attempt: 1, now: NOW };
    assert_eq!(host.host.poll("test", poll).await.unwrap().reports, [arrived("p1")]);

    for (path, code) in [("/panic", "plugin.trap"), ("/refuse", "test.refused")] {
        assert_eq!(reported(&host, path, &json!({})).await.unwrap_err().code, code);
    }
    let deaf = Fixture::new(&plugin("signed-webhook"), &json!({"enabled": true})).await;
    let rejected = deaf.host.report("test", post("/", "text/plain", "")).await.unwrap_err();
    assert!(!rejected.keep, "{}", rejected.code);
}

/// The same push, to the plugin of today and to the one that was released first.
#[tokio::test(flavor = "multi_thread")]
async fn aliyun_says_what_became_of_short_messages() {
    let channel = json!({
        "config": {"accessKeyId": "testId", "signName": "谯城区", "plain": {"id": "SMS_1", "params": {"content": "@body"}}},
        "grants": {"secrets": ["access_key_secret", "path_key"]},
        "secrets": {"access_key_secret": "s", "path_key": "not-to-be-guessed-0341602"},
    });
    let push = json!([
        {"phone_number": "13800000000", "report_time": "2024-06-04 14:30:05", "success": true,
         "err_code": "DELIVERED", "err_msg": "用户接收成功", "sms_size": "1", "biz_id": "900^0"},
        {"phone_number": "13800000001", "report_time": "2024-06-04 14:30:06", "success": false,
         "err_code": "UNDELIV", "err_msg": "空号", "sms_size": "1", "biz_id": "901^0"},
    ]);
    for plugin in [plugin("sms-aliyun"), older("0.1.0", "sms-aliyun")] {
        let host = Fixture::new(&plugin, &channel).await;
        let received = reported(&host, "/not-to-be-guessed-0341602", &push).await.unwrap();
        assert_eq!(received.response.body, r#"{"code":0,"msg":"接收成功"}"#);
        let [first, second] = &received.reports[..] else { panic!("{:?}", received.reports) };
        let at = Timestamp::parse("2024-06-04T14:30:05+08:00").unwrap();
        assert_eq!((&*first.provider_id, first.state, first.at), ("900^0", DeliveryState::Delivered, at));
        assert_eq!((&*second.provider_id, second.state), ("901^0", DeliveryState::Failed));
        assert_eq!(second.code.as_deref(), Some("aliyun.UNDELIV"));
        let guessed = reported(&host, "/guessed", &push).await.unwrap_err();
        assert_eq!(guessed.response.status / 100, 4, "{}", guessed.code);
    }
}
