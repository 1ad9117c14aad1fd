//! Nobody waits while there is work: readers of a mailbox and agents on two nodes, some of which give up waiting.

use std::sync::Arc;
use std::time::Duration;

use mosaic_core::context::{CallContext, Principal};
use mosaic_core::types::Timestamp;
use mosaic_mcp::coordination::agents::RegisterAgent;
use mosaic_mcp::coordination::messages::{
    AcknowledgeMessages, Messages, OpenMailbox, ReceiveMessages, SendMessage,
};
use mosaic_mcp::coordination::tasks::{ClaimTasks, CompleteTask, SubmitTask};
use mosaic_mcp::coordination::{AgentId, Coordination, CoordinationOptions, ProjectId};
use mosaic_mcp::state::{Clock, State, StateOptions};
use parking_lot::Mutex;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use crate::support::SharedStore;

/// How long work may lie while somebody waits for it, in milliseconds.
const MOST: u64 = 20;
/// How long a reader has for a message, in seconds: what was given to one who went before it heard of it lies for so long.
const LEASE: u64 = 1;

/// What happens, each some milliseconds after the one before.
#[derive(Debug, Clone)]
enum Step {
    /// Work comes that takes so long, several at once.
    Work { each: Vec<u64> },
    /// A worker that waits gives up, and another takes its place.
    Instead { worker: usize },
}

fn course() -> impl Strategy<Value = (usize, Vec<(u64, Step)>)> {
    let step = prop_oneof![
        4 => prop::collection::vec(0u64..400, 1..5).prop_map(|each| Step::Work { each }),
        1 => (0usize..4).prop_map(|worker| Step::Instead { worker }),
    ];
    (1usize..4, prop::collection::vec((prop_oneof![1 => Just(0u64), 2 => 1u64..300], step), 1..30))
}

/// Who worked on what, and when: work, worker, from, to.
type Done = (u64, usize, u64, u64);

/// All that was done.
#[derive(Clone)]
struct Book {
    began: Instant,
    /// How long work may lie.
    most: u64,
    done: Arc<Mutex<Vec<Done>>>,
}

impl Book {
    fn now(&self) -> u64 {
        self.began.elapsed().as_millis() as u64
    }

    async fn work(&self, number: u64, worker: usize, takes: u64) {
        let from = self.now();
        sleep(Duration::from_millis(takes)).await;
        self.done.lock().push((number, worker, from, self.now()));
    }

    /// Whatever lay had nobody who was free for it.
    fn check(&self, workers: usize, came: &[u64]) {
        let done = self.done.lock();
        assert_eq!(done.len(), came.len(), "everything is done, once");
        for (number, _, from, _) in done.iter() {
            let since = came[*number as usize];
            for worker in 0..workers {
                let mut free = since;
                let mut of: Vec<_> = done.iter().filter(|(_, who, ..)| *who == worker).collect();
                of.sort_by_key(|(.., begin, _)| *begin);
                for (.., begin, end) in of {
                    let idle = (*begin).min(*from).saturating_sub(free);
                    assert!(
                        idle <= self.most,
                        "{number} lay from {since} to {from}: {worker} was free for {idle} ms"
                    );
                    free = free.max(*end);
                }
                assert!(
                    from.saturating_sub(free) <= self.most,
                    "{number} lay from {since} to {from}: {worker} was free"
                );
            }
        }
    }
}

async fn nodes() -> [State; 2] {
    let store = SharedStore::new();
    let clock = Clock::tokio(Timestamp::from_second(1_800_000_000).unwrap());
    let open = || StateOptions::new().clock(clock).open(store.clone());
    [open().await.unwrap(), open().await.unwrap()]
}

/// Plays a course: `bring` brings work with a number and how long it takes, `worker` begins one who works until it is stopped.
async fn play<B>(
    workers: usize,
    steps: Vec<(u64, Step)>,
    book: Book,
    busy: Arc<Mutex<Vec<bool>>>,
    bring: impl Fn(u64, u64) -> B,
    worker: impl Fn(usize) -> JoinHandle<()>,
) where
    B: Future<Output = ()>,
{
    let mut lives: Vec<JoinHandle<()>> = (0..workers).map(&worker).collect();
    let mut came = Vec::new();
    for (gap, step) in steps {
        sleep(Duration::from_millis(gap)).await;
        match step {
            Step::Work { each } => {
                for takes in each {
                    came.push(book.now());
                    bring(came.len() as u64 - 1, takes).await;
                }
            }
            Step::Instead { worker: at } if at < workers && !busy.lock()[at] => {
                lives[at].abort();
                lives[at] = worker(at);
            }
            Step::Instead { .. } => {}
        }
    }
    // Longer than all of it takes.
    sleep(Duration::from_secs(120)).await;
    lives.iter().for_each(JoinHandle::abort);
    book.check(workers, &came);
}

