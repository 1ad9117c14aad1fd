//! The tree as a whole, also with many threads at once.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use super::*;
use crate::ErrorKind;
use crate::types::budget::{Amounts, Budget, BudgetLimit, BudgetPath, Currency, Window};
use crate::types::{Price, Timestamp};

fn path(text: &str) -> BudgetPath {
    BudgetPath::new(text).unwrap()
}

fn budget(at: &str, limits: &[(Currency, Window, u64)]) -> Budget {
    let limits: Vec<_> = limits
        .iter()
        .map(|(currency, window, amount)| BudgetLimit::new(*currency, *window, *amount))
        .collect();
    Budget::new(path(at), limits)
}

/// A clock that is set by hand, in seconds.
fn clock(seconds: i64) -> (Arc<AtomicI64>, impl Fn() -> Timestamp + Send + Sync + 'static) {
    let time = Arc::new(AtomicI64::new(seconds));
    let clock = Arc::clone(&time);
    (time, move || Timestamp::from_second(clock.load(SeqCst)).unwrap())
}

fn used(tree: &BudgetTree, at: &str) -> Vec<u64> {
    tree.get(&path(at)).unwrap().uses.iter().map(|used| used.used).collect()
}

#[test]
fn every_level_is_charged_or_none() {
    let tree = BudgetTree::new();
    tree.set(budget("o", &[(Currency::Calls, Window::Total, 10), (Currency::Money, Window::Total, 500)]))
        .unwrap();
    tree.set(budget("o/t", &[(Currency::Calls, Window::Total, 4)])).unwrap();
    tree.set(budget("o/t/p/a/x", &[(Currency::Tokens, Window::Total, 100)])).unwrap();
    let task = tree.handle(path("o/t/p/a/x"));
    let held = task.reserve(Amounts::new().calls(3).tokens(60).money(Price::micros(100))).unwrap();
    let all = || [used(&tree, "o"), used(&tree, "o/t"), used(&tree, "o/t/p/a/x")];
    assert_eq!(all(), [vec![3, 100], vec![3], vec![60]]);
    // Each of these is too much at one level only.
    for (amounts, level) in [
        (Amounts::new().calls(2).tokens(1), "o/t"),
        (Amounts::new().calls(1).tokens(41), "o/t/p/a/x"),
        (Amounts::new().calls(1).money(Price::micros(401)), "o"),
    ] {
        let error = task.reserve(amounts).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::QuotaExceeded);
        assert!(error.facts().any(|fact| fact == ("budget", level)), "{error:?}");
        assert_eq!(all(), [vec![3, 100], vec![3], vec![60]]);
    }
    held.settle(Amounts::new().calls(1).tokens(60));
    assert_eq!(all(), [vec![1, 0], vec![1], vec![60]]);
}

#[test]
fn a_refusal_says_where_what_and_until_when() {
    let (_, clock) = clock(86_400 * 3 + 60);
    let tree = BudgetTree::builder().clock(clock).build();
    tree.set(budget("o", &[(Currency::Tokens, Window::Day, 10)])).unwrap();
    tree.reserve(&path("o"), Amounts::new().tokens(7)).unwrap().charge();
    let error = tree.reserve(&path("o/below"), Amounts::new().tokens(4)).unwrap_err();
    assert_eq!(
        error.message(),
        "budget o: 4 tokens asked for, 3 of 10 left in this day, which ends 1970-01-05T00:00:00Z"
    );
    assert_eq!(error.wait(), Some(Duration::from_secs(86_400 - 60)));
    let never = tree.reserve(&path("o"), Amounts::new().tokens(11)).unwrap_err();
    assert_eq!(never.wait(), None, "waiting does not help: {never}");
}

#[test]
fn windows_begin_anew_and_get_back_only_what_was_theirs() {
    let (time, clock) = clock(0);
    let tree = BudgetTree::builder().clock(clock).build();
    tree.set(budget("o", &[(Currency::Calls, Window::Minute, 5), (Currency::Calls, Window::Total, 100)]))
        .unwrap();
    let handle = tree.handle(path("o"));
    let calls = |n| Amounts::new().calls(n);
    let held = handle.reserve(calls(5)).unwrap();
    assert!(handle.reserve(calls(1)).is_err());
    time.store(60, SeqCst);
    handle.reserve(calls(4)).unwrap().charge();
    // It was taken in the minute before: the total gets it back, this minute does not.
    held.settle(calls(2));
    assert_eq!(used(&tree, "o"), [4, 6]);
    // What is charged beyond counts now, and leaves a debt that ends with the minute.
    let held = handle.reserve(calls(1)).unwrap();
    held.settle(calls(9));
    assert_eq!(used(&tree, "o"), [13, 15]);
    assert_eq!(tree.get(&path("o")).unwrap().uses[0].debt(), 8);
    assert!(handle.reserve(calls(1)).is_err());
    time.store(120, SeqCst);
    assert_eq!(used(&tree, "o"), [0, 15]);
    handle.reserve(calls(5)).unwrap().give_back();
    assert_eq!(used(&tree, "o"), [0, 15]);
}

