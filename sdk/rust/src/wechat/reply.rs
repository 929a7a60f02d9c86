//! The passive reply: what the platform shows the citizen at once. Encrypted when the message was.

use super::crypto::{Envelope, signature};
use super::xml::cdata;
use crate::{CallContext, Event, HttpResponse, Outcome};

/// What is to be answered, and what came in.
pub struct Answer {
    /// What is handed over.
    pub events: Vec<Event>,
    /// From whom, to whom (our account), and the text; none: `success`, which shows nothing.
    pub reply: Option<Reply>,
}

/// A text to the citizen.
#[allow(missing_docs, reason = "the words say it")]
pub struct Reply {
    pub to: String,
    pub from: String,
    pub text: String,
}

impl Answer {
    /// As a response, encrypted if the message was: with the envelope, the token and 16 random bytes.
    #[must_use]
    pub fn into_outcome(self, ctx: &CallContext, seal: Option<(&Envelope, &str, &[u8])>) -> Outcome {
        let response = match self.reply {
            None => HttpResponse::text(200, "success"),
            Some(reply) => {
                let at = ctx.now_ms / 1000;
                let plain = reply.xml(at);
                let xml = match seal {
                    None => plain,
                    Some((envelope, token, salt)) => sealed(envelope, token, salt, at, &plain),
                };
                HttpResponse::typed(200, "application/xml; charset=utf-8", xml)
            }
        };
        Outcome::new(response, self.events)
    }
}

impl Reply {
    fn xml(&self, at: u64) -> String {
        format!(
            "<xml><ToUserName>{}</ToUserName><FromUserName>{}</FromUserName><CreateTime>{at}</CreateTime>\
             <MsgType><![CDATA[text]]></MsgType><Content>{}</Content></xml>",
            cdata(&self.to),
            cdata(&self.from),
            cdata(&self.text)
        )
    }
}

fn sealed(envelope: &Envelope, token: &str, salt: &[u8], at: u64, plain: &str) -> String {
    let encrypted = envelope.close(plain, salt);
    let (timestamp, nonce) = (at.to_string(), crate::codec::hex(salt.get(..8).unwrap_or(salt)));
    let signed = signature(&[token, &timestamp, &nonce, &encrypted]);
    format!(
        "<xml><Encrypt>{}</Encrypt><MsgSignature>{}</MsgSignature><TimeStamp>{timestamp}</TimeStamp><Nonce>{}</Nonce></xml>",
        cdata(&encrypted),
        cdata(&signed),
        cdata(&nonce)
    )
}
