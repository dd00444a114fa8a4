//! What a PromQL expression asks for, and a dashboard's expressions as Prometheus would get them.

use std::collections::BTreeSet;

use serde_json::Value;

/// The names of metrics in it that we serve, and of rules that somebody has to record. What stands
/// in quotes is no name.
pub(super) fn names(expr: &str) -> BTreeSet<String> {
    let bare: String = expr.split(is_quote).step_by(2).collect::<Vec<_>>().join(" ");
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ':');
    let words = bare.split(|c| !is_part(c));
    words.filter(|word| is_ours(word) || is_recorded(word)).map(str::to_owned).collect()
}

fn is_quote(c: char) -> bool {
    matches!(c, '"' | '\'' | '`')
}

fn is_ours(word: &str) -> bool {
    word.starts_with("reelwork_") || word.starts_with("process_")
}

pub(super) fn is_recorded(word: &str) -> bool {
    word.contains(':') && word.starts_with(|c: char| c.is_ascii_alphabetic())
}

/// Every text under this key, wherever it is.
pub(super) fn under<'a>(key: &str, value: &'a Value) -> Vec<&'a str> {
    match value {
        Value::Object(fields) => {
            let deeper = fields.iter().flat_map(|(name, value)| match value.as_str() {
                Some(text) if name == key => vec![text],
                _ => under(key, value),
            });
            deeper.collect()
        }
        Value::Array(items) => items.iter().flat_map(|item| under(key, item)).collect(),
        _ => Vec::new(),
    }
}

/// With a value for each variable: a duration in brackets, a text in quotes, else a number.
/// Also the variables' names.
pub(super) fn substituted(expr: &str) -> (String, BTreeSet<String>) {
    let (mut text, mut variables) = (String::new(), BTreeSet::new());
    let mut rest = expr;
    while let Some(at) = rest.find('$') {
        text.push_str(&rest[..at]);
        let (name, after) = variable(&rest[at + 1..]);
        text.push_str(if name.is_empty() { "$" } else { value(&text, name) });
        if !name.is_empty() {
            variables.insert(name.to_owned());
        }
        rest = after;
    }
    text.push_str(rest);
    (text, variables)
}

/// `name…` or `{name:format}…`.
fn variable(text: &str) -> (&str, &str) {
    if let Some((inner, after)) = text.strip_prefix('{').and_then(|text| text.split_once('}')) {
        return (inner.split(':').next().unwrap_or(inner), after);
    }
    let is_end = |c: char| !c.is_ascii_alphanumeric() && c != '_';
    text.split_at(text.find(is_end).unwrap_or(text.len()))
}

fn value(before: &str, name: &str) -> &'static str {
    let is_quoted = before.matches(is_quote).count() % 2 == 1;
    let is_ranged = before.ends_with(['[', ':']) || before.trim_end().ends_with("offset");
    match is_quoted {
        true => "any",
        false if is_ranged || matches!(name, "__interval" | "__rate_interval" | "__range") => "5m",
        false => "1",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn names_are_found_outside_of_quotes_and_once() {
        let expr = r#"sum by (lane) (rate(reelwork_jobs_total{why="reelwork_no"}[5m]))
            / sum(rate(reelwork_jobs_total[5m])) > process_open_fds + up"#;
        assert_eq!(names(expr), set(&["reelwork_jobs_total", "process_open_fds"]));
    }

    #[test]
    fn a_range_of_a_subquery_is_no_recorded_rule() {
        let expr = "max_over_time(reelwork:lag:p99[1h:1m]) > 3";
        assert_eq!(names(expr), set(&["reelwork:lag:p99"]));
    }

    #[test]
    fn expressions_are_found_at_every_depth() {
        let dashboard = json!({"panels": [
            {"targets": [{"expr": "a"}, {"expr": "b", "legend": "x"}]},
            {"panels": [{"targets": [{"expr": "c"}]}]},
        ]});
        assert_eq!(under("expr", &dashboard), ["a", "b", "c"]);
    }

    #[test]
    fn a_variable_gets_what_its_place_wants() {
        let expr = r#"topk($n, rate(x{ns=~"${ns:regex}",a!="$"}[$__rate_interval]))"#;
        let (text, variables) = substituted(expr);
        assert_eq!(text, r#"topk(1, rate(x{ns=~"any",a!="$"}[5m]))"#);
        assert_eq!(variables, set(&["n", "ns", "__rate_interval"]));
    }
}
