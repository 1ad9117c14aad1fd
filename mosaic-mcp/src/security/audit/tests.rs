use mosaic_core::context::{CallContext, Principal};
use mosaic_core::error::Outcome;
use mosaic_core::ports::AuditOutcome;
use mosaic_core::types::{Effect, ProviderId, TenantId};
use proptest::prelude::*;

use super::super::chain::{CHECKPOINT, Link, RECORD};
use super::super::{Audited, Fault, OnFull, Report, Verifier, export, verify, verify_export};
use super::*;
use crate::function::{Gate as _, Open, Permission};
use crate::security::Identity;
use crate::state::{Event, Key, KeyRange, MemoryStore, StateOptions, StateStore, Topic, TopicFilter};

fn clock() -> Clock {
    Clock::tokio(Timestamp::from_second(1_800_000_000).unwrap())
}

pub(super) async fn state() -> State {
    StateOptions::new().clock(clock()).open(MemoryStore::new()).await.unwrap()
}

pub(super) fn call(at: usize) -> AuditRecord {
    let tenant = TenantId::new(["acme", "other.eu"][at % 2]).unwrap();
    let cx = CallContext::new().tenant(tenant).principal(Principal::agent("builder"));
    AuditRecord::new(&cx, "git.write_file", format!("acme/widget:{at}"), AuditOutcome::Made)
}

pub(super) fn options(signer: &AuditSigner) -> AuditOptions {
    AuditOptions::new(signer.clone()).checkpoints(8, Duration::from_secs(60))
}

async fn records(state: &State) -> Vec<Event> {
    state.events(&TopicFilter::new("audit.>").unwrap(), 0, 10_000).await.unwrap()
}

fn bodies(events: &[Event]) -> Vec<serde_json::Value> {
    events.iter().map(|event| serde_json::from_slice(Link::decode(&event.data).unwrap().1).unwrap()).collect()
}

