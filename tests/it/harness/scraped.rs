//! The metrics page of a role.

use std::collections::BTreeMap;

use super::{Program, free_port};

/// A role whose metrics can be scraped.
pub(crate) struct Scraped {
    pub(crate) program: Program,
    address: String,
}

impl Scraped {
    pub(crate) fn of(mut program: Program) -> Self {
        let address = format!("127.0.0.1:{}", free_port());
        program.set("admin.listen", &address);
        Self { program, address }
    }

    pub(crate) async fn text(&self, accept: &str) -> String {
        let request = reqwest::Client::new().get(format!("http://{}/metrics", self.address));
        let answer = request.header("accept", accept).send().await.expect("an answer");
        assert_eq!(answer.status(), 200);
        answer.text().await.expect("text")
    }

    pub(crate) async fn page(&self) -> Page {
        Page::read(&self.text("text/plain").await)
    }
}

/// A page in Prometheus's text format.
pub(crate) struct Page {
    /// Family and type.
    pub(crate) families: BTreeMap<String, String>,
    /// Sample with its labels, and value.
    pub(crate) samples: Vec<(String, f64)>,
}

impl Page {
    fn read(text: &str) -> Self {
        let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
        let families = types.map(|(name, kind)| (name.to_owned(), kind.to_owned())).collect();
        let samples = text.lines().filter(|line| !line.starts_with('#'));
        let sample = |line: &str| {
            let (sample, value) = line.rsplit_once(' ').expect("a value");
            (sample.to_owned(), value.parse().expect("a number"))
        };
        Self { families, samples: samples.map(sample).collect() }
    }

    /// The sum of a family's samples that have all these labels; `None` if there is none.
    pub(crate) fn sum(&self, family: &str, labels: &[&str]) -> Option<f64> {
        let named = |sample: &str| sample == family || sample.starts_with(&format!("{family}{{"));
        let mut found = self.samples.iter().filter(|(sample, _)| {
            named(sample) && labels.iter().all(|label| sample.contains(label))
        });
        let first = found.next()?.1;
        Some(first + found.map(|(_, value)| value).sum::<f64>())
    }
}
