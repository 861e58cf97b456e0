//! What may befall the process of a function in the middle of an invocation: it ends, or stands still for a while.
//!
//! An invocation is a future; each time that it waits for something is a place where its process can be killed. Not to
//! poll it any more and to drop it is what that comes to: nothing that would have followed is done.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

/// How far a future came.
#[derive(Debug)]
pub enum Progress<T> {
    /// To its end, after so many polls.
    Ended(T, u64),
    /// It waits for something and goes no further.
    Waits,
}

/// Polls a future until it ends, or until it was polled this often and waits.
pub async fn polled<F: Future + ?Sized>(
    future: &mut Pin<Box<F>>,
    most: u64,
) -> Progress<F::Output> {
    let mut polls = 0;
    poll_fn(|context| {
        if polls >= most {
            return Poll::Ready(Progress::Waits);
        }
        polls += 1;
        match future.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Progress::Ended(output, polls)),
            Poll::Pending if polls >= most => Poll::Ready(Progress::Waits),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_future_goes_as_far_as_it_may_and_later_on_from_there() {
        let steps = async {
            for _ in 0..3 {
                tokio::task::yield_now().await;
            }
            "done"
        };
        let mut steps = Box::pin(steps);
        assert!(matches!(polled(&mut steps, 0).await, Progress::Waits));
        assert!(matches!(polled(&mut steps, 2).await, Progress::Waits));
        assert!(matches!(polled(&mut steps, 9).await, Progress::Ended("done", 2)));
    }
}
