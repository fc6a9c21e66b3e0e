//! A unit of work on its way through the store: a closure, its result, and who waits for it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tokio::sync::oneshot;

use crate::kernel::store::{StoreError, Tx};

/// What a lane runs: it may run several times, and is answered once.
pub(super) trait Work: Send {
    /// Runs the closure in `tx` and keeps its result.
    fn run(&mut self, tx: &mut Tx<'_>) -> Ran;
    /// Answers whoever waits: with the closure's result, or with what became of the transaction instead.
    fn answer(self: Box<Self>, outcome: Result<(), StoreError>);
    /// Whether nobody waits any more, so that it need not begin.
    fn is_abandoned(&self) -> bool;
}

/// What to do with a transaction whose closure ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ran {
    /// Keep it.
    Commit,
    /// The closure said no: undo it.
    Undo,
    /// Another transaction was in the way: undo it, run it again.
    Again,
    /// It has to be its transaction's only closure: undo it, run it again, alone.
    Alone,
}

/// A closure and the channel of whoever waits.
pub(super) struct Job<F, R, E> {
    run: F,
    result: Option<Result<R, E>>,
    reply: oneshot::Sender<Result<R, E>>,
}

impl<F, R, E> Job<F, R, E> {
    pub(super) fn new(run: F) -> (Self, oneshot::Receiver<Result<R, E>>) {
        let (reply, answer) = oneshot::channel();
        (Self { run, result: None, reply }, answer)
    }
}

impl<F, R, E> Work for Job<F, R, E>
where
    F: FnMut(&mut Tx<'_>) -> Result<R, E> + Send,
    R: Send,
    E: From<StoreError> + AsStore + Send,
{
    fn run(&mut self, tx: &mut Tx<'_>) -> Ran {
        let run = &mut self.run;
        let result = catch_unwind(AssertUnwindSafe(|| run(tx)))
            .unwrap_or_else(|_| Err(E::from(StoreError::Refused("a panic in a transaction"))));
        let ran = match &result {
            Ok(_) => Ran::Commit,
            Err(error) if error.as_store() == Some(StoreError::Again) => Ran::Again,
            Err(error) if error.as_store() == Some(StoreError::Alone) => Ran::Alone,
            Err(_) => Ran::Undo,
        };
        self.result = Some(result);
        ran
    }

    fn answer(self: Box<Self>, outcome: Result<(), StoreError>) {
        let answer = match (outcome, self.result) {
            (Ok(()), Some(result)) => result,
            (Ok(()), None) => Err(E::from(StoreError::Unavailable)),
            (Err(error), _) => Err(E::from(error)),
        };
        drop(self.reply.send(answer));
    }

    fn is_abandoned(&self) -> bool {
        self.reply.is_closed()
    }
}

/// An error that may be the store's own, so that the store can tell whether to run again.
pub trait AsStore {
    /// The store's error within, if that is what it is.
    fn as_store(&self) -> Option<StoreError>;
}

impl AsStore for StoreError {
    fn as_store(&self) -> Option<StoreError> {
        Some(*self)
    }
}