#[test]
fn limits_change_without_forgetting() {
    let tree = BudgetTree::new();
    let total = |amount| budget("o", &[(Currency::Calls, Window::Total, amount)]);
    tree.set(total(10)).unwrap();
    let handle = tree.handle(path("o"));
    let reserve = |n| handle.reserve(Amounts::new().calls(n));
    let held = reserve(8).unwrap();
    tree.set(total(5)).unwrap();
    assert!(reserve(1).is_err());
    tree.set(total(12)).unwrap();
    reserve(4).unwrap().charge();
    assert!(reserve(1).is_err());
    // A limit that is taken away while something is held, and set again.
    tree.set(budget("o", &[])).unwrap();
    held.give_back();
    reserve(1_000).unwrap().charge();
    tree.set(total(12)).unwrap();
    assert_eq!(used(&tree, "o"), [4]);
    assert!(tree.remove(&path("o")) && !tree.remove(&path("o")));
    reserve(1_000_000).unwrap().charge();
}

#[test]
fn thresholds_are_told_once_in_a_window() {
    let (time, clock) = clock(0);
    let told = Arc::new(Mutex::new(Vec::new()));
    let listener = Arc::clone(&told);
    let tree = BudgetTree::builder()
        .clock(clock)
        .on_threshold(move |alert| listener.lock().unwrap().push((alert.path.to_string(), alert.percent)))
        .build();
    tree.set(budget("o", &[(Currency::Calls, Window::Hour, 10)])).unwrap();
    tree.set(budget("o/t", &[(Currency::Calls, Window::Hour, 100)]).thresholds(vec![5u8])).unwrap();
    let handle = tree.handle(path("o/t"));
    let told = || std::mem::take(&mut *told.lock().unwrap());
    let one = |percent| ("o".to_owned(), percent);
    handle.reserve(Amounts::new().calls(7)).unwrap().charge();
    assert_eq!(told(), [("o/t".to_owned(), 5)]);
    handle.reserve(Amounts::new().calls(1)).unwrap().give_back();
    handle.reserve(Amounts::new().calls(2)).unwrap().charge();
    assert_eq!(told(), [one(80)]);
    handle.reserve(Amounts::new().calls(2)).unwrap_err();
    handle.reserve(Amounts::new().calls(1)).unwrap().charge();
    assert_eq!(told(), [one(100)], "a refusal tells that it is used up");
    time.store(3_600, SeqCst);
    handle.reserve(Amounts::new().calls(1)).unwrap().settle(Amounts::new().calls(30));
    assert_eq!(told(), [("o/t".to_owned(), 5), one(80), one(100)]);
}

#[test]
fn what_means_nothing_is_refused() {
    let tree = BudgetTree::new();
    let twice = budget("o", &[(Currency::Calls, Window::Day, 1), (Currency::Calls, Window::Day, 2)]);
    let most = budget("o", &[(Currency::Calls, Window::Day, u64::MAX)]);
    let percent = budget("o", &[]).thresholds(vec![0u8]);
    for bad in [twice, most, percent] {
        assert_eq!(tree.set(bad).unwrap_err().kind(), ErrorKind::Invalid);
    }
    tree.set(budget("o", &[(Currency::Calls, Window::Total, 1)])).unwrap();
    assert!(tree.reserve(&path("o"), Amounts::new().calls(u64::MAX)).is_err());
}

