use std::collections::BTreeMap;

use async_trait::async_trait;
use mosaic_core::error::ErrorKind;
use parking_lot::Mutex;

use super::super::{DataKeyBytes, Keyring, LocalKey, MasterKey, Resealed};
use super::*;
use crate::state::suite::{self, MemoryStores, Stores};
use crate::state::{MemoryStore, State};

fn local() -> LocalKey {
    LocalKey::generate().unwrap().0
}

/// Counts how often it is asked.
#[derive(Clone)]
struct Counted(Arc<(LocalKey, Mutex<(usize, usize)>)>);

impl Counted {
    fn new() -> Self {
        Self(Arc::new((local(), Mutex::default())))
    }

    fn asked(&self) -> (usize, usize) {
        *self.0.1.lock()
    }
}

#[async_trait]
impl MasterKey for Counted {
    fn id(&self) -> &str {
        self.0.0.id()
    }
    async fn wrap(&self, key: &DataKeyBytes) -> Result<Vec<u8>> {
        self.0.1.lock().0 += 1;
        self.0.0.wrap(key).await
    }
    async fn unwrap(&self, wrapped: &[u8]) -> Result<DataKeyBytes> {
        self.0.1.lock().1 += 1;
        self.0.0.unwrap(wrapped).await
    }
}

fn sealer(key: impl MasterKey) -> Sealer {
    Sealer::new(Keyring::new(key).unwrap())
}

fn name(text: &str) -> Key {
    Key::of(&["value", text]).unwrap()
}

/// Sealed stores in memory, each opening a node with data keys of its own.
struct SealedStores(MemoryStores, Counted);

#[async_trait]
impl Stores for SealedStores {
    async fn open(&self, name: &str) -> Result<Arc<dyn StateStore>> {
        Ok(Arc::new(Sealed::over(self.0.open(name).await?, sealer(self.1.clone()))))
    }
}

#[tokio::test]
async fn a_sealed_store_behaves_as_any_store() {
    let stores = SealedStores(MemoryStores::default(), Counted::new());
    suite::run(&stores).await.unwrap();
    let (wrapped, unwrapped) = stores.1.asked();
    assert!(wrapped > 10 && unwrapped > 0, "{wrapped} {unwrapped}");
}

#[tokio::test]
async fn nothing_that_was_written_is_readable_below() {
    let below = MemoryStore::new();
    let state = State::open(Sealed::new(below.clone(), sealer(local()))).await.unwrap();
    state
        .run(|tx| {
            Box::pin(async move {
                tx.put(name("a"), "very confidential")?;
                tx.append(Topic::new("task.1")?, "task.made", "very confidential")?;
                Ok(())
            })
        })
        .await
        .unwrap();
    let mut seen = Vec::new();
    for entry in below.range(&KeyRange::all(), 100).await.unwrap() {
        seen.extend_from_slice(&entry.value);
    }
    for event in below.events(&TopicFilter::all(), 0, 100).await.unwrap() {
        seen.extend_from_slice(&event.data);
    }
    let mut view = below.view().await.unwrap();
    view.entries(None, 100).await.unwrap().iter().for_each(|entry| seen.extend_from_slice(&entry.value));
    assert!(seen.len() > 100);
    assert!(!seen.windows(4).any(|four| four == b"conf"));
    assert_eq!(&*state.get(&name("a")).await.unwrap().unwrap().value, b"very confidential");
    assert_eq!(&*state.events(&TopicFilter::all(), 0, 10).await.unwrap()[0].data, b"very confidential");
    state.close().await.unwrap();
}

/// Writes below a sealed store what is put in place of what is there.
async fn tamper(below: &MemoryStore, change: impl Fn(&mut Writes, Vec<Entry>, Vec<Event>)) {
    let tx = below.begin(Timestamp::now()).await.unwrap();
    let mut writes = Writes { head: tx.head(), ..Writes::default() };
    let entries = below.range(&KeyRange::all(), 100).await.unwrap();
    change(&mut writes, entries, below.events(&TopicFilter::all(), 0, 100).await.unwrap());
    tx.commit(writes).await.unwrap();
}

