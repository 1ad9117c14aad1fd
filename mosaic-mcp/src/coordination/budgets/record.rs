//! A budget as the state keeps it: its limits, and an account of each.

use mosaic_core::error::Result;
use mosaic_core::types::Timestamp;
use mosaic_core::types::budget::{
    Budget, BudgetAccount, BudgetLimit, BudgetPath, BudgetShortage, BudgetUse, Currency, Window,
};
use serde::{Deserialize, Serialize};

/// A budget, where it is stored under its path.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Record {
    /// The revision at which it was made, so that a later one at the same path is told from it.
    #[serde(default)]
    pub(super) made: u64,
    limits: Vec<BudgetLimit>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    thresholds: Option<Vec<u8>>,
    /// Also of limits that were taken away: they go on where they stood.
    accounts: Vec<Kept>,
}

/// The account of one limit.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Kept {
    currency: Currency,
    window: Window,
    account: BudgetAccount,
    /// The thresholds that were told, and in which window.
    #[serde(default)]
    told: (i64, Vec<u8>),
}

/// A threshold that was reached.
#[derive(Debug, Serialize)]
pub(super) struct Reached {
    pub(super) path: String,
    currency: Currency,
    window: Window,
    percent: u8,
    used: u64,
    limit: u64,
}

impl Record {
    pub(super) fn new(budget: Budget, made: u64) -> Self {
        let mut record = Self { made, limits: Vec::new(), thresholds: None, accounts: Vec::new() };
        record.set(budget);
        record
    }

    /// Changes what it allows. What was used stays.
    pub(super) fn set(&mut self, budget: Budget) {
        (self.limits, self.thresholds) = (budget.limits, budget.thresholds);
        for kept in &mut self.accounts {
            kept.told = Default::default();
        }
    }

    pub(super) fn budget(&self, path: BudgetPath) -> Budget {
        let mut budget = Budget::new(path, self.limits.clone());
        budget.thresholds.clone_from(&self.thresholds);
        budget
    }

    /// The limits of a currency.
    pub(super) fn limits_of(&self, currency: Currency) -> Vec<BudgetLimit> {
        self.limits.iter().filter(|limit| limit.currency == currency).copied().collect()
    }

    pub(super) fn limit(&self, currency: Currency, window: Window) -> Option<BudgetLimit> {
        self.limits.iter().find(|limit| (limit.currency, limit.window) == (currency, window)).copied()
    }

    /// The account of a limit, come to a time.
    pub(super) fn account(
        &mut self,
        currency: Currency,
        window: Window,
        now: Timestamp,
    ) -> &mut BudgetAccount {
        let at = self.accounts.iter().position(|kept| (kept.currency, kept.window) == (currency, window));
        let at = at.unwrap_or_else(|| {
            let account = BudgetAccount::default();
            self.accounts.push(Kept { currency, window, account, told: Default::default() });
            self.accounts.len() - 1
        });
        let account = &mut self.accounts[at].account;
        account.at(window, now);
        account
    }

    /// Takes an amount of a currency from all its limits; gives the windows it was taken in.
    pub(super) fn take(
        &mut self,
        path: &BudgetPath,
        currency: Currency,
        asked: u64,
        now: Timestamp,
    ) -> Result<Vec<(Window, i64)>, Box<BudgetShortage>> {
        let mut taken = Vec::new();
        for BudgetLimit { window, amount: limit, .. } in self.limits_of(currency) {
            let account = self.account(currency, window, now);
            if let Err(left) = account.take(limit, asked) {
                let path = path.clone();
                return Err(Box::new(BudgetShortage { path, currency, window, limit, asked, left, now }));
            }
            taken.push((window, account.number()));
        }
        Ok(taken)
    }

    /// What was used of each limit.
    pub(super) fn uses(&mut self, now: Timestamp) -> Vec<BudgetUse> {
        let limits = self.limits.clone();
        let each = |limit: BudgetLimit| {
            let account = self.account(limit.currency, limit.window, now);
            let mut used = BudgetUse::new(limit.currency, limit.window, limit.amount, account.used());
            (used.lent, used.resets) = (account.lent(), limit.window.end(account.number()));
            used
        };
        limits.into_iter().map(each).collect()
    }

    pub(super) fn thresholds(&self) -> Vec<u8> {
        self.thresholds.clone().unwrap_or_else(|| vec![80, 100])
    }

    /// The thresholds that are reached and were not told; told from now on. What is only lent is not used yet.
    pub(super) fn reached(&mut self, path: &str, now: Timestamp) -> Vec<Reached> {
        let (limits, thresholds) = (self.limits.clone(), self.thresholds());
        let mut reached = Vec::new();
        for limit in limits {
            let BudgetLimit { currency, window, amount, .. } = limit;
            let account = self.account(currency, window, now);
            let (used, number) = (account.used() - account.lent(), account.number());
            let kept =
                self.accounts.iter_mut().find(|kept| (kept.currency, kept.window) == (currency, window));
            let Some(Kept { told, .. }) = kept else { continue };
            if told.0 != number {
                *told = (number, Vec::new());
            }
            for &percent in &thresholds {
                if used >= limit.share(percent) && used > 0 && !told.1.contains(&percent) {
                    told.1.push(percent);
                    reached.push(Reached {
                        path: path.to_owned(),
                        currency,
                        window,
                        percent,
                        used,
                        limit: amount,
                    });
                }
            }
        }
        reached
    }
}
