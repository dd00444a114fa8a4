//! The older text format, for scrapers that do not ask for OpenMetrics.

/// OpenMetrics text in Prometheus's own format 0.0.4: a counter's family has the name of its
/// samples, and there are neither exemplars nor units nor an end.
pub fn classic(open: &str) -> String {
    let counters: Vec<_> = open.lines().filter_map(counter).collect();
    let mut text = String::with_capacity(open.len());
    for line in open.lines().filter(|line| *line != "# EOF" && !line.starts_with("# UNIT ")) {
        text.push_str(&of_line(line, &counters));
        text.push('\n');
    }
    text
}

fn counter(line: &str) -> Option<&str> {
    line.strip_prefix("# TYPE ")?.strip_suffix(" counter")
}

fn of_line(line: &str, counters: &[&str]) -> String {
    for kind in ["# HELP ", "# TYPE "] {
        if let Some((name, rest)) = line.strip_prefix(kind).and_then(|line| line.split_once(' ')) {
            let suffix = if counters.contains(&name) { "_total" } else { "" };
            return format!("{kind}{name}{suffix} {rest}");
        }
    }
    // Only buckets have exemplars, and their labels contain no text from a producer.
    let sample = line.contains("_bucket{").then(|| line.split_once(" # {")).flatten();
    sample.map_or(line, |(sample, _)| sample).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_renamed_and_exemplars_left_out() {
        let open = "# HELP a_jobs Jobs.\n# TYPE a_jobs counter\na_jobs_total{x=\"1\"} 2\n\
                    # HELP a_s Seconds.\n# TYPE a_s histogram\n\
                    a_s_bucket{le=\"1.0\"} 2 # {trace_id=\"t\"} 0.5\n# EOF\n";
        let expected = "# HELP a_jobs_total Jobs.\n# TYPE a_jobs_total counter\n\
                        a_jobs_total{x=\"1\"} 2\n# HELP a_s Seconds.\n# TYPE a_s histogram\n\
                        a_s_bucket{le=\"1.0\"} 2\n";
        assert_eq!(classic(open), expected);
    }
}
