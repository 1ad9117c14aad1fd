//! Several nodes on one store, with a paused clock: what they grant together, also when they are cut off.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

use async_trait::async_trait;
use tokio::time::{advance, sleep};

use super::*;
use crate::engine::budget::BudgetHandle;
use crate::types::Timestamp;
use crate::types::budget::{Amounts, Budget, BudgetAccount, BudgetLimit, Currency, Window};

const HOLDS: Duration = Duration::from_secs(10);

/// One account for each limit, in memory.
struct Shared {
    began: Instant,
    budgets: Mutex<(u64, Vec<Budget>)>,
    accounts: Mutex<HashMap<(BudgetPath, Currency, Window), BudgetAccount>>,
    asked: AtomicUsize,
}

/// The store as one node sees it.
struct Seen {
    shared: Arc<Shared>,
    away: AtomicBool,
    /// Does what it is asked, and then the answer is lost.
    deaf: AtomicBool,
}

impl Shared {
    fn new(limits: &[(&str, u64)]) -> Arc<Self> {
        let budget = |(path, amount): &(&str, u64)| {
            Budget::new(
                BudgetPath::new(path).unwrap(),
                vec![BudgetLimit::new(Currency::Calls, Window::Hour, *amount)],
            )
        };
        Arc::new(Self {
            began: Instant::now(),
            budgets: Mutex::new((1, limits.iter().map(budget).collect())),
            accounts: Mutex::default(),
            asked: AtomicUsize::new(0),
        })
    }

    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH + self.began.elapsed()
    }

    fn used(&self, path: &str) -> u64 {
        let mut accounts = self.accounts.lock();
        let key = (BudgetPath::new(path).unwrap(), Currency::Calls, Window::Hour);
        let account = accounts.entry(key).or_default();
        account.at(Window::Hour, self.now());
        account.used()
    }
}

#[async_trait]
impl BudgetStore for Seen {
    async fn budgets(&self, known: u64) -> Result<Option<(u64, Vec<Budget>)>> {
        let budgets = self.shared.budgets.lock();
        Ok((budgets.0 != known).then(|| budgets.clone()))
    }

    async fn lease(&self, questions: Vec<LeaseQuestion>) -> Result<Vec<Lease>> {
        sleep(Duration::from_millis(5)).await;
        let away = || Err(Error::new(ErrorKind::Network, "the store is away"));
        if self.away.load(SeqCst) {
            return away();
        }
        self.shared.asked.fetch_add(1, SeqCst);
        let now = self.shared.now();
        let budgets = self.shared.budgets.lock().1.clone();
        let mut accounts = self.shared.accounts.lock();
        let answer = |question: LeaseQuestion| {
            let budget = budgets.iter().find(|budget| budget.path == question.path);
            let Some(limit) = budget.and_then(|budget| budget.limits.first()) else {
                return Lease::new(0, 0, HOLDS).unlimited();
            };
            let key = (question.path.clone(), question.currency, question.window);
            let account = accounts.entry(key).or_default();
            account.at(question.window, now);
            account.lease(limit.amount, &question, now, HOLDS)
        };
        let leases = questions.into_iter().map(answer).collect();
        if self.deaf.load(SeqCst) { away() } else { Ok(leases) }
    }
}

struct Site {
    store: Arc<Seen>,
    leases: BudgetLeases,
    tree: BudgetTree,
    granted: u64,
}

impl Site {
    async fn start(shared: &Arc<Shared>, name: &str) -> Self {
        let clock = Arc::clone(shared);
        let tree = BudgetTree::builder().clock(move || clock.now()).build();
        let seen =
            Seen { shared: Arc::clone(shared), away: AtomicBool::new(false), deaf: AtomicBool::new(false) };
        let store = Arc::new(seen);
        let leases = BudgetLeases::start(tree.clone(), store.clone(), LeaseConfig::new(name)).await.unwrap();
        Self { store, leases, tree, granted: 0 }
    }

    fn handle(&self, path: &str) -> BudgetHandle {
        self.tree.handle(BudgetPath::new(path).unwrap())
    }

    /// Takes one call after the other until it is refused, so many at most.
    async fn take(&mut self, path: &str, most: u64) -> u64 {
        let handle = self.handle(path);
        for taken in 0..most {
            match handle.reserve_or_wait(Amounts::new().calls(1)).await {
                Ok(reservation) => reservation.charge(),
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::QuotaExceeded);
                    return taken;
                }
            }
            self.granted += 1;
        }
        most
    }
}

