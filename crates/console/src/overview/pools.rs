use maud::{Markup, html};
use operator::{Overview, PoolStats};

/// A row for each pool, and one for each tenant whose jobs wait or run there.
pub(super) fn of(seen: &Overview) -> Markup {
    html! {
        section {
            h2 { "Pools" }
            div .scroll tabindex="0" role="region" aria-label="Pools" {
                table {
                    thead { tr {
                        th scope="col" { "Account" } th scope="col" { "Pool" }
                        th scope="col" .number { "Running" } th scope="col" .number { "Slots" }
                        th scope="col" .number { "Waiting" } th scope="col" .number { "In the broker" }
                        th scope="col" .number { "Done, last hour" } th scope="col" .number { "Failed" }
                        th scope="col" { "Paused by the provider" }
                    } }
                    tbody { @for pool in &seen.pools { (row(pool, seen)) } }
                }
            }
        }
        (tenants(seen))
    }
}

fn row(pool: &PoolStats, seen: &Overview) -> Markup {
    let name = ports::Permit::pool_of(&pool.account, pool.pool);
    let ended = seen.ends.pools.iter().find(|(of, _)| *of == name).map(|(_, hour)| hour);
    html! {
        tr {
            td { (pool.account) } td { (pool.pool) }
            td .number { (pool.running) }
            td .number { @if pool.slots > 0 { (pool.slots) } @else { "no limit" } }
            td .number { (pool.waiting) } td .number { (pool.in_broker()) }
            td .number { (ended.map_or(0, |hour| hour.succeeded)) }
            td .number { (ended.map_or(0, |hour| hour.failed)) }
            td { (pool.paused_until.as_deref().unwrap_or_default()) }
        }
    }
}

/// Of each pool, those with most waiting jobs.
const MOST: usize = 10;

fn tenants(seen: &Overview) -> Markup {
    let rows = seen
        .pools
        .iter()
        .flat_map(|pool| pool.tenants.iter().take(MOST).map(move |tenant| (pool, tenant)));
    let rows: Vec<_> = rows.collect();
    html! {
        @if !rows.is_empty() {
            section {
                h2 { "Tenants" }
                div .scroll tabindex="0" role="region" aria-label="Tenants" {
                    table {
                        thead { tr {
                            th scope="col" { "Tenant" } th scope="col" { "Account" }
                            th scope="col" { "Pool" } th scope="col" .number { "Slots in use" }
                            th scope="col" .number { "Waiting" } th scope="col" .number { "Weight" }
                            th scope="col" .number { "Share" }
                        } }
                        tbody {
                            @for (pool, tenant) in rows {
                                tr {
                                    td { (tenant.tenant) } td { (pool.account) } td { (pool.pool) }
                                    td .number { (tenant.running) } td .number { (tenant.waiting) }
                                    td .number { (tenant.weight) }
                                    td .number { (format!("{:.0} %", 100.0 * tenant.share)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