#[tokio::test(start_paused = true)]
async fn everything_is_written_down_in_order_and_holds() {
    let (state, signer) = (state().await, AuditSigner::generate().unwrap());
    let keys = AuditKeys::of(&signer);
    assert_eq!(verify(&state, &keys, &[]).await.unwrap().fault, None, "nothing is nothing");
    let audit = Audit::open(&state, options(&signer)).await.unwrap();
    let ann = Identity::new(TenantId::new("acme").unwrap(), Principal::user("ann").with_credential("robot"))
        .unwrap();
    audit.tell(AuditEvent::Login { identity: Box::new(ann), means: "jwt" });
    audit.tell(AuditEvent::LoginRefused {
        means: "api key",
        from: "127.0.0.1".into(),
        why: "it is revoked".into(),
    });
    let mut failed = call(0);
    failed.provider = Some(ProviderId::new("forge").unwrap());
    failed.outcome = AuditOutcome::Failed { kind: ErrorKind::Conflict, outcome: Outcome::NotMade };
    audit.record(failed);
    audit.tell(AuditEvent::Configuration {
        by: "user ann".into(),
        what: "roles".into(),
        detail: "x".repeat(5_000),
    });
    let forge = ProviderId::new("forge").unwrap();
    audit.tell(AuditEvent::Plugin { by: "application".into(), provider: forge, what: "added".into() });
    (0..20).for_each(|at| audit.record(call(at)));
    audit.flush().await.unwrap();

    let all = records(&state).await;
    let told = bodies(&all);
    assert_eq!(told[0]["type"], "login");
    assert_eq!(
        told[0]["principal"],
        serde_json::json!({ "kind": "user", "name": "ann", "credential": "robot" })
    );
    assert_eq!(told[1]["why"], "it is revoked");
    assert_eq!(
        (&told[2]["outcome"], &told[2]["error"], &told[2]["provider"]),
        (&"failed".into(), &"conflict".into(), &"forge".into())
    );
    assert_eq!(told[2]["effect"], "not_made");
    assert_eq!(told[3]["detail"].as_str().unwrap().len(), 512);
    assert_eq!(told[4]["what"], "added");
    for (at, record) in told[5..25].iter().enumerate() {
        assert_eq!(record["subject"], format!("acme/widget:{at}"));
    }
    assert_eq!(&*all[25].kind, CHECKPOINT, "one after the batch");
    let acme = state.events(&TopicFilter::new("audit.acme").unwrap(), 0, 100).await.unwrap();
    assert_eq!(acme.len(), 12);
    let report = verify(&state, &keys, &[]).await.unwrap();
    assert_eq!((report.first, report.records, report.checkpoints, report.fault), (1, 26, 1, None));
    assert_eq!(audit.head().unwrap().records, 26);
    audit.close().await.unwrap();
    assert!(audit.flush().await.is_err());
    state.close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn it_goes_on_after_a_restart_and_under_a_new_key() {
    let (state, old, new) =
        (state().await, AuditSigner::generate().unwrap(), AuditSigner::generate().unwrap());
    for signer in [&old, &old] {
        let audit = Audit::open(&state, options(signer)).await.unwrap();
        audit.record(call(0));
        audit.close().await.unwrap();
    }
    assert_eq!(Audit::open(&state, options(&new)).await.unwrap_err().kind(), ErrorKind::Config);
    let keys = AuditKeys::of(&new).and(&old.public()).unwrap();
    let audit = Audit::open_trusting(&state, options(&new), &keys).await.unwrap();
    audit.write(AuditEvent::Call(call(1))).await.unwrap();
    audit.close().await.unwrap();
    assert_eq!(verify(&state, &keys, &[]).await.unwrap().fault, None);
    let fault = verify(&state, &AuditKeys::of(&new), &[]).await.unwrap().fault.unwrap();
    assert_eq!(fault.record, 2, "the checkpoint of the old key: {fault}");
    state.close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn several_nodes_write_one_chain() {
    let (state, signer) = (state().await, AuditSigner::generate().unwrap());
    let nodes = [
        Audit::open(&state, options(&signer)).await.unwrap(),
        Audit::open(&state, options(&signer)).await.unwrap(),
        Audit::open(&state, options(&signer)).await.unwrap(),
    ];
    for at in 0..60 {
        nodes[at % 3].record(call(at));
        if at % 7 == 0 {
            nodes[at % 3].flush().await.unwrap();
        }
    }
    for node in &nodes {
        node.close().await.unwrap();
    }
    let report = verify(&state, &AuditKeys::of(&signer), &[]).await.unwrap();
    assert_eq!(report.fault, None);
    assert_eq!(report.records - report.checkpoints, 60);
    state.close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_quiet_log_is_marked_after_a_while_and_anchored() {
    #[derive(Clone, Default)]
    struct Far(Arc<Mutex<(Vec<Checkpoint>, usize)>>);
    #[async_trait]
    impl Anchor for Far {
        async fn anchor(&self, checkpoint: &Checkpoint) -> Result<()> {
            let mut far = self.0.lock();
            far.1 += 1;
            if far.1 == 1 {
                return Err(Error::new(ErrorKind::Network, "the first is not taken"));
            }
            far.0.push(checkpoint.clone());
            Ok(())
        }
    }
    let (state, signer, far) = (state().await, AuditSigner::generate().unwrap(), Far::default());
    let audit = Audit::open(&state, options(&signer).anchor(far.clone())).await.unwrap();
    audit.write(AuditEvent::Call(call(0))).await.unwrap();
    assert_eq!(records(&state).await.len(), 1);
    tokio::time::sleep(Duration::from_secs(61)).await;
    assert_eq!(records(&state).await.len(), 2, "with a checkpoint");
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(records(&state).await.len(), 2, "no more of them");
    audit.write(AuditEvent::Call(call(1))).await.unwrap();
    audit.close().await.unwrap();
    let anchors = far.0.lock().0.clone();
    assert_eq!(anchors.iter().map(|anchor| anchor.records).collect::<Vec<_>>(), [1, 3]);
    let keys = AuditKeys::of(&signer);
    assert_eq!(verify(&state, &keys, &anchors).await.unwrap().fault, None);

    // The whole log, put back to an earlier state, is consistent in itself: the anchor tells.
    let other = super::tests::state().await;
    let audit = Audit::open(&other, options(&signer)).await.unwrap();
    audit.write(AuditEvent::Call(call(0))).await.unwrap();
    audit.close().await.unwrap();
    assert_eq!(verify(&other, &keys, &[]).await.unwrap().fault, None);
    let fault = verify(&other, &keys, &anchors).await.unwrap().fault.unwrap();
    assert!(fault.what.contains("another log"), "{fault}");
    state.close().await.unwrap();
    other.close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_is_a_gap_and_writes_are_refused_before() {
    let (state, signer) = (state().await, AuditSigner::generate().unwrap());
    let audit = Audit::open(&state, options(&signer).queue(8)).await.unwrap();
    let gate = Audited::new(Open, audit.clone(), OnFull::Refuse);
    let cx = CallContext::new();
    let write = Permission::new("state", "put_value", "x", Effect::Create);
    let read = Permission::new("state", "get_value", "x", Effect::Read);
    // The writer has no turn meanwhile, as nothing here waits.
    for at in 0..5 {
        assert!(audit.has_room());
        audit.record(call(at));
    }
    audit.record(call(5));
    assert!(!audit.has_room());
    let error = gate.allow(&cx, write).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
    assert!(gate.allow(&cx, read).await.is_ok(), "reads are not recorded");
    // Those that were under way have places; more than that is counted.
    (6..12).for_each(|at| audit.record(call(at)));
    let waiting = Audited::new(Open, audit.clone(), OnFull::Wait(Duration::from_secs(5)));
    assert!(waiting.allow(&cx, write).await.is_ok(), "there was room soon");
    audit.flush().await.unwrap();
    let told = bodies(&records(&state).await);
    let gap = told.iter().find(|record| record["type"] == "gap").unwrap();
    assert_eq!(gap["records"], 4);
    assert_eq!(told.iter().filter(|record| record["type"] == "call").count(), 8);
    audit.close().await.unwrap();
    assert_eq!(verify(&state, &AuditKeys::of(&signer), &[]).await.unwrap().fault, None);
    state.close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_export_is_verified_without_the_state() {
    let (state, signer) = (state().await, AuditSigner::generate().unwrap());
    let keys = AuditKeys::of(&signer);
    let audit = Audit::open(&state, options(&signer)).await.unwrap();
    for at in 0..30 {
        audit.record(call(at));
    }
    audit.close().await.unwrap();
    let lines = async |after: Option<&Checkpoint>| {
        let mut lines = Vec::new();
        let push = |line: &str| {
            lines.push(line.to_owned());
            Ok(())
        };
        let count = export(&state, after, push).await;
        count.map(|count| (count, lines))
    };
    let (count, whole) = lines(None).await.unwrap();
    let check = |lines: &[String]| verify_export(lines.join("\n").as_bytes(), &keys, &[]).unwrap();
    let report = check(&whole);
    assert_eq!((report.records, report.fault), (count, None));
    assert_eq!(count, 31);
    for at in 0..whole.len() {
        let mut missing = whole.clone();
        missing.remove(at);
        assert!(check(&missing).fault.is_some(), "without line {at}");
        let mut twice = whole.clone();
        twice.insert(at, whole[at].clone());
        assert!(check(&twice).fault.is_some(), "line {at} twice");
        for pair in [("write_file", "read_file"), (":17\"", ":18\""), ("made", "Made")] {
            let mut changed = whole.clone();
            changed[at] = changed[at].replace(pair.0, pair.1);
            let fault = check(&changed).fault;
            assert_eq!(fault.is_some(), changed != whole);
            assert!(fault.is_none_or(|fault| fault.place == Some(at as u64 + 1)), "it is named");
        }
    }
    assert!(check(&[]).fault.is_some());

    // Old records are removed up to a checkpoint, which then begins.
    let all = records(&state).await;
    let (trim, topics) = (all[9].offset, all.iter().map(|event| event.topic.clone()).collect::<Vec<_>>());
    let checkpoint = {
        let log = audit.head().unwrap().log;
        let (link, _) = Link::decode(&all[9].data).unwrap();
        Checkpoint::sign(&log, &link, state.now(), &signer)
    };
    state
        .run(move |tx| {
            Box::pin(async move {
                // Of its topics: a removal of all leaves them.
                tx.trim(None, trim);
                topics.into_iter().for_each(|topic| tx.trim(Some(topic), trim));
                Ok(())
            })
        })
        .await
        .unwrap();
    assert!(verify(&state, &keys, &[]).await.unwrap().fault.is_some());
    let report = verify(&state, &keys, std::slice::from_ref(&checkpoint)).await.unwrap();
    assert_eq!((report.first, report.fault), (11, None));
    assert_eq!(lines(None).await.unwrap_err().kind(), ErrorKind::NotFound);
    let (_, rest) = lines(Some(&checkpoint)).await.unwrap();
    let report = verify_export(rest.join("\n").as_bytes(), &keys, std::slice::from_ref(&checkpoint)).unwrap();
    assert_eq!((report.first, report.fault), (11, None));
    assert!(check(&rest).fault.is_some(), "it may have been cut off there");
    state.close().await.unwrap();
}

/// A store whose commits fail when they are told to, some of them after they were made.
struct Shaky {
    inner: MemoryStore,
    fail: Arc<Mutex<Vec<bool>>>,
}

mod shaky {
    use std::collections::HashMap;

    use mosaic_core::error::Delivery;

    use super::*;
    use crate::state::{Change, Entry, Head, StoreTx, StoreView, Trimmed, Writes};

    struct ShakyTx {
        inner: Box<dyn StoreTx>,
        fail: Arc<Mutex<Vec<bool>>>,
    }

    #[async_trait]
    impl StateStore for Shaky {
        async fn begin(&self, now: Timestamp) -> Result<Box<dyn StoreTx>> {
            Ok(Box::new(ShakyTx { inner: self.inner.begin(now).await?, fail: self.fail.clone() }))
        }
        async fn head(&self) -> Result<Head> {
            self.inner.head().await
        }
        async fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Entry>>> {
            self.inner.get_many(keys).await
        }
        async fn range(&self, range: &KeyRange, limit: usize) -> Result<Vec<Entry>> {
            self.inner.range(range, limit).await
        }
        async fn changes(&self, range: &KeyRange, after: u64, limit: usize) -> Result<Vec<Change>> {
            self.inner.changes(range, after, limit).await
        }
        async fn events(&self, filter: &TopicFilter, after: u64, limit: usize) -> Result<Vec<Event>> {
            self.inner.events(filter, after, limit).await
        }
        async fn trimmed(&self) -> Result<Trimmed> {
            self.inner.trimmed().await
        }
        async fn view(&self) -> Result<Box<dyn StoreView>> {
            self.inner.view().await
        }
        async fn expiring(&self, limit: usize) -> Result<Vec<(Key, Timestamp)>> {
            self.inner.expiring(limit).await
        }
        async fn close(&self) -> Result<()> {
            self.inner.close().await
        }
    }

    #[async_trait]
    impl StoreTx for ShakyTx {
        fn head(&self) -> Head {
            self.inner.head()
        }
        fn now(&self) -> Timestamp {
            self.inner.now()
        }
        async fn get_many(&mut self, keys: &[Key]) -> Result<HashMap<Key, Entry>> {
            self.inner.get_many(keys).await
        }
        async fn range(&mut self, range: &KeyRange, limit: usize) -> Result<Vec<Entry>> {
            self.inner.range(range, limit).await
        }
        async fn last_offsets(&mut self, topics: &[Topic]) -> Result<HashMap<Topic, u64>> {
            self.inner.last_offsets(topics).await
        }
        async fn write(&mut self, part: Writes) -> Result<()> {
            self.inner.write(part).await
        }
        async fn commit(self: Box<Self>, writes: Writes) -> Result<()> {
            let next = self.fail.lock().pop();
            match next {
                None => self.inner.commit(writes).await,
                Some(made) => {
                    if made {
                        self.inner.commit(writes).await?;
                    }
                    Err(Error::new(ErrorKind::Network, "the connection broke").delivery(Delivery::Unknown))
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_store_does_not_take_is_tried_again_and_written_once() {
    let fail = Arc::new(Mutex::new(Vec::new()));
    let store = Shaky { inner: MemoryStore::new(), fail: fail.clone() };
    let state = StateOptions::new().clock(clock()).open(store).await.unwrap();
    let signer = AuditSigner::generate().unwrap();
    #[derive(Clone, Default)]
    struct Far(Arc<Mutex<Vec<u64>>>);
    #[async_trait]
    impl Anchor for Far {
        async fn anchor(&self, checkpoint: &Checkpoint) -> Result<()> {
            self.0.lock().push(checkpoint.records);
            Ok(())
        }
    }
    let far = Far::default();
    let each = options(&signer).checkpoints(1, Duration::from_secs(60)).anchor(far.clone());
    let audit = Audit::open(&state, each).await.unwrap();
    for (at, turns) in
        [vec![true], vec![false], vec![true, false, true, false], vec![]].into_iter().enumerate()
    {
        *fail.lock() = turns;
        audit.write(AuditEvent::Call(call(at))).await.unwrap();
    }
    assert!(audit.failing().is_none());
    audit.close().await.unwrap();
    let all = records(&state).await;
    assert_eq!(all.iter().filter(|event| *event.kind == *RECORD).count(), 4);
    assert_eq!(*far.0.lock(), [1, 3, 5, 7], "also those of batches that were found written");
    assert_eq!(verify(&state, &AuditKeys::of(&signer), &[]).await.unwrap().fault, None);
    state.close().await.unwrap();
}

/// A chain as it would be read: events, the signed end, keys.
struct Chain {
    events: Vec<Event>,
    end: Checkpoint,
    keys: AuditKeys,
}

fn chain(records: usize) -> Chain {
    let signer = AuditSigner::generate().unwrap();
    let at = Timestamp::from_second(1_800_000_000).unwrap();
    let log = "log";
    let (mut end, mut events) = (Link::begin(log), Vec::new());
    for number in 0..records {
        let checkpoint = number % 7 == 6;
        let (topic, kind, body) = if checkpoint {
            let signed = Checkpoint::sign(log, &end, at, &signer);
            ("audit.-", CHECKPOINT, serde_json::to_vec(&signed).unwrap())
        } else {
            let line = super::super::event::Line::of(at, &AuditEvent::Call(call(number))).unwrap();
            (["audit.acme", "audit.other=2Eeu"][number % 2], RECORD, line.body)
        };
        let topic = Topic::new(topic).unwrap();
        end = end.next(&topic, kind, &body);
        events.push(Event::new(number as u64 + 1, topic, kind, end.encode(&body).into(), at));
    }
    Chain { events, end: Checkpoint::sign(log, &end, at, &signer), keys: AuditKeys::of(&signer) }
}

impl Chain {
    fn check(&self) -> Report {
        let mut verifier = Verifier::begin("log", self.keys.clone());
        let found: Result<(), Fault> = self
            .events
            .iter()
            .try_for_each(|event| verifier.record(event.offset, &event.topic, &event.kind, &event.data))
            .and_then(|()| verifier.end(&self.end));
        verifier.report(found.err())
    }
}

/// Twenty thousand; a million where `MOSAIC_SOAK` is `full`.
#[test]
fn soak_a_long_chain_is_verified() {
    let full = std::env::var("MOSAIC_SOAK").is_ok_and(|soak| soak == "full");
    let records = if full { 1_000_000 } else { 20_000u64 };
    let signer = AuditSigner::generate().unwrap();
    let at = Timestamp::from_second(1_800_000_000).unwrap();
    let topic = Topic::new("audit.acme").unwrap();
    let body = super::super::event::Line::of(at, &AuditEvent::Call(call(0))).unwrap().body;
    // Once as it is, and once with a bit that flips on the way.
    for flipped in [None, Some(records / 2)] {
        let mut end = Link::begin("log");
        let mut verifier = Verifier::begin("log", AuditKeys::of(&signer));
        let mut found = Ok(());
        for number in 1..=records {
            end = end.next(&topic, RECORD, &body);
            let mut data = end.encode(&body);
            if flipped == Some(number) {
                *data.last_mut().unwrap() ^= 1;
            }
            found = found.and_then(|()| verifier.record(number, &topic, RECORD, &data));
        }
        let end = Checkpoint::sign("log", &end, at, &signer);
        let report = verifier.report(found.and_then(|()| verifier.end(&end)).err());
        assert_eq!(report.fault.map(|fault| fault.record), flipped);
        assert_eq!(report.records, flipped.map_or(records, |number| number - 1));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn every_change_is_found_and_named(
        records in 1usize..24, what in 0u8..7, at in any::<prop::sample::Index>(),
        other in any::<prop::sample::Index>(), bit in 0u8..8,
    ) {
        let mut chain = chain(records);
        prop_assert_eq!(chain.check().fault, None);
        let at = at.index(records);
        let event = chain.events[at].clone();
        let data = |data: Vec<u8>| Event { data: data.into(), ..event.clone() };
        // The record that is to be named.
        let mut named = at as u64 + 1;
        match what {
            // A flipped bit.
            0 => {
                let mut bytes = event.data.to_vec();
                let place = other.index(bytes.len());
                bytes[place] ^= 1 << bit;
                chain.events[at] = data(bytes);
            }
            // Removed; the last one too.
            1 => drop(chain.events.remove(at)),
            // Two of them change places.
            2 => {
                let with = other.index(records);
                prop_assume!(with != at);
                chain.events.swap(at, with);
                named = at.min(with) as u64 + 1;
            }
            // Inserted once more.
            3 => {
                chain.events.insert(other.index(at + 1), event.clone());
                named = other.index(at + 1) as u64 + 1;
                // Before itself it is in its place, and what follows is not.
                if named == at as u64 + 1 {
                    named += 1;
                }
            }
            // Told to be of another tenant, or of another kind.
            4 => chain.events[at].topic = Topic::new("audit.nobody").unwrap(),
            5 => chain.events[at].kind = if *event.kind == *RECORD { CHECKPOINT.into() } else { RECORD.into() },
            // Appended, with a hash that fits.
            _ => {
                let last = Link::decode(&chain.events[records - 1].data).unwrap().0;
                let next = last.next(&event.topic, RECORD, b"{}");
                let offset = records as u64 + 1;
                chain.events.push(Event::new(offset, event.topic.clone(), RECORD, next.encode(b"{}").into(), event.at));
                named = offset;
            }
        }
        let report = chain.check();
        let fault = report.fault.expect("it is found");
        prop_assert_eq!(fault.record, named, "{}", fault);
        // What was appended fits the chain: only the signed end tells of it.
        prop_assert_eq!(report.last, if what == 6 { named } else { named - 1 });
    }

    #[test]
    fn what_is_written_anew_from_a_place_on_is_found(records in 2usize..24, at in any::<prop::sample::Index>()) {
        // Whoever can write to the store, without the key.
        let mut chain = chain(records);
        let at = at.index(records);
        let mut end = match at.checked_sub(1) {
            Some(before) => Link::decode(&chain.events[before].data).unwrap().0,
            None => Link::begin("log"),
        };
        for event in &mut chain.events[at..] {
            let mut body = Link::decode(&event.data).unwrap().1.to_vec();
            if *event.kind == *RECORD {
                body.extend_from_slice(b" ");
            }
            end = end.next(&event.topic, &event.kind, &body);
            event.data = end.encode(&body).into();
        }
        let changed = chain.events[at..].iter().any(|event| *event.kind == *RECORD);
        prop_assert_eq!(chain.check().fault.is_some(), changed);
    }
}

#[tokio::test(start_paused = true)]
async fn a_state_that_was_changed_below_is_found() {
    let signer = AuditSigner::generate().unwrap();
    let keys = AuditKeys::of(&signer);
    let head = Key::of(&["audit", "head"]).unwrap();
    let fresh = async || {
        let state = state().await;
        let audit = Audit::open(&state, options(&signer)).await.unwrap();
        (0..20).for_each(|at| audit.record(call(at)));
        audit.flush().await.unwrap();
        let early = state.get(&head).await.unwrap().unwrap().value;
        (20..30).for_each(|at| audit.record(call(at)));
        audit.close().await.unwrap();
        (state, early)
    };
    // An earlier head: what came after it is more than was signed.
    let (state, early) = fresh().await;
    state.put(head.clone(), early).await.unwrap();
    let fault = verify(&state, &keys, &[]).await.unwrap().fault.unwrap();
    assert!(fault.what.contains("appended"), "{fault}");
    // No head at all.
    state.delete_if(head.clone(), crate::state::Expect::Any).await.unwrap();
    assert!(verify(&state, &keys, &[]).await.unwrap().fault.is_some());
    state.close().await.unwrap();
    // A later head than there are records.
    let (state, _) = fresh().await;
    let (other, early) = fresh().await;
    state.put(head.clone(), early).await.unwrap();
    assert!(verify(&state, &keys, &[]).await.unwrap().fault.is_some(), "the head of another log");
    state.close().await.unwrap();
    other.close().await.unwrap();
}
