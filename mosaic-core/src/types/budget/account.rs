//! What a store that several nodes share keeps of one limit.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Lease, LeaseQuestion, MOST, Window};

/// The most leases of one limit at a time.
const LOANS: usize = 256;

/// What was used of a limit in the window that runs, and what is lent of it. Every change is a plain function of what was before and of
/// the time, so that whoever stores it does one after the other.
///
/// ```
/// use std::time::Duration;
/// use mosaic_core::types::Timestamp;
/// use mosaic_core::types::budget::{BudgetAccount, BudgetPath, Currency, LeaseQuestion, Window};
///
/// let (mut account, now) = (BudgetAccount::default(), Timestamp::UNIX_EPOCH);
/// account.at(Window::Total, now);
/// let mut question = LeaseQuestion::new(BudgetPath::new("acme")?, Currency::Calls, Window::Total, "node-1/1");
/// question.want = 60;
/// assert_eq!(account.lease(100, &question, now, Duration::from_secs(10)).granted, 60);
/// assert_eq!(account.take(100, 50), Err(40));
/// // A node that is heard of no more gives back what it did not report.
/// account.at(Window::Total, now + Duration::from_secs(10));
/// assert_eq!(account.take(100, 50), Ok(()));
/// # Ok::<(), mosaic_core::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BudgetAccount {
    /// The number of the window.
    number: i64,
    /// What was used in it, without leases.
    used: u64,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    loans: BTreeMap<String, Loan>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
struct Loan {
    /// What was reported as used since the lease began.
    used: u64,
    granted: u64,
    until: Timestamp,
}

impl BudgetAccount {
    /// Comes to a time: begins a new window where the old one is over, and forgets leases whose time is. Goes before everything
    /// else.
    pub fn at(&mut self, window: Window, now: Timestamp) {
        let number = window.number(now);
        if number > self.number {
            *self = Self { number, ..Self::default() };
        }
        let over: Vec<String> =
            self.loans.iter().filter(|(_, loan)| loan.until <= now).map(|(name, _)| name.clone()).collect();
        for name in over {
            self.end(&name);
        }
    }

    fn end(&mut self, name: &str) {
        if let Some(loan) = self.loans.remove(name) {
            self.used = self.used.saturating_add(loan.used).min(MOST);
        }
    }

    /// The number of the window.
    pub fn number(&self) -> i64 {
        self.number
    }

    /// What is used in the window, or lent.
    pub fn used(&self) -> u64 {
        let loans = self.loans.values().map(|loan| loan.granted.max(loan.used));
        loans.fold(self.used, u64::saturating_add)
    }

    /// What of that is lent and was not reported as used.
    pub fn lent(&self) -> u64 {
        self.loans.values().fold(0, |sum, loan| sum.saturating_add(loan.granted.saturating_sub(loan.used)))
    }

    /// Takes an amount.
    ///
    /// # Errors
    /// What is left, where the amount is not there; nothing is taken then.
    pub fn take(&mut self, limit: u64, amount: u64) -> Result<(), u64> {
        let left = limit.saturating_sub(self.used());
        if amount > left {
            return Err(left);
        }
        self.used += amount;
        Ok(())
    }

    /// Gives an amount back that was taken in the window of a number. Where that is over it is forgotten anyway.
    pub fn give(&mut self, number: i64, amount: u64) {
        if number == self.number {
            self.used = self.used.saturating_sub(amount);
        }
    }

    /// Takes an amount whether it is there or not.
    pub fn charge(&mut self, amount: u64) {
        self.used = self.used.saturating_add(amount).min(MOST);
    }

    /// Answers a question of a node.
    pub fn lease(&mut self, limit: u64, question: &LeaseQuestion, now: Timestamp, holds: Duration) -> Lease {
        let (number, of_now) = (self.number, question.number == self.number);
        let known = self.loans.contains_key(&question.lease);
        if !known && ((question.renew && of_now) || self.loans.len() >= LOANS) {
            return Lease::new(number, 0, holds).lost();
        }
        let room = limit.saturating_sub(self.used());
        let loan = self.loans.entry(question.lease.clone());
        let loan = loan.or_insert(Loan { used: 0, granted: 0, until: now });
        // What was lent already is in what is used already.
        let room = room.saturating_add(loan.granted.max(loan.used));
        if of_now {
            loan.used = question.used.min(MOST);
        }
        let granted = loan.used.saturating_add(question.want).min(room).max(loan.granted);
        loan.granted = granted;
        loan.until = now.saturating_add(holds).unwrap_or(Timestamp::MAX);
        if question.end {
            self.end(&question.lease);
        }
        Lease::new(number, granted, holds)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::types::budget::{BudgetPath, Currency};

    fn question(node: usize) -> LeaseQuestion {
        let path = BudgetPath::new("acme").unwrap();
        LeaseQuestion::new(path, Currency::Calls, Window::Hour, format!("node-{node}"))
    }

    #[derive(Debug, Clone)]
    enum Step {
        /// A node uses what it has, reports it, and asks for more.
        Ask {
            node: usize,
            uses: u64,
            want: u64,
            end: bool,
        },
        Take(u64),
        Wait(u64),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            4 => (0usize..4, 0u64..30, 0u64..30, prop::bool::weighted(0.1))
                .prop_map(|(node, uses, want, end)| Step::Ask { node, uses, want, end }),
            2 => (0u64..30).prop_map(Step::Take),
            1 => (0u64..1_500).prop_map(Step::Wait),
        ];
        prop::collection::vec(step, 0..120)
    }

    proptest! {
        /// Nodes never report more than they were granted: then what is used and lent stays within the limit, and a question that
        /// is asked twice is asked once.
        #[test]
        fn what_is_used_and_lent_stays_within_the_limit(steps in steps()) {
            const LIMIT: u64 = 100;
            let (mut account, mut now) = (BudgetAccount::default(), Timestamp::UNIX_EPOCH);
            let holds = Duration::from_secs(600);
            // What each node has used, may use, and in which window; none where it has no lease.
            let mut nodes: [Option<(u64, u64, i64)>; 4] = [None; 4];
            for step in steps {
                account.at(Window::Hour, now);
                match step {
                    Step::Wait(seconds) => now += Duration::from_secs(seconds),
                    Step::Take(amount) => {
                        let left = LIMIT - account.used();
                        prop_assert_eq!(account.take(LIMIT, amount), if amount <= left { Ok(()) } else { Err(left) });
                    }
                    Step::Ask { node, uses, want, end } => {
                        let (used, may, number) = nodes[node].unwrap_or((0, 0, account.number()));
                        let used = (used + uses).min(may);
                        let mut asked = question(node);
                        (asked.used, asked.want, asked.number, asked.end) = (used, want, number, end);
                        asked.renew = nodes[node].is_some();
                        let before = account.used();
                        let lease = account.lease(LIMIT, &asked, now, holds);
                        nodes[node] = (!lease.lost && !end).then_some((used, lease.granted, lease.number));
                        if lease.lost {
                            prop_assert_eq!(account.used(), before);
                        } else if !end {
                            prop_assert_eq!(account.lease(LIMIT, &asked, now, holds), lease);
                            prop_assert!(lease.number > number || lease.granted >= may);
                            if lease.number > number {
                                nodes[node] = Some((0, lease.granted, lease.number));
                            }
                        }
                    }
                }
                prop_assert!(account.used() <= LIMIT, "{:?}", account);
                prop_assert!(account.lent() <= account.used());
            }
        }
    }
}
