//! Work that breaks off between two of its steps, as it does when its process dies.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::task::Poll;

use seif::kernel::fault::{BrokeOff, break_off_after};

/// What came of `work`; nothing when it broke off, at the point that it reached after so many others. Meanwhile nothing else
/// on this thread breaks off.
pub(super) async fn breaking_off<R>(after: Option<u32>, work: impl Future<Output = R>) -> Option<R> {
    let (mut left, mut work) = (after, Some(Box::pin(work)));
    poll_fn(move |context| {
        break_off_after(left);
        let polled = catch_unwind(AssertUnwindSafe(|| work.as_mut().unwrap().as_mut().poll(context)));
        left = break_off_after(None);
        match polled {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(done)) => Poll::Ready(Some(done)),
            Err(why) if why.is::<BrokeOff>() => {
                work = None;
                Poll::Ready(None)
            }
            Err(why) => resume_unwind(why),
        }
    })
    .await
}
