//! Several mailboxes against a model: who gets what is sent, published, broadcast and answered, once and in order.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use mosaic_core::error::ErrorKind;
use mosaic_core::types::{Page, PageRequest};
use mosaic_mcp::coordination::messages::*;
use mosaic_mcp::state::{Topic, TopicFilter};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use tokio::time::advance;

use super::{agent, node};
use crate::ground::Ground;

const BOXES: [&str; 3] = ["ann", "bob", "cem.x"];
const PROJECTS: [&str; 2] = ["api", "web"];
const FILTERS: [&str; 6] = ["a.*", "b.*", "a.>", "a.1", ">", "*.2"];
const TOPICS: [&str; 4] = ["a.1", "a.2", "b.2", "a.1.x"];
/// For how long a message is known by its id.
const HOUR: u64 = 3_600;

/// What a sender says of a message, wherever it goes.
#[derive(Debug, Clone, PartialEq)]
struct Note {
    sender: usize,
    body: u8,
    conversation: Option<u8>,
    id: Option<u8>,
    seconds: Option<u64>,
    unordered: bool,
}

#[derive(Debug, Clone, PartialEq)]
enum To {
    /// With the mailbox for the answer, and in how many seconds.
    Mailbox(usize, Option<(usize, u64)>),
    Topic(usize),
    Everyone(Option<usize>),
}

#[derive(Debug, Clone)]
enum Step {
    Open {
        mailbox: usize,
        project: Option<usize>,
        drops: Option<bool>,
        limit: Option<u64>,
    },
    Close {
        mailbox: usize,
    },
    Follow {
        mailbox: usize,
        filter: usize,
        leave: bool,
    },
    Send {
        note: Note,
        to: To,
    },
    /// Takes some and says that they are done; those that want an answer get one.
    Take {
        mailbox: usize,
        limit: u64,
    },
    Pass {
        seconds: u64,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let note = (0usize..2, 0u8..4, prop::option::weighted(0.3, 0u8..2), prop::option::weighted(0.4, 0u8..3));
    let note = (note, prop::option::weighted(0.2, 1u64..20), prop::bool::weighted(0.2));
    let note = note.prop_map(|((sender, body, conversation, id), seconds, unordered)| Note {
        sender,
        body,
        conversation,
        id,
        seconds,
        unordered,
    });
    let to = prop_oneof![
        4 => (0..BOXES.len(), prop::option::weighted(0.4, (0..BOXES.len(), 1u64..40)))
            .prop_map(|(mailbox, answer)| To::Mailbox(mailbox, answer)),
        3 => (0..TOPICS.len()).prop_map(To::Topic),
        1 => prop::option::of(0..PROJECTS.len()).prop_map(To::Everyone),
    ];
    let project = prop::option::weighted(0.3, 0..PROJECTS.len());
    let open =
        (0..BOXES.len(), project, prop::option::weighted(0.3, any::<bool>()), prop::option::of(1u64..6));
    prop_oneof![
        4 => open.prop_map(|(mailbox, project, drops, limit)| Step::Open { mailbox, project, drops, limit }),
        1 => (0..BOXES.len()).prop_map(|mailbox| Step::Close { mailbox }),
        3 => (0..BOXES.len(), 0..FILTERS.len(), prop::bool::weighted(0.3))
            .prop_map(|(mailbox, filter, leave)| Step::Follow { mailbox, filter, leave }),
        9 => (note, to).prop_map(|(note, to)| Step::Send { note, to }),
        4 => (0..BOXES.len(), 1u64..5).prop_map(|(mailbox, limit)| Step::Take { mailbox, limit }),
        2 => prop_oneof![5 => 1u64..15, 1 => HOUR - 5..HOUR + 5].prop_map(|seconds| Step::Pass { seconds }),
    ]
}

#[derive(Debug, Clone, PartialEq)]
struct Letter {
    from: String,
    body: String,
    conversation: Option<String>,
    topic: Option<&'static str>,
    in_reply_to: Option<String>,
    /// Where its answer goes, and until when it is taken.
    answer: Option<(usize, u64)>,
    expires: Option<u64>,
    unordered: bool,
    /// Somebody works on it.
    out: bool,
}

#[derive(Debug, Clone)]
struct Held {
    project: Option<usize>,
    drops: bool,
    limit: u64,
    letters: Vec<Letter>,
    follows: BTreeSet<usize>,
    dropped: u64,
    expired: u64,
}

#[derive(Debug, Clone, Default)]
struct Model {
    time: u64,
    boxes: BTreeMap<usize, Held>,
    /// What was sent under an id: the message, how many have it, who refused it, and until when it is known.
    known: BTreeMap<(usize, u8), (Note, To, Sent, u64)>,
}

impl Held {
    fn drop_expired(&mut self, now: u64) {
        let before = self.letters.len();
        self.letters.retain(|letter| letter.out || letter.expires.is_none_or(|end| end > now));
        self.expired += (before - self.letters.len()) as u64;
    }

