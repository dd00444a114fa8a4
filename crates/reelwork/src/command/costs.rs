//! What was spent, is reserved, and was refused. Only the ledger is needed for it.

use daemon::{Config, ExitCode, printable_line};
use job::{Cap, Money, Period, Tenant};
use ports::{Clock, Ledger, Spender, Spent, SpentBy, SystemClock};
use serde::Serialize;
use worker::Budget;

use super::uncompared;
use crate::backends::Backends;
use crate::cli::Costs;
use crate::error::Error;
use crate::output::Output;
use crate::settings::{self, account_rules};

#[derive(Debug, Serialize)]
struct CostsView {
    account: String,
    /// Whether costs are counted by processes with this configuration.
    counting: bool,
    periods: Vec<PeriodView>,
}

#[derive(Debug, Serialize)]
struct PeriodView {
    /// `2026-12-01` or `2026-12`.
    period: String,
    #[serde(flatten)]
    total: SumsView,
    tenants: Vec<NamedView>,
    models: Vec<NamedView>,
}

/// `name` is null for those that are counted together: beyond the first 2,000, and jobs without a model.
#[derive(Debug, Serialize)]
struct NamedView {
    name: Option<String>,
    #[serde(flatten)]
    sums: SumsView,
}

/// US dollars as text, and numbers of jobs.
#[derive(Debug, Serialize)]
struct SumsView {
    spent: Money,
    reserved: Money,
    refused: u64,
    unpriced: u64,
    /// What may be spent; null without a cap, and for models.
    cap: Option<Money>,
}

/// One result for each account.
pub(crate) async fn run(
    config: &Config,
    options: Costs,
    output: &Output,
) -> Result<ExitCode, Error> {
    let ledger = Backends::look_at_ledger(config).await?;
    uncompared::report(ledger.as_ref(), output).await?;
    let all = account_rules(config).names;
    let several = all.len() > 1 || options.account.is_some();
    for account in options.account.as_ref().map_or(all, |name| vec![name.clone()]) {
        let costs = of_account(config, &options, account, ledger.as_ref()).await?;
        output.result(&costs, || costs.words(several));
    }
    if !config.money.is_enabled() {
        output.complain("money.enabled is not set here: nothing is counted or held");
    }
    if let Some(name) = options.account.filter(|name| config.of_account(name).is_none()) {
        output.complain(&format!("account {name} is not configured here: its caps are not known"));
    }
    Ok(ExitCode::Ok)
}

async fn of_account(
    config: &Config,
    options: &Costs,
    account: String,
    ledger: &dyn Ledger,
) -> Result<CostsView, Error> {
    let own = config.of_account(&account);
    let budget = own.and_then(|config| settings::worker(&config).budget).unwrap_or_default();
    let now = SystemClock.now();
    let named = options.day.clone().or_else(|| options.month.clone());
    let both = vec![Period::day_of(now), Period::month_of(now)];
    let mut periods = Vec::new();
    for period in named.map_or(both, |period| vec![period]) {
        let all = ledger.spending(&account, &period).await?;
        periods.push(PeriodView::of(&budget, options, &period, all));
    }
    Ok(CostsView { account, counting: config.money.is_enabled(), periods })
}

impl PeriodView {
    fn of(budget: &Budget, options: &Costs, period: &Period, all: Vec<SpentBy>) -> Self {
        let (mut total, mut tenants, mut models) = (Spent::default(), Vec::new(), Vec::new());
        let tenant = options.tenant.as_ref().map(ToString::to_string);
        for SpentBy { spender, name, sums } in all {
            let wanted = |only: &Option<String>| only.as_ref().is_none_or(|only| *only == name);
            match spender {
                Spender::Account => total = sums,
                Spender::Tenant if wanted(&tenant) => {
                    let cap = in_period(cap_of(budget, &name), period);
                    tenants.push(NamedView::of(name, sums, cap));
                }
                Spender::Model if wanted(&options.model) => {
                    models.push(NamedView::of(name, sums, None));
                }
                Spender::Tenant | Spender::Model => {}
            }
        }
        for rows in [&mut tenants, &mut models] {
            rows.sort_by_key(|row| std::cmp::Reverse(row.sums.spent + row.sums.reserved));
        }
        let total = SumsView::of(total, in_period(budget.account, period));
        Self { period: period.to_string(), total, tenants, models }
    }

    fn words(&self) -> Vec<String> {
        let mut lines = vec![format!("{}: {}", self.period, self.total.words())];
        for (kind, rows) in [("tenant", &self.tenants), ("model", &self.models)] {
            lines.extend(rows.iter().map(|row| format!("  {kind} {}", row.words())));
        }
        lines
    }
}

impl NamedView {
    fn of(name: String, sums: Spent, cap: Option<Money>) -> Self {
        let name = (!name.is_empty()).then_some(name);
        Self { name, sums: SumsView::of(sums, cap) }
    }

    fn words(&self) -> String {
        let name = self.name.as_deref().map_or("(others)".into(), printable_line);
        format!("{name}: {}", self.sums.words())
    }
}

impl SumsView {
    fn of(sums: Spent, cap: Option<Money>) -> Self {
        let Spent { spent, reserved, refused, unpriced } = sums;
        Self { spent, reserved, refused, unpriced, cap }
    }

    fn words(&self) -> String {
        let Self { spent, reserved, refused, unpriced, cap } = self;
        let cap = cap.map_or(String::new(), |cap| format!(" of ${cap}"));
        format!("${spent} spent, ${reserved} reserved{cap}, {refused} refused, {unpriced} unpriced")
    }
}

impl CostsView {
    fn words(&self, several: bool) -> Vec<String> {
        let name = several.then(|| format!("account {}", self.account));
        name.into_iter().chain(self.periods.iter().flat_map(PeriodView::words)).collect()
    }
}

/// Those that are counted together share one cap.
fn cap_of(budget: &Budget, tenant: &str) -> Cap {
    Tenant::new(tenant).map_or(budget.tenant, |tenant| budget.caps(&tenant).tenant)
}

fn in_period(cap: Cap, period: &Period) -> Option<Money> {
    if period.is_day() { cap.day } else { cap.month }
}
