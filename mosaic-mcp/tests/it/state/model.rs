//! States against a model: a map of values, a list of events, and what was removed of both, as two nodes use them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use mosaic_core::error::{Error, ErrorKind};
use mosaic_core::types::Timestamp;
use mosaic_mcp::state::{Clock, Entry, Expect, Key, State, StateOptions, TopicFilter, Tx, Watch};
use parking_lot::Mutex;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use tokio::time::{advance, timeout};

use super::plan::{FILTERS, KEYS, Op, Span, Step, TOPICS, is_tracked, key, step, topic};
use crate::ground::{Ground, Spot};

#[derive(Debug, Clone, Copy, PartialEq)]
struct Value {
    value: u8,
    version: u64,
    ends: Option<Timestamp>,
}

type Shown = Vec<(String, u8, u64)>;

#[derive(Debug, Clone, Default)]
struct Model {
    now: Timestamp,
    values: BTreeMap<&'static str, Value>,
    /// The last change of each tracked key.
    changed: BTreeMap<&'static str, u64>,
    /// Topic, data, and whether it is still there.
    log: Vec<(usize, u8, bool)>,
    /// Up to which offset events of a topic, or of all, were removed.
    removed: BTreeMap<Option<usize>, u64>,
    snapshots: BTreeMap<usize, (u64, u8)>,
    forgotten: u64,
    revision: u64,
}

impl Model {
    fn live(&self, key: &str) -> Option<Value> {
        self.values.get(key).copied().filter(|value| value.ends.is_none_or(|end| end > self.now))
    }

    fn range(&self, span: &Span) -> Shown {
        let all = self.values.keys().filter(|key| span.has(key));
        let live = all.filter_map(|key| Some(((*key).to_owned(), self.live(key)?)));
        live.map(|(key, value)| (key, value.value, value.version)).take(span.limit).collect()
    }

    fn change(&mut self, key: &'static str, revision: u64) {
        if is_tracked(key) {
            self.changed.insert(key, revision);
        }
    }

    /// What a transaction comes to, as it sees itself; an error where it fails.
    fn run(&mut self, ops: &[Op], revision: u64) -> (Vec<Shown>, Result<(), ErrorKind>) {
        let mut looks = Vec::new();
        for op in ops {
            match *op {
                Op::Put { key, value, seconds } => {
                    let ends = seconds.map(|seconds| self.now + Duration::from_secs(seconds.into()));
                    self.values.insert(KEYS[key], Value { value, version: revision, ends });
                    self.change(KEYS[key], revision);
                }
                Op::Delete { key } => {
                    if self.live(KEYS[key]).is_some() {
                        self.change(KEYS[key], revision);
                    } else if self.values.contains_key(KEYS[key]) {
                        // It had expired; a node that opened may have removed it before.
                        self.changed.remove(KEYS[key]);
                    }
                    self.values.remove(KEYS[key]);
                }
                Op::Expect { key, what } => {
                    let found = self.live(KEYS[key]).map(|value| value.version);
                    let fits = match what {
                        0 => true,
                        1 | 2 => found.is_none(),
                        3 => found.is_some(),
                        // The version of what is there now, and one that nothing has.
                        4 => true,
                        _ => false,
                    };
                    if !fits {
                        return (looks, Err(ErrorKind::Conflict));
                    }
                }
                Op::Append { topic, data } => self.log.push((topic, data, true)),
                Op::Look { ref range } => looks.push(self.range(range)),
                Op::Fail => return (looks, Err(ErrorKind::Invalid)),
            }
        }
        (looks, Ok(()))
    }

    fn trim(&mut self, topic: Option<usize>, through: u64) {
        let through = through.min(self.log.len() as u64);
        for (of, _, there) in &mut self.log[..through as usize] {
            *there &= topic.is_some_and(|topic| topic != *of);
        }
        let mark = self.removed.entry(topic).or_default();
        *mark = (*mark).max(through);
    }

