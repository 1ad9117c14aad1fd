//! One after the other by weight: smooth weighted round robin, as nginx does it.
//!
//! Each member has a credit. With every call each earns its weight, the one with the most credit is chosen and pays what all
//! of them earned. Over as many calls as the weights add up to, each is chosen exactly as often as its weight says, and its
//! turns are spread over the cycle instead of coming in a row.

use parking_lot::Mutex;
use smallvec::SmallVec;
use tokio::time::Instant;

use super::{Balancer, Choice, Order, order_from, straight, weight};

/// Chooses each member as often as its weight says. The one with the next most credit stands by first.
///
/// Members that cannot be chosen for a call earn nothing by it, so none of them is owed a burst of calls when it is back.
///
/// ```
/// use mosaic_core::engine::balance::{Balancer, Choice, LoadCell, Weighted};
/// use tokio::time::Instant;
///
/// let now = Instant::now();
/// let (a, b) = (LoadCell::new(now), LoadCell::new(now));
/// let (balancer, members) = (Weighted::new(&[3, 1]), Choice::all([&a, &b]));
/// let turns: Vec<_> = (0..4).map(|_| balancer.order(&members, now)[0]).collect();
/// assert_eq!(turns, [0, 0, 1, 0]);
/// ```
#[derive(Debug)]
pub struct Weighted {
    weights: Box<[u32]>,
    // A lock for a few additions: the credits must change together, or the proportions would not be exact.
    credits: Mutex<SmallVec<[i64; 8]>>,
}

impl Weighted {
    /// A balancer for members with these weights, in the order of their places.
    pub fn new(weights: &[u32]) -> Self {
        Self { weights: weights.into(), credits: Mutex::new(SmallVec::from_elem(0, weights.len())) }
    }
}

impl Balancer for Weighted {
    #[inline]
    fn order(&self, choices: &[Choice<'_>], _: Instant) -> Order {
        let count = choices.len();
        if count < 2 {
            return straight(count);
        }
        let mut credits = self.credits.lock();
        let most = choices.iter().map(|choice| usize::from(choice.place) + 1).max().unwrap_or(0);
        if credits.len() < most {
            credits.resize(most, 0);
        }
        let (mut earned, mut first, mut second) = (0, (i64::MIN, 0), (i64::MIN, 0));
        for (at, choice) in choices.iter().enumerate() {
            let weight = i64::from(weight(&self.weights, choice.place));
            let credit = &mut credits[usize::from(choice.place)];
            *credit += weight;
            earned += weight;
            if *credit > first.0 {
                (first, second) = ((*credit, at), first);
            } else if *credit > second.0 {
                second = (*credit, at);
            }
        }
        credits[usize::from(choices[first.1].place)] -= earned;
        drop(credits);
        order_from(count, first.1, second.1)
    }

    fn name(&self) -> &'static str {
        "smooth weighted round robin"
    }
}
