//! Time that passes faster than it does: waits and budgets of tens of seconds cost a test a fraction of a second, and are
//! the product's own all the same.
//!
//! The runtime's clock goes on only while every thread of the process sleeps: the function waits for an answer, nobody
//! works on one, and only time can bring something new. So neither slow code nor a busy machine makes a budget shorter.
//! While it goes, it runs [`SPEED`] times as fast; where an emulator sleeps, to be slow, that is how much slower it is.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::sync::Notify;

/// Seconds on the runtime's clock for each second in which everybody sleeps.
pub const SPEED: u32 = 250;

const TICK: Duration = Duration::from_millis(1);

/// Runs something to its end on a runtime of its own, in fast time. One at a time in a process: the clock stands still
/// while anybody works.
///
/// # Panics
/// When there can be no runtime.
pub fn in_fast_time<T>(something: impl Future<Output = T>) -> T {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .expect("a runtime of its own");
    let (tick, over) = (Arc::new(Notify::new()), Arc::new(AtomicBool::new(false)));
    let result = runtime.block_on(async {
        // A blocking task that lives keeps the runtime from jumping to the next timer whenever it waits for a socket.
        let (ticking, told) = (Arc::clone(&tick), Arc::clone(&over));
        let ticks = tokio::task::spawn_blocking(move || {
            while !told.load(Ordering::Relaxed) {
                pause();
                if everybody_else_sleeps() {
                    ticking.notify_one();
                }
            }
        });
        let clock = tokio::spawn(async move {
            loop {
                tick.notified().await;
                tokio::time::advance(TICK * SPEED).await;
            }
        });
        let result = something.await;
        over.store(true, Ordering::Relaxed);
        clock.abort();
        ticks.await.expect("the ticks end quietly");
        result
    });
    // A name that is still being looked up is waited for by nobody.
    runtime.shutdown_background();
    result
}

#[expect(clippy::disallowed_methods, reason = "a thread of its own counts real time")]
fn pause() {
    std::thread::sleep(TICK);
}

/// Whether no other thread of this process runs, could run, or waits for a disk. Where the kernel does not tell (it is
/// not Linux), nobody does.
fn everybody_else_sleeps() -> bool {
    let own = fs::read_link("/proc/thread-self").unwrap_or_default();
    let own = own.file_name().unwrap_or_default();
    let threads = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let mut others = threads.filter(|thread| thread.file_name() != own);
    others.all(|thread| {
        // A thread that ended meanwhile has no file any more.
        let stat = fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
        // The name stands in parentheses and may hold anything; the state follows it.
        let state = stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next());
        !matches!(state, Some('R' | 'D'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_is_soon_over_and_a_socket_is_waited_for() {
        in_fast_time(async {
            let budget = clock::Budget::starting_now(Duration::from_secs(60));
            tokio::time::sleep(Duration::from_secs(59)).await;
            assert!(!budget.is_over());
            tokio::time::sleep(Duration::from_secs(1)).await;
            assert!(budget.is_over());
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
            let addr = listener.local_addr().expect("an address");
            let far = Duration::from_secs(3600);
            let (met, _) = tokio::join!(
                tokio::time::timeout(far, listener.accept()),
                tokio::net::TcpStream::connect(addr)
            );
            assert!(met.is_ok(), "the hour did not pass in between");
        });
    }
}