#[tokio::test]
async fn what_was_changed_or_moved_does_not_open() {
    let below = MemoryStore::new();
    let state = State::open(Sealed::new(below.clone(), sealer(local()))).await.unwrap();
    for text in ["a", "b", "c", "d"] {
        state.put(name(text), format!("the value of {text}")).await.unwrap();
    }
    for text in ["1", "2"] {
        let topic = Topic::of(&["task", text]).unwrap();
        let add = move |tx: &mut crate::state::Tx<'_>| tx.append(topic, "task.made", "made").map(|_| ());
        state.run(|tx| Box::pin(async move { add(tx) })).await.unwrap();
    }
    tamper(&below, |writes, entries, events| {
        // The value of b under the key of a, also with its version.
        writes.puts.push(Entry::new(name("a"), entries[1].value.clone(), entries[0].version, None));
        // A bit of c.
        let mut flipped = entries[2].value.to_vec();
        *flipped.last_mut().unwrap() ^= 1;
        writes.puts.push(Entry::new(name("c"), flipped.into(), entries[2].version, None));
        // d, as an older value is put back under a newer version.
        writes.puts.push(Entry::new(name("d"), entries[3].value.clone(), entries[3].version + 1, None));
        // What was never sealed.
        writes.puts.push(Entry::new(name("e"), "{}".into(), 1, None));
        // The data of one event in the place of the other.
        let mut event = events[0].clone();
        event.data = events[1].data.clone();
        writes.events.push(event);
    })
    .await;
    for text in ["a", "c", "d", "e"] {
        let error = state.get(&name(text)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Internal, "{text}");
        assert!(format!("{error:?}").contains(&name(text).to_string()), "it says where: {error:?}");
    }
    assert!(state.get(&name("b")).await.is_ok());
    assert!(state.events(&TopicFilter::new("task.1").unwrap(), 0, 10).await.is_err());
    assert!(state.events(&TopicFilter::new("task.2").unwrap(), 0, 10).await.is_ok());
    state.close().await.unwrap();
}

#[tokio::test]
async fn each_changed_byte_is_found() {
    let sealer = sealer(local());
    let sealed = sealer.seal(b"here", b"a value").await.unwrap();
    assert_ne!(sealed, sealer.seal(b"here", b"a value").await.unwrap(), "never twice the same");
    for at in 0..sealed.len() {
        let mut changed = sealed.to_vec();
        changed[at] ^= 0x10;
        assert!(sealer.open(b"here", &changed).await.is_err(), "byte {at}");
        assert!(sealer.open(b"here", &sealed[..at]).await.is_err(), "cut at {at}");
    }
    assert!(sealer.open(b"there", &sealed).await.is_err());
    assert_eq!(&*sealer.open(b"here", &sealed).await.unwrap(), b"a value");
    assert_eq!(&*sealer.open(b"", &sealer.seal(b"", b"").await.unwrap()).await.unwrap(), b"");
}

#[tokio::test(start_paused = true)]
async fn data_keys_are_made_seldom_and_changed_in_time() {
    let master = Counted::new();
    let sealer = Sealer::with_limits(Keyring::new(master.clone()).unwrap(), Duration::from_secs(60), 100);
    let mut sealed = Vec::new();
    for at in 0..100u8 {
        sealed.push(sealer.seal(b"", &[at]).await.unwrap());
    }
    assert_eq!(master.asked(), (1, 0));
    sealed.push(sealer.seal(b"", &[100]).await.unwrap());
    assert_eq!(master.asked(), (2, 0), "after so many values");
    tokio::time::advance(Duration::from_secs(60)).await;
    sealed.push(sealer.seal(b"", &[101]).await.unwrap());
    assert_eq!(master.asked(), (3, 0), "after so long");
    // Another process asks once for each data key.
    let other = Sealer::new(Keyring::new(master.clone()).unwrap());
    for (at, sealed) in sealed.iter().enumerate() {
        assert_eq!(&*other.open(b"", sealed).await.unwrap(), &[at as u8]);
    }
    assert_eq!(master.asked(), (3, 3));
}

