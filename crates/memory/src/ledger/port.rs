//! The parts of the port, each one call of the contents.

mod accounts;
mod due;
mod members;
mod permits;
mod records;
mod waiting;
