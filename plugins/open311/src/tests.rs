//! The logic, natively, against the fake host. The fixtures run the component.

use yiwang_sdk::fake;
use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::{Value, from_slice, from_str, json};

use crate::Open311;

fn host() -> fake::Host {
    fake::Host::new().secret("api_key", "app-key").config(json!({
        "jurisdictions": ["bozhou.gov.cn"], "region": "341602",
        "services": [
            {"code": "lamp", "name": "路灯 <坏>", "description": "A & B", "group": "市政", "keywords": ["灯", "夜"]},
            {"code": "noise", "name": "噪音", "kind": "report", "category": ["环境", "噪音"], "attributes": [
                {"code": "when", "description": "何时", "datatype": "datetime", "required": true},
                {"code": "kind", "description": "哪种", "datatype": "multivaluelist",
                 "values": [{"key": "site", "name": "工地"}, {"key": "bar", "name": "酒吧"}]},
                {"code": "hint", "description": "请勿重复", "variable": false}
            ]}
        ]
    }))
}

fn call(host: &fake::Host, request: HttpRequest) -> Result<Outcome, Failure> {
    Open311::webhook(host, &host.context(), request)
}

fn post(fields: &[(&str, &str)]) -> HttpRequest {
    let mut all = vec![("jurisdiction_id", "bozhou.gov.cn"), ("api_key", "app-key")];
    all.extend(fields);
    fake::form("/requests.json", &all, &[])
}

fn get(host: &fake::Host, path: &str) -> HttpResponse {
    let mark = if path.contains('?') { '&' } else { '?' };
    call(host, fake::get(&format!("{path}{mark}jurisdiction_id=bozhou.gov.cn"))).unwrap().response
}

fn body(response: &HttpResponse) -> Value {
    from_slice(response.bytes()).unwrap()
}

fn text(response: &HttpResponse) -> String {
    String::from_utf8(response.bytes().to_vec()).unwrap()
}

/// Status and descriptions of a refusal.
fn errors(host: &fake::Host, request: HttpRequest) -> (u16, Vec<String>) {
    let outcome = call(host, request).unwrap();
    assert!(outcome.events.is_empty());
    assert!(outcome.response.header("x-yiwang-code").is_some());
    let list = body(&outcome.response);
    let list = list.as_array().unwrap();
    assert!(list.iter().all(|error| error["code"] == outcome.response.status));
    (
        outcome.response.status,
        list.iter().map(|error| error["description"].as_str().unwrap().to_owned()).collect(),
    )
}

#[test]
fn services_are_listed_and_described_in_both_formats() {
    let host = host();
    let list = body(&get(&host, "/services.json"));
    assert_eq!(
        list[0],
        json!({"service_code": "lamp", "service_name": "路灯 <坏>", "description": "A & B", "metadata": false,
               "type": "realtime", "keywords": "灯,夜", "group": "市政"})
    );
    let xml = get(&host, "/services.xml");
    assert_eq!(xml.header("content-type"), Some("application/xml; charset=utf-8"));
    assert!(text(&xml).starts_with(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<services><service><service_code>lamp</service_code>\
         <service_name>路灯 &lt;坏&gt;</service_name><description>A &amp; B</description>"
    ));
    let definition = body(&get(&host, "/services/noise.json"));
    assert_eq!(definition["attributes"][0]["datatype"], "datetime");
    assert_eq!(definition["attributes"][1]["values"][1], json!({"key": "bar", "name": "酒吧"}));
    let xml = text(&get(&host, "/services/noise.xml"));
    assert!(xml.contains(
        "<service_definition><service_code>noise</service_code><attributes><attribute><variable>true"
    ));
    assert!(xml.contains("<values><value><key>site</key><name>工地</name></value>"), "{xml}");
    assert_eq!(get(&host, "/services/nothing.json").status, 404);
}

#[test]
fn a_request_becomes_an_intake_and_its_token_can_be_asked_for() {
    let host = host();
    let fields = [
        ("service_code", "noise"),
        ("lat", "33.8446"),
        ("long", "115.779"),
        ("description", "半夜还在打桩。请管管"),
        ("attribute[when]", "2024-06-04 23:30"),
        ("attribute[kind][]", "site"),
        ("attribute[kind][]", "bar"),
        ("first_name", "某"),
        ("last_name", "王"),
        ("phone", "13800000000"),
        ("email", "a@example.cn"),
        ("media_url", "https://example.cn/1.jpg"),
        ("account_id", "u1"),
    ];
    let outcome = call(&host, post(&fields)).unwrap();
    assert_eq!(outcome.response.status, 201);
    let answer = body(&outcome.response);
    let token = answer[0]["token"].as_str().unwrap().to_owned();
    assert_eq!((&answer[0]["account_id"], &answer[0]["service_notice"]), (&json!("u1"), &json!("已收到")));
    let id = format!("sr-{token}");
    assert_eq!(outcome.events[0].id, id);
    assert_eq!(
        from_str::<Value>(&outcome.events[0].data).unwrap(),
        json!({
            "externalId": id, "channel": "open311", "kind": "report", "title": "噪音：半夜还在打桩",
            "content": "半夜还在打桩。请管管", "category": ["环境", "噪音"], "region": "341602",
            "location": {"lat": 33.8446, "lon": 115.779, "crs": "WGS84"},
            "petitioner": {"name": "某 王", "phone": "13800000000"},
            "attachments": [{"provider": "open311", "ref": "https://example.cn/1.jpg", "url": "https://example.cn/1.jpg"}],
            "extra": {"email": "a@example.cn", "accountId": "u1", "serviceCode": "noise",
                      "attributes": {"when": "2024-06-04 23:30", "kind": ["site", "bar"]}}
        })
    );
    let again = call(&host, post(&fields)).unwrap();
    assert_eq!(again.events[0].id, id, "the same request within the window is one");

    let by_token = body(&get(&host, &format!("/tokens/{token}.json")));
    assert_eq!(by_token, json!([{"service_request_id": id, "token": token}]));
    let status = get(&host, &format!("/requests/{id}.json"));
    assert_eq!(body(&status)[0]["status"], "open");
    assert!(
        !text(&status).contains("13800000000") && !text(&status).contains("打桩"),
        "nothing personal is shown"
    );
    let xml = text(&get(&host, &format!("/requests/{id}.xml")));
    assert!(xml.contains("<service_requests><request><service_request_id>sr-"), "{xml}");
    assert!(xml.contains("<status_notes></status_notes>"));
    assert_eq!(
        body(&get(&host, &format!("/requests.json?service_request_id=x,{id}"))).as_array().unwrap().len(),
        1
    );
}

