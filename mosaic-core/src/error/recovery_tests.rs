//! The error table as data, checked against every situation there is, and the rules that no row may break.

use proptest::prelude::*;
use proptest::sample::select;

use super::*;

/// How long a short wait is, how long the patience, and how long a wait that is too long.
const SHORT: Duration = Duration::from_secs(5);
const PATIENCE: Duration = Duration::from_secs(30);
const LONG: Duration = Duration::from_secs(31);

/// One row for each thing that can happen after one attempt. A `*` stands for every value of its column, `others` for the
/// kinds that no mending helps. The columns on the right say what is done for an operation of each effect, the last two for
/// one with an idempotency key that the provider honours.
///
/// - wait: the wait that was asked for: none, short enough, or longer than the patience;
/// - left: whether an attempt is left here; breaker: closed or open; fresh: whether the credential may still be renewed.
const TABLE: &str = "
kind              delivery  wait   left  breaker  fresh  | read     idem     create   irrev    create+key irrev+key
------------------------------------------------------------------------------------------------------------------
network,timeout   not-sent  *      yes   *        *      | backoff  backoff  backoff  backoff  backoff    backoff
network,timeout   not-sent  *      no    *        *      | next     next     next     next     next       next
network,timeout   unknown   *      yes   *        *      | backoff  backoff  stop     stop     backoff    backoff
network,timeout   unknown   *      no    *        *      | next     stop     stop     stop     stop       stop
network,timeout   answered  *      yes   *        *      | backoff  backoff  stop     stop     backoff    backoff
network,timeout   answered  *      no    *        *      | next     stop     stop     stop     stop       stop

unauthenticated   not-sent  *      *     *        yes    | refresh  refresh  refresh  refresh  refresh    refresh
unauthenticated   answered  *      *     *        yes    | refresh  refresh  refresh  refresh  refresh    refresh
unauthenticated   unknown   *      *     *        yes    | refresh  refresh  stop     stop     refresh    refresh
unauthenticated   *         *      *     *        no     | stop     stop     stop     stop     stop       stop

rate_limited      not-sent  none   yes   *        *      | backoff  backoff  backoff  backoff  backoff    backoff
rate_limited      not-sent  short  yes   *        *      | wait     wait     wait     wait     wait       wait
rate_limited      not-sent  long   yes   *        *      | next     next     next     next     next       next
rate_limited      not-sent  *      no    *        *      | next     next     next     next     next       next
rate_limited      answered  none   yes   *        *      | backoff  backoff  backoff  backoff  backoff    backoff
rate_limited      answered  short  yes   *        *      | wait     wait     wait     wait     wait       wait
rate_limited      answered  long   yes   *        *      | next     next     next     next     next       next
rate_limited      answered  *      no    *        *      | next     next     next     next     next       next
rate_limited      unknown   none   yes   *        *      | backoff  backoff  stop     stop     backoff    backoff
rate_limited      unknown   short  yes   *        *      | wait     wait     stop     stop     wait       wait
rate_limited      unknown   long   yes   *        *      | next     stop     stop     stop     stop       stop
rate_limited      unknown   *      no    *        *      | next     stop     stop     stop     stop       stop

throttled         not-sent  none   *     *        *      | next     next     next     next     next       next
throttled         not-sent  short  *     *        *      | wait     wait     wait     wait     wait       wait
throttled         not-sent  long   *     *        *      | next     next     next     next     next       next
throttled         answered  none   *     *        *      | next     next     next     next     next       next
throttled         answered  short  *     *        *      | wait     wait     wait     wait     wait       wait
throttled         answered  long   *     *        *      | next     next     next     next     next       next
throttled         unknown   none   *     *        *      | next     stop     stop     stop     stop       stop
throttled         unknown   short  *     *        *      | wait     wait     stop     stop     wait       wait
throttled         unknown   long   *     *        *      | next     stop     stop     stop     stop       stop

