//! Reads a table from text, or reports everything that is wrong with it.

use job::Operation;
use toml::{Table, Value};

use crate::asked::{Defaults, Usual};
use crate::price::{Amount, Per, Price, Terms};
use crate::section::Section;
use crate::table::{PriceTable, Units};

/// Every job is compared with every price.
const MOST_PRICES: usize = 1_000;

impl PriceTable {
    /// Reads TOML in the form of the shipped table. `knows`: whether the provider has an operation of
    /// this name. All problems are reported at once, each in one line.
    pub fn parse(text: &str, knows: impl Fn(&str) -> bool) -> Result<Self, Vec<String>> {
        let file: Table = match text.parse() {
            Ok(file) => file,
            Err(error) => return Err(vec![one_line(&error)]),
        };
        let mut file = File { file, knows, problems: Vec::new() };
        let (units, defaults, prices) = (file.units(), file.defaults(), file.prices());
        file.end();
        let problems = file.problems;
        if problems.is_empty() { Ok(Self { units, defaults, prices }) } else { Err(problems) }
    }
}

struct File<K> {
    file: Table,
    knows: K,
    problems: Vec<String>,
}

impl<K: Fn(&str) -> bool> File<K> {
    fn list(&mut self, key: &str) -> Vec<(String, Value)> {
        match self.file.remove(key) {
            None => Vec::new(),
            Some(Value::Array(items)) => {
                let numbered = (1..).map(|n| format!("[[{key}]] {n}"));
                numbered.zip(items).collect()
            }
            Some(_) => {
                self.problems.push(format!("{key} is not a list: write [[{key}]]"));
                Vec::new()
            }
        }
    }

    fn units(&mut self) -> Vec<Units> {
        let mut units: Vec<Units> = Vec::new();
        for (place, value) in self.list("units") {
            let mut section = Section::new(place, value, &mut self.problems);
            let from = section.day("from");
            match (section.amount("video"), section.amount("image")) {
                (Some(_), Some(_)) if units.iter().any(|other| other.from == from) => {
                    section.problem("another has the same `from`");
                }
                (Some(video), Some(image)) => units.push(Units { from, video, image }),
                _ => section.problem("needs the amounts `video` and `image`"),
            }
            section.end();
        }
        units
    }

    fn defaults(&mut self) -> Defaults {
        let mut defaults = Defaults::new();
        let entries = match self.file.remove("defaults") {
            None => Table::new(),
            Some(Value::Table(entries)) => entries,
            Some(_) => {
                self.problems.push("defaults is not a table".to_owned());
                Table::new()
            }
        };
        for (operation, value) in entries {
            let place = format!("[defaults.{operation:?}]");
            let mut section = Section::new(place, value, &mut self.problems);
            if !is_known(&operation, &self.knows) {
                section.problem("is not an operation");
            }
            let usual = Usual::default();
            let default = Usual {
                model: section.text("model"),
                mode: section.text("mode").unwrap_or(usual.mode),
                seconds: section.seconds("seconds").unwrap_or(usual.seconds),
            };
            section.end();
            defaults.insert(operation, default);
        }
        defaults
    }

    fn prices(&mut self) -> Vec<Price> {
        let list = self.list("price");
        if list.len() > MOST_PRICES {
            self.problems.push(format!("has more than {MOST_PRICES} prices"));
            return Vec::new();
        }
        let mut prices: Vec<Price> = Vec::new();
        for (place, value) in list {
            let mut section = Section::new(place, value, &mut self.problems);
            if let Some(price) = price(&mut section, &self.knows) {
                if prices.iter().any(|other| other.terms == price.terms) {
                    section.problem("is never used: one before it is for the same jobs");
                }
                prices.push(price);
            }
            section.end();
        }
        prices
    }

    fn end(&mut self) {
        let unknown = self.file.keys().map(|key| format!("{key} is not known"));
        self.problems.extend(unknown);
    }
}

fn price(section: &mut Section<'_>, knows: &impl Fn(&str) -> bool) -> Option<Price> {
    let terms = terms(section, knows);
    let amount = match (section.amount("units"), section.amount("usd")) {
        (Some(units), None) => Some(Amount::Units(units.as_micros())),
        (None, Some(usd)) => Some(Amount::Usd(usd)),
        (Some(_), Some(_)) | (None, None) => {
            section.problem("needs one amount: `units` or `usd`");
            None
        }
    };
    let per = section.text("per").as_deref().and_then(Per::parse);
    if per.is_none() {
        section.problem(format!("needs `per`: {}", Per::WORDS));
    }
    Some(Price { terms, amount: amount?, per: per? })
}

fn terms(section: &mut Section<'_>, knows: &impl Fn(&str) -> bool) -> Terms {
    let operations = section.texts("operations");
    if operations.is_empty() {
        section.problem("needs `operations`");
    }
    for unknown in operations.iter().filter(|operation| !is_known(operation, knows)) {
        section.problem(format!("{unknown:?} is not an operation"));
    }
    Terms {
        operations,
        models: section.texts("models"),
        mode: section.text("mode"),
        sound: section.flag("sound"),
        voices: section.flag("voices"),
        image: section.flag("image"),
        video: section.flag("video"),
        from: section.day("from"),
    }
}

fn is_known(operation: &str, knows: &impl Fn(&str) -> bool) -> bool {
    Operation::new(operation).resource().is_some() && knows(operation)
}

/// The parser's message has several lines, the first with the place.
fn one_line(error: &toml::de::Error) -> String {
    let text = error.to_string();
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join(" ")
}