#[test]
fn all_mistakes_come_at_once() {
    let host = host();
    let (status, found) = errors(
        &host,
        post(&[
            ("service_code", "noise"),
            ("lat", "99"),
            ("attribute[kind]", "zoo"),
            ("media_url", "javascript:alert(1)"),
            ("email", &"x".repeat(300)),
        ]),
    );
    assert_eq!(status, 400);
    assert_eq!(
        found,
        [
            "email has more than 254 characters",
            "media_url is no http or https address",
            "lat is no number of degrees",
            "lat and long, address_string or address_id must be provided",
            "attribute[when] must be provided",
            "attribute[kind] is none of the values of the service definition",
        ]
    );
}

#[test]
fn who_may_not_is_told_so_as_the_standard_says() {
    let host = host();
    let status = |request: HttpRequest| errors(&host, request).0;
    let fields = [("service_code", "lamp"), ("address_string", "人民路")];
    let mut wrong_key = post(&fields);
    wrong_key.form[1].content = Payload::Text("other".to_owned());
    assert_eq!(status(wrong_key), 403);
    let mut no_key = post(&fields);
    no_key.form.remove(1);
    assert_eq!(status(no_key), 403);
    let mut elsewhere = post(&fields);
    elsewhere.form[0].content = Payload::Text("paris.fr".to_owned());
    assert_eq!(status(elsewhere.clone()), 404);
    elsewhere.form[1].content = Payload::Text("other".to_owned());
    assert_eq!(status(elsewhere), 404, "who asks the wrong city is told so before the key is looked at");
    for path in ["/services.json", "/services/lamp.json", "/requests/sr-1.json", "/tokens/x.json"] {
        assert_eq!(status(fake::get(&format!("{path}?jurisdiction_id=paris.fr"))), 404, "{path}");
        assert_eq!(status(fake::get(path)), 400, "{path}");
    }
    assert_eq!(status(fake::get("/services.json")), 400);
    assert_eq!(status(post(&[])), 400);
    assert_eq!(status(post(&[("service_code", "x")])), 404);
    let photo = fake::blob("image/jpeg", Some("a.jpg"), b"x");
    let mut file = post(&fields);
    file.form.push(FormPart { name: "media".to_owned(), content: Payload::Blob(photo) });
    assert_eq!(status(file), 400);
    let xml = "<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/hostname\">]><a>&b;</a>";
    let path = "/requests.json?jurisdiction_id=bozhou.gov.cn&api_key=app-key";
    assert_eq!(status(fake::post(path, "application/xml", xml)), 415, "XML is not read");
    for path in
        ["/tokens/x.json", "/requests/sr-1.json", "/requests/sr-%2e%2e.json", "/x.json", "/a/b/c.json"]
    {
        assert_eq!(get(&host, path).status, 404, "{path}");
    }
    assert_eq!(get(&host, "/requests.json").status, 400);
    assert_eq!(call(&host, fake::get("/services")).unwrap_err().code, "channel.no-such-path");
}

#[test]
fn xml_cannot_be_broken_out_of() {
    let host = host();
    let fields = [
        ("service_code", "lamp"),
        ("address_string", "x"),
        ("account_id", "</account_id><x a=\"1\">&\u{1}\u{FFFF}'"),
    ];
    let mut request = post(&fields);
    request.path = "/requests.xml".to_owned();
    let xml = text(&call(&host, request).unwrap().response);
    assert!(
        xml.contains("<account_id>&lt;/account_id&gt;&lt;x a=&quot;1&quot;&gt;&amp;&apos;</account_id>"),
        "{xml}"
    );
    let mut refused = post(&[("service_code", "lamp")]);
    refused.path = "/requests.xml".to_owned();
    let xml = text(&call(&host, refused).unwrap().response);
    assert!(xml.contains("<errors><error><code>400</code><description>lat and long"), "{xml}");
}

#[test]
fn configurations_that_cannot_work_are_named() {
    let problems = Open311::validate_config(&json!({"services": [
        {"code": "a", "name": "A", "attributes": [{"code": "x", "description": "", "datatype": "singlevaluelist"}]},
        {"code": "a", "name": "B"}
    ]}));
    let pointers: Vec<&str> = problems.iter().map(|problem| problem.pointer.as_str()).collect();
    assert_eq!(pointers, ["/services/0/attributes/0/values", "/services/1/code"]);
}
