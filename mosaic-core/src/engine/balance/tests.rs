//! What every balancer keeps to, and what each promises.

use std::time::Duration;

use proptest::prelude::*;

use super::*;

fn cells(in_flight: &[u32], now: Instant) -> Vec<LoadCell> {
    let cell = |calls: &u32| {
        let cell = LoadCell::new(now);
        (0..*calls).for_each(|_| cell.enter());
        cell
    };
    in_flight.iter().map(cell).collect()
}

fn firsts(balancer: &dyn Balancer, choices: &[Choice<'_>], calls: usize) -> Vec<usize> {
    let now = Instant::now();
    let mut counts = vec![0; choices.len()];
    (0..calls).for_each(|_| counts[usize::from(balancer.order(choices, now)[0])] += 1);
    counts
}

#[test]
fn names_are_read_as_they_are_printed() {
    for (name, balance) in Balance::NAMES {
        assert_eq!(name.parse(), Ok(balance));
        assert_eq!(balance.to_string().parse(), Ok(balance));
    }
    assert!("fastest".parse::<Balance>().unwrap_err().to_string().contains("least-connections"));
}

#[test]
fn smooth_weighted_mixes_the_turns() {
    let now = Instant::now();
    let cells = cells(&[0; 3], now);
    let balancer = Weighted::new(&[5, 1, 1]);
    let turns: Vec<_> = (0..7).map(|_| balancer.order(&Choice::all(&cells), now)[0]).collect();
    assert_eq!(turns, [0, 0, 1, 0, 2, 0, 0], "the turns that nginx documents for these weights");
}

#[test]
fn who_was_away_is_owed_nothing() {
    let now = Instant::now();
    let cells = cells(&[0; 3], now);
    let all = Choice::all(&cells);
    let balancer = Weighted::new(&[1, 1, 1]);
    assert_eq!(firsts(&balancer, &all[..2], 100), [50, 50]);
    assert_eq!(firsts(&balancer, &all, 30), [10, 10, 10]);
}

#[test]
fn least_connections_breaks_ties_fairly() {
    let now = Instant::now();
    let cells = cells(&[2, 1, 1, 5, 1, 1], now);
    let balancer = LeastConnections::new(3, &[1; 6]);
    let counts = firsts(&balancer, &Choice::all(&cells), 8000);
    assert_eq!((counts[0], counts[3]), (0, 0), "{counts:?}");
    assert!([1, 2, 4, 5].iter().all(|at| (1800..2200).contains(&counts[*at])), "{counts:?}");
}

#[test]
fn the_better_of_two_keeps_the_fullest_near_the_mean() {
    let now = Instant::now();
    let cells = cells(&[0; 16], now);
    let (choices, balancer) = (Choice::all(&cells), PeakEwma::new(11));
    for _ in 0..16 * 500 {
        cells[usize::from(balancer.order(&choices, now)[0])].enter();
    }
    // Random choice alone would stray by several times the root of the mean, which is 22; two choices stray by a constant.
    let fullest = cells.iter().map(LoadCell::in_flight).max().unwrap();
    assert!(fullest <= 500 + 6, "{fullest}");
}

proptest! {
    #[test]
    fn every_choice_exactly_once(
        calls in prop::collection::vec(0u32..9, 0..20),
        weights in prop::collection::vec(0u32..9, 20),
        seed: u64,
    ) {
        let now = Instant::now();
        let cells = cells(&calls, now);
        let choices = Choice::all(&cells);
        for (_, balance) in Balance::NAMES {
            let balancer = balance.balancer(seed, &weights);
            for _ in 0..5 {
                let mut order = balancer.order(&choices, now).to_vec();
                order.sort_unstable();
                prop_assert_eq!(order, (0..calls.len() as u16).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn smooth_weighted_is_exact_over_a_cycle_and_starves_nobody(weights in prop::collection::vec(1u32..40, 2..10)) {
        let now = Instant::now();
        let cells = cells(&vec![0; weights.len()], now);
        let choices = Choice::all(&cells);
        let balancer = Weighted::new(&weights);
        let total = weights.iter().sum::<u32>() as usize;
        for _ in 0..2 {
            let counts = firsts(&balancer, &choices, total);
            prop_assert_eq!(counts, weights.iter().map(|weight| *weight as usize).collect::<Vec<_>>());
        }
        // In no part of a cycle does anybody get more than its share and a little: the turns are mixed.
        let mut counts = vec![0usize; weights.len()];
        for call in 1..=total {
            counts[usize::from(balancer.order(&choices, now)[0])] += 1;
            for (count, weight) in counts.iter().zip(&weights) {
                let share = call as f64 * f64::from(*weight) / total as f64;
                prop_assert!((*count as f64 - share).abs() < weights.len() as f64, "{counts:?} after {call}");
            }
        }
    }

    #[test]
    fn least_connections_never_chooses_a_busier_one(
        members in prop::collection::vec((0u32..50, 1u32..9), 1..12),
        seed: u64,
    ) {
        let now = Instant::now();
        let (calls, weights): (Vec<_>, Vec<_>) = members.iter().copied().unzip();
        let cells = cells(&calls, now);
        let balancer = LeastConnections::new(seed, &weights);
        let order = balancer.order(&Choice::all(&cells), now);
        let busy = |at: u16| f64::from(calls[usize::from(at)] + 1) / f64::from(weights[usize::from(at)]);
        for other in &order[1..] {
            prop_assert!(busy(order[0]) <= busy(*other) + 1e-9);
        }
        for other in order.iter().skip(2) {
            prop_assert!(busy(order[1]) <= busy(*other) + 1e-9);
        }
    }

    #[test]
    fn the_better_of_two_is_never_the_worst_of_all(calls in prop::collection::vec(0u32..50, 2..12), seed: u64) {
        let now = Instant::now();
        let cells = cells(&calls, now);
        cells.iter().for_each(|cell| cell.sample(Duration::from_millis(5), now));
        let chosen = calls[usize::from(PeakEwma::new(seed).order(&Choice::all(&cells), now)[0])];
        let better = calls.iter().filter(|calls| **calls >= chosen).count();
        prop_assert!(better >= 2, "it was compared with somebody no better");
    }
}
