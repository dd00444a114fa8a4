//! A real process and real signals. The process is this test binary, started again.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use daemon::{Config, ExitCode, Shutdown, Sources, logs};

/// Set in the child: how it drains when it is requested to.
const DRAIN: &str = "REELWORK_TEST_DRAIN";
/// Longest wait in a test, and longest life of a child.
const DEADLINE: Duration = Duration::from_secs(20);

#[test]
fn the_first_signal_drains_and_the_process_ends_as_it_wants() {
    for signal in ["TERM", "INT", "HUP"] {
        let mut child = Drained::start("the_first_signal_drains_and_the_process_ends_as_it_wants");
        child.send(signal);
        child.expect("draining");
        assert_eq!(child.exit_code(), Some(0), "{signal}");
        let log = child.log();
        let line = log.lines().find(|line| line.contains("draining")).unwrap();
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(line["level"], "INFO");
        assert_eq!(line["signal"], format!("SIG{signal}"));
        assert_eq!(log.matches("logged once").count(), 1, "{log}");
    }
}

#[test]
fn the_second_signal_ends_the_process_even_when_its_runtime_is_stuck() {
    for (signal, code) in [("TERM", 143), ("INT", 130), ("HUP", 129)] {
        let name = "the_second_signal_ends_the_process_even_when_its_runtime_is_stuck";
        let mut child = Drained::start(name);
        child.send("TERM");
        child.expect("draining");
        child.send(signal);
        assert_eq!(child.exit_code(), Some(code), "{signal}");
    }
}

/// As under `nohup`: closing the terminal ends nothing.
#[test]
fn an_ignored_hangup_stays_ignored() {
    let mut child = Drained::start_after("trap '' HUP", "an_ignored_hangup_stays_ignored");
    child.send("HUP");
    child.send("TERM");
    child.expect("draining");
    assert_eq!(child.exit_code(), Some(0), "the second signal was the first that counts");
    let log = child.log();
    assert!(log.contains("SIGTERM") && !log.contains("SIGHUP"), "{log}");
}

/// A thread of the broker's client may panic like this, which does no harm.
#[test]
fn a_panic_is_a_line_like_any_other() {
    let mut child = Drained::start("a_panic_is_a_line_like_any_other");
    child.send("TERM");
    assert_eq!(child.exit_code(), Some(0));
    let log = child.log();
    let lines = log.lines().map(|line| {
        let read: Result<serde_json::Value, _> = serde_json::from_str(line);
        read.unwrap_or_else(|_| panic!("plain text among the lines: {line}"))
    });
    let panics: Vec<_> = lines.filter(|line| line["message"] == "panicked").collect();
    assert_eq!(panics.len(), 1, "{log}");
    assert_eq!((&panics[0]["level"], &panics[0]["thread"]), (&"ERROR".into(), &"role".into()));
    assert_eq!(panics[0]["cause"], "it broke: 7\nthere");
}

/// A child that has printed "ready".
struct Drained {
    child: Child,
    lines: mpsc::Receiver<String>,
}

impl Drained {
    /// Runs `test` again in a process of its own; in that process, it acts as the child and never
    /// returns.
    fn start(test: &str) -> Self {
        // The caller of the tests may ignore a signal.
        Self::start_after("trap - HUP", test)
    }

    /// A shell runs this script first.
    fn start_after(script: &str, test: &str) -> Self {
        if let Ok(drain) = std::env::var(DRAIN) {
            play(&drain);
        }
        let drain = ["stuck", "panic"].into_iter().find(|word| test.contains(word));
        let drain = drain.unwrap_or("clean");
        let mut child = Command::new("sh")
            .args(["-c", &format!("{script}; exec \"$0\" \"$@\"")])
            .arg(std::env::current_exe().unwrap())
            .args([&format!("signals::{test}"), "--exact", "--nocapture"])
            .env(DRAIN, drain)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (said, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                let _ = said.send(line);
            }
        });
        let child = Self { child, lines };
        child.expect("ready");
        child
    }

    fn expect(&self, word: &str) {
        while !self.lines.recv_timeout(DEADLINE).expect(word).contains(word) {}
    }

    fn send(&self, signal: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args([&format!("-{signal}"), &pid]).status();
        assert!(sent.unwrap().success());
    }

    fn exit_code(&mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }

    fn log(&mut self) -> String {
        let mut text = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
        text
    }
}

/// All that the child does.
fn play(drain: &str) -> ! {
    thread::spawn(|| {
        thread::sleep(DEADLINE);
        std::process::exit(99)
    });
    let telemetry = Config::load(&Sources::default()).unwrap().config.telemetry;
    logs::init(&telemetry, None);
    logs::init(&telemetry, None);
    tracing::info!("logged once");
    if drain == "panic" {
        for name in ["role", "lapin-io-loop"] {
            let broken = || panic!("it broke: {}\nthere", 7);
            let thread = thread::Builder::new().name(name.to_owned()).spawn(broken);
            thread.unwrap().join().unwrap_err();
        }
    }
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let shutdown = Shutdown::on_signals().unwrap();
        say("ready");
        shutdown.requested().await;
        say("draining");
        if drain == "stuck" {
            loop {
                thread::park();
            }
        }
    });
    std::process::exit(ExitCode::Ok.code().into())
}

fn say(word: &str) {
    std::io::stdout().write_all(format!("{word}\n").as_bytes()).unwrap();
}
