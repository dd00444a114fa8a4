//! The traits of the port; each method is one transaction or one read.

mod accounts;
mod due;
mod members;
mod permits;
mod records;
mod waiting;