provider          not-sent  *      yes   closed   *      | backoff  backoff  backoff  backoff  backoff    backoff
provider          not-sent  *      yes   open     *      | next     next     next     next     next       next
provider          not-sent  *      no    *        *      | next     next     next     next     next       next
provider          answered  *      yes   closed   *      | backoff  backoff  stop     stop     backoff    backoff
provider          answered  *      yes   open     *      | next     stop     stop     stop     stop       stop
provider          answered  *      no    *        *      | next     stop     stop     stop     stop       stop
provider          unknown   *      yes   closed   *      | backoff  backoff  stop     stop     backoff    backoff
provider          unknown   *      yes   open     *      | next     stop     stop     stop     stop       stop
provider          unknown   *      no    *        *      | next     stop     stop     stop     stop       stop

protocol          *         *      *     *        *      | next     stop     stop     stop     stop       stop

circuit_open      not-sent  *      *     *        *      | next     next     next     next     next       next
circuit_open      answered  *      *     *        *      | next     next     next     next     next       next
circuit_open      unknown   *      *     *        *      | next     stop     stop     stop     stop       stop
unsupported       not-sent  *      *     *        *      | next     next     next     next     next       next
unsupported       answered  *      *     *        *      | next     next     next     next     next       next
unsupported       unknown   *      *     *        *      | next     stop     stop     stop     stop       stop

others            *         *      *     *        *      | stop     stop     stop     stop     stop       stop
";

const OTHERS: &str = "not_found,conflict,invalid,permission_denied,quota_exceeded,no_route,deadline_exceeded,cancelled,\
                      config,lifecycle,internal";

const DELIVERIES: [(&str, Delivery); 3] =
    [("not-sent", Delivery::NotSent), ("answered", Delivery::Answered), ("unknown", Delivery::Unknown)];
const WAITS: [(&str, Option<Duration>); 3] = [("none", None), ("short", Some(SHORT)), ("long", Some(LONG))];
const LEFT: [(&str, bool); 2] = [("yes", true), ("no", false)];
const BREAKER: [(&str, bool); 2] = [("closed", false), ("open", true)];
const FRESH: [(&str, bool); 2] = [("yes", true), ("no", false)];

/// The columns on the right of the bar, in order.
const COLUMNS: [(Effect, bool); 6] = [
    (Effect::Read, false),
    (Effect::Idempotent, false),
    (Effect::Create, false),
    (Effect::Irreversible, false),
    (Effect::Create, true),
    (Effect::Irreversible, true),
];

/// The rows of the table: the words left of the bar, and those right of it.
fn rows() -> Vec<([&'static str; 6], [&'static str; 6])> {
    let words = |text: &'static str| -> [&str; 6] {
        text.split_whitespace().collect::<Vec<_>>().try_into().unwrap_or_else(|_| panic!("six words: {text}"))
    };
    let lines = TABLE.lines().skip(3).filter(|line| !line.is_empty());
    lines.map(|line| line.split_once('|').unwrap()).map(|(left, right)| (words(left), words(right))).collect()
}

fn named(recovery: Recovery) -> &'static str {
    match recovery {
        Recovery::Backoff => "backoff",
        Recovery::Wait(SHORT) => "wait",
        Recovery::Wait(_) => "another wait",
        Recovery::Refresh => "refresh",
        Recovery::NextProvider => "next",
        Recovery::Stop => "stop",
    }
}

