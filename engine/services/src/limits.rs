//! Every number that bounds a call, with its reason. What the operator may change is in `egress::Limits`.

use std::time::Duration;

/// How long a connection may take, with TLS: who does not answer for so long is not there.
pub const CONNECT_TIME: Duration = Duration::from_secs(10);
/// How long a call may take in all; the timeout of its task may be shorter and then counts.
pub const TOTAL_TIME: Duration = Duration::from_secs(30);
/// Bytes of an answer: it becomes part of the instance's state.
pub const ANSWER_BYTES: usize = 1 << 20;
/// Redirects followed by one call.
pub const REDIRECTS: usize = 10;
/// Headers of an answer.
pub const HEADERS: usize = 100;
/// Bytes of the head of an answer, all headers together.
pub const HEAD_BYTES_MAX: usize = 64 << 10;
/// Addresses of one name that are tried.
pub const ADDRESSES_MAX: usize = 8;
/// How long an idle connection is kept.
pub const IDLE_TIME: Duration = Duration::from_secs(60);
/// Idle connections kept to one host.
pub const IDLE_MAX: usize = 16;
/// Bytes of a document that describes a service: some describe a thousand operations.
pub const DOCUMENT_BYTES_MAX: usize = 8 << 20;
/// How long a document is not fetched again.
pub const DOCUMENT_LIFE: Duration = Duration::from_secs(300);
/// Documents kept in memory.
pub const DOCUMENTS_MAX: usize = 32;
/// Tokens kept in memory.
pub const TOKENS_MAX: usize = 1_000;
/// Characters of an answer's body that a fault shows.
pub const EXCERPT_LEN_MAX: usize = 500;
/// Messages of a streamed answer or a subscription: each becomes part of the instance's state.
pub const MESSAGES_MAX: usize = 10_000;
/// Files that one proto may consist of.
pub const PROTO_FILES_MAX: usize = 64;
/// Nesting of a proto: its parser calls itself.
pub const PROTO_DEPTH_MAX: usize = 64;
/// How long one call listens for messages: longer waiting is what `listen` is for.
pub const SUBSCRIPTION_TIME_MAX: Duration = Duration::from_secs(3600);
/// Bytes of all messages that a subscription takes: they become part of the instance's state.
pub const SUBSCRIPTION_BYTES_MAX: usize = 4 << 20;
/// One line of a message broker's protocol.
pub const BROKER_LINE_BYTES_MAX: usize = 64 << 10;
/// Between two questions to a server that had no message.
pub const POLL_PAUSE: Duration = Duration::from_millis(500);
