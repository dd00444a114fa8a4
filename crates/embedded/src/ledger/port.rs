//! The traits of the port; each method is one transaction or one read.

mod acceptances;
mod accounts;
mod activity;
mod allowances;
mod due;
mod manual_pauses;
mod members;
mod permits;
mod records;
mod slot_limits;
mod spending;
mod waiting;
