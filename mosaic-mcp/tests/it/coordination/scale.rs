//! What a claim costs, however much waits; and how turns are shared.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::types::Timestamp;
use mosaic_mcp::coordination::tasks::*;
use mosaic_mcp::coordination::{Coordination, CoordinationOptions, ProjectId};
use mosaic_mcp::state::*;

use super::{Rig, agent, task, texts};

/// A store in memory that counts the questions of transactions.
#[derive(Clone, Default)]
struct Counting {
    store: MemoryStore,
    questions: Arc<AtomicU64>,
}

struct CountingTx(Box<dyn StoreTx>, Arc<AtomicU64>);

#[async_trait]
impl StateStore for Counting {
    async fn begin(&self, now: Timestamp) -> Result<Box<dyn StoreTx>> {
        Ok(Box::new(CountingTx(self.store.begin(now).await?, self.questions.clone())))
    }
    async fn head(&self) -> Result<Head> {
        self.store.head().await
    }
    async fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Entry>>> {
        self.store.get_many(keys).await
    }
    async fn range(&self, range: &KeyRange, limit: usize) -> Result<Vec<Entry>> {
        self.store.range(range, limit).await
    }
    async fn changes(&self, range: &KeyRange, after: u64, limit: usize) -> Result<Vec<Change>> {
        self.store.changes(range, after, limit).await
    }
    async fn events(&self, filter: &TopicFilter, after: u64, limit: usize) -> Result<Vec<Event>> {
        self.store.events(filter, after, limit).await
    }
    async fn trimmed(&self) -> Result<Trimmed> {
        self.store.trimmed().await
    }
    async fn expiring(&self, limit: usize) -> Result<Vec<(Key, Timestamp)>> {
        self.store.expiring(limit).await
    }
    async fn view(&self) -> Result<Box<dyn StoreView>> {
        self.store.view().await
    }
    async fn close(&self) -> Result<()> {
        self.store.close().await
    }
}

#[async_trait]
impl StoreTx for CountingTx {
    fn head(&self) -> Head {
        self.0.head()
    }
    fn now(&self) -> Timestamp {
        self.0.now()
    }
    async fn get_many(&mut self, keys: &[Key]) -> Result<HashMap<Key, Entry>> {
        self.1.fetch_add(1, Ordering::SeqCst);
        self.0.get_many(keys).await
    }
    async fn range(&mut self, range: &KeyRange, limit: usize) -> Result<Vec<Entry>> {
        self.1.fetch_add(1, Ordering::SeqCst);
        assert!(limit <= 300, "a claim reads a bounded number of keys");
        self.0.range(range, limit).await
    }
    async fn last_offsets(&mut self, topics: &[Topic]) -> Result<HashMap<Topic, u64>> {
        self.1.fetch_add(1, Ordering::SeqCst);
        self.0.last_offsets(topics).await
    }
    async fn write(&mut self, part: Writes) -> Result<()> {
        self.0.write(part).await
    }
    async fn commit(self: Box<Self>, writes: Writes) -> Result<()> {
        self.0.commit(writes).await
    }
}

/// How many questions one claim of one, and one of fifty, ask where so many tasks wait.
async fn questions(waiting: usize) -> (u64, u64) {
    let (store, cx) = (Counting::default(), CallContext::new());
    let state = State::open(store.clone()).await.unwrap();
    let node = Coordination::open(state.clone(), CoordinationOptions::new().tick_every(None));
    let tasks = node.tasks();
    let mut left = waiting;
    while left > 0 {
        let some = left.min(1_000);
        let batch = (0..some).map(|_| task("p", "T").requires(texts(&["rust"]))).collect::<Vec<_>>();
        tasks.submit_tasks(&cx, SubmitTasks::new(batch)).await.unwrap();
        left -= some;
    }
    let ann = agent("ann").offers(texts(&["rust"])).slots(256u32);
    let ann = node.agents().register_agent(&cx, ann).await.unwrap();
    let claim = async |limit: u32| {
        store.questions.store(0, Ordering::SeqCst);
        let op = ClaimTasks::new(ann.agent.clone(), ann.incarnation).limit(limit);
        let claimed = tasks.claim_tasks(&cx, op).await.unwrap().tasks.len();
        assert_eq!(claimed, usize::try_from(limit).unwrap());
        store.questions.load(Ordering::SeqCst)
    };
    let asked = (claim(1).await, claim(50).await);
    node.close().await;
    state.close().await.unwrap();
    asked
}

