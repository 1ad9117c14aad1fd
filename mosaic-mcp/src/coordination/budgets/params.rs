//! Parameters and answers of the functions on budgets.

use mosaic_core::params;
use mosaic_core::types::Timestamp;
use mosaic_core::types::budget::{Amounts, BudgetLimit, BudgetUse};

params! {
    /// Set what may be used at a place of the tenant's tree and below it. What was used stays.
    ///
    /// ```
    /// use mosaic_core::types::budget::{BudgetLimit, Currency, Window};
    /// use mosaic_mcp::coordination::budgets::SetBudget;
    ///
    /// let day = vec![BudgetLimit::new(Currency::Tokens, Window::Day, 500_000)];
    /// assert_eq!(SetBudget::new("team:web", day).path, "team:web");
    /// ```
    pub struct SetBudget {
        required {
            /// Where: names joined by `/`, below the tenant; empty for the tenant as a whole.
            path: String,
            /// What it allows: one limit for each currency and window at most. What has no limit is not counted.
            limits: Vec<BudgetLimit>,
        }
        optional {
            /// At how many percent of a limit an event tells of it: at most four from 1 to 100; 80 and 100 where absent.
            thresholds: Vec<u8>,
        }
    }

    /// Delete a budget, and forget what was used of it. Those below it stay.
    ///
    /// ```
    /// use mosaic_mcp::coordination::budgets::DeleteBudget;
    ///
    /// assert_eq!(DeleteBudget::new("team:web").path, "team:web");
    /// ```
    pub struct DeleteBudget {
        required {
            /// Where it stands.
            path: String,
        }
    }

    /// Fetch a budget, and what was used of it in the windows that run.
    ///
    /// ```
    /// use mosaic_mcp::coordination::budgets::GetBudget;
    ///
    /// assert_eq!(GetBudget::new("").path, "");
    /// ```
    pub struct GetBudget {
        required {
            /// Where it stands; empty for the tenant as a whole.
            path: String,
        }
    }

    /// List budgets, in the order of their places.
    ///
    /// ```
    /// use mosaic_mcp::coordination::budgets::ListBudgets;
    ///
    /// assert_eq!(ListBudgets::new().below("team:web").below.as_deref(), Some("team:web"));
    /// ```
    pub struct ListBudgets {
        optional {
            /// Only those below this place.
            below: String,
        }
        paged { page }
    }

    /// Reserve amounts before work that uses them: from every budget on the way to a place, or from none.
    ///
    /// ```
    /// use mosaic_core::types::budget::Amounts;
    /// use mosaic_mcp::coordination::budgets::ReserveBudget;
    ///
    /// let reserve = ReserveBudget::new("team:web/agent:writer", Amounts::new().tokens(8_000));
    /// assert!(reserve.seconds.is_none() && !reserve.give_back);
    /// ```
    pub struct ReserveBudget {
        required {
            /// Where: names joined by `/`, below the tenant; there need be no budget at the place itself.
            path: String,
            /// How much of each currency.
            amounts: Amounts,
        }
        optional {
            /// How long it is held, in seconds: 1 to 86400; 900 where absent. What is not settled by then is over.
            seconds: u64,
        }
        defaulted {
            /// Whether what is not settled in time is given back. It is charged in full otherwise: the work may have been done.
            give_back: bool,
        }
    }

    /// Say what work really used: the rest of its reservation is given back, and what it used beyond is charged.
    ///
    /// ```
    /// use mosaic_core::types::budget::Amounts;
    /// use mosaic_mcp::coordination::budgets::SettleBudget;
    ///
    /// assert!(SettleBudget::new("17", Amounts::new()).amounts.is_nothing());
    /// ```
    pub struct SettleBudget {
        required {
            /// Which reservation.
            id: String,
            /// What was used. Nothing, where the work was not done.
            amounts: Amounts,
        }
    }

    /// A budget of a tenant.
    ///
    /// ```
    /// use mosaic_mcp::coordination::budgets::TenantBudget;
    ///
    /// assert!(TenantBudget::new("team:web", vec![], vec![80u8, 100]).uses.is_empty());
    /// ```
    pub noun TenantBudget {
        required {
            /// Where it stands, below the tenant; empty for the tenant as a whole.
            path: String,
            /// Each limit, what was used of it in the window that runs, and when it begins anew.
            uses: Vec<BudgetUse>,
            /// At how many percent of a limit an event tells of it.
            thresholds: Vec<u8>,
        }
    }

    /// Amounts that are held for work.
    ///
    /// ```
    /// use mosaic_core::types::Timestamp;
    /// use mosaic_core::types::budget::Amounts;
    /// use mosaic_mcp::coordination::budgets::BudgetReservation;
    ///
    /// let held = BudgetReservation::new("17", "team:web", Amounts::new().calls(1), Timestamp::UNIX_EPOCH);
    /// assert_eq!(held.id, "17");
    /// ```
    pub noun BudgetReservation {
        required {
            /// Names it, for settling.
            id: String,
            /// Where it was reserved, below the tenant.
            path: String,
            /// How much.
            amounts: Amounts,
            /// When it is over, unless it is settled before.
            expires: Timestamp,
        }
    }
}
