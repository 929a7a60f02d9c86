//! The passive reply: what the platform shows the citizen at once. Encrypted when the message was.

use yiwang_sdk::prelude::*;

use crate::crypto::{self, Envelope};
use crate::xml::cdata;

/// What is to be answered, and what came in.
pub(crate) struct Answer {
    pub(crate) events: Vec<Event>,
    /// From whom, to whom (our account), and the text; none: `success`, which shows nothing.
    pub(crate) reply: Option<Reply>,
}

/// A text to the citizen.
pub(crate) struct Reply {
    pub(crate) to: String,
    pub(crate) from: String,
    pub(crate) text: String,
}

impl Answer {
    /// As a response, encrypted if the message was.
    pub(crate) fn into_outcome(self, ctx: &CallContext, seal: Option<(&Envelope, &str, &[u8])>) -> Outcome {
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
        Outcome { response, events: self.events }
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
    let (timestamp, nonce) = (at.to_string(), yiwang_sdk::codec::hex(salt.get(..8).unwrap_or(salt)));
    let signature = crypto::signature(&[token, &timestamp, &nonce, &encrypted]);
    format!(
        "<xml><Encrypt>{}</Encrypt><MsgSignature>{}</MsgSignature><TimeStamp>{timestamp}</TimeStamp><Nonce>{}</Nonce></xml>",
        cdata(&encrypted),
        cdata(&signature),
        cdata(&nonce)
    )
}
