//! What every broker must do, on the RabbitMQ of this machine.

mod house;

conformance::broker!(house::open());
