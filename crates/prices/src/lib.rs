//! Estimates what a job costs, before it is paid for.
//!
//! Pure: the table is read from text, and the moment of an estimate is an argument. Read [`PriceTable`]
//! (what counts), `asked` (what a request asks for), `price` (one price), then `file` (the text).

mod asked;
mod file;
mod price;
mod section;
mod table;

pub use self::table::PriceTable;