    /// Whether the letter is in.
    fn put(&mut self, letter: Letter, now: u64) -> bool {
        if self.letters.len() as u64 >= self.limit {
            self.drop_expired(now);
        }
        while self.drops && self.letters.len() as u64 >= self.limit {
            let Some(oldest) = self.letters.iter().position(|letter| !letter.out) else { break };
            self.letters.remove(oldest);
            self.dropped += 1;
        }
        let room = (self.letters.len() as u64) < self.limit;
        if room {
            self.letters.push(letter);
        }
        room
    }

    /// The places of the first of each sender and conversation.
    fn heads(&self, limit: u64) -> Vec<usize> {
        let mut lanes = BTreeSet::new();
        let mut heads = Vec::new();
        for (at, letter) in self.letters.iter().enumerate() {
            let own = letter.unordered.then_some(at);
            let conversation = letter.conversation.as_ref().filter(|_| !letter.unordered);
            if lanes.insert((&letter.from, conversation, own)) {
                heads.push(at);
            }
        }
        heads.truncate(limit as usize);
        heads
    }
}

struct Course {
    nodes: Vec<Messages>,
    model: Model,
    turn: usize,
}

impl Course {
    fn messages(&self) -> &Messages {
        &self.nodes[self.turn % 2]
    }

    async fn take(&mut self, step: Step) {
        self.turn += 1;
        let (cx, messages) = (agent("reader"), self.messages().clone());
        match step {
            Step::Open { mailbox, project, drops, limit } => {
                let mut op = OpenMailbox::new(BOXES[mailbox]);
                op.project = project.map(|project| PROJECTS[project].to_owned());
                op.overflow = drops.map(|drops| if drops { Overflow::DropOldest } else { Overflow::Reject });
                op.limit = limit;
                let done = messages.open_mailbox(&cx, op).await;
                let Some(held) = self.model.boxes.get_mut(&mailbox) else {
                    done.unwrap();
                    let held = Held {
                        project,
                        drops: drops.unwrap_or(false),
                        limit: limit.unwrap_or(1_000),
                        letters: Vec::new(),
                        follows: BTreeSet::new(),
                        dropped: 0,
                        expired: 0,
                    };
                    self.model.boxes.insert(mailbox, held);
                    return;
                };
                let other = project.is_some() && project != held.project
                    || drops.is_some_and(|drops| drops != held.drops);
                match done {
                    Ok(_) => {
                        assert!(!other);
                        held.limit = limit.unwrap_or(held.limit);
                    }
                    Err(error) => assert!(other && error.kind() == ErrorKind::Conflict, "{error}"),
                }
            }
            Step::Close { mailbox } => {
                let done = messages.close_mailbox(&cx, CloseMailbox::new(BOXES[mailbox])).await;
                assert_eq!(done.is_ok(), self.model.boxes.remove(&mailbox).is_some());
            }
            Step::Follow { mailbox, filter, leave } => {
                let (name, topic) = (BOXES[mailbox], TopicFilter::new(FILTERS[filter]).unwrap());
                let done = if leave {
                    messages.unfollow_topic(&cx, UnfollowTopic::new(name, topic)).await
                } else {
                    messages.follow_topic(&cx, FollowTopic::new(name, topic)).await
                };
                let held = self.model.boxes.get_mut(&mailbox);
                assert_eq!(done.is_ok(), held.is_some());
                if let Some(held) = held {
                    if leave {
                        held.follows.remove(&filter)
                    } else {
                        held.follows.insert(filter)
                    };
                }
            }
            Step::Send { note, to } => self.send(note, to).await,
            Step::Take { mailbox, limit } => self.receive(mailbox, limit).await,
            Step::Pass { seconds } => {
                advance(Duration::from_secs(seconds)).await;
                self.model.time += seconds;
            }
        }
    }

    async fn call(&self, note: &Note, to: &To) -> mosaic_core::Result<Sent> {
        let (cx, messages) = (agent(&format!("sender-{}", note.sender)), self.messages());
        let conversation = note.conversation.map(|c| format!("c{c}"));
        let id = note.id.map(|id| format!("id-{id}"));
        let body = format!("body {}", note.body);
        match *to {
            To::Mailbox(mailbox, answer) => {
                let mut op = SendMessage::new(BOXES[mailbox], body).unordered(note.unordered);
                (op.conversation, op.id, op.seconds) = (conversation, id, note.seconds);
                op.reply_to = answer.map(|(to, _)| BOXES[to].to_owned());
                op.reply_within = answer.map(|(_, within)| within);
                messages.send_message(&cx, op).await
            }
            To::Topic(topic) => {
                let topic = Topic::new(TOPICS[topic]).unwrap();
                let mut op = PublishMessage::new(topic, body).unordered(note.unordered);
                (op.conversation, op.id, op.seconds) = (conversation, id, note.seconds);
                messages.publish_message(&cx, op).await
            }
            To::Everyone(project) => {
                let mut op = BroadcastMessage::new(body).unordered(note.unordered);
                (op.conversation, op.id, op.seconds) = (conversation, id, note.seconds);
                op.project = project.map(|project| PROJECTS[project].to_owned());
                messages.broadcast_message(&cx, op).await
            }
        }
    }

