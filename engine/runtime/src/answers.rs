//! Answers that wait for the commit of their turn.

use std::sync::Arc;

use crate::Error;
use crate::request::{Reply, Request, StartReply};

/// Why a whole turn came to nothing.
pub(crate) type Failure = Arc<dyn std::error::Error + Send + Sync>;

/// The answers of one turn. None is given before the commit: also a refusal may rest on what is not yet
/// stored.
#[derive(Default)]
pub(crate) struct Answers(Vec<Answer>);

/// Sends an answer, or the failure of its turn in its place.
type Answer = Box<dyn FnOnce(Option<&Failure>) + Send>;

impl Answers {
    /// Keeps an answer until the turn is committed.
    pub(crate) fn later<T: Send + 'static>(&mut self, reply: Reply<T>, result: Result<T, Error>) {
        self.0.push(Box::new(move |failure| {
            let result = match failure {
                None => result,
                Some(failure) => Err(Error::Unavailable(Arc::clone(failure))),
            };
            tell(reply, result);
        }));
    }

    /// The turn is durable.
    pub(crate) fn give(self) {
        for answer in self.0 {
            answer(None);
        }
    }

    /// The turn is not durable, or nobody knows.
    pub(crate) fn fail(self, failure: &Failure) {
        for answer in self.0 {
            answer(Some(failure));
        }
    }
}

/// Gives an answer. Whoever asked may have gone; what was done stays done.
pub(crate) fn tell<T>(reply: Reply<T>, result: Result<T, Error>) {
    drop(reply.send(result));
}

impl Request {
    /// Answers without having done anything.
    pub(crate) fn refuse(self, error: &Error) {
        match self {
            Self::Deploy { reply, .. } => tell(reply, Err(error.clone())),
            Self::Start { reply: StartReply::Begin(reply) | StartReply::Both(reply, _), .. } => {
                tell(reply, Err(error.clone()));
            }
            Self::Start { reply: StartReply::End(reply), .. } | Self::Wait { reply, .. } => {
                tell(reply, Err(error.clone()));
            }
            Self::PreviewMigration { reply, .. } => tell(reply, Err(error.clone())),
            Self::Inspect { reply, .. } => tell(reply, Err(error.clone())),
            Self::Publish { reply, .. } => tell(reply, Err(error.clone())),
            Self::PutReference { reply, .. } => tell(reply, Err(error.clone())),
            Self::Reject { reply, .. } => tell(reply, Err(error.clone())),
            Self::WorkItem { reply, .. }
            | Self::Case { reply, .. }
            | Self::Operator { reply, .. }
            | Self::Repair { reply, .. } => {
                tell(reply, Err(error.clone()));
            }
            Self::Sweep { reply, .. } => tell(reply, Err(error.clone())),
            Self::Schedule { reply, .. } => tell(reply, Err(error.clone())),
            // It is read again.
            Self::SweepRead(_) => {}
            // Its instance still holds the effect; it is done again with the same id.
            Self::EffectDone { .. } | Self::Internal { .. } => {}
        }
    }
}
