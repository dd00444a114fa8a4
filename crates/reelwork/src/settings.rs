//! The settings of each role, from the configuration.

use std::time::Duration;

use daemon::{Config, DoubtPolicy, LookUp};
use job::{CallbackSigner, OnDoubt, Rules};
use poller::LookUpBy;
use worker::{Callback, Slots};

use crate::backends::spans;

/// The journal keeps its lines for longer than the ledger keeps settled records.
const PARKED_AGAIN: Duration = Duration::from_secs(24 * 3600);

pub(crate) fn rules(config: &Config) -> Rules {
    Rules {
        installation: config.ledger.namespace.clone(),
        pace: config.poll.pace,
        post_timeout: config.kling.timeout,
        settling: config.doubt.settling,
        // With `auto`, only a look-up that has been tested reports a denial.
        denials_trusted: config.kling.trust_denials || config.kling.look_up == LookUp::Auto,
        on_doubt: match config.doubt.policy {
            DoubtPolicy::Park => OnDoubt::Park,
            DoubtPolicy::Resubmit => OnDoubt::Resubmit,
        },
        doubt_give_up: config.doubt.give_up,
        callback_wait: config.doubt.callback_wait,
        max_attempts: config.limits.max_attempts,
        overdue_after: config.poll.give_up,
        announce_submitted: config.events.submitted,
        ..Rules::default()
    }
}

pub(crate) fn follower(config: &Config) -> follower::Settings {
    follower::Settings {
        rules: rules(config),
        retention: config.ledger.retention,
        post_timeout: config.kling.timeout,
        counts_days: config.limits.max_submissions_per_day > 0,
        parked_again: PARKED_AGAIN.min(config.ledger.retention / 4),
        goes_on: config.ledger.url.url().is_some(),
    }
}

pub(crate) fn worker(config: &Config) -> worker::Settings {
    worker::Settings {
        rules: rules(config),
        account: config.kling.account.clone(),
        slots: slots(config),
        submissions_per_day: config.limits.max_submissions_per_day,
        post_timeout: config.kling.timeout,
        prefetch: config.worker.prefetch,
        in_progress: config.limits.max_in_progress as usize,
        max_deliveries: config.worker.max_deliveries,
        producer_skew: config.worker.producer_skew,
        callback: callback(config),
        ..worker::Settings::default()
    }
}

pub(crate) fn slots(config: &Config) -> Slots {
    let limits = &config.limits;
    Slots { videos: limits.videos, images: limits.images, audio: limits.audio }
}

pub(crate) fn poller(config: &Config) -> poller::Settings {
    poller::Settings {
        rules: rules(config),
        account: config.kling.account.clone(),
        look_up: match config.kling.look_up {
            LookUp::None => LookUpBy::None,
            LookUp::Auto => LookUpBy::Auto,
            LookUp::Path => LookUpBy::Form(kling::LookUp::Path),
            LookUp::Query => LookUpBy::Form(kling::LookUp::Query),
            LookUp::List => LookUpBy::Form(kling::LookUp::List),
        },
        callbacks: config.gateway.callback_url.is_some(),
        concurrency: config.poll.concurrency as usize,
        batch: config.poll.batch as usize,
        sweep: config.poll.sweep,
        adopts: config.broker.url.url().is_some(),
        spans: spans(),
        ..poller::Settings::default()
    }
}

pub(crate) fn gateway(config: &Config) -> Option<gateway::Settings> {
    let mut settings =
        gateway::Settings::new(config.gateway.listen, signer(config)?, rules(config));
    // Operators may look into parked doubts much later.
    settings.keep_for = settings.keep_for.max(config.ledger.retention);
    Some(settings)
}

fn callback(config: &Config) -> Option<Callback> {
    let url = config.gateway.callback_url.as_ref()?.to_string();
    Some(Callback { url, signer: signer(config)? })
}

fn signer(config: &Config) -> Option<CallbackSigner> {
    CallbackSigner::new(&config.ledger.namespace, &config.gateway.callback_secrets)
}

#[cfg(test)]
mod tests {
    use daemon::Sources;

    use super::*;

    /// The configuration of a process for which nothing is set.
    fn unset() -> Config {
        Config::load(&Sources::default()).unwrap().config
    }

    /// Without the settings of the look-up, which the crates' own defaults do not have.
    fn common(rules: Rules) -> Rules {
        Rules { denials_trusted: false, ..rules }
    }

    #[test]
    fn defaults_of_the_configuration_are_those_of_the_roles() {
        let config = unset();
        assert_eq!(format!("{:?}", common(rules(&config))), format!("{:?}", Rules::default()));
        let set = worker(&config);
        let set = worker::Settings { rules: common(set.rules), ..set };
        assert_eq!(format!("{set:?}"), format!("{:?}", worker::Settings::default()));
        let set = poller(&config);
        // No key sets the names of spans, and the crate's own default has no look-up.
        let own = poller::Settings::default();
        let (look_up, spans) = (LookUpBy::None, own.spans);
        let set = poller::Settings { rules: common(set.rules), look_up, spans, ..set };
        assert_eq!(format!("{set:?}"), format!("{own:?}"));
        let set = follower(&config);
        let set = follower::Settings { rules: common(set.rules), goes_on: true, ..set };
        assert_eq!(format!("{set:?}"), format!("{:?}", follower::Settings::default()));
    }
}
