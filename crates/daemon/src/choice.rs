//! Settings whose value is one of a few words.

use std::fmt;

/// An enum whose variants are written as words.
macro_rules! choice {
    ($(#[$outer:meta])* pub enum $name:ident { $($(#[$inner:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$outer])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$inner])* $variant),+ }

        impl $name {
            pub(crate) const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word in a configuration.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

choice! {
    /// How to look up a task at the provider by our external id. No form is proven at CometAPI.
    pub enum LookUp {
        /// No look-up: a job in doubt stays in doubt.
        None = "none",
        /// Each form is tested with a task that exists and with one that does not. A form that
        /// answers both correctly is used, and its denials are believed.
        Auto = "auto",
        /// The external id in the place of the task id.
        Path = "path",
        /// `?external_task_id=` on the create path.
        Query = "query",
        /// Search the list, newest first.
        List = "list",
    }
}

choice! {
    /// What to do with a submission whose result cannot be known.
    pub enum DoubtPolicy {
        /// An operator decides.
        Park = "park",
        /// Submit again, at the risk of paying twice.
        Resubmit = "resubmit",
    }
}

choice! {
    /// What becomes of a job that would exceed a cap on spending.
    pub enum OverCap {
        /// It waits.
        Hold = "hold",
        /// It is rejected.
        Refuse = "refuse",
    }
}

choice! {
    /// In which form events are published: the two content modes of CloudEvents.
    pub enum ContentMode {
        /// The body is the whole event.
        Structured = "structured",
        /// The body is the event's data; its attributes are headers.
        Binary = "binary",
    }
}

choice! {
    /// The prefix of the headers of binary events: CloudEvents has no binding to AMQP 0-9-1.
    pub enum HeaderPrefix {
        /// The prefix of CloudEvents for AMQP 1.0.
        CloudEvents = "cloudEvents_",
        /// The prefix of Knative.
        Ce = "ce-",
    }
}

choice! {
    /// How a worker's trace continues that of the producer.
    pub enum TraceMode {
        /// A trace of its own with a link: a job takes longer than a sampler waits.
        Link = "link",
        /// The producer's trace.
        Parent = "parent",
    }
}

choice! {
    pub enum LogFormat {
        /// `Pretty` on a terminal, `Json` elsewhere.
        Auto = "auto",
        /// One JSON object a line.
        Json = "json",
        /// For people.
        Pretty = "pretty",
    }
}
