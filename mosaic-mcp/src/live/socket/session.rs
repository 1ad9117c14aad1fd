//! One connection: what it asked for, and what it is told.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;

use axum::extract::ws::{Message, WebSocket};
use futures_util::SinkExt as _;
use futures_util::stream::{SplitSink, StreamExt as _};
use mosaic_core::error::{Error, ErrorKind};
use mosaic_core::types::Effect;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

use super::Settings;
use super::frame::{Said, Told, read};
use crate::function::Catalogue;
use crate::live::follow::follow;
use crate::live::guest::{Guest, ended};

/// How many frames wait for a slow reader. What produces them waits then, too.
const UNREAD: usize = 64;

/// What is told, and the call or following that ends with it: its id is free from then on.
struct Line {
    told: Told,
    ends: Option<u64>,
}

pub(super) struct Session {
    settings: Settings,
    guest: Arc<Guest>,
    running: HashMap<u64, CancellationToken>,
    tasks: JoinSet<()>,
}

impl Session {
    pub(super) fn new(settings: Settings, guest: Arc<Guest>) -> Self {
        Self { settings, guest, running: HashMap::new(), tasks: JoinSet::new() }
    }

    /// Until one side closes the connection, the other side is silent, or the proof of the guest does not hold any more.
    pub(super) async fn run(mut self, socket: WebSocket) {
        let (mut write, mut read) = socket.split();
        let (tell, mut told) = mpsc::channel(UNREAD);
        let mut ping = interval(self.settings.ping);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut heard = Instant::now();
        let mut expiry = pin!(ended(self.settings.door.clone(), Arc::clone(&self.guest)));
        loop {
            let sent = tokio::select! {
                frame = read.next() => match frame {
                    Some(Ok(Message::Text(text))) => {
                        heard = Instant::now();
                        match self.hear(&text, &tell) {
                            Some(told) => self.send(&mut write, told).await,
                            None => true,
                        }
                    }
                    Some(Ok(Message::Binary(_))) => {
                        let error = Error::new(ErrorKind::Invalid, "frames are text");
                        self.send(&mut write, Told::fault(None, &error, Effect::Read)).await
                    }
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => { heard = Instant::now(); true }
                    Some(Ok(Message::Close(_)) | Err(_)) | None => false,
                },
                Some(Line { told, ends }) = told.recv() => {
                    if let Some(id) = ends {
                        self.running.remove(&id);
                    }
                    self.send(&mut write, told).await
                }
                Some(_) = self.tasks.join_next() => true,
                _ = ping.tick() => {
                    heard.elapsed() <= self.settings.ping * 2 && self.write(&mut write, Message::Ping(Default::default())).await
                }
                error = &mut expiry => {
                    self.send(&mut write, Told::fault(None, &error, Effect::Read)).await;
                    false
                }
            };
            if !sent {
                break;
            }
        }
        self.tasks.shutdown().await;
        // The other side may be gone already.
        let _ = timeout(self.settings.ping, write.close()).await;
    }

    /// Takes a frame; gives what is to be told at once.
    fn hear(&mut self, text: &str, tell: &mpsc::Sender<Line>) -> Option<Told> {
        let (door, guest) = (self.settings.door.clone(), Arc::clone(&self.guest));
        let said = match read(text) {
            Ok(said) => said,
            Err(error) => {
                let error = door.count(&guest).err().unwrap_or(error);
                return Some(Told::fault(None, &error, Effect::Read));
            }
        };
        let id = match &said {
            Said::Call { id, .. } | Said::Follow { id, .. } => *id,
            Said::Stop { stop } => {
                return match self.running.get(stop) {
                    Some(token) => {
                        token.cancel();
                        None
                    }
                    None => Some(Told::Ended { id: *stop, ended: true }),
                };
            }
        };
        if let Err(error) = door.count(&guest) {
            return Some(Told::fault(Some(id), &error, Effect::Read));
        }
        let full = self.running.len() >= self.settings.at_once;
        if full || self.running.contains_key(&id) {
            let error = if full {
                let most = self.settings.at_once;
                Error::new(ErrorKind::Throttled, format!("{most} calls and followings run at once at most"))
            } else {
                Error::new(ErrorKind::Invalid, "the id is taken by a call or a following that has not ended")
            };
            return Some(Told::fault(Some(id), &error.refused(), Effect::Read));
        }
        let inside = match door.begin(&guest) {
            Ok(inside) => inside,
            Err(error) => return Some(Told::fault(Some(id), &error, Effect::Read)),
        };
        let token = CancellationToken::new();
        self.running.insert(id, token.clone());
        let tell = tell.clone();
        match said {
            Said::Call { call, params, .. } => {
                self.tasks.spawn(async move {
                    let effect = Catalogue::all().find(&call).map_or(Effect::Read, |def| def.meta.effect);
                    let answer = async {
                        let cx = door.again(&guest).await?;
                        door.desk().call_json(&cx, &call, params).await
                    };
                    let answer = token.run_until_cancelled(answer).await;
                    drop(inside);
                    let told = match answer {
                        Some(Ok(answer)) => Told::Answer { id, answer },
                        Some(Err(error)) => Told::fault(Some(id), &error, effect),
                        None => Told::Ended { id, ended: true },
                    };
                    // Where nobody reads, the connection is ending.
                    let _ = tell.send(Line { told, ends: Some(id) }).await;
                });
            }
            Said::Follow { follow: topic, after, .. } => {
                self.tasks.spawn(async move {
                    let topic = Some(topic).filter(|topic| !topic.is_empty());
                    // The connection looks after the proof.
                    let mut events = pin!(follow(door, guest, topic, after, None));
                    while let Some(Some(next)) = token.run_until_cancelled(events.next()).await {
                        let told = match next {
                            Ok(followed) => Told::Event { id, event: followed.event, lag: followed.lag },
                            Err(error) => Told::fault(Some(id), &error, Effect::Read),
                        };
                        if tell.send(Line { told, ends: None }).await.is_err() {
                            return;
                        }
                    }
                    drop(inside);
                    let _ = tell.send(Line { told: Told::Ended { id, ended: true }, ends: Some(id) }).await;
                });
            }
            Said::Stop { .. } => {}
        }
        None
    }

    async fn send(&self, write: &mut SplitSink<WebSocket, Message>, told: Told) -> bool {
        // Everything that is told has a JSON form.
        let Ok(text) = serde_json::to_string(&told) else { return false };
        self.write(write, Message::Text(text.into())).await
    }

    /// Writes a frame; false where the other side does not take it in time.
    async fn write(&self, write: &mut SplitSink<WebSocket, Message>, message: Message) -> bool {
        matches!(timeout(self.settings.ping * 2, write.send(message)).await, Ok(Ok(())))
    }
}
