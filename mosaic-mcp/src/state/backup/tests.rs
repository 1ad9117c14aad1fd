use std::sync::atomic::{AtomicBool, Ordering};

use mosaic_core::error::ErrorKind;

use super::*;
use crate::state::{
    Expect, Head, Key, KeyRange, MemoryStore, State, StateOptions, StateStore, Topic, TopicFilter, Trim,
    Writes,
};

/// A state with everything that there is: values, ends, deletions, events, removed ones.
async fn some(state: &State, values: usize) {
    for n in 0..values {
        let put = state.run(move |tx| {
            Box::pin(async move {
                let end = (n % 7 == 0).then(|| tx.now() + std::time::Duration::from_secs(9_000));
                let key = Key::of(&["k", &format!("{n}/ü\"")])?;
                tx.put_until(key, vec![u8::try_from(n % 256).unwrap_or(0); n % 90], end)?;
                tx.append(Topic::new(format!("log.{}", n % 5))?, "kind ü", vec![0xff; n % 50])
            })
        });
        put.await.unwrap();
    }
    state.delete_if(Key::of(&["k", "1/ü\""]).unwrap(), Expect::Present).await.unwrap();
    let trim = state.run(move |tx| {
        Box::pin(async move {
            tx.trim(None, 3);
            tx.trim(Some(Topic::new("log.2")?), u64::MAX);
            Ok(())
        })
    });
    trim.await.unwrap();
}

async fn everything(state: &State) -> (Head, Vec<crate::state::Entry>, Vec<crate::state::Event>) {
    let entries = state.range(&KeyRange::all(), 10_000).await.unwrap();
    (state.head(), entries, state.store().events(&TopicFilter::all(), 0, 10_000).await.unwrap())
}

#[tokio::test]
async fn everything_comes_back_in_another_store() {
    let state = State::open(MemoryStore::new()).await.unwrap();
    some(&state, 300).await;
    let mut file = Vec::new();
    let summary = state.backup(&mut file).await.unwrap();
    assert_eq!((summary.values, summary.events, summary.head), (299, 297 - 60 + 1, state.head()));
    assert_eq!(verify(&file[..]).await.unwrap(), summary);
    let mut stores: Vec<std::sync::Arc<dyn StateStore>> = vec![std::sync::Arc::new(MemoryStore::new())];
    #[cfg(feature = "sqlite")]
    let folder = tempfile::tempdir().unwrap();
    #[cfg(feature = "sqlite")]
    {
        let store = crate::state::SqliteStore::open(folder.path().join("state.db")).await.unwrap();
        stores.push(std::sync::Arc::new(store));
    }
    for store in stores {
        assert_eq!(restore(store.as_ref(), &file[..]).await.unwrap(), summary);
        let again = restore(store.as_ref(), &file[..]).await;
        assert_eq!(again.unwrap_err().kind(), ErrorKind::Conflict);
        let other = StateOptions::new().open_shared(store).await.unwrap();
        assert_eq!(everything(&other).await, everything(&state).await);
        let (mut told, known) = (other.trimmed().await.unwrap(), state.trimmed().await.unwrap());
        assert_eq!(told.deletions, summary.head.revision);
        told.deletions = known.deletions;
        assert_eq!(told, known);
        let last = other.run(|tx| {
            Box::pin(async move {
                let gone = tx.last_offset(&Topic::new("log.2")?).await?;
                let next = tx.append(Topic::new("log.2")?, "k", "")?;
                Ok((gone, next, tx.revision()))
            })
        });
        assert_eq!(last.await.unwrap(), (298, 301, summary.head.revision + 1));
        let mut second = Vec::new();
        let again = other.backup(&mut second).await.unwrap();
        assert_eq!((again.values, again.events), (299, summary.events + 1));
        other.close().await.unwrap();
    }
    state.close().await.unwrap();
}

#[tokio::test]
async fn a_backup_under_load_is_of_one_moment() {
    let state = State::open(MemoryStore::new()).await.unwrap();
    let stop = std::sync::Arc::new(AtomicBool::new(false));
    // Each transaction keeps two values equal, and says so in the log.
    let writer = tokio::spawn({
        let (state, stop) = (state.clone(), stop.clone());
        async move {
            let mut n = 0_u64;
            while !stop.load(Ordering::Relaxed) {
                n += 1;
                let both = state.run(move |tx| {
                    Box::pin(async move {
                        tx.write(&Key::of(&["a"])?, &n)?;
                        tx.write(&Key::of(&["z"])?, &n)?;
                        tx.emit(Topic::new("n")?, "n", &n)
                    })
                });
                both.await.unwrap();
            }
        }
    });
    for _ in 0..20 {
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        let mut file = Vec::new();
        let summary = state.backup(&mut file).await.unwrap();
        let store = MemoryStore::new();
        restore(&store, &file[..]).await.unwrap();
        let other = State::open(store).await.unwrap();
        let read = |name: &'static str| {
            let other = other.clone();
            async move { other.read::<u64>(&Key::of(&[name]).unwrap()).await.unwrap().unwrap_or(0) }
        };
        assert_eq!((read("a").await, read("z").await), (summary.events, summary.events));
        assert_eq!(summary.head, Head { revision: summary.events, offset: summary.events });
        other.close().await.unwrap();
    }
    stop.store(true, Ordering::Relaxed);
    writer.await.unwrap();
    state.close().await.unwrap();
}