    /// The events of a filter after an offset that are there; whether one is gone, and whether one may be.
    fn events(&self, filter: &TopicFilter, after: u64) -> (Vec<(u64, u8)>, bool, bool) {
        let (mut there, mut gone) = (Vec::new(), false);
        for (at, (of, data, is_there)) in self.log.iter().enumerate() {
            let offset = at as u64 + 1;
            if offset > after && filter.matches(&topic(*of)) {
                if *is_there { there.push((offset, *data)) } else { gone = true }
            }
        }
        let may = self
            .removed
            .iter()
            .any(|(of, through)| *through > after && of.is_none_or(|of| filter.matches(&topic(of))));
        (there, gone, may)
    }
}

fn shown(entries: &[Entry]) -> Shown {
    let own = |entry: &Entry| {
        let name = entry.key.as_str();
        assert_eq!(entry.tracked, is_tracked(name), "{name}");
        (name.to_owned(), entry.value[0], entry.version)
    };
    entries.iter().map(own).collect()
}

/// What somebody who watches knows of a list.
fn tracked(listed: &[Entry]) -> BTreeMap<String, u8> {
    let tracked = listed.iter().filter(|entry| entry.tracked);
    let known = tracked.map(|entry| (entry.key.as_str().to_owned(), entry.value[0]));
    known.inspect(|(key, _)| assert!(is_tracked(key))).collect()
}

/// What a transaction saw, also where it failed.
type Looks = Arc<Mutex<Vec<Shown>>>;

async fn work(tx: &mut Tx<'_>, ops: Vec<Op>, looks: Looks) -> mosaic_core::Result<u64> {
    for op in ops {
        match op {
            Op::Put { key: at, value, seconds } => {
                let ends = seconds.map(|seconds| tx.now() + Duration::from_secs(seconds.into()));
                if is_tracked(KEYS[at]) {
                    tx.put_until(key(at), vec![value], ends)?;
                } else {
                    tx.put_untracked(key(at), vec![value], ends)?;
                }
            }
            Op::Delete { key: at } => tx.delete(key(at))?,
            Op::Expect { key: at, what } => {
                let version = tx.get(&key(at)).await?.map(|entry| entry.version);
                let expected = match (what, version) {
                    (0, _) => Expect::Any,
                    (1 | 2, _) => Expect::Absent,
                    (3, _) => Expect::Present,
                    (4, Some(version)) => Expect::Version(version),
                    (4, None) => Expect::Absent,
                    _ => Expect::Version(u64::from(u32::MAX)),
                };
                tx.expect(&key(at), expected).await?;
            }
            Op::Append { topic: at, data } => {
                let before = tx.last_offset(&topic(at)).await?;
                let offset = tx.append(topic(at), "told", vec![data])?;
                assert!(offset > before && tx.last_offset(&topic(at)).await? == offset);
            }
            Op::Look { range } => {
                let found = tx.range(&range.range(), range.limit).await?;
                looks.lock().push(shown(&found));
            }
            Op::Fail => return Err(Error::new(ErrorKind::Invalid, "as it was asked to")),
        }
    }
    Ok(tx.revision())
}

/// A watcher, and what it knows by what it was told.
struct Follower {
    watch: Watch,
    range: Span,
    known: BTreeMap<String, u8>,
}

struct Course {
    spot: Spot,
    nodes: Vec<State>,
    followers: Vec<Follower>,
    model: Model,
}

fn origin() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

/// A node over a store, which leaves what has expired where it is.
async fn node(spot: &Spot, now: Timestamp) -> State {
    let options = StateOptions::new().clock(Clock::tokio(now)).memory(8);
    options.sweep_every(Duration::from_secs(1 << 30)).open_shared(spot.open().await).await.unwrap()
}

