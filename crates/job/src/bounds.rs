//! How large a job message and its parts may be.

/// A message larger than this is refused: "send a URL" (RabbitMQ 4 caps messages at 16 MiB).
pub const MAX_MESSAGE_BYTES: usize = 8 * 1024 * 1024;

/// Metadata travels in the record, in its journal lines and in every event.
pub const MAX_METADATA_BYTES: usize = 64 * 1024;

/// Longer operations would not fit a routing key.
pub const MAX_OPERATION_BYTES: usize = 100;

/// Further rounds a job may request after a failed one.
pub const MAX_RETRIES: u32 = 10;
