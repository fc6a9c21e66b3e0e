//! The queue of the threads that hash: so many at once, so many waiting, the rest turned away.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::kernel::crypto::password::work::{Memory, hashed, verified};
use crate::kernel::crypto::password::{Busy, Params, Phc, Verdict};
use crate::kernel::personal::Secret;

/// How long memory is kept for the next hash.
const KEPT: Duration = Duration::from_secs(5);

/// Ends the threads when nobody can ask any more.
pub(super) struct Pool(pub(super) Arc<Queue>);

impl Drop for Pool {
    fn drop(&mut self) {
        self.0.state().closed = true;
        self.0.changed.notify_all();
    }
}

pub(super) struct Queue {
    pub(super) params: Params,
    /// How many may run or wait, together.
    pub(super) places: usize,
    pub(super) state: Mutex<State>,
    pub(super) changed: Condvar,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) waiting: VecDeque<Job>,
    pub(super) running: usize,
    pub(super) closed: bool,
}

impl State {
    pub(super) fn taken(&self) -> usize {
        self.waiting.len().saturating_add(self.running)
    }
}

impl Queue {
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives `job` a place: a free one, or that of a caller who has gone.
    pub(super) fn enqueue(&self, job: Job) -> Result<(), Busy> {
        let mut state = self.state();
        if state.taken() >= self.places {
            state.waiting.retain(|job| !job.is_abandoned());
        }
        if state.taken() >= self.places {
            return Err(Busy);
        }
        state.waiting.push_back(job);
        self.changed.notify_one();
        Ok(())
    }

    /// A thread's life.
    pub(super) fn work(&self) {
        let mut memory = Memory::default();
        loop {
            match self.take(&mut memory) {
                // A panic must not cost a thread; its caller is answered `Busy`, since the answer's sender is gone.
                Some((job, place)) => drop(catch_unwind(AssertUnwindSafe(|| job.run(self.params, &mut memory, place)))),
                None => return,
            }
        }
    }

    /// The next job that somebody still waits for; `None` at the end. While there is none, `memory` is wiped, and given
    /// back after a while.
    pub(super) fn take(&self, memory: &mut Memory) -> Option<(Job, Running<'_>)> {
        let mut state = self.state();
        loop {
            while let Some(job) = state.waiting.pop_front() {
                if !job.is_abandoned() {
                    state.running += 1;
                    return Some((job, Running(self)));
                }
            }
            if state.closed {
                return None;
            }
            if memory.written > 0 {
                drop(state);
                memory.wipe();
                state = self.state();
            } else if memory.blocks.is_empty() {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            } else {
                let (back, waited) = self.changed.wait_timeout(state, KEPT).unwrap_or_else(PoisonError::into_inner);
                state = back;
                if waited.timed_out() {
                    memory.give_back();
                }
            }
        }
    }
}

/// The place of a job that runs; free again when dropped.
pub(super) struct Running<'q>(&'q Queue);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.running = state.running.saturating_sub(1);
    }
}

pub(super) enum Job {
    Hash { password: Secret<String>, salt: [u8; 16], answer: oneshot::Sender<Phc> },
    Verify { password: Secret<String>, phc: Phc, answer: oneshot::Sender<Verdict> },
}

impl Job {
    fn is_abandoned(&self) -> bool {
        match self {
            Self::Hash { answer, .. } => answer.is_closed(),
            Self::Verify { answer, .. } => answer.is_closed(),
        }
    }

    /// Answers, or drops the answer's sender when it cannot; either way the place is free first, so that whoever was
    /// answered finds it so.
    fn run(self, params: Params, memory: &mut Memory, place: Running<'_>) {
        match self {
            Self::Hash { password, salt, answer } => {
                let phc = hashed(params, memory, &password, &salt);
                drop(place);
                phc.map(|phc| answer.send(phc));
            }
            Self::Verify { password, phc, answer } => {
                let verdict = verified(params, memory, &password, &phc);
                drop(place);
                verdict.ok().map(|verdict| answer.send(verdict));
            }
        }
    }
}
