//! Worlds that are broken on purpose, so that each checker can be seen to fail.

/// One way to break a promise behind the engine's back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sabotage {
    /// The store says that a commit is durable and writes it at its next chance, if it lives that long.
    TellBeforeCommit,
    /// The disk forgets what it has confirmed when the process dies.
    ForgetCommit,
    /// A part of a batch that failed is there after a crash.
    TearCommit,
    /// Start keys are not kept.
    ForgetStartKeys,
    /// A batch is accepted although its revision is taken: it is written with the next one.
    DoubleTurn,
    /// A timer is left out of every look into the index.
    ForgetTimer,
    /// The engine's clock is ten minutes ahead of the one that everybody else sees.
    HurryClock,
    /// A second try of an effect comes with another id.
    RenameEffect,
    /// An effect is said to be done that was never begun.
    SkipEffect,
    /// A line of history is not written.
    DropHistory,
    /// The snapshot of the turn before is written instead of the new one.
    KeepSnapshot,
    /// A person is told that it is done before the engine is asked.
    AnswerEarly,
    /// A decision is carried out twice, under two ids.
    DoubleDecision,
    /// An event that waits for its listener is thrown away.
    HideEvents,
    /// What was done is refused when it is asked for again.
    RefuseAgain,
    /// The engine stops while its process lives.
    StopEngine,
    /// No transaction asks whether its node still owns the instances.
    OpenFence,
    /// Messages and calls begin without a look at the lease.
    ActUnsure,
    /// Every lease seems to last.
    EndlessLease,
}

impl Sabotage {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::TellBeforeCommit,
        Self::ForgetCommit,
        Self::TearCommit,
        Self::ForgetStartKeys,
        Self::DoubleTurn,
        Self::ForgetTimer,
        Self::HurryClock,
        Self::RenameEffect,
        Self::SkipEffect,
        Self::DropHistory,
        Self::KeepSnapshot,
        Self::AnswerEarly,
        Self::DoubleDecision,
        Self::HideEvents,
        Self::RefuseAgain,
        Self::StopEngine,
        Self::OpenFence,
        Self::ActUnsure,
        Self::EndlessLease,
    ];

    /// Does it break only what several nodes do together?
    pub fn is_of_nodes(self) -> bool {
        matches!(self, Self::OpenFence | Self::ActUnsure | Self::EndlessLease)
    }
}
