//! How each channel is spoken to from outside: forms, signed webhooks, encrypted WeChat messages.
//!
//! The same complaint can be sent as it should be, malformed, or forged.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;

use crate::complaints::{By, Complaint};
use crate::http::Request;
use crate::random::Random;
use crate::signature;

/// The secrets that the outside shares with the channels. Made up for one run.
#[derive(Clone, Debug)]
pub struct Secrets {
    /// Of the other departments' platforms, `whsec_…`.
    pub webhook: String,
    /// Of outbound messages, `whsec_…`.
    pub notify: String,
    /// WeChat: token of the URL check.
    pub wechat_token: String,
    /// WeChat: 43 characters.
    pub wechat_aes_key: String,
    /// WeChat: application id, as the example district has it.
    pub wechat_app_id: String,
    /// WeChat: for outgoing calls.
    pub wechat_app_secret: String,
}

/// What to do with a complaint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// As the channel wants it.
    Proper,
    /// With a body that cannot be understood.
    Malformed,
    /// By somebody who does not know the secret.
    Forged,
}

impl Secrets {
    /// Fresh ones from a seed: they guard nothing.
    pub fn invent(random: &mut Random) -> Self {
        let mut webhook = || {
            use base64::Engine;
            let key = base64::engine::general_purpose::STANDARD.encode(random.bytes(32));
            format!("whsec_{key}")
        };
        let (webhook, notify) = (webhook(), webhook());
        let mut letters = |n: usize| -> String {
            let alphabet = b"abcdefghijklmnopqrstuvwxyz0123456789";
            (0..n).map(|_| char::from(*random.pick(alphabet))).collect()
        };
        Self {
            webhook,
            notify,
            wechat_token: letters(16),
            // The 43rd character carries two spare bits: `A` has them zero.
            wechat_aes_key: format!("{}A", letters(42)),
            wechat_app_id: "wxdistrict0341602".to_owned(),
            wechat_app_secret: letters(32),
        }
    }
}

/// The request that brings a complaint to its channel.
pub fn request(complaint: &Complaint, manner: Manner, secrets: &Secrets) -> Request {
    match complaint.channel.by {
        By::WebForm => web_form(complaint, manner),
        By::WebFormWithPhoto => web_form_with_photo(complaint, manner),
        By::SignedWebhook => signed_webhook(complaint, manner, secrets),
        By::WeChat => wechat(complaint, manner, secrets),
    }
}

/// Whether somebody could forge a request of this channel: a public form has nothing to forge.
pub fn can_be_forged(by: By) -> bool {
    match by {
        By::SignedWebhook | By::WeChat => true,
        By::WebForm | By::WebFormWithPhoto => false,
    }
}

/// A petitioner's verdict on the answer to a case, by the form that everybody can reach.
pub fn feedback(channel: &str, case_no: &str, satisfied: bool) -> Request {
    let body = json!({
        "clientId": format!("feedback-{case_no}-{satisfied}"),
        "caseNo": case_no,
        "satisfied": satisfied,
        "score": if satisfied { 5 } else { 2 },
        "reason": if satisfied { "处理及时" } else { "问题没有解决" },
    });
    Request::new("POST", &format!("/channels/{channel}/feedback")).body("application/json", body.to_string())
}

fn intake(complaint: &Complaint) -> serde_json::Value {
    let mut body = json!({
        "kind": complaint.kind,
        "title": complaint.title,
        "content": complaint.content,
        "address": complaint.address,
        "urgency": complaint.urgency,
    });
    body["petitioner"] = match &complaint.petitioner {
        Some(person) => json!({ "name": person.name, "phone": person.phone }),
        None => json!({ "anonymous": true }),
    };
    body
}

fn web_form(complaint: &Complaint, manner: Manner) -> Request {
    let target = format!("/channels/{}/", complaint.channel.id);
    let mut body = intake(complaint);
    body["clientId"] = json!(complaint.external_id);
    if manner == Manner::Malformed {
        // Without its text, and with a field that no form has.
        body["content"] = json!("");
        body["colour"] = json!("red");
        return Request::new("POST", &target).body("application/json", body.to_string());
    }
    // Every third comes as a browser without scripts sends it.
    if complaint.number.is_multiple_of(3) {
        let fields = fields(complaint);
        let pairs: Vec<String> =
            fields.iter().map(|(name, value)| format!("{name}={}", percent(value))).collect();
        return Request::new("POST", &target).body("application/x-www-form-urlencoded", pairs.join("&"));
    }
    Request::new("POST", &target).body("application/json", body.to_string())
}

