use super::*;
use crate::state::{Expect, KeyRange, MemoryStore, State};

fn key(name: &str) -> Key {
    Key::of(&["k", name]).unwrap()
}

async fn state(options: StateOptions) -> State {
    let clock = Clock::tokio(Timestamp::from_second(1_800_000_000).unwrap());
    options.clock(clock).open(MemoryStore::new()).await.unwrap()
}

async fn put_for(state: &State, name: &str, time: Duration) {
    let key = key(name);
    let put = state.run(move |tx| {
        Box::pin(async move {
            let end = tx.now().saturating_add(time).unwrap();
            tx.put_until(key, "v", Some(end))
        })
    });
    put.await.unwrap();
}

async fn stored(state: &State) -> usize {
    state.store().range(&KeyRange::all(), 10_000).await.unwrap().len()
}

#[tokio::test(start_paused = true)]
async fn expired_values_are_deleted_and_watchers_hear() {
    let state = state(StateOptions::new()).await;
    for n in 0..1_300 {
        put_for(&state, &n.to_string(), Duration::from_secs(60)).await;
    }
    put_for(&state, "longer", Duration::from_secs(7_200)).await;
    put_for(&state, "renewed", Duration::from_secs(60)).await;
    put_for(&state, "renewed", Duration::from_secs(7_200)).await;
    put_for(&state, "sooner", Duration::from_secs(5)).await;
    let begin = Instant::now();
    let mut watch = state.watch(KeyRange::all(), state.head().revision);
    let first = watch.next().await.unwrap();
    assert_eq!(
        first.iter().map(|gone| (&gone.key, &gone.value)).collect::<Vec<_>>(),
        [(&key("sooner"), &None)]
    );
    assert!(begin.elapsed() <= Duration::from_secs(7), "{:?}", begin.elapsed());
    let mut gone = 0;
    while gone < 1_300 {
        gone += watch.next().await.unwrap().iter().filter(|change| change.value.is_none()).count();
    }
    assert!(begin.elapsed() <= Duration::from_secs(62), "{:?}", begin.elapsed());
    assert_eq!(stored(&state).await, 2);
    watch.next().await.unwrap();
    assert_eq!(stored(&state).await, 0);
    state.close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn without_such_values_time_does_not_move() {
    let state = state(StateOptions::new()).await;
    let begin = Instant::now();
    for n in 0..100 {
        state.put(key(&n.to_string()), "v").await.unwrap();
        tokio::task::yield_now().await;
    }
    assert_eq!(begin.elapsed(), Duration::ZERO);
    let head = state.head();
    tokio::time::sleep(Duration::from_secs(86_400)).await;
    assert_eq!(state.head(), head, "it wrote without need");
    state.close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn old_deletions_are_forgotten() {
    let state = state(StateOptions::new().keep_deletions(Duration::from_secs(80))).await;
    state.put(key("a"), "v").await.unwrap();
    state.delete_if(key("a"), Expect::Present).await.unwrap();
    for _ in 0..7 {
        state.put(key("b"), "v").await.unwrap();
        tokio::time::sleep(Duration::from_secs(11)).await;
    }
    assert_eq!(state.trimmed().await.unwrap().deletions, 0);
    let changes = state.changes(&KeyRange::all(), 0, 9).await.unwrap();
    assert_eq!(changes.len(), 2, "{changes:?}");
    for _ in 0..4 {
        state.put(key("b"), "v").await.unwrap();
        tokio::time::sleep(Duration::from_secs(11)).await;
    }
    assert!(state.trimmed().await.unwrap().deletions >= 2);
    assert!(state.changes(&KeyRange::all(), 0, 9).await.is_err());
    state.close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_expired_before_it_was_opened_is_deleted() {
    let store = MemoryStore::new();
    let clock = Clock::tokio(Timestamp::from_second(1_800_000_000).unwrap());
    let options = StateOptions::new().clock(clock);
    let before = options.clone().open(store.clone()).await.unwrap();
    put_for(&before, "a", Duration::from_secs(9)).await;
    before.close().await.unwrap();
    tokio::time::sleep(Duration::from_secs(10)).await;
    let state = options.open(store).await.unwrap();
    let mut watch = state.watch(KeyRange::all(), 1);
    assert_eq!(watch.next().await.unwrap()[0].value, None);
    state.close().await.unwrap();
}

#[tokio::test]
async fn a_state_that_is_dropped_ends_its_tasks() {
    let store = MemoryStore::new();
    let shared: Arc<dyn StateStore> = Arc::new(store);
    let state = StateOptions::new().open_shared(shared.clone()).await.unwrap();
    state.put(key("a"), "v").await.unwrap();
    drop(state);
    while Arc::strong_count(&shared) > 1 {
        tokio::task::yield_now().await;
    }
}