impl Course {
    async fn take(&mut self, step: Step) {
        self.model.now = self.nodes[0].now();
        match step {
            Step::Run { node, all } => self.run(node, all).await,
            Step::Trim { node, topic: of, back } => {
                let through = (self.model.log.len() as u64).saturating_sub(back);
                self.model.trim(of, through);
                let of = of.map(topic);
                if through > 0 {
                    self.alone(node, move |tx| tx.trim(of, through)).await;
                }
            }
            Step::Snapshot { node, topic, back, compact } => self.snapshot(node, topic, back, compact).await,
            Step::Forget { node, back } => {
                let through = self.model.revision.saturating_sub(back);
                self.model.forgotten = self.model.forgotten.max(through);
                self.alone(node, move |tx| tx.forget_deletions(through)).await;
            }
            Step::Watch { node, range } if self.followers.len() < 4 => {
                let follower = self.watch(node, range).await;
                self.followers.push(follower);
            }
            Step::Watch { .. } => {}
            Step::Follow { which } if which < self.followers.len() => self.follow(which).await,
            Step::Follow { .. } => {}
            Step::Pass { seconds } => {
                advance(Duration::from_secs(seconds.into())).await;
            }
            Step::Read { node, range, filter, back } => self.read(node, &range, filter, back).await,
            Step::Reopen { node: at } => {
                // Watchers end with their node.
                self.nodes[at].close().await.unwrap();
                self.followers.clear();
                let now = self.model.now;
                self.nodes[at] = node(&self.spot, now).await;
                // What has expired is removed as it opens.
                self.model.values.retain(|_, value| value.ends.is_none_or(|end| end > now));
            }
        }
    }

