//! What every broker must do, on the RabbitMQ of this machine.

mod house;

ports::broker_conformance!(house::open());
