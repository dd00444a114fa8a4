//! Settings that are one word out of a few.

use std::fmt;

/// An enum whose variants are written as words.
macro_rules! choice {
    ($(#[$outer:meta])* pub enum $name:ident { $($(#[$inner:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$outer])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$inner])* $variant),+ }

        impl $name {
            pub(crate) const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word that stands for it in a configuration.
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
    /// How to ask the provider for a task by our external id. No form is proven at CometAPI.
    pub enum LookUp {
        /// Do not ask: what is in doubt stays in doubt.
        None = "none",
        /// Each form is tried on a task that exists and on one that cannot; one that answers both
        /// rightly is used, and its denials are believed.
        Auto = "auto",
        /// The external id in the place of the task id.
        Path = "path",
        /// `?external_task_id=` on the create path.
        Query = "query",
        /// Walk the list, newest first.
        List = "list",
    }
}

choice! {
    /// What becomes of a submission whose fate cannot be known.
    pub enum DoubtPolicy {
        /// A person decides.
        Park = "park",
        /// Submit again, at the risk of paying twice.
        Resubmit = "resubmit",
    }
}

choice! {
    /// How events look to consumers: CloudEvents' two content modes.
    pub enum ContentMode {
        /// The body is the whole event.
        Structured = "structured",
        /// The body is the event's data; its attributes are headers.
        Binary = "binary",
    }
}

choice! {
    /// What the headers of binary events begin with: there is no binding to AMQP 0-9-1.
    pub enum HeaderPrefix {
        /// CloudEvents' own for AMQP 1.0.
        CloudEvents = "cloudEvents_",
        /// Knative's.
        Ce = "ce-",
    }
}

choice! {
    /// How a worker's trace goes on from the producer's.
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
        /// For eyes.
        Pretty = "pretty",
    }
}
