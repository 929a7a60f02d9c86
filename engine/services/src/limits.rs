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
/// Characters of an answer's body that a fault shows.
pub const EXCERPT_LEN_MAX: usize = 500;