    async fn alone(&mut self, node: usize, work: impl FnOnce(&mut Tx<'_>) + Send + 'static) {
        let done = self.nodes[node].run(move |tx| {
            Box::pin(async move {
                work(tx);
                Ok(tx.revision())
            })
        });
        self.moved(done.await.unwrap());
    }

    fn moved(&mut self, revision: u64) {
        assert!(revision > self.model.revision, "{revision} after {}", self.model.revision);
        self.model.revision = revision;
    }

    async fn run(&mut self, node: usize, all: Vec<Vec<Op>>) {
        let looks: Vec<Looks> = all.iter().map(|_| Looks::default()).collect();
        let before = self.model.clone();
        let state = &self.nodes[node];
        let runs = all.iter().zip(&looks).map(|(ops, looks)| {
            let (ops, looks) = (ops.clone(), looks.clone());
            state.run(move |tx| Box::pin(work(tx, ops, looks)))
        });
        for ((ops, looks), done) in all.iter().zip(&looks).zip(join_all(runs).await) {
            let mut after = self.model.clone();
            let revision = *done.as_ref().unwrap_or(&(self.model.revision + 1));
            let (expected, ends) = after.run(ops, revision);
            let saw = std::mem::take(&mut *looks.lock());
            assert_eq!(done.as_ref().map(drop).map_err(|error| error.kind()), ends, "{ops:?}");
            if done.is_ok() {
                assert_eq!(saw, expected, "{ops:?}");
                let writes =
                    ops.iter().any(|op| matches!(op, Op::Put { .. } | Op::Delete { .. } | Op::Append { .. }));
                self.model = after;
                if writes {
                    self.moved(revision);
                }
            }
        }
        // What came and went within a group was never there.
        for key in KEYS.iter().filter(|key| before.live(key).is_none()) {
            if !self.model.values.contains_key(key) {
                // What had expired may have been removed at any time since.
                match before.changed.get(key).filter(|_| !before.values.contains_key(key)) {
                    Some(known) => self.model.changed.insert(key, *known),
                    None => self.model.changed.remove(key),
                };
            }
        }
    }

    async fn snapshot(&mut self, node: usize, of: usize, back: u64, compact: bool) {
        let through = (self.model.log.len() as u64).saturating_sub(back);
        let data = self.model.log.len() as u8;
        let (state, name) = (self.nodes[node].clone(), topic(of));
        let put = state.run(move |tx| {
            Box::pin(async move {
                tx.put_snapshot(&name, through, vec![data]).await?;
                Ok(tx.revision())
            })
        });
        let later = self.model.snapshots.get(&of).is_some_and(|(known, _)| *known > through);
        match put.await {
            Ok(revision) => {
                assert!(!later);
                self.moved(revision);
                self.model.snapshots.insert(of, (through, data));
            }
            Err(error) => assert!(later && error.kind() == ErrorKind::Conflict, "{error}"),
        }
        if compact {
            let (offset, _) = self.model.snapshots[&of];
            assert_eq!(state.compact(&topic(of)).await.unwrap(), offset);
            self.model.revision += u64::from(offset > 0);
            self.model.trim(Some(of), offset);
        }
        let known = self.model.snapshots.get(&of).copied();
        let (there, gone, may) =
            self.model.events(&TopicFilter::new(TOPICS[of]).unwrap(), known.map_or(0, |(at, _)| at));
        match state.replay(&topic(of), 10_000).await {
            Ok((snapshot, events)) => {
                assert!(!gone);
                assert_eq!(snapshot.map(|snapshot| (snapshot.offset, snapshot.data[0])), known);
                assert_eq!(
                    events.iter().map(|event| (event.offset, event.data[0])).collect::<Vec<_>>(),
                    there
                );
            }
            Err(error) => assert!(may && error.kind() == ErrorKind::NotFound, "{error}"),
        }
    }

    async fn watch(&self, node: usize, range: Span) -> Follower {
        let state = &self.nodes[node];
        let head = state.store().head().await.unwrap().revision;
        let listed = state.range(&range.range(), 100).await.unwrap();
        let known = tracked(&listed);
        Follower { watch: state.watch(range.range(), head).batch(range.limit), range, known }
    }

    /// Takes what there is to be told, and compares what is known then.
    async fn follow(&mut self, which: usize) {
        let follower = &mut self.followers[which];
        while let Ok(told) = timeout(Duration::from_millis(1_500), follower.watch.next()).await {
            match told {
                Ok(changes) => {
                    for change in changes {
                        let name = change.key.as_str();
                        assert!(follower.range.has(name) && is_tracked(name), "{name}");
                        match change.value {
                            Some(value) => follower.known.insert(change.key.as_str().to_owned(), value[0]),
                            None => follower.known.remove(change.key.as_str()),
                        };
                    }
                }
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
                    assert!(self.model.forgotten > follower.watch.revision(), "{error}");
                    let range = follower.range.clone();
                    *follower = {
                        let state = &self.nodes[0];
                        let head = state.store().head().await.unwrap().revision;
                        let listed = state.range(&range.range(), 100).await.unwrap();
                        Follower { known: tracked(&listed), watch: state.watch(range.range(), head), range }
                    };
                }
            }
        }
        self.model.now = self.nodes[0].now();
        let mut known = follower.known.clone();
        // What has expired may not be told yet.
        known
            .retain(|key, _| self.model.live(key).is_some() || !self.model.values.contains_key(key.as_str()));
        let all = Span { limit: usize::MAX, ..follower.range.clone() };
        let all = self.model.range(&all).into_iter().filter(|(key, ..)| is_tracked(key));
        let expected: BTreeMap<String, u8> = all.map(|(key, value, _)| (key, value)).collect();
        assert_eq!(known, expected);
    }