#[tokio::test(start_paused = true)]
async fn nodes_together_grant_the_limit_and_not_one_more() {
    let shared = Shared::new(&[("acme", 1_000), ("acme/web", 700)]);
    let (mut a, mut b) = (Site::start(&shared, "a").await, Site::start(&shared, "b").await);
    loop {
        let taken = a.take("acme/web", 37).await + b.take("acme/web", 41).await;
        assert!(a.granted + b.granted <= 700);
        if taken == 0 {
            break;
        }
        sleep(Duration::from_millis(300)).await;
    }
    assert_eq!(a.granted + b.granted, 700, "what is lent and not used comes to who needs it");
    assert!(shared.asked.load(SeqCst) < 200, "{:?}", shared.asked);
    let mut rest = 0;
    for _ in 0..50 {
        rest += a.take("acme", 1_000).await;
        sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(rest, 300, "what the other one does not use any more is given back");
    // The next hour begins anew, for all.
    advance(Duration::from_secs(3_600)).await;
    assert!(b.take("acme/web", 10).await == 10);
    a.leases.close().await;
    b.leases.close().await;
    assert_eq!(shared.used("acme"), 10, "all the rest is given back");
}

#[tokio::test(start_paused = true)]
async fn a_node_that_dies_gives_its_lease_back_and_overshoots_by_one_lease_at_most() {
    let shared = Shared::new(&[("acme", 100)]);
    let (mut a, mut b) = (Site::start(&shared, "a").await, Site::start(&shared, "b").await);
    assert_eq!(a.take("acme", 1).await, 1);
    // It holds two, one of which it used and never reports.
    drop(a);
    let mut taken = 0;
    for _ in 0..200 {
        taken += b.take("acme", 100).await;
        sleep(Duration::from_millis(100)).await;
    }
    assert!((98..=100).contains(&taken), "{taken}: the lease of a comes back after its time");
}

#[tokio::test(start_paused = true)]
async fn while_the_store_is_away_what_is_lent_is_granted_and_nothing_more() {
    let shared = Shared::new(&[("acme", 1_000)]);
    let mut a = Site::start(&shared, "a").await;
    a.take("acme", 1).await;
    a.store.away.store(true, SeqCst);
    let before = a.granted;
    let lent = a.take("acme", 1_000).await;
    assert!((1..=20).contains(&lent), "{lent}");
    // The time of the lease is over: also what is given back is granted no more.
    let handle = a.handle("acme");
    sleep(HOLDS * 2).await;
    assert!(handle.reserve_or_wait(Amounts::new().calls(1)).await.is_err());
    // When it is back, what was used meanwhile is told.
    a.store.away.store(false, SeqCst);
    sleep(Duration::from_secs(2)).await;
    a.take("acme", 1).await;
    a.leases.close().await;
    assert_eq!(shared.used("acme"), before + lent + 1);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_lost_changes_nothing() {
    let shared = Shared::new(&[("acme", 50)]);
    let mut a = Site::start(&shared, "a").await;
    for round in 0..60 {
        a.store.deaf.store(round % 2 == 0, SeqCst);
        a.take("acme", 1).await;
        sleep(Duration::from_millis(700)).await;
    }
    a.store.deaf.store(false, SeqCst);
    sleep(Duration::from_secs(2)).await;
    a.take("acme", 100).await;
    assert_eq!(a.granted, 50);
    assert_eq!(shared.used("acme"), 50);
}

#[tokio::test(start_paused = true)]
async fn a_budget_that_changes_in_the_store_changes_here() {
    let shared = Shared::new(&[("acme", 10)]);
    let mut a = Site::start(&shared, "a").await;
    assert_eq!(a.take("acme", 20).await, 10);
    let change = |amount: Option<u64>| {
        let mut budgets = shared.budgets.lock();
        budgets.0 += 1;
        match amount {
            Some(amount) => budgets.1[0].limits[0].amount = amount,
            None => budgets.1.clear(),
        }
    };
    change(Some(25));
    sleep(Duration::from_secs(3)).await;
    assert_eq!(a.take("acme", 100).await, 15);
    change(None);
    sleep(Duration::from_secs(3)).await;
    assert_eq!(a.take("acme", 100).await, 100, "without a limit all is granted");
    assert!(a.tree.list().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_large_reservation_borrows_what_it_needs_and_an_idle_lease_is_given_back() {
    let shared = Shared::new(&[("acme", 1_000), ("acme/web", 1_000)]);
    let a = Site::start(&shared, "a").await;
    let all = a.handle("acme/web").reserve_or_wait(Amounts::new().calls(900)).await.unwrap();
    assert!(shared.used("acme") >= 900);
    all.settle(Amounts::new().calls(100));
    sleep(Duration::from_secs(60)).await;
    assert_eq!((shared.used("acme"), shared.used("acme/web")), (100, 100));
    let error = a.handle("acme").reserve_or_wait(Amounts::new().calls(901)).await.unwrap_err();
    assert!(error.wait().is_some(), "{error}");
    a.handle("acme").reserve_or_wait(Amounts::new().calls(900)).await.unwrap().charge();
    assert!(BudgetLeases::start(a.tree.clone(), a.store.clone(), LeaseConfig::new("a")).await.is_err());
}
