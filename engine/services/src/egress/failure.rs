//! Why nothing came back from the network, in words that hold no secret: never an address's query.

use std::error::Error;
use std::fmt;

/// A request that got no answer, or none that may be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The operator's policy does not allow it.
    #[error("the egress policy does not allow {host}:{port}")]
    Refused {
        /// The host as written.
        host: String,
        /// The port.
        port: u16,
    },
    /// The name has no address.
    #[error("no address is known for {host}: {reason}")]
    Unknown {
        /// The name.
        host: String,
        /// What the name service said.
        reason: String,
    },
    /// Nobody took the connection.
    #[error("connecting to {host}:{port}: {reason}")]
    Connect {
        /// The host as written.
        host: String,
        /// The port.
        port: u16,
        /// What the system said.
        reason: String,
    },
    /// The other side could not show who it is, or speaks no TLS.
    #[error("TLS: {0}")]
    Tls(String),
    /// What came is no answer.
    #[error("no answer that can be read: {0}")]
    Protocol(String),
    /// It took longer than allowed.
    #[error("no answer within {millis} ms")]
    Time {
        /// How long was waited.
        millis: u128,
    },
    /// The answer is larger than allowed.
    #[error("the answer has more than {max} bytes, which is the limit")]
    TooLarge {
        /// The limit.
        max: usize,
    },
    /// Redirected without end.
    #[error("redirected more than {max} times")]
    Redirects {
        /// The limit.
        max: usize,
    },
    /// Redirected to where a secret must not go.
    #[error("redirected to another origin, with a body that holds a secret")]
    Astray,
    /// What was asked for is no request.
    #[error("{0}")]
    Invalid(String),
}

impl Failure {
    /// What hyper says, and what our own connector said inside of it.
    pub(super) fn of(error: &(dyn Error + 'static)) -> Self {
        let mut words: Vec<String> = Vec::new();
        let mut cause = Some(error);
        while let Some(error) = cause {
            if let Some(own) = error.downcast_ref::<Self>() {
                return own.clone();
            }
            if let Some(tls) = error.downcast_ref::<rustls::Error>() {
                return Self::Tls(tls.to_string());
            }
            let said = error.to_string();
            if words.last() != Some(&said) {
                words.push(said);
            }
            // An I/O error says what is inside of it, but does not name it as its cause.
            let inside = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
            cause = match inside {
                Some(inside) => Some(inside),
                None => error.source(),
            };
        }
        Self::Protocol(words.join(": "))
    }

    pub(super) fn protocol(error: impl fmt::Display) -> Self {
        Self::Protocol(error.to_string())
    }
}
