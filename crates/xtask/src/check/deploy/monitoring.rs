//! Alerts, their tests, their runbooks, and the dashboard.

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};

use super::tools::heard;
use super::{Place, Verdict, query, text, verdict};

pub(super) const ALERTS: &str = "deploy/monitoring/alerts.yml";
pub(super) const TESTS: &str = "deploy/monitoring/alerts.test.yml";
pub(super) const DASHBOARD: &str = "deploy/monitoring/dashboard.json";
const RULES: &str = "deploy/kubernetes/components/monitoring/rules.yaml";
const RUNBOOKS: &str = "deploy/monitoring/runbooks";
const CONFIGURATION: &str = "deploy/compose/prometheus.yml";

/// Laid out as in its container, with the alerts beside it.
pub(super) fn configuration(place: &Place<'_>) -> Verdict {
    let scratch = tempfile::tempdir().map_err(|error| error.to_string())?;
    for (from, to) in [(CONFIGURATION, "prometheus.yml"), (ALERTS, "alerts.yml")] {
        let copied = fs::write(scratch.path().join(to), text(place, from)?);
        copied.map_err(|error| format!("{from}: {error}"))?;
    }
    let mut promtool = place.tools.command("promtool")?;
    promtool.current_dir(scratch.path()).args(["check", "config", "prometheus.yml"]);
    heard(&mut promtool).map(drop)
}

pub(super) fn alerts(place: &Place<'_>) -> Verdict {
    let mut promtool = place.tools.command("promtool")?;
    promtool.current_dir(place.root).args(["check", "rules", "--lint-fatal", ALERTS]);
    heard(&mut promtool).map(drop)
}

/// The same rules on a cluster.
pub(super) fn on_a_cluster(place: &Place<'_>) -> Verdict {
    let (alerts, manifest) = (place.tools.yaml(&place.root.join(ALERTS))?, place.root.join(RULES));
    let manifest = place.tools.yaml(&manifest)?;
    match (alerts.first(), manifest.first()) {
        (Some(alerts), Some(manifest)) if manifest["spec"] == *alerts => Ok(()),
        _ => Err(format!("{RULES}: its spec is not what {ALERTS} has")),
    }
}

pub(super) fn tests(place: &Place<'_>) -> Verdict {
    let mut promtool = place.tools.command("promtool")?;
    heard(promtool.current_dir(place.root).args(["test", "rules", TESTS])).map(drop)
}

/// One that no test has seen firing may be one that cannot.
pub(super) fn every_alert_fires(place: &Place<'_>) -> Verdict {
    let tests = place.tools.yaml(&place.root.join(TESTS))?;
    let fired: BTreeSet<_> = tests.iter().flat_map(firing).collect();
    let alerts = named(place, "alert")?;
    if alerts.is_empty() {
        return Err(format!("{ALERTS} has no alert"));
    }
    let silent = alerts.into_iter().filter(|name| !fired.contains(name));
    verdict(silent.map(|name| format!("{TESTS}: {name} never fires")).collect())
}

/// The alerts of which a test expects at least one.
fn firing(tests: &Value) -> Vec<String> {
    let tests = tests["tests"].as_array().into_iter().flatten();
    let expected = tests.flat_map(|test| test["alert_rule_test"].as_array()).flatten();
    let firing =
        expected.filter(|test| test["exp_alerts"].as_array().is_some_and(|it| !it.is_empty()));
    firing.filter_map(|test| test["alertname"].as_str()).map(str::to_owned).collect()
}

/// Who is woken is told what to do, and to look at panels that there are.
pub(super) fn runbooks(place: &Place<'_>) -> Verdict {
    let dashboard = parsed(place, DASHBOARD)?;
    let titles = query::under("title", &dashboard);
    let mut wrong = Vec::new();
    for name in named(place, "alert")? {
        let page = format!("{RUNBOOKS}/{name}.md");
        let Ok(text) = text(place, &page) else {
            wrong.push(format!("{page} is missing"));
            continue;
        };
        let unknown = panels(&text).filter(|panel| !titles.contains(panel));
        wrong.extend(unknown.map(|panel| format!("{page}: there is no panel {panel:?}")));
    }
    verdict(wrong)
}

/// What a line has in quotation marks after the word.
fn panels(page: &str) -> impl Iterator<Item = &str> {
    let named = page.lines().filter_map(|line| line.split_once("panel"));
    named.flat_map(|(_, rest)| rest.split('"').skip(1).step_by(2))
}

/// The names of the rules of this kind: `alert` or `record`.
pub(super) fn named(place: &Place<'_>, kind: &str) -> Result<Vec<String>, String> {
    let rules = place.tools.yaml(&place.root.join(ALERTS))?;
    let names = rules.iter().flat_map(|rules| query::under(kind, rules));
    Ok(names.map(str::to_owned).collect())
}

pub(super) fn parsed(place: &Place<'_>, file: &str) -> Result<Value, String> {
    serde_json::from_str(&text(place, file)?).map_err(|error| format!("{file}: {error}"))
}

/// Prometheus reads every expression, and every variable is one that the dashboard has.
pub(super) fn dashboard(place: &Place<'_>) -> Verdict {
    let dashboard = parsed(place, DASHBOARD)?;
    let exprs = query::under("expr", &dashboard);
    if exprs.is_empty() {
        return Err(format!("{DASHBOARD} asks for nothing"));
    }
    let mut wrong = unknown_variables(&dashboard, &exprs);
    wrong.extend(read_by_prometheus(place, &exprs).err());
    verdict(wrong)
}

fn unknown_variables(dashboard: &Value, exprs: &[&str]) -> Vec<String> {
    let known = query::under("name", &dashboard["templating"]);
    let used: BTreeSet<_> = exprs.iter().flat_map(|expr| query::substituted(expr).1).collect();
    let unknown =
        used.iter().filter(|name| !name.starts_with("__") && !known.contains(&name.as_str()));
    unknown.map(|name| format!("{DASHBOARD}: there is no variable {name}")).collect()
}

/// As rules that record, for promtool reads no single expression.
fn read_by_prometheus(place: &Place<'_>, exprs: &[&str]) -> Verdict {
    let scratch = tempfile::tempdir().map_err(|error| error.to_string())?;
    let file = scratch.path().join("dashboard.yml");
    fs::write(&file, recording(exprs).to_string()).map_err(|error| error.to_string())?;
    heard(place.tools.command("promtool")?.args(["check", "rules"]).arg(&file)).map(drop)
}

/// JSON is YAML too.
fn recording(exprs: &[&str]) -> Value {
    let rule = |(number, expr): (usize, &&str)| json!({"record": format!("dashboard:expr{number}"), "expr": query::substituted(expr).0});
    let rules: Vec<_> = exprs.iter().enumerate().map(rule).collect();
    json!({"groups": [{"name": "dashboard", "rules": rules}]})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panels_are_found_by_their_quotation_marks() {
        let page = "- say \"no\"\n- the panels \"A\" and \"B c\": all?\n- the panel \"D\"";
        assert_eq!(panels(page).collect::<Vec<_>>(), ["A", "B c", "D"]);
    }

    #[test]
    fn an_alert_that_is_only_expected_to_be_silent_does_not_fire() {
        let tests = json!({"tests": [
            {"alert_rule_test": [
                {"alertname": "Loud", "exp_alerts": [{"exp_labels": {}}]},
                {"alertname": "Silent", "exp_alerts": []},
                {"alertname": "Forgotten"},
            ]},
            {"promql_expr_test": []},
        ]});
        assert_eq!(firing(&tests), ["Loud"]);
    }
}