async fn restored(file: &[u8]) -> mosaic_core::Result<Summary> {
    let store = MemoryStore::new();
    let restored = restore(&store, file).await;
    if restored.is_err() {
        assert_eq!(store.head().await.unwrap(), Head::default(), "half of it was restored");
        assert!(store.range(&KeyRange::all(), 1).await.unwrap().is_empty());
    }
    restored
}

#[tokio::test]
async fn what_is_cut_or_altered_is_refused() {
    let state = State::open(MemoryStore::new()).await.unwrap();
    some(&state, 20).await;
    let mut file = Vec::new();
    state.backup(&mut file).await.unwrap();
    restored(&file).await.unwrap();
    for length in 0..file.len() {
        let error = restored(&file[..length]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "cut at {length}: {error}");
    }
    for at in 0..file.len() {
        let mut other = file.clone();
        other[at] ^= 1;
        let error = restored(&other).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "altered at {at}: {error}");
    }
    let longer = [&file[..], b"\n"].concat();
    assert!(restored(&longer).await.unwrap_err().message().contains("behind the end"));
    let lines: Vec<&[u8]> = file.split_inclusive(|byte| *byte == b'\n').collect();
    for at in 1..lines.len() {
        let without: Vec<u8> =
            lines.iter().enumerate().filter(|(n, _)| *n != at).flat_map(|(_, line)| line.to_vec()).collect();
        restored(&without).await.unwrap_err();
        let mut swapped = lines.clone();
        swapped.swap(at, (at + 1).min(lines.len() - 1));
        if swapped != lines {
            restored(&swapped.concat()).await.unwrap_err();
        }
    }
    let newer = String::from_utf8(file).unwrap().replacen("\"mosaic_state\":2", "\"mosaic_state\":3", 1);
    assert!(restored(newer.as_bytes()).await.unwrap_err().message().contains("newer program"));
    let other = br#"{"mosaic_state":4,"another":"form"}"#;
    assert!(restored(&[other, &b"\n"[..]].concat()).await.unwrap_err().message().contains("newer program"));
    state.close().await.unwrap();
}

#[tokio::test]
async fn a_topic_of_which_nothing_could_be_removed_is_restored() {
    let state = State::open(MemoryStore::new()).await.unwrap();
    let topic = Topic::new("log").unwrap();
    let of = topic.clone();
    state.run(move |tx| Box::pin(async move { tx.put_snapshot(&of, 0, "nothing").await })).await.unwrap();
    assert_eq!(state.compact(&topic).await.unwrap(), 0);
    some(&state, 3).await;
    let mut file = Vec::new();
    state.backup(&mut file).await.unwrap();
    restored(&file).await.unwrap();
    // As stores were that had noted it.
    let store = MemoryStore::new();
    let mut tx = StateStore::begin(&store, state.now()).await.unwrap();
    let (trims, head) = (vec![Trim { topic: Some(topic), through: 0 }], Head { revision: 1, offset: 0 });
    tx.write(Writes { trims, head, ..Writes::default() }).await.unwrap();
    tx.commit(Writes { head, ..Writes::default() }).await.unwrap();
    let old = State::open(store).await.unwrap();
    let mut file = Vec::new();
    old.backup(&mut file).await.unwrap();
    restored(&file).await.unwrap();
    old.close().await.unwrap();
    state.close().await.unwrap();
}

#[tokio::test]
async fn files_are_whole_or_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.backup");
    let state = State::open(MemoryStore::new()).await.unwrap();
    some(&state, 30).await;
    let summary = state.backup_to(&path).await.unwrap();
    assert_eq!(summary.bytes, std::fs::metadata(&path).unwrap().len());
    assert_eq!(state.backup_to(&path).await.unwrap_err().kind(), ErrorKind::Conflict);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else stays");
    assert_eq!(verify_file(&path).await.unwrap(), summary);
    let store = MemoryStore::new();
    assert_eq!(restore_from(&store, &path).await.unwrap(), summary);
    assert_eq!(store.head().await.unwrap(), summary.head);
    assert!(verify_file(folder.path().join("none")).await.is_err());
    state.close().await.unwrap();
}
