//! Values and events: what was acknowledged is there, and a value moves exactly with its event.

use mosaic_core::error::Result;
use mosaic_mcp::state::{Key, State, Topic};

use super::place::events;
use super::worker::{Called, called, say};
use super::{Place, Witness, kills, play};
use crate::servers::Postgres;

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
    let Some(Called { place, life, .. }) = called() else { return };
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

/// Which step was acknowledged to whom.
struct Said(Vec<(u64, String)>);

impl Witness for Said {
    fn heard(&mut self, life: &str, word: &str) {
        self.0.push((word.parse().unwrap(), life.to_owned()));
    }
}

async fn nothing_is_lost(place: Place, seed: u64) {
    let mut said = Said(Vec::new());
    play("crash::state::worker", &place, seed, &mut said).await;
    let state = place.open().await;
    let last = state.read::<u64>(&counter()).await.unwrap().unwrap_or(0);
    let seen: Vec<(u64, u64, String)> = events(&state, "crash.>")
        .await
        .iter()
        .map(|event| {
            let (at, life) = serde_json::from_slice(&event.data).unwrap();
            (event.offset, at, life)
        })
        .collect();
    let steps: Vec<u64> = seen.iter().map(|(_, at, _)| *at).collect();
    assert_eq!(
        steps,
        (1..=last).collect::<Vec<_>>(),
        "each step has one event, in order, and nothing else has"
    );
    assert!(seen.iter().map(|(offset, ..)| *offset).eq(1..=last), "no offset is left out");
    for (at, life) in &said.0 {
        assert!(*at <= last, "step {at} was acknowledged to {life} and is lost");
        assert_eq!(&seen[*at as usize - 1].2, life, "step {at}");
        let kept: Option<String> =
            state.read(&Key::of(&["crash", "step", &at.to_string()]).unwrap()).await.unwrap();
        assert_eq!(kept.as_ref(), Some(life), "the value of step {at}");
    }
    assert!(said.0.len() > kills(), "the workers worked: {} steps were acknowledged", said.0.len());
    state.close().await.unwrap();
}

#[tokio::test]
async fn kills_lose_nothing_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    nothing_is_lost(Place::file(&folder), 1).await;
}

#[tokio::test]
async fn kills_lose_nothing_on_a_server() {
    let Some(server) = Postgres::start() else { return };
    nothing_is_lost(Place::Postgres(server.url().expose().to_owned()), 2).await;
}