    async fn read(&self, node: usize, range: &Span, filter: usize, back: u64) {
        let (state, model) = (&self.nodes[node], &self.model);
        assert_eq!(shown(&state.range(&range.range(), range.limit).await.unwrap()), model.range(range));
        let keys: Vec<Key> = (0..KEYS.len()).map(key).collect();
        for (at, found) in state.get_many(&keys).await.unwrap().into_iter().enumerate() {
            let found = found.map(|entry| (entry.value[0], entry.version));
            assert_eq!(found, model.live(KEYS[at]).map(|value| (value.value, value.version)));
        }
        let (filter, after) =
            (TopicFilter::new(FILTERS[filter]).unwrap(), (model.log.len() as u64).saturating_sub(back));
        let (there, gone, may) = model.events(&filter, after);
        match state.events(&filter, after, range.limit).await {
            Ok(events) => {
                assert!(!gone, "events were removed, and nobody is told");
                let found: Vec<(u64, u8)> =
                    events.iter().map(|event| (event.offset, event.data[0])).collect();
                assert_eq!(found, there.into_iter().take(range.limit).collect::<Vec<_>>());
            }
            Err(error) => assert!(may && error.kind() == ErrorKind::NotFound, "{error}"),
        }
        let since = model.revision.saturating_sub(back);
        match state.changes(&range.range(), since, 100).await {
            Ok(changes) => {
                assert!(model.forgotten <= since);
                let told: BTreeMap<&str, u64> =
                    changes.iter().map(|change| (change.key.as_str(), change.version)).collect();
                for (key, revision) in &model.changed {
                    if range.has(key)
                        && *revision > since
                        && model.values.get(key).is_none_or(|_| model.live(key).is_some())
                    {
                        assert!(
                            told.get(key).is_some_and(|told| told >= revision),
                            "{key} at {revision}: {told:?}"
                        );
                    }
                }
                assert!(changes.is_sorted_by_key(|change| change.version));
                for change in &changes {
                    let name = change.key.as_str();
                    assert!(range.has(name) && is_tracked(name) && change.version > since);
                }
            }
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
                assert!(model.forgotten > since, "{error}");
            }
        }
    }

    /// A backup of everything, in another store.
    async fn restore(&self) {
        let mut file = Vec::new();
        self.nodes[0].backup(&mut file).await.unwrap();
        let store = mosaic_mcp::state::MemoryStore::new();
        mosaic_mcp::state::backup::restore(&store, &file[..]).await.unwrap();
        let options = StateOptions::new().clock(Clock::tokio(self.nodes[0].now()));
        let state = options.sweep_every(Duration::from_secs(1 << 30)).open(store).await.unwrap();
        let all = Span { kind: 0, key: 0, limit: 1_000 };
        assert_eq!(shown(&state.range(&all.range(), all.limit).await.unwrap()), self.model.range(&all));
        for (of, known) in &self.model.snapshots {
            let found = state.snapshot(&topic(*of)).await.unwrap().unwrap();
            assert_eq!((found.offset, found.data[0]), *known);
        }
        for filter in FILTERS.map(|text| TopicFilter::new(text).unwrap()) {
            for after in [0, self.model.log.len() as u64 / 2] {
                let (there, gone, may) = self.model.events(&filter, after);
                match state.events(&filter, after, 10_000).await {
                    Ok(events) => {
                        assert!(!gone);
                        let found: Vec<(u64, u8)> =
                            events.iter().map(|event| (event.offset, event.data[0])).collect();
                        assert_eq!(found, there);
                    }
                    Err(error) => assert!(may && error.kind() == ErrorKind::NotFound, "{error}"),
                }
            }
        }
        state.close().await.unwrap();
    }
}

async fn play(on: &Ground, steps: Vec<Step>, follows: bool) {
    let spot = on.spot();
    let nodes = vec![node(&spot, origin()).await, node(&spot, origin()).await];
    let mut course = Course { spot, nodes, followers: Vec::new(), model: Model::default() };
    for step in steps {
        // Where time stands still nobody can wait for what is not told.
        if follows || !matches!(step, Step::Follow { .. } | Step::Watch { .. }) {
            course.take(step).await;
        }
    }
    course.model.now = course.nodes[0].now();
    for which in 0..course.followers.len() {
        course.follow(which).await;
    }
    course.model.now = course.nodes[0].now();
    course.restore().await;
    for node in course.nodes {
        node.close().await.unwrap();
    }
}

fn courses(on: &Ground, few: u32, follows: bool) {
    let mut runner = TestRunner::new(crate::support::cases(few));
    let ended = runner.run(&prop::collection::vec(step(), 1..60), |steps| {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(play(on, steps, follows));
        Ok(())
    });
    ended.unwrap();
}

#[test]
fn a_state_does_what_the_model_does() {
    courses(&Ground::memory(), 200, true);
}

#[cfg(feature = "sqlite")]
#[test]
fn a_state_in_a_file_does_what_the_model_does() {
    courses(&Ground::folder(), 12, false);
}

#[cfg(feature = "postgres")]
#[test]
fn a_state_on_a_server_does_what_the_model_does() {
    let Some(on) = Ground::server() else { return };
    courses(&on, 8, false);
}