#[tokio::test]
async fn what_a_claim_asks_does_not_grow_with_the_backlog() {
    let few = questions(60).await;
    assert_eq!(few, questions(100_000).await);
    assert!(few.0 <= 6 && few.1 <= 6, "{few:?}");
}

#[tokio::test(start_paused = true)]
async fn projects_have_turns_by_weight_and_none_starves() {
    let rig = Rig::open().await;
    let weights = [("a", 1_u32), ("b", 2), ("c", 5)];
    for (project, weight) in weights {
        let op = SetProject::new(ProjectId::new(project).unwrap(), weight);
        assert_eq!(rig.tasks.set_project(&rig.cx, op).await.unwrap().weight, weight);
        for _ in 0..3 {
            let batch = (0..1_000).map(|n| task(project, "T").priority(n % 3)).collect::<Vec<_>>();
            rig.tasks.submit_tasks(&rig.cx, SubmitTasks::new(batch)).await.unwrap();
        }
    }
    let ann = rig.agent(agent("ann").slots(256u32).lease_seconds(86_400u64)).await;
    let take = async |limit: u32, had: &mut BTreeMap<String, u32>| {
        let op = ClaimTasks::new(ann.agent.clone(), ann.incarnation).limit(limit);
        let claimed = rig.tasks.claim_tasks(&rig.cx, op).await.unwrap().tasks;
        for claim in &claimed {
            *had.entry(claim.task.project.to_string()).or_default() += 1;
        }
        let done = claimed.into_iter().map(|claim| (claim.task, claim.token));
        for (task, token) in done {
            rig.tasks.complete_task(&rig.cx, CompleteTask::new(task.task, token)).await.unwrap();
        }
    };
    // One by one and many at once come to the same.
    for limit in [1, 7, 160] {
        let mut had = BTreeMap::new();
        for _ in 0..160 / limit {
            take(limit, &mut had).await;
        }
        let total: u32 = had.values().sum();
        for (project, weight) in weights {
            let off = f64::from(had[project]) - f64::from(total) * f64::from(weight) / 8.0;
            assert!(off.abs() <= 3.0, "{limit} at once: {had:?}");
        }
    }
    // One that comes late has its turns at once, and not more than those.
    rig.tasks
        .submit_tasks(&rig.cx, SubmitTasks::new((0..500).map(|_| task("late", "T")).collect::<Vec<_>>()))
        .await
        .unwrap();
    let mut had = BTreeMap::new();
    take(90, &mut had).await;
    assert!((8..=12).contains(&had["late"]), "{had:?}");
    rig.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_set_of_requirements_that_is_rarely_served_does_not_starve_nor_take_over() {
    let rig = Rig::open().await;
    let plain = rig.agent(agent("plain").slots(256u32).lease_seconds(86_400u64)).await;
    let both = rig.agent(agent("both").offers(texts(&["gpu"])).slots(256u32).lease_seconds(86_400u64)).await;
    for requires in [&[][..], &["gpu"]] {
        for _ in 0..2 {
            let batch = (0..500).map(|_| task("p", "T").requires(texts(requires))).collect::<Vec<_>>();
            rig.tasks.submit_tasks(&rig.cx, SubmitTasks::new(batch)).await.unwrap();
        }
    }
    let claim = async |agent: &mosaic_mcp::coordination::agents::Agent, limit: u32| {
        let op = ClaimTasks::new(agent.agent.clone(), agent.incarnation).limit(limit);
        let claimed = rig.tasks.claim_tasks(&rig.cx, op).await.unwrap().tasks;
        claimed.iter().filter(|claim| claim.task.requires.is_empty()).count()
    };
    assert_eq!(claim(&plain, 250).await, 250);
    let plain_tasks = claim(&both, 100).await;
    assert!((30..=50).contains(&plain_tasks), "{plain_tasks} of 100");
    rig.close().await;
}