/// Threads reserve, settle for less, and drop, at paths of four levels, while others move limits and windows. What is granted and
/// not yet settled never exceeds a limit that does not move, at any moment.
#[test]
fn nothing_is_overrun_by_many_threads() {
    const THREADS: usize = 8;
    const ROUNDS: usize = 20_000;
    let levels = ["o", "o/t", "o/t/p", "o/t/p/a"];
    let limits = [37u64, 23, 17, 11];
    let tree = BudgetTree::new();
    for (level, limit) in levels.iter().zip(limits) {
        tree.set(budget(
            level,
            &[(Currency::Calls, Window::Total, limit), (Currency::Tokens, Window::Hour, 1 << 40)],
        ))
        .unwrap();
    }
    let outside = tree.handle(path("o/t/other"));
    let inside = tree.handle(path("o/t/p/a"));
    // What is known to be granted: counted after it is, and discounted before it is given back.
    let held: [AtomicU64; 4] = Default::default();
    let (stop, granted) = (AtomicBool::new(false), AtomicU64::new(0));
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..THREADS)
            .map(|thread| {
                let (handle, depth) = if thread % 2 == 0 { (&inside, 4) } else { (&outside, 2) };
                let (held, granted) = (&held, &granted);
                scope.spawn(move || {
                    let mut random = fastrand::Rng::with_seed(thread as u64);
                    for _ in 0..ROUNDS {
                        let amount = random.u64(1..9);
                        let Ok(reservation) = handle.reserve(Amounts::new().calls(amount).tokens(1)) else {
                            continue;
                        };
                        granted.fetch_add(1, SeqCst);
                        for (held, limit) in held[..depth].iter().zip(limits) {
                            let sum = held.fetch_add(amount, SeqCst) + amount;
                            assert!(sum <= limit, "{sum} of {limit}");
                        }
                        if random.bool() {
                            std::thread::yield_now();
                        }
                        for held in &held[..depth] {
                            held.fetch_sub(amount, SeqCst);
                        }
                        match random.u8(..3) {
                            0 => reservation.give_back(),
                            1 => drop(reservation.on_drop(OnDrop::GiveBack)),
                            _ => reservation.settle(Amounts::new().tokens(1)),
                        }
                    }
                })
            })
            .collect();
        scope.spawn(|| {
            // The innermost limit moves, up to its highest; and budgets come and go beside.
            let mut random = fastrand::Rng::with_seed(99);
            while !stop.load(SeqCst) {
                let limit = random.u64(..=limits[3]);
                tree.set(budget(levels[3], &[(Currency::Calls, Window::Total, limit)])).unwrap();
                tree.set(budget("o/t/other", &[])).unwrap();
                tree.remove(&path("o/t/other"));
                for (level, limit) in levels.iter().zip(limits) {
                    assert!(used(&tree, level)[0] <= limit);
                }
                std::thread::yield_now();
            }
        });
        for worker in workers {
            worker.join().unwrap();
        }
        stop.store(true, SeqCst);
    });
    assert!(granted.load(SeqCst) > ROUNDS as u64 / 2, "{granted:?}");
    for level in levels {
        assert_eq!(used(&tree, level)[0], 0, "{level}: everything was given back");
    }
}

/// A limit that is lowered is never overrun by one who looked at it before.
#[test]
fn who_lowers_a_limit_sees_whoever_took_by_the_old_one() {
    for round in 0..2_000u64 {
        let tree = BudgetTree::new();
        tree.set(budget("o", &[(Currency::Calls, Window::Total, 10)])).unwrap();
        let handle = tree.handle(path("o"));
        let barrier = std::sync::Barrier::new(2);
        let (taken, seen) = std::thread::scope(|scope| {
            let taker = scope.spawn(|| {
                barrier.wait();
                handle.reserve(Amounts::new().calls(1 + round % 10)).map(Reservation::charge).is_ok()
            });
            barrier.wait();
            tree.set(budget("o", &[(Currency::Calls, Window::Total, 0)])).unwrap();
            let seen = used(&tree, "o")[0] > 0;
            (taker.join().unwrap(), seen)
        });
        assert!(seen || !taken, "taken by a limit that was no more");
    }
}

#[test]
fn reserving_and_settling_by_a_handle_allocates_nothing() {
    let tree = BudgetTree::new();
    for level in ["o", "o/t", "o/t/p", "o/t/p/a"] {
        tree.set(budget(
            level,
            &[(Currency::Calls, Window::Month, 1_000), (Currency::Tokens, Window::Day, 1_000)],
        ))
        .unwrap();
    }
    let handle = tree.handle(path("o/t/p/a"));
    handle.reserve(Amounts::new().calls(1)).unwrap().settle(Amounts::new().calls(1));
    let info = allocation_counter::measure(|| {
        handle.reserve(Amounts::new().calls(5).tokens(9)).unwrap().settle(Amounts::new().calls(1).tokens(3));
    });
    assert_eq!(info.count_total, 0);
}