fn web_form_with_photo(complaint: &Complaint, manner: Manner) -> Request {
    let boundary = "----------------------------yiwang";
    let mut body = Vec::new();
    for (name, value) in fields(complaint) {
        body.extend_from_slice(
            format!("--{boundary}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
                .as_bytes(),
        );
    }
    // The smallest picture that is one: a JPEG's first and last marker around a comment that differs.
    let mut photo = vec![0xff, 0xd8, 0xff, 0xfe, 0x00, 0x12];
    photo.extend_from_slice(format!("photo{:011}", complaint.number).as_bytes());
    photo.extend_from_slice(&[0xff, 0xd9]);
    body.extend_from_slice(
        format!(
            "--{boundary}\r\ncontent-disposition: form-data; name=\"photos\"; filename=\"{}.jpg\"\r\n\
             content-type: image/jpeg\r\n\r\n",
            complaint.number
        )
        .as_bytes(),
    );
    body.extend_from_slice(&photo);
    if manner == Manner::Malformed {
        // The last boundary is missing: the upload broke off.
        body.truncate(body.len() - 10);
    } else {
        body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    }
    Request::new("POST", &format!("/channels/{}/", complaint.channel.id))
        .body(&format!("multipart/form-data; boundary={boundary}"), body)
}

fn fields(complaint: &Complaint) -> Vec<(&'static str, String)> {
    let mut fields = vec![
        ("clientId", complaint.external_id.clone()),
        ("kind", complaint.kind.to_owned()),
        ("title", complaint.title.clone()),
        ("content", complaint.content.clone()),
        ("address", complaint.address.clone()),
        ("urgency", complaint.urgency.to_owned()),
    ];
    match &complaint.petitioner {
        Some(person) => {
            fields.push(("petitioner.name", person.name.clone()));
            fields.push(("petitioner.phone", person.phone.clone()));
        }
        None => fields.push(("petitioner.anonymous", "true".to_owned())),
    }
    fields
}

fn signed_webhook(complaint: &Complaint, manner: Manner, secrets: &Secrets) -> Request {
    let body = match complaint.channel.id {
        "hotline" => work_order(complaint),
        _ => {
            let mut body = intake(complaint);
            body["externalId"] = json!(complaint.external_id);
            body
        }
    };
    let body = match manner {
        Manner::Proper | Manner::Forged => body.to_string(),
        Manner::Malformed => "{\"externalId\": \"".to_owned(),
    };
    let secret = match manner {
        Manner::Forged => "whsec_Zm9yZ2VkIGJ5IHNvbWVib2R5IGVsc2UgZW50aXJlbHk=",
        Manner::Proper | Manner::Malformed => &secrets.webhook,
    };
    let mut request = Request::new("POST", &format!("/channels/{}/", complaint.channel.id));
    request.headers = signature::standard_webhook(secret, &complaint.external_id, now(), body.as_bytes());
    request.body("application/json", body)
}

/// As the 12345 platform of a city writes it: names and words of its own.
fn work_order(complaint: &Complaint) -> serde_json::Value {
    let kind = match complaint.kind {
        "consult" => "咨询",
        "help" => "求助",
        "report" => "举报",
        "suggestion" => "建议",
        _ => "投诉",
    };
    let urgency = match complaint.urgency {
        "emergency" => "特急",
        "urgent" => "紧急",
        _ => "一般",
    };
    let caller = match &complaint.petitioner {
        Some(person) => json!({ "name": person.name, "phone": person.phone }),
        None => json!({ "anonymous": true }),
    };
    json!({
        "order_no": complaint.external_id,
        "source": "12345电话",
        "type": kind,
        "urgency": urgency,
        "title": complaint.title,
        "content": complaint.content,
        "address": complaint.address,
        "caller": caller,
    })
}

fn wechat(complaint: &Complaint, manner: Manner, secrets: &Secrets) -> Request {
    let message = match manner {
        Manner::Proper | Manner::Forged => format!(
            "<xml><ToUserName><![CDATA[gh_district]]></ToUserName>\
             <FromUserName><![CDATA[{}]]></FromUserName><CreateTime>{}</CreateTime>\
             <MsgType><![CDATA[text]]></MsgType><Content><![CDATA[{}]]></Content><MsgId>{}</MsgId></xml>",
            openid(complaint),
            now(),
            complaint.content,
            message_id(complaint)
        ),
        // An external entity, as somebody would send who wants the server to read a file for them.
        Manner::Malformed => {
            "<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/hostname\">]><xml><MsgId>&b;</MsgId></xml>"
                .to_owned()
        }
    };
    let mut random = Random::new(u64::try_from(complaint.number).unwrap_or_default());
    let salt: [u8; 16] = random.bytes(16).try_into().expect("sixteen bytes");
    let encrypted =
        signature::wechat_encrypt(&secrets.wechat_aes_key, &salt, &message, &secrets.wechat_app_id);
    let (timestamp, nonce) = (now().to_string(), format!("n{}", complaint.number));
    let token = if manner == Manner::Forged { "somebody-else" } else { &secrets.wechat_token };
    let signed = signature::wechat(&[token, &timestamp, &nonce, &encrypted]);
    let plain = signature::wechat(&[token, &timestamp, &nonce]);
    let body = format!(
        "<xml><ToUserName><![CDATA[gh_district]]></ToUserName><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
    );
    let target = format!(
        "/channels/{}/?signature={plain}&timestamp={timestamp}&nonce={nonce}&openid={}&encrypt_type=aes&msg_signature={signed}",
        complaint.channel.id,
        openid(complaint)
    );
    Request::new("POST", &target).body("text/xml", body)
}

/// The WeChat user of a complaint.
pub fn openid(complaint: &Complaint) -> String {
    format!("oDistrict{:019}", complaint.number)
}

/// The platform's id of the complaint's message.
pub fn message_id(complaint: &Complaint) -> String {
    format!("245736{:011}", complaint.number)
}

fn now() -> i64 {
    let passed = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |passed| passed.as_secs());
    i64::try_from(passed).unwrap_or(i64::MAX)
}

fn percent(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    let one = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(one).collect()
}