fn runs<F: Future<Output = ()>>(test: impl Fn(usize, Vec<(u64, Step)>) -> F) {
    let mut runner = TestRunner::new(crate::support::cases(25));
    let ended = runner.run(&course(), |(workers, steps)| {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(test(workers, steps));
        Ok(())
    });
    ended.unwrap();
}

#[test]
fn no_reader_waits_while_there_are_messages() {
    runs(|workers, steps| async move {
        let states = nodes().await;
        let boxes = states.clone().map(Messages::new);
        let cx = CallContext::new().principal(Principal::agent("ann"));
        boxes[0].open_mailbox(&cx, OpenMailbox::new("box").lease(LEASE)).await.unwrap();
        let book = Book { began: Instant::now(), most: LEASE * 1_000 + MOST, done: Arc::default() };
        let busy = Arc::new(Mutex::new(vec![false; workers]));
        let bring = |number: u64, takes: u64| {
            let (boxes, cx) = (boxes.clone(), cx.clone());
            async move {
                let op = SendMessage::new("box", vec![number, takes]).unordered(true);
                boxes[number as usize % 2].send_message(&cx, op).await.unwrap();
            }
        };
        let worker = |at: usize| {
            let (messages, cx, book, busy) = (boxes[at % 2].clone(), cx.clone(), book.clone(), busy.clone());
            tokio::spawn(async move {
                loop {
                    let op = ReceiveMessages::new("box").limit(1u64).wait(300u64);
                    let found = messages.receive_messages(&cx, op).await.unwrap().messages;
                    for message in found {
                        let [number, takes]: [u64; 2] = serde_json::from_value(message.body).unwrap();
                        busy.lock()[at] = true;
                        book.work(number, at, takes).await;
                        let done = AcknowledgeMessages::new("box", vec![message.receipt]);
                        messages.acknowledge_messages(&cx, done).await.unwrap();
                        busy.lock()[at] = false;
                    }
                }
            })
        };
        play(workers, steps, book.clone(), busy.clone(), bring, worker).await;
        for state in states {
            state.close().await.unwrap();
        }
    });
}

#[test]
fn no_agent_waits_while_there_are_tasks() {
    runs(|workers, steps| async move {
        let states = nodes().await;
        let nodes = states.clone().map(|state| Coordination::open(state, CoordinationOptions::new()));
        let cx = CallContext::new();
        let name = |at: usize| AgentId::new(format!("agent-{at}")).unwrap();
        let mut incarnations = Vec::new();
        for at in 0..workers {
            let op = RegisterAgent::new(name(at)).lease_seconds(86_400u64);
            incarnations.push(nodes[0].agents().register_agent(&cx, op).await.unwrap().incarnation);
        }
        let tasks = nodes.each_ref().map(Coordination::tasks);
        let book = Book { began: Instant::now(), most: MOST, done: Arc::default() };
        let busy = Arc::new(Mutex::new(vec![false; workers]));
        let bring = |number: u64, takes: u64| {
            let (tasks, cx) = (tasks.clone(), cx.clone());
            async move {
                let op = SubmitTask::new(ProjectId::new("p").unwrap(), "Work").input(vec![number, takes]);
                tasks[number as usize % 2].submit_task(&cx, op).await.unwrap();
            }
        };
        let worker = |at: usize| {
            let (tasks, cx, book, busy) = (tasks[at % 2].clone(), cx.clone(), book.clone(), busy.clone());
            let op = ClaimTasks::new(name(at), incarnations[at]).wait_seconds(300u64);
            tokio::spawn(async move {
                loop {
                    for claim in tasks.claim_tasks(&cx, op.clone()).await.unwrap().tasks {
                        let [number, takes]: [u64; 2] = serde_json::from_value(claim.input.unwrap()).unwrap();
                        busy.lock()[at] = true;
                        book.work(number, at, takes).await;
                        let done = CompleteTask::new(claim.task.task, claim.token);
                        tasks.complete_task(&cx, done).await.unwrap();
                        busy.lock()[at] = false;
                    }
                }
            })
        };
        play(workers, steps, book.clone(), busy.clone(), bring, worker).await;
        for node in nodes {
            node.close().await;
        }
        for state in states {
            state.close().await.unwrap();
        }
    });
}
