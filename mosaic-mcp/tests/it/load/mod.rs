//! Load: 200 clients at a time, beside others that are slow, silent or half there.
//!
//! The server is a process of its own, which is this test binary started anew, so that its memory can be looked at. It keeps a
//! node in a file. Half of the clients speak the protocol of 2026-07-28 and have no session; the others speak that of 2025 and
//! have one. 10 seconds; a minute where `MOSAIC_SOAK` is `full`.

mod fast;
mod server;
mod slow;

use std::sync::Arc;
use std::time::Duration;

use fast::Tally;
use server::Child;
use slow::Slow;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How many clients work at a time.
const CLIENTS: usize = 200;

/// How long the load lasts, and how much the memory of the server may grow meanwhile, in KiB: fragments of the heap and, in the long
/// run, the 64 MiB that a store in a file keeps of it.
fn load() -> (Duration, u64) {
    let full = std::env::var("MOSAIC_SOAK").is_ok_and(|soak| soak == "full");
    if full { (Duration::from_secs(60), 96 * 1_024) } else { (Duration::from_secs(10), 32 * 1_024) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn soak_two_hundred_clients_work_beside_slow_ones_without_an_error() {
    let (load_time, growth) = load();
    let mut child = Child::start();
    let address = child.address();
    let (stop, tally) = (CancellationToken::new(), Arc::new(Tally::new(CLIENTS)));
    let mut clients = JoinSet::new();
    // All are made before one connects, which takes long enough for a connection to wait for its turn.
    let transports: Vec<_> = (0..CLIENTS).map(|number| fast::client(address, number)).collect();
    for (number, client) in transports.into_iter().enumerate() {
        clients.spawn(fast::work(client, number, Arc::clone(&tally), stop.clone()));
    }
    // Everything has been done once by everybody, so that what is kept for good is there.
    let everybody = async |rounds: usize| {
        let wanted = format!("{rounds} rounds of everybody");
        until(&wanted, || tally.least() >= rounds || !tally.errors().is_empty()).await;
    };
    everybody(2).await;
    let slow = Arc::new(Slow::default());
    let mut hindrance = JoinSet::new();
    slow.spawn_all(&mut hindrance, address, &stop);
    tokio::time::sleep(load_time / 5).await;
    let (memory, rounds) = (child.memory(), tally.least());
    tokio::time::sleep(load_time).await;
    // Each one goes on, however many hang about.
    everybody(rounds + 1).await;
    let grown = child.memory().saturating_sub(memory);
    let under_load = child.load();

    // The slow ones are cut off, each kind of them.
    until("the end of slow ones of each kind", || !slow.kinds_left() || !tally.errors().is_empty()).await;
    stop.cancel();
    while let Some(ended) = clients.join_next().await {
        ended.unwrap();
    }
    hindrance.shutdown().await;
    assert_eq!(tally.errors(), Vec::<String>::new());
    println!("{}, {slow:?}, {under_load:?}, memory {memory} KiB and {grown} KiB more", tally);
    assert!(under_load.sessions >= CLIENTS / 2, "{under_load:?}");
    assert!(grown < growth, "the memory grew from {memory} KiB by {grown} KiB");

    // With the clients everything is gone that was kept for them.
    until("a server without work", || !child.load().is_some_work()).await;
    child.end();
}

/// Looks at what happens in the other process until something is so. It has minutes for it, so that a server which hangs fails the
/// test by name.
async fn until(wanted: &str, mut is_so: impl FnMut() -> bool) {
    let waiting = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let in_time = tokio::time::timeout(Duration::from_secs(180), waiting).await;
    assert!(in_time.is_ok(), "{wanted}: waited for in vain");
}
