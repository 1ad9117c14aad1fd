//! Properties of the breaker: under any sequence of events its promises hold.

use proptest::prelude::*;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn config() -> BreakerConfig {
    BreakerConfig {
        failures_in_a_row: 3,
        open_for: 10 * SECOND,
        trials: 2,
        successes_to_close: 2,
        ..Default::default()
    }
}

fn granted(machine: &mut Machine, now: Duration) -> Ticket {
    match machine.ask(now) {
        Ask::Granted(ticket) => ticket,
        Ask::Rejected(wait) => panic!("rejected for {wait:?}"),
    }
}

fn opened() -> Machine {
    let mut machine = Machine::new(config());
    for _ in 0..3 {
        let ticket = granted(&mut machine, Duration::ZERO);
        machine.record(ticket, Verdict::Failure, SECOND, || Duration::ZERO);
    }
    assert_eq!(machine.open_until(), Some(10 * SECOND));
    machine
}

#[test]
fn opens_after_failures_in_a_row_and_not_before() {
    let mut machine = Machine::new(config());
    for verdict in [Verdict::Failure, Verdict::Failure, Verdict::Success, Verdict::Failure, Verdict::Failure]
    {
        let ticket = granted(&mut machine, Duration::ZERO);
        assert!(!machine.record(ticket, verdict, Duration::ZERO, || Duration::ZERO));
    }
    let ticket = granted(&mut machine, Duration::ZERO);
    assert!(machine.record(ticket, Verdict::Failure, Duration::ZERO, || Duration::ZERO));
}

#[test]
fn opens_on_the_share_of_failed_and_of_slow_calls() {
    for (verdict, elapsed) in [(Verdict::Failure, Duration::ZERO), (Verdict::Success, 20 * SECOND)] {
        let mut machine =
            Machine::new(BreakerConfig { slow_percent: 50, failures_in_a_row: 1000, ..config() });
        for n in 0..100 {
            let ticket = granted(&mut machine, Duration::ZERO);
            let (verdict, elapsed) =
                if n % 2 == 0 { (verdict, elapsed) } else { (Verdict::Success, Duration::ZERO) };
            if machine.record(ticket, verdict, elapsed, || Duration::ZERO) {
                assert!(n >= 19, "not before the least number of calls, but at {n}");
                break;
            }
        }
        assert!(!machine.is_closed());
    }
}

#[test]
fn rejects_while_open_then_tries_then_closes() {
    let mut machine = opened();
    assert_eq!(machine.ask(4 * SECOND), Ask::Rejected(6 * SECOND));
    let (a, b) = (granted(&mut machine, 10 * SECOND), granted(&mut machine, 10 * SECOND));
    assert!(matches!(machine.ask(10 * SECOND), Ask::Rejected(_)), "two trials at once");
    assert!(!machine.record(a, Verdict::Success, SECOND, || 11 * SECOND));
    assert!(machine.record(b, Verdict::Success, SECOND, || 11 * SECOND));
    assert!(machine.is_closed());
}

#[test]
fn a_trial_that_is_dropped_or_says_nothing_gives_its_slot_back() {
    let mut machine = opened();
    let now = 10 * SECOND;
    for neutral in [false, true] {
        let (a, _b) = (granted(&mut machine, now), granted(&mut machine, now));
        assert!(matches!(machine.ask(now), Ask::Rejected(_)));
        if neutral {
            machine.record(a, Verdict::Neutral, SECOND, || now);
        } else {
            machine.give_back(a);
        }
        let c = granted(&mut machine, now);
        machine.give_back(c);
        machine.give_back(_b);
    }
}

#[derive(Debug, Clone)]
enum Event {
    Ask,
    Record(usize, Verdict),
    GiveBack(usize),
    Pass(u64),
}

fn event() -> impl Strategy<Value = Event> {
    let verdict = prop_oneof![Just(Verdict::Success), Just(Verdict::Failure), Just(Verdict::Neutral)];
    prop_oneof![
        4 => Just(Event::Ask),
        4 => (0usize..8, verdict).prop_map(|(at, verdict)| Event::Record(at, verdict)),
        1 => (0usize..8).prop_map(Event::GiveBack),
        1 => (0u64..15).prop_map(Event::Pass),
    ]
}

proptest! {
    #[test]
    fn promises_hold_under_any_events(events in prop::collection::vec(event(), 0..400)) {
        let mut machine = Machine::new(config());
        let mut now = Duration::ZERO;
        let mut out: Vec<Ticket> = Vec::new();
        for event in events {
            let half_open = matches!(machine.state, State::HalfOpen { .. });
            match event {
                Event::Pass(seconds) => now += SECOND * seconds as u32,
                Event::Ask => {
                    let until = machine.open_until();
                    match machine.ask(now) {
                        Ask::Granted(ticket) => {
                            prop_assert!(until.is_none_or(|until| now >= until), "granted while open");
                            out.push(ticket);
                        }
                        Ask::Rejected(_) => prop_assert!(!machine.is_closed(), "rejected while closed"),
                    }
                }
                Event::Record(at, verdict) if !out.is_empty() => {
                    let ticket = out.swap_remove(at % out.len());
                    let current = ticket.epoch == machine.epoch;
                    let before = machine.state;
                    machine.record(ticket, verdict, Duration::ZERO, || now);
                    if !current {
                        prop_assert_eq!(machine.state, before, "a result from another epoch counted");
                    } else if half_open && verdict == Verdict::Failure {
                        prop_assert_eq!(machine.open_until(), Some(now + 10 * SECOND), "a failed trial reopens");
                    }
                }
                Event::GiveBack(at) if !out.is_empty() => machine.give_back(out.swap_remove(at % out.len())),
                _ => {}
            }
            if let State::HalfOpen { under_way, .. } = machine.state {
                let held = out.iter().filter(|ticket| ticket.trial && ticket.epoch == machine.epoch).count();
                prop_assert_eq!(under_way as usize, held, "slots are exactly the trials under way");
                prop_assert!(held <= 2);
            }
        }
    }
}

proptest! {
    #[test]
    fn successes_at_once_are_successes_one_by_one(
        before in prop::collection::vec(any::<bool>(), 0..30), count in 0u32..200, after in prop::collection::vec(any::<bool>(), 0..30),
    ) {
        let record = |machine: &mut Machine, failed: bool| {
            let verdict = if failed { Verdict::Failure } else { Verdict::Success };
            if let Ask::Granted(ticket) = machine.ask(Duration::ZERO) {
                machine.record(ticket, verdict, Duration::ZERO, || Duration::ZERO);
            }
        };
        let mut one_by_one = Machine::new(config());
        before.iter().for_each(|failed| record(&mut one_by_one, *failed));
        let mut at_once = one_by_one.clone();
        if one_by_one.is_closed() {
            (0..count).for_each(|_| record(&mut one_by_one, false));
        }
        at_once.record_successes(at_once.epoch(), count);
        for failed in after {
            record(&mut one_by_one, failed);
            record(&mut at_once, failed);
        }
        prop_assert_eq!(one_by_one.state, at_once.state);
    }
}