    async fn send(&mut self, note: Note, to: To) {
        let done = self.call(&note, &to).await;
        let now = self.model.time;
        self.model.known.retain(|_, (.., end)| *end > now);
        let name = note.id.map(|id| (note.sender, id));
        if let Some((said, went, sent, _)) = name.and_then(|name| self.model.known.get(&name)) {
            match done {
                Ok(again) => {
                    assert!((said, went) == (&note, &to), "another message went through as {again:?}");
                    assert_eq!(again, sent.clone().repeated(true));
                }
                Err(error) => {
                    assert!((said, went) != (&note, &to) && error.kind() == ErrorKind::Conflict, "{error}")
                }
            }
            return;
        }
        let chosen: Vec<usize> = (0..BOXES.len()).filter(|at| self.model.boxes.contains_key(at)).collect();
        let reaches = |at: &usize| match to {
            To::Mailbox(mailbox, _) => *at == mailbox,
            To::Topic(topic) => {
                let topic = Topic::new(TOPICS[topic]).unwrap();
                let follows = &self.model.boxes[at].follows;
                follows.iter().any(|filter| TopicFilter::new(FILTERS[*filter]).unwrap().matches(&topic))
            }
            To::Everyone(project) => project.is_none() || self.model.boxes[at].project == project,
        };
        let chosen: Vec<usize> = chosen.into_iter().filter(reaches).collect();
        let mut letter = Letter {
            from: format!("agent sender-{}", note.sender),
            body: format!("body {}", note.body),
            conversation: note.conversation.map(|c| format!("c{c}")),
            topic: None,
            in_reply_to: None,
            answer: None,
            expires: note.seconds.map(|seconds| now + seconds),
            unordered: note.unordered,
            out: false,
        };
        match to {
            To::Mailbox(_, answer) => letter.answer = answer.map(|(to, within)| (to, now + within)),
            To::Topic(topic) => letter.topic = Some(TOPICS[topic]),
            To::Everyone(_) => {}
        }
        let mut after = self.model.clone();
        let (mut delivered, mut refused) = (0, Vec::new());
        for at in &chosen {
            if after.boxes.get_mut(at).unwrap().put(letter.clone(), now) {
                delivered += 1;
            } else {
                refused.push(BOXES[*at].to_owned());
            }
        }
        if let (To::Mailbox(..), 0) = (&to, delivered) {
            let kind = if chosen.is_empty() { ErrorKind::NotFound } else { ErrorKind::QuotaExceeded };
            assert_eq!(done.unwrap_err().kind(), kind);
            return;
        }
        let sent = done.unwrap();
        assert_eq!(
            (sent.delivered, &sent.refused, sent.repeated),
            (delivered, &refused, false),
            "{:#?}",
            self.model
        );
        if let Some(name) = name {
            after.known.insert(name, (note, to, sent, now + HOUR));
        }
        self.model = after;
    }

    async fn receive(&mut self, mailbox: usize, limit: u64) {
        let (cx, name, now) = (agent("reader"), BOXES[mailbox], self.model.time);
        let messages = self.messages().clone();
        let done = messages.receive_messages(&cx, ReceiveMessages::new(name).limit(limit)).await;
        let Some(held) = self.model.boxes.get_mut(&mailbox) else {
            assert_eq!(done.unwrap_err().kind(), ErrorKind::NotFound);
            return;
        };
        let done = done.unwrap();
        held.drop_expired(now);
        let mut letters: Vec<Letter> = Vec::new();
        for at in held.heads(limit) {
            held.letters[at].out = true;
            letters.push(held.letters[at].clone());
        }
        let got = done.messages.iter().map(|message| Letter {
            from: message.from.clone(),
            body: message.body.as_str().unwrap().to_owned(),
            conversation: message.conversation.clone(),
            topic: message
                .topic
                .as_ref()
                .and_then(|topic| TOPICS.into_iter().find(|known| *known == topic.as_str())),
            in_reply_to: message.in_reply_to.clone(),
            ..letters[0].clone()
        });
        let plain = |letter: &Letter| Letter {
            answer: None,
            expires: None,
            unordered: false,
            out: false,
            ..letter.clone()
        };
        let got: Vec<Letter> =
            if letters.is_empty() { Vec::new() } else { got.map(|letter| plain(&letter)).collect() };
        assert_eq!(got, letters.iter().map(plain).collect::<Vec<_>>(), "{:#?}", self.model);
        assert_eq!(done.messages.len(), letters.len());
        for (letter, message) in letters.into_iter().zip(done.messages) {
            assert_eq!(message.answer_by.is_some(), letter.answer.is_some());
            let answered = match letter.answer {
                Some(answer) => self.answer(mailbox, &message, &letter, answer).await,
                None => false,
            };
            if !answered {
                let op = AcknowledgeMessages::new(name, vec![message.receipt.clone()]);
                assert_eq!(messages.acknowledge_messages(&cx, op).await.unwrap().settled, 1);
                self.model.boxes.get_mut(&mailbox).unwrap().done(&letter);
            }
        }
    }

