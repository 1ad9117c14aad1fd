use super::*;
use proptest::prelude::*;

/// Projects with weights that always have tasks in one set; gives how many turns each had.
fn turns_of(weights: &[u32], turns: usize) -> Vec<u64> {
    let mut sets = Sets::default();
    let set = sets.enter(&[]).unwrap();
    let mut queues: Vec<Queue> = weights.iter().map(|_| Queue::default()).collect();
    for queue in &mut queues {
        for _ in 0..turns {
            sets.push(set, queue, String::new());
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
    let set = sets.enter(&[]).unwrap();
    let (mut busy, mut idle) = (Queue::default(), Queue::default());
    for _ in 0..100 {
        sets.push(set, &mut busy, String::new());
        busy.tag = sets.turn(set, busy.tag, 1);
        sets.pop(set, &mut busy);
    }
    sets.push(set, &mut busy, String::new());
    sets.push(set, &mut idle, String::new());
    assert!(busy.tag - idle.tag <= STEP, "{busy:?} {idle:?}");
}

#[test]
fn a_set_that_nobody_served_has_a_head_start_of_a_few_turns() {
    let mut sets = Sets::default();
    let (common, rare) = (sets.enter(&[]).unwrap(), sets.enter(&["gpu".to_owned()]).unwrap());
    let (mut a, mut b) = (Queue::default(), Queue::default());
    for _ in 0..2_000 {
        sets.push(common, &mut a, String::new());
        sets.push(rare, &mut b, String::new());
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
        let number = sets.enter(&[n.to_string()]).unwrap();
        assert_eq!(sets.enter(&[n.to_string()]).unwrap(), number);
    }
    let full = sets.enter(&["one more".to_owned()]).unwrap_err();
    assert_eq!(full.kind(), ErrorKind::QuotaExceeded);
    for number in 0..SETS as u64 {
        sets.leave(number);
    }
    assert!(sets.enter(&["one more".to_owned()]).is_err(), "each has one more task");
    sets.leave(7);
    let new = sets.enter(&["one more".to_owned()]).unwrap();
    assert_eq!(new, SETS as u64, "numbers are not used twice");
    assert_eq!(sets.sets.len(), SETS);
}

#[test]
fn sets_have_so_much_text_and_no_more() {
    let mut sets = Sets::default();
    let long = |n: usize| (0..16).map(|at| format!("{n}-{at}-{}", "x".repeat(70))).collect::<Vec<_>>();
    let most = (0..SETS).take_while(|n| sets.enter(&long(*n)).is_ok()).count();
    assert!((200..300).contains(&most), "{most}");
    for set in sets.sets.values_mut() {
        (set.tasks, set.ready, set.served, set.offset) = (u64::MAX, u64::MAX, u64::MAX, u64::MAX);
    }
    let bytes = serde_json::to_vec(&sets).unwrap().len();
    assert!(bytes < crate::state::limits::VALUE_BYTES / 2, "{bytes}");
}

#[test]
fn of_many_sets_that_fit_those_are_looked_at_that_are_next() {
    let mut sets = Sets::default();
    let mut queues: Vec<(u64, Queue)> =
        (0..100).map(|n| (sets.enter(&[n.to_string()]).unwrap(), Queue::default())).collect();
    for (number, queue) in &mut queues {
        for _ in 0..50 {
            sets.push(*number, queue, String::new());
        }
    }
    let mut had = vec![0_u32; queues.len()];
    for round in 1..=20 {
        for _ in 0..queues.len() {
            let fitting = sets.fitting(8, |_| true);
            assert_eq!(fitting.len(), 8);
            let tag = |number: u64| queues.iter().find(|(of, _)| *of == number).unwrap().1.tag;
            let next =
                fitting.into_iter().min_by_key(|number| (sets.rank(*number, tag(*number)), *number)).unwrap();
            let at = queues.iter().position(|(of, _)| *of == next).unwrap();
            let queue = &mut queues[at].1;
            queue.tag = sets.turn(next, queue.tag, 1);
            sets.pop(next, queue);
            had[at] += 1;
        }
        let (least, most) = (had.iter().min().unwrap(), had.iter().max().unwrap());
        assert!(most - least <= 2, "round {round}: {had:?}");
    }
    assert_eq!(sets.fitting(8, |requires| requires[0] == "99").len(), 1, "what does not fit takes no place");
}
