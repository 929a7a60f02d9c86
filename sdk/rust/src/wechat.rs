//! The protocol that WeChat's platforms share: signatures, envelopes, XML, messages and passive replies.
//!
//! The Official Account, WeCom and (signatures and envelopes only) DingTalk speak it, each with an id of the
//! receiver of its own. Documentation: <https://developer.work.weixin.qq.com/document/path/90968>.

mod crypto;
mod message;
mod reply;
mod signed;
mod xml;

pub use crypto::{Envelope, signature};
pub use message::{Platform, answer};
pub use reply::{Answer, Reply};
pub use signed::Signed;
pub use xml::{Fields, cdata, read as read_xml};
