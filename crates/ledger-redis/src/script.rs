use std::sync::LazyLock;

use redis::{Cmd, ToRedisArgs};

/// A Lua script, called by the hash of its text.
pub(crate) struct Script {
    pub(crate) name: &'static str,
    text: &'static str,
    hash: LazyLock<String>,
}

impl Script {
    pub(crate) const fn new(name: &'static str, text: &'static str, hash: fn() -> String) -> Self {
        Self { name, text, hash: LazyLock::new(hash) }
    }
}

/// Declares scripts by file name. With `clock` in front a script can read the time; with `fence` it
/// begins with the check of generation and lease.
macro_rules! scripts {
    ($($name:ident = $file:literal $(after $first:literal)*;)*) => {$(
        pub(crate) static $name: Script = {
            const TEXT: &str = concat!(
                $(include_str!(concat!("scripts/", $first, ".lua")),)*
                include_str!(concat!("scripts/", $file, ".lua")),
            );
            Script::new($file, TEXT, || redis::Script::new(TEXT).get_hash().to_owned())
        };
    )*};
}

scripts! {
    BEGIN = "begin";
    END = "end";
    WITNESS = "witness";
    ACCEPT = "accept";
    MARK_PUBLISHED = "mark_published";
    ADOPT = "adopt" after "clock";
    ANY_ALIVE = "any_alive" after "clock";
    LOAD = "load" after "clock";
    LOAD_WHOLE = "load_whole" after "clock";
    LOOK_NOW = "look_now" after "clock";
    PROPOSE = "propose" after "clock";
    RENEW = "renew" after "clock" after "fence";
    FOLLOW = "follow" after "clock" after "fence";
    FOLLOWED = "followed" after "clock" after "fence";
    LOST = "lost" after "clock" after "fence";
    OPEN = "open" after "clock" after "fence";
    WRITE = "write" after "clock" after "fence" after "listed" after "ended";
    CLAIM_DUE = "claim_due" after "clock" after "fence";
    CLAIM_OUTBOX = "claim_outbox" after "clock" after "fence";
    ANNOUNCED = "announced" after "clock" after "fence";
    POSTPONE = "postpone" after "clock" after "fence";
    CLAIM_TASK = "claim_task" after "clock" after "fence";
    TAKE_PERMIT = "take_permit" after "clock" after "fence" after "slots" after "slots_now"
        after "rate" after "rates" after "tenants";
    GIVE_PERMITS = "give_permits" after "clock" after "fence" after "slots";
    ENTER = "enter" after "clock" after "fence" after "slots" after "room";
    GRANT = "grant" after "clock" after "fence" after "slots" after "slots_now" after "rate"
        after "rates" after "tenants" after "room";
    POOL_SLOTS = "pool_slots" after "clock";
    CHANGE_SLOT_LIMIT = "change_slot_limit" after "clock" after "fence";
    CONFIRM = "confirm" after "clock" after "fence" after "room";
    WITHDRAW = "withdraw" after "clock" after "fence" after "room";
    OVERDUE_GRANTS = "overdue_grants" after "clock";
    PAUSE_BY_HAND = "pause_by_hand" after "clock" after "by_hand";
    RESUME_BY_HAND = "resume_by_hand" after "clock" after "by_hand";
    PAUSED_BY_HAND = "paused_by_hand" after "clock" after "by_hand";
    RESERVE = "reserve" after "clock" after "fence" after "date" after "spending";
    SETTLE_RESERVATIONS = "settle_reservations" after "clock" after "fence" after "spending";
    SPEND = "spend" after "clock" after "rate" after "date";
    GIVE_BACK = "give_back";
    PLACE = "place";
    WAITING = "waiting" after "tenants";
    TAKE_TURN = "take_turn" after "clock" after "fence";
    END_TURN = "end_turn" after "clock" after "fence";
}

/// A script with its keys and arguments.
pub(crate) struct Call {
    pub(crate) script: &'static Script,
    keys: Vec<Vec<u8>>,
    args: Vec<Vec<u8>>,
}

impl Call {
    pub(crate) fn of(script: &'static Script) -> Self {
        Self { script, keys: Vec::new(), args: Vec::new() }
    }

    pub(crate) fn key(mut self, key: String) -> Self {
        self.keys.push(key.into_bytes());
        self
    }

    pub(crate) fn arg(mut self, arg: impl ToRedisArgs) -> Self {
        arg.write_redis_args(&mut self.args);
        self
    }

    pub(crate) fn by_hash(&self) -> Cmd {
        self.command("EVALSHA", &self.script.hash)
    }

    /// With the script's text, which the server then stores.
    pub(crate) fn in_full(&self) -> Cmd {
        self.command("EVAL", self.script.text)
    }

    fn command(&self, name: &str, script: &str) -> Cmd {
        let mut command = redis::cmd(name);
        command.arg(script).arg(self.keys.len());
        command.arg(&self.keys).arg(&self.args);
        command
    }
}