/// Every situation left of the bar, with the words that name it.
fn situations() -> Vec<([&'static str; 6], Situation)> {
    let mut all = Vec::new();
    for kind in ErrorKind::ALL {
        for (delivery_word, delivery) in DELIVERIES {
            for (wait_word, wait) in WAITS {
                for (left_word, left) in LEFT {
                    for (breaker_word, open) in BREAKER {
                        for (fresh_word, fresh) in FRESH {
                            let words =
                                [kind.code(), delivery_word, wait_word, left_word, breaker_word, fresh_word];
                            let situation = Situation::new(kind, Effect::Read)
                                .delivery(delivery)
                                .wait(wait, PATIENCE)
                                .attempts_left(left)
                                .breaker_open(open)
                                .refreshed(!fresh);
                            all.push((words, situation));
                        }
                    }
                }
            }
        }
    }
    all
}

fn covers(row: &[&str; 6], words: &[&str; 6]) -> bool {
    let kinds = if row[0] == "others" { OTHERS } else { row[0] };
    kinds.split(',').any(|kind| kind == words[0])
        && row[1..].iter().zip(&words[1..]).all(|(row, word)| *row == "*" || row == word)
}

#[test]
fn every_situation_has_one_row_and_follows_it() {
    let rows = rows();
    for (words, situation) in situations() {
        let covering: Vec<_> = rows.iter().filter(|(left, _)| covers(left, &words)).collect();
        assert_eq!(covering.len(), 1, "rows for {words:?}");
        for ((effect, keyed), expected) in COLUMNS.into_iter().zip(covering[0].1) {
            let got = recovery(&Situation { effect, keyed, ..situation });
            assert_eq!(named(got), expected, "{words:?}, {effect:?}, keyed: {keyed}");
        }
    }
}

#[test]
fn every_row_is_about_something() {
    let situations = situations();
    for (left, _) in rows() {
        assert!(
            situations.iter().any(|(words, _)| covers(&left, words)),
            "{left:?} names nothing that exists"
        );
    }
}

#[test]
fn what_is_spent_here_fails_over_exactly_where_the_table_says_next() {
    for (words, situation) in situations() {
        for (effect, keyed) in COLUMNS {
            let here = Situation { effect, keyed, ..situation };
            let spent = here.attempts_left(false).refreshed(true).wait(Some(LONG), PATIENCE);
            let next = recovery(&spent) == Recovery::NextProvider;
            assert_eq!(fails_over(&here), next, "{words:?}, {effect:?}, keyed: {keyed}");
        }
    }
}

#[test]
fn a_key_changes_nothing_for_what_is_repeatable_anyway() {
    for (words, situation) in situations() {
        for effect in [Effect::Read, Effect::Idempotent] {
            let plain = Situation { effect, ..situation };
            assert_eq!(recovery(&plain), recovery(&plain.keyed(true)), "{words:?}, {effect:?}");
        }
    }
}

/// Two attempts on one provider as the retry layer sees them: the second one's kind, the worst of both deliveries.
fn then(first: (ErrorKind, Delivery), second: (ErrorKind, Delivery), effect: Effect) -> Situation {
    let may = may_have_run(first.0, first.1, false) || may_have_run(second.0, second.1, false);
    Situation::new(second.0, effect).delivery(first.1.max(second.1)).may_have_run(may)
}

#[test]
fn a_write_that_may_have_run_is_not_moved_by_a_breaker_that_opens_later() {
    let firsts = [
        (ErrorKind::Timeout, Delivery::Unknown),
        (ErrorKind::Network, Delivery::Unknown),
        (ErrorKind::Provider, Delivery::Answered),
    ];
    for first in firsts {
        for second in [ErrorKind::CircuitOpen, ErrorKind::Throttled, ErrorKind::Unsupported] {
            for effect in [Effect::Idempotent, Effect::Create, Effect::Irreversible] {
                let now = then(first, (second, Delivery::NotSent), effect).attempts_left(false);
                assert!(now.may_have_run);
                for keyed in [false, true] {
                    assert_eq!(
                        recovery(&now.keyed(keyed)),
                        Recovery::Stop,
                        "{first:?}, {second:?}, {effect:?}"
                    );
                }
            }
            let read = then(first, (second, Delivery::NotSent), Effect::Read).attempts_left(false);
            assert_eq!(recovery(&read), Recovery::NextProvider);
        }
    }
}

#[test]
fn a_429_moves_a_write_and_a_500_does_not() {
    for effect in [Effect::Idempotent, Effect::Create, Effect::Irreversible] {
        let answer = |kind| Situation::new(kind, effect).delivery(Delivery::Answered).attempts_left(false);
        assert_eq!(recovery(&answer(ErrorKind::RateLimited)), Recovery::NextProvider);
        assert_eq!(recovery(&answer(ErrorKind::Provider)), Recovery::Stop);
    }
}

#[test]
fn a_503_that_says_it_did_nothing_moves_a_write() {
    let refused = may_have_run(ErrorKind::Provider, Delivery::Answered, true);
    assert!(!refused);
    for effect in [Effect::Idempotent, Effect::Create, Effect::Irreversible] {
        let answer =
            Situation::new(ErrorKind::Provider, effect).delivery(Delivery::Answered).may_have_run(refused);
        assert_eq!(recovery(&answer), Recovery::Backoff);
        assert_eq!(recovery(&answer.attempts_left(false)), Recovery::NextProvider);
        assert_eq!(recovery(&answer.breaker_open(true)), Recovery::NextProvider);
    }
}

#[test]
fn a_wait_is_taken_up_to_the_patience_and_not_beyond() {
    for kind in [ErrorKind::RateLimited, ErrorKind::Throttled] {
        let asked = |wait| recovery(&Situation::new(kind, Effect::Create).wait(Some(wait), PATIENCE));
        assert_eq!(asked(PATIENCE), Recovery::Wait(PATIENCE));
        assert_eq!(asked(PATIENCE + Duration::from_nanos(1)), Recovery::NextProvider);
        assert_eq!(asked(Duration::MAX), Recovery::NextProvider);
    }
}

#[test]
fn what_an_end_says_about_execution() {
    use ErrorKind::*;
    for kind in ErrorKind::ALL {
        assert!(!may_have_run(kind, Delivery::NotSent, false), "{kind}: nothing left this process");
        assert!(may_have_run(kind, Delivery::Unknown, false), "{kind}: no answer came");
        assert!(
            !may_have_run(kind, Delivery::Unknown, true) && !may_have_run(kind, Delivery::Answered, true)
        );
        let unclear = [Network, Timeout, Provider, Protocol, DeadlineExceeded, Cancelled, Internal];
        assert_eq!(may_have_run(kind, Delivery::Answered, false), unclear.contains(&kind), "{kind}");
    }
}

prop_compose! {
    fn any_situation()(
        kind in select(ErrorKind::ALL.to_vec()),
        effect in select(vec![Effect::Read, Effect::Idempotent, Effect::Create, Effect::Irreversible]),
        delivery in select(vec![Delivery::NotSent, Delivery::Answered, Delivery::Unknown]),
        flags in any::<[bool; 5]>(),
        wait in prop::option::of(0u64..120),
        patience in 0u64..120,
    ) -> Situation {
        let [may_have_run, keyed, open, refreshed, left] = flags;
        Situation::new(kind, effect)
            .delivery(delivery)
            .may_have_run(may_have_run)
            .keyed(keyed)
            .breaker_open(open)
            .refreshed(refreshed)
            .attempts_left(left)
            .wait(wait.map(Duration::from_secs), Duration::from_secs(patience))
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn what_may_have_run_is_never_moved(situation in any_situation()) {
        if situation.effect != Effect::Read && situation.may_have_run {
            prop_assert_ne!(recovery(&situation), Recovery::NextProvider);
        }
    }

    #[test]
    fn what_may_have_run_is_never_repeated_unless_repeating_is_harmless(situation in any_situation()) {
        let harmless = matches!(situation.effect, Effect::Read | Effect::Idempotent) || situation.keyed;
        if situation.may_have_run && !harmless {
            let again = matches!(recovery(&situation), Recovery::Backoff | Recovery::Wait(_) | Recovery::Refresh);
            prop_assert!(!again, "{:?}", recovery(&situation));
        }
    }

    #[test]
    fn attempts_and_patience_end(situation in any_situation()) {
        match recovery(&situation) {
            Recovery::Backoff => prop_assert!(situation.attempts_left),
            Recovery::Wait(wait) => prop_assert!(wait <= situation.patience && Some(wait) == situation.retry_after),
            Recovery::Refresh => prop_assert!(!situation.refreshed),
            Recovery::NextProvider | Recovery::Stop => {}
        }
    }
}