/// A team changes its key in two rounds, a node at a time: at no step does a node meet a key that it does not have.
#[tokio::test]
async fn nodes_change_their_master_key_one_by_one() {
    let (old, new) = (LocalKey::generate().unwrap(), LocalKey::generate().unwrap());
    let again = |key: &(LocalKey, mosaic_core::types::Secret)| LocalKey::new(&key.1).unwrap();
    let below = MemoryStore::new();
    let open =
        async |ring: Keyring| State::open(Sealed::new(below.clone(), Sealer::new(ring))).await.unwrap();
    let before = || Keyring::new(again(&old)).unwrap();
    let reads_new = || before().or(again(&new)).unwrap();
    let writes_new = || Keyring::new(again(&new)).unwrap().or(again(&old)).unwrap();
    let mut nodes = [open(before()).await, open(before()).await];
    let mut written = Vec::new();
    let rings: [&dyn Fn() -> Keyring; 2] = [&reads_new, &writes_new];
    for (round, ring) in rings.iter().enumerate() {
        for at in 0..nodes.len() {
            nodes[at].close().await.unwrap();
            nodes[at] = open(ring()).await;
            for (by, node) in nodes.iter().enumerate() {
                let place = name(&format!("{round}-{at}-{by}"));
                node.put(place.clone(), "text").await.unwrap();
                written.push(place);
            }
            for (node, place) in nodes.iter().flat_map(|node| written.iter().map(move |place| (node, place)))
            {
                assert_eq!(&*node.get(place).await.unwrap().unwrap().value, b"text");
            }
        }
    }
}

#[tokio::test]
async fn a_new_master_key_takes_over_without_a_pause() {
    let (old, new) = (LocalKey::generate().unwrap(), LocalKey::generate().unwrap());
    let again = |key: &(LocalKey, mosaic_core::types::Secret)| LocalKey::new(&key.1).unwrap();
    let below = MemoryStore::new();
    let state = State::open(Sealed::new(below.clone(), sealer(again(&old)))).await.unwrap();
    for at in 0..25 {
        state.put(name(&format!("{at:02}")), format!("old {at}")).await.unwrap();
    }
    for at in 0..3 {
        let topic = Topic::new("log").unwrap();
        state.run(move |tx| Box::pin(async move { tx.append(topic, "old", format!("{at}")) })).await.unwrap();
    }
    // A node with both keys beside it.
    let both =
        Sealed::new(below.clone(), Sealer::new(Keyring::new(again(&new)).unwrap().or(again(&old)).unwrap()));
    let next = State::open(both.clone()).await.unwrap();
    next.put(name("new"), "new").await.unwrap();
    assert_eq!(&*next.get(&name("07")).await.unwrap().unwrap().value, b"old 7");
    assert_eq!(
        state.get(&name("new")).await.unwrap_err().kind(),
        ErrorKind::Config,
        "the old node has no such key"
    );

    let before = next.range(&KeyRange::all(), 100).await.unwrap();
    let (mut after, mut rounds) = (None, Vec::new());
    loop {
        let round: Resealed = both.reseal(after.as_ref(), 10, Timestamp::now()).await.unwrap();
        after = round.next.clone();
        rounds.push((round.seen, round.resealed));
        if after.is_none() {
            break;
        }
    }
    assert_eq!(rounds, [(10, 10), (10, 10), (6, 5)]);
    assert_eq!(both.reseal(None, 1_000, Timestamp::now()).await.unwrap().resealed, 0, "once");
    // Events stay under the old key until they are gone; then it may go.
    let used = async || {
        let used = both.keys_in_use().await.unwrap();
        used.into_iter().map(|(id, used)| (id, (used.values, used.events))).collect::<BTreeMap<_, _>>()
    };
    let [old_id, new_id] = [&old, &new].map(|key| again(key).id().to_owned());
    assert_eq!(used().await, BTreeMap::from([(new_id.clone(), (26, 0)), (old_id.clone(), (0, 3))]));
    next.run(|tx| {
        Box::pin(async move {
            tx.trim(None, 3);
            tx.append(Topic::new("log").unwrap(), "new", "new").map(drop)
        })
    })
    .await
    .unwrap();
    assert_eq!(used().await, BTreeMap::from([(new_id, (26, 1))]));
    // The same values in the same versions, without the old key.
    let only = State::open(Sealed::new(below.clone(), sealer(again(&new)))).await.unwrap();
    assert_eq!(only.range(&KeyRange::all(), 100).await.unwrap(), before);
    for state in [state, next, only] {
        state.close().await.unwrap();
    }
}

#[test]
fn keys_have_ids_of_their_own_and_are_never_shown() {
    let (key, text) = LocalKey::generate().unwrap();
    let ring = Keyring::new(LocalKey::new(&text).unwrap()).unwrap();
    assert!(!format!("{key:?} {ring:?}").contains(text.expose()));
    assert_eq!(ring.or(key).unwrap_err().kind(), ErrorKind::Config);
}
