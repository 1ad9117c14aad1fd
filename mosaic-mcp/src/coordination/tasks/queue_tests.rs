use super::*;
use proptest::prelude::*;

/// Projects with weights that always have tasks in one set; gives how many turns each had.
fn turns_of(weights: &[u32], turns: usize) -> Vec<u64> {
    let mut sets = Sets::default();
    let set = sets.number_of(&[]).unwrap();
    let mut queues: Vec<Queue> = weights.iter().map(|_| Queue::default()).collect();
    for queue in &mut queues {
        for _ in 0..turns {
            sets.push(set, queue);
        }
    }
    let mut had = vec![0; weights.len()];
    for _ in 0..turns {
        let next = (0..queues.len()).min_by_key(|at| (queues[*at].tag, *at)).unwrap();
        queues[next].tag = sets.turn(set, queues[next].tag, weights[next]);
        sets.pop(set, &mut queues[next]);
        had[next] += 1;
    }
    had
}

proptest! {
    #[test]
    fn turns_are_shared_by_weight(weights in prop::collection::vec(1_u32..20, 1..8)) {
        let total: u32 = weights.iter().sum();
        let had = turns_of(&weights, 4_000);
        for (weight, had) in weights.iter().zip(&had) {
            let due = 4_000.0 * f64::from(*weight) / f64::from(total);
            // No queue is ever further from its share than the turns of one round.
            let off = (*had as f64 - due).abs();
            prop_assert!(off <= weights.len() as f64 + 1.0, "{weights:?}: {had} of {due}");
        }
    }
}

#[test]
fn one_that_waited_without_tasks_earned_nothing() {
    let mut sets = Sets::default();
    let set = sets.number_of(&[]).unwrap();
    let (mut busy, mut idle) = (Queue::default(), Queue::default());
    for _ in 0..100 {
        sets.push(set, &mut busy);
        busy.tag = sets.turn(set, busy.tag, 1);
        sets.pop(set, &mut busy);
    }
    sets.push(set, &mut busy);
    sets.push(set, &mut idle);
    assert!(busy.tag - idle.tag <= STEP, "{busy:?} {idle:?}");
}

#[test]
fn a_set_that_nobody_served_has_a_head_start_of_a_few_turns() {
    let mut sets = Sets::default();
    let (common, rare) = (sets.number_of(&[]).unwrap(), sets.number_of(&["gpu".to_owned()]).unwrap());
    let (mut a, mut b) = (Queue::default(), Queue::default());
    for _ in 0..2_000 {
        sets.push(common, &mut a);
        sets.push(rare, &mut b);
    }
    for _ in 0..1_000 {
        a.tag = sets.turn(common, a.tag, 1);
        sets.pop(common, &mut a);
    }
    // From here on somebody serves both.
    let mut rare_turns = 0;
    for _ in 0..100 {
        if sets.rank(rare, b.tag) < sets.rank(common, a.tag) {
            b.tag = sets.turn(rare, b.tag, 1);
            sets.pop(rare, &mut b);
            rare_turns += 1;
        } else {
            a.tag = sets.turn(common, a.tag, 1);
            sets.pop(common, &mut a);
        }
    }
    let head_start = usize::try_from(BEHIND).unwrap();
    assert!((50..=50 + head_start).contains(&rare_turns), "{rare_turns}");
}

#[test]
fn there_are_so_many_sets_and_no_more() {
    let mut sets = Sets::default();
    for n in 0..SETS {
        let number = sets.number_of(&[n.to_string()]).unwrap();
        assert_eq!(sets.number_of(&[n.to_string()]).unwrap(), number);
    }
    let error = sets.number_of(&["one more".to_owned()]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::QuotaExceeded);
    let mut queue = Queue::default();
    sets.push(7, &mut queue);
    sets.tidy();
    assert_eq!(sets.sets.len(), 1);
    let new = sets.number_of(&["one more".to_owned()]).unwrap();
    assert_eq!(new, SETS as u64, "numbers are not used twice");
}
