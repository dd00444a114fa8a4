//! What every broker must do, on the RabbitMQ of this machine.

conformance::broker!(crate::fixture::open());