    /// Answers a message; tells whether it is done.
    async fn answer(
        &mut self,
        mailbox: usize,
        asked: &Message,
        letter: &Letter,
        (to, until): (usize, u64),
    ) -> bool {
        let op = ReplyMessage::new(BOXES[mailbox], asked.receipt.clone(), "answer");
        let done = self.messages().reply_message(&agent("reader"), op).await;
        let now = self.model.time;
        let mut after = self.model.clone();
        after.boxes.get_mut(&mailbox).unwrap().done(letter);
        let reply = Letter {
            from: "agent reader".to_owned(),
            body: "answer".to_owned(),
            conversation: letter.conversation.clone(),
            topic: None,
            in_reply_to: Some(asked.id.clone()),
            answer: None,
            expires: None,
            unordered: letter.unordered,
            out: false,
        };
        let delivered = match after.boxes.get_mut(&to) {
            Some(held) if now < until => {
                if !held.put(reply, now) {
                    // It is refused as a whole.
                    assert_eq!(done.unwrap_err().kind(), ErrorKind::QuotaExceeded);
                    return false;
                }
                true
            }
            _ => false,
        };
        assert_eq!(done.unwrap().delivered, delivered);
        self.model = after;
        true
    }

    async fn check(&self) {
        let (cx, messages) = (agent("reader"), self.messages());
        for (at, held) in &self.model.boxes {
            let found = messages.get_mailbox(&cx, GetMailbox::new(BOXES[*at])).await.unwrap();
            assert_eq!(
                (found.held, found.given, found.dropped, found.expired, found.topics.len()),
                (held.letters.len() as u64, 0, held.dropped, held.expired, held.follows.len()),
                "{} of {:#?}",
                BOXES[*at],
                self.model
            );
        }
        for project in [None, Some(0), Some(1)] {
            let mut op = ListMailboxes::new();
            op.project = project.map(|project: usize| PROJECTS[project].to_owned());
            op.page = PageRequest::first(2);
            let mut names = Vec::new();
            loop {
                let Page { items, next, .. } = messages.list_mailboxes(&cx, op.clone()).await.unwrap();
                names.extend(items.into_iter().map(|found| found.mailbox));
                let Some(next) = next else { break };
                op.page = PageRequest::first(2).at(next);
            }
            let of = self.model.boxes.iter().filter(|(_, held)| project.is_none() || held.project == project);
            assert_eq!(names, of.map(|(at, _)| BOXES[*at]).collect::<Vec<_>>());
        }
    }
}

impl Held {
    /// The first that is like this one is done.
    fn done(&mut self, letter: &Letter) {
        let at = self.letters.iter().position(|held| held == letter).unwrap();
        self.letters.remove(at);
    }
}

async fn play(on: &Ground, steps: Vec<Step>) {
    let spot = on.spot();
    let (one, two) = (node(&spot).await, node(&spot).await);
    let mut course = Course { nodes: vec![one.1, two.1], model: Model::default(), turn: 0 };
    for step in steps {
        course.take(step).await;
        course.check().await;
    }
    one.0.close().await.unwrap();
    two.0.close().await.unwrap();
}

fn courses(on: &Ground, few: u32) {
    let mut runner = TestRunner::new(crate::support::cases(few));
    let ended = runner.run(&prop::collection::vec(step(), 1..70), |steps| {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(play(on, steps));
        Ok(())
    });
    ended.unwrap();
}

#[test]
fn many_mailboxes_do_what_the_model_does() {
    courses(&Ground::memory(), 200);
}

#[cfg(feature = "sqlite")]
#[test]
fn many_mailboxes_in_files_do_what_the_model_does() {
    courses(&Ground::folder(), 4);
}

#[cfg(feature = "postgres")]
#[test]
fn many_mailboxes_on_a_server_do_what_the_model_does() {
    let Some(on) = Ground::server() else { return };
    courses(&on, 3);
}
