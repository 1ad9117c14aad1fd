//! Values and events: what was acknowledged is there, and a value moves exactly with its event.

use mosaic_core::error::Result;
use mosaic_mcp::state::{Key, State, Topic, TopicFilter};

use super::worker::{called, say};
use super::{Killed, Place, kills, words};

fn counter() -> Key {
    Key::of(&["crash", "counter"]).unwrap()
}

/// One step: the counter moves, and an event tells of it, with who did it.
async fn step(state: &State, life: String) -> Result<u64> {
    state
        .run(move |tx| {
            Box::pin(async move {
                let next = tx.read::<u64>(&counter()).await?.unwrap_or(0) + 1;
                tx.write(&counter(), &next)?;
                tx.write(&Key::of(&["crash", "step", &next.to_string()])?, &life)?;
                tx.emit(Topic::new("crash.step")?, "stepped", &(next, life))?;
                Ok(next)
            })
        })
        .await
}

/// The worker: several tasks step at once, so that groups have more than one of them. Does nothing in a test run of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn worker() {
    let Some((place, life)) = called() else { return };
    let state = place.open().await;
    let steppers = (0..3).map(|_| {
        let (state, life) = (state.clone(), life.clone());
        tokio::spawn(async move {
            loop {
                let at = step(&state, life.clone()).await.unwrap();
                say(&at.to_string());
            }
        })
    });
    futures_util::future::join_all(steppers).await;
}

/// Two workers at a time on one store, killed one after the other.
pub(super) async fn nothing_is_lost(place: Place, seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut said: Vec<(u64, String)> = Vec::new();
    let mut other: Option<(Killed, String)> = None;
    for kill in 0..kills() {
        let life = format!("life-{kill}");
        let worker = Killed::start("crash::state::worker", &place, &life);
        let (killed, name) = match other.replace((worker, life)) {
            Some(before) => before,
            None => continue,
        };
        let count = words(&mut random);
        let words = tokio::task::spawn_blocking(move || killed.kill_after(count)).await.unwrap();
        said.extend(words.iter().map(|word| (word.parse::<u64>().unwrap(), name.clone())));
    }
    drop(other);
    let state = place.open().await;
    let last = state.read::<u64>(&counter()).await.unwrap().unwrap_or(0);
    let mut seen: Vec<(u64, u64, String)> = Vec::new();
    loop {
        let after = seen.last().map_or(0, |(offset, ..)| *offset);
        let events = state.events(&TopicFilter::new("crash.>").unwrap(), after, 1_000).await.unwrap();
        if events.is_empty() {
            break;
        }
        for event in events {
            let (at, life): (u64, String) = serde_json::from_slice(&event.data).unwrap();
            seen.push((event.offset, at, life));
        }
    }
    let steps: Vec<u64> = seen.iter().map(|(_, at, _)| *at).collect();
    assert_eq!(
        steps,
        (1..=last).collect::<Vec<_>>(),
        "each step has one event, in order, and nothing else has"
    );
    assert!(seen.iter().map(|(offset, ..)| *offset).eq(1..=last), "no offset is left out");
    for (at, life) in &said {
        assert!(*at <= last, "step {at} was acknowledged to {life} and is lost");
        assert_eq!(&seen[*at as usize - 1].2, life, "step {at}");
        let kept: Option<String> =
            state.read(&Key::of(&["crash", "step", &at.to_string()]).unwrap()).await.unwrap();
        assert_eq!(kept.as_ref(), Some(life), "the value of step {at}");
    }
    assert!(said.len() > kills(), "the workers worked: {} steps were acknowledged", said.len());
    state.close().await.unwrap();
}

#[tokio::test]
async fn nothing_is_lost_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::Sqlite(folder.path().join("state.db").to_str().unwrap().to_owned());
    nothing_is_lost(place, 1).await;
}
