//! Applications, errors, the HTTP server and triggers of one's own.

mod common;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::{engine, repository, Folder};
use spin_host::{
    Application, Context, CustomTrigger, EngineOptions, Error, ErrorKind, HttpOptions, HttpServer,
    Open, Result, Trigger, TriggerOptions, Value, Wit, Worker,
};

const ECHO: &str = "examples/spin-timer-echo/guest/echo.wasm";

#[test]
fn an_application_tells_what_the_manifest_says() {
    let folder = Folder::new("application");
    let application = folder.application(ECHO, "type = \"timer\", interval = \"1s\"");
    assert_eq!(application.name(), "app");
    assert_eq!(application.version(), "1.2.3");
    assert_eq!(application.trigger_type(), "timer");
    assert_eq!(application.component_ids(), ["guest"]);
    assert!(application.trigger_json().unwrap().contains("\"1s\""));
    assert!(application.component_trigger_json("guest").unwrap().is_some());
    assert!(application.component_trigger_json("other").unwrap().is_none());
    let locked = folder.path().join("locked.json");
    std::fs::write(&locked, application.to_locked().unwrap()).unwrap();
    let again = Application::load_locked(Some(&locked)).unwrap();
    assert_eq!(again.to_json().unwrap(), application.clone().to_json().unwrap());
}

#[test]
fn errors_have_kind_position_and_chain() {
    let missing = Application::load("/nowhere/spin.toml").err().unwrap();
    assert_eq!(missing.kind(), ErrorKind::NotFound);
    assert!(missing.to_string().contains("/nowhere/spin.toml"));
    let folder = Folder::new("errors");
    let manifest = folder.path().join("spin.toml");
    std::fs::write(&manifest, "spin_version = \"1\"\nname = 5\n").unwrap();
    let error = Application::load(&manifest).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    let place = error.position().unwrap();
    assert_eq!((place.line, place.file.as_deref()), (2, manifest.to_str()));
    assert!(place.column > 0);
    assert!(error.links().iter().all(|link| error.to_string().contains(&link.message)));

    let wit = Wit::parse("package a:b;\ninterface i { f: func(; }", "bad.wit").err().unwrap();
    assert_eq!(wit.position().unwrap().line, 2);
    let own = Error::new(ErrorKind::Limit, "100% of %s");
    assert_eq!((own.kind(), own.to_string().as_str()), (ErrorKind::Limit, "100% of %s"));
    assert_eq!(own.kind().to_string(), "limit");
}

fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn http_serves_until_it_is_stopped() {
    let folder = Folder::new("http");
    let application = Application::load(repository("examples/hello")).unwrap();
    let options = HttpOptions {
        listen: Some("127.0.0.1:0".into()),
        log_dir: Some(folder.path().join("logs")),
        engine: engine(),
        ..Default::default()
    };
    let server = HttpServer::new(&application, &options).unwrap();
    let address = server.address();
    assert!(!address.ends_with(":0"));
    let taken = HttpOptions { listen: Some(address.clone()), ..options.clone() };
    let error = HttpServer::new(&application, &taken).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Exists);
    let stopper = server.stopper();
    let running = server.spawn();
    let answer = get(&address, "/");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(get(&address, "/healthz").ends_with("OK"));
    running.stop().unwrap();
    assert!(TcpStream::connect(&address).is_err());
    stopper.stop(); // of what is gone
}

#[test]
fn variables_have_the_values_of_the_options() {
    let folder = Folder::new("variables");
    let application = Application::load(repository("examples/many/apps/shop.example")).unwrap();
    let with = |name: &str, value: &str| EngineOptions {
        variables: vec![("not_there".into(), "x".into()), (name.into(), value.into())],
        ..engine()
    };
    let options = HttpOptions {
        listen: Some("127.0.0.1:0".into()),
        log_dir: Some(folder.path().join("logs")),
        engine: with("currency", "a=b"),
        ..Default::default()
    };
    let server = HttpServer::new(&application, &options).unwrap();
    let address = server.address();
    let running = server.spawn();
    let answer = get(&address, "/?key=price");
    assert!(answer.contains("100 a=b"), "{answer}");
    running.stop().unwrap();
    let error = Context::new(&application, &with("", "x")).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Usage);
}

#[test]
fn the_error_of_a_run_is_delivered() {
    let folder = Folder::new("broken");
    let application = folder.application("tests/e2e/guests/trap.c", "type = \"http\"");
    let options = HttpOptions {
        listen: Some("127.0.0.1:0".into()),
        log_dir: Some(folder.path().join("logs")),
        engine: engine(),
        ..Default::default()
    };
    let error = HttpServer::new(&application, &options).and_then(|server| server.spawn().join());
    let error = error.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.to_string().contains("guest"), "{error}");
}

// ── triggers of one's own ──────────────────────────────────────────────────────────────────────

/// A trigger made of two closures.
struct Scene<O, S>(O, S);

impl<O, S> Trigger for Scene<O, S>
where
    O: FnMut(&Open<'_>) -> Result<()> + Send + 'static,
    S: FnMut(&Worker<'_>) -> Result<()> + Send + 'static,
{
    fn open(&mut self, open: &Open<'_>) -> Result<()> {
        self.0(open)
    }
    fn start(&mut self, worker: &Worker<'_>) -> Result<()> {
        self.1(worker)
    }
}

fn scene(
    settings: &str,
    open: impl FnMut(&Open<'_>) -> Result<()> + Send + 'static,
    start: impl FnMut(&Worker<'_>) -> Result<()> + Send + 'static,
) -> Result<(CustomTrigger, Folder)> {
    let folder = Folder::new("scene");
    let application = folder.application(ECHO, &format!("type = \"timer\"{settings}"));
    let options = TriggerOptions {
        engine: engine(),
        shutdown_timeout: Some(Duration::from_secs(5)),
        ..Default::default()
    };
    Ok((CustomTrigger::new("timer", Scene(open, start), &application, &options)?, folder))
}

fn nothing(_: &Open<'_>) -> Result<()> {
    Ok(())
}

const TICK: Duration = Duration::from_millis(5);

#[test]
fn five_ticks_call_the_guest() {
    let echo = Wit::load(repository("examples/spin-timer-echo/echo.wit")).unwrap();
    let echo = echo.function("echo").unwrap();
    let (sender, answers) = mpsc::channel();
    let start = move |worker: &Worker<'_>| {
        let (echo, sender, mut tick) = (echo.clone(), sender.clone(), 0);
        worker.every(TICK, move |worker| {
            tick += 1;
            if tick > 5 {
                return Ok(());
            }
            let sender = sender.clone();
            let message = Value::from(format!("tick {tick}"));
            worker.call("guest", &echo, &[message], move |worker, answer| {
                sender.send(answer?.unwrap().as_str().unwrap().to_owned()).unwrap();
                if tick == 5 {
                    worker.stop();
                }
                Ok(())
            })
        })
    };
    let (mut trigger, _folder) = scene("", nothing, start).unwrap();
    trigger.run().unwrap();
    drop(trigger);
    let answers: Vec<String> = answers.iter().collect();
    assert_eq!(answers, (1..=5).map(|tick| format!("ECHO: tick {tick}")).collect::<Vec<_>>());
}

#[test]
fn settings_are_read_with_their_places() {
    let settings = ", interval = \"250ms\", count = 3, fast = true, name = \"x\", list = [1]";
    let open = |open: &Open<'_>| {
        let settings = open.settings();
        assert_eq!(settings.duration("interval")?, Some(Duration::from_millis(250)));
        assert_eq!(settings.integer("count", 1..=3)?, Some(3));
        assert_eq!(settings.boolean("fast")?, Some(true));
        assert_eq!(settings.text("name")?.as_deref(), Some("x"));
        assert!(settings.json("list")?.unwrap().contains('1'));
        assert_eq!(settings.text("other")?, None);
        assert_eq!(open.component_settings("guest")?.integer("x", 0..=1)?, None);
        assert_eq!(open.component_settings("none").err().unwrap().kind(), ErrorKind::NotFound);
        assert_eq!(open.application().component_ids(), ["guest"]);
        Ok(())
    };
    scene(settings, open, |_| Ok(())).unwrap();

    let place = |settings: &str, open: fn(&Open<'_>) -> Result<()>| {
        let error = scene(settings, open, |_| Ok(())).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        let place = error.position().unwrap();
        (place.line, place.column, error.to_string())
    };
    let (line, column, text) =
        place(", n = 9", |open| open.settings().integer("n", 0..=5).map(|_| ()));
    assert_eq!((line, column), (4, 33), "{text}");
    let (line, _, text) = place(", n = 9", |open| Err(open.settings().error("n", "no: 5%")));
    assert!(line == 4 && text.contains("trigger.n: no: 5%"), "{text}");
    let (line, _, text) = place(", unknown = 9", nothing);
    assert!(line == 4 && text.contains("unknown"), "{text}");
}

fn run_fails(start: impl FnMut(&Worker<'_>) -> Result<()> + Send + 'static) -> Error {
    let (trigger, _folder) = scene("", nothing, start).unwrap();
    trigger.spawn().join().unwrap_err()
}

#[test]
fn failures_and_panics_of_callbacks_end_the_run() {
    let opened = scene("", |_| panic!("in open"), |_| Ok(())).err().unwrap();
    assert_eq!(opened.kind(), ErrorKind::Internal);
    assert!(opened.to_string().contains("in open"));
    let started = run_fails(|_| panic!("in start"));
    assert!(started.to_string().contains("in start"));
    let limit = run_fails(|_| Err(Error::new(ErrorKind::Limit, "enough")));
    assert_eq!(limit.kind(), ErrorKind::Limit);
    let ticked = run_fails(|worker| worker.every(TICK, |_| panic!("in tick {}", 1)));
    assert!(ticked.to_string().contains("in tick 1"));
    let posted = run_fails(|worker| worker.post(|_| panic!("posted")));
    assert!(posted.to_string().contains("posted"));
    let echo = Wit::load(repository("examples/spin-timer-echo/echo.wit")).unwrap();
    let echo = echo.function("echo").unwrap();
    let called = run_fails(move |worker| {
        worker.call("guest", &echo, &["x".into()], |_, answer| {
            assert_eq!(answer?.unwrap().as_str(), Some("ECHO: x"));
            panic!("in called")
        })
    });
    assert!(called.to_string().contains("in called"), "{called}");
}

#[test]
fn posts_arrive_in_order_and_what_waits_is_dropped() {
    let order = Arc::new(Mutex::new(Vec::new()));
    let (ready, started) = mpsc::channel();
    let start = move |_: &Worker<'_>| {
        ready.send(()).unwrap();
        Ok(())
    };
    let (trigger, _folder) = scene("", nothing, start).unwrap();
    let poster = trigger.poster();
    assert_eq!(poster.post(|_| Ok(())).unwrap_err().kind(), ErrorKind::Cancelled);
    let running = trigger.spawn();
    started.recv_timeout(Duration::from_secs(60)).unwrap();
    for number in 0..10 {
        let order = order.clone();
        let work = move |worker: &Worker<'_>| {
            order.lock().unwrap().push(number);
            if number == 9 {
                worker.stop();
            }
            Ok(())
        };
        poster.post(work).unwrap();
    }
    running.join().unwrap();
    assert_eq!(*order.lock().unwrap(), (0..10).collect::<Vec<_>>());
    assert_eq!(poster.post(|_| Ok(())).unwrap_err().kind(), ErrorKind::Cancelled);
}

#[test]
fn callbacks_are_dropped_with_the_run() {
    struct Flag(Arc<AtomicBool>);
    impl Drop for Flag {
        fn drop(&mut self) {
            self.0.store(true, Ordering::SeqCst);
        }
    }
    let dropped = Arc::new(AtomicBool::new(false));
    let seen = dropped.clone();
    let start = move |worker: &Worker<'_>| {
        let flag = Flag(seen.clone());
        worker.every(TICK, move |worker| {
            assert!(!flag.0.load(Ordering::SeqCst));
            worker.stop();
            Ok(())
        })
    };
    let (mut trigger, _folder) = scene("", nothing, start).unwrap();
    trigger.run().unwrap();
    assert!(dropped.load(Ordering::SeqCst));
    assert_eq!(trigger.run().unwrap_err().kind(), ErrorKind::Usage);
}

#[test]
fn a_fraction_of_a_millisecond_is_an_interval() {
    let (mut trigger, _folder) = scene("", nothing, |worker| {
        worker.every(Duration::from_micros(1), |worker| {
            worker.stop();
            Ok(())
        })
    })
    .unwrap();
    trigger.run().unwrap();
    let never = run_fails(|worker| worker.every(Duration::ZERO, |_| Ok(())));
    assert_eq!(never.kind(), ErrorKind::Usage);
}

#[test]
fn a_stop_before_the_run_ends_it_at_once() {
    let (mut trigger, _folder) = scene("", nothing, |_| Ok(())).unwrap();
    trigger.stopper().stop();
    trigger.run().unwrap();
}

#[test]
fn a_stop_from_inside_start_ends_it_too() {
    let start = |worker: &Worker<'_>| {
        worker.stop();
        assert_eq!(worker.application().name(), "app");
        Ok(())
    };
    scene("", nothing, start).unwrap().0.run().unwrap();
}

#[test]
fn another_trigger_type_is_refused() {
    let folder = Folder::new("other");
    let application = folder.application(ECHO, "type = \"timer\"");
    let other = Scene(nothing, |_: &Worker<'_>| Ok(()));
    let options = TriggerOptions::default();
    let error = CustomTrigger::new("cron", other, &application, &options).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Usage);
}

fn example(name: &str) -> Command {
    // Beside the tests' own folder: target/debug/deps/../examples.
    let tests = std::env::current_exe().unwrap();
    let binary = tests.ancestors().nth(2).unwrap().join("examples").join(name);
    assert!(binary.exists(), "{binary:?}: cargo test builds the examples");
    let mut command = Command::new(binary);
    command.env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR"));
    command
}

#[test]
fn the_example_timer_echo_ticks() {
    let folder = Folder::new("timer");
    let manifest = folder.manifest(ECHO, "type = \"timer\", interval = \"20ms\"");
    let ran = example("timer_echo").arg(&manifest).args(["--ticks", "5"]).output().unwrap();
    assert!(ran.status.success(), "{ran:?}");
    let lines: Vec<String> = (1..=5).map(|tick| format!("ECHO: tick {tick}\n")).collect();
    assert_eq!(String::from_utf8(ran.stdout).unwrap(), lines.concat());
    let wrong = folder.manifest(ECHO, "type = \"timer\", interval = \"soon\"");
    let ran = example("timer_echo").arg(&wrong).output().unwrap();
    assert_eq!(ran.status.code(), Some(1));
    assert!(String::from_utf8(ran.stderr).unwrap().contains("spin.toml:4:"));
}

#[test]
fn the_example_http_serves_and_stops_on_a_signal() {
    use std::io::{BufRead, BufReader};
    let folder = Folder::new("serve");
    let mut server = example("http")
        .arg(repository("examples/hello"))
        .arg("127.0.0.1:0")
        .env("HOME", folder.path())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().rsplit_once("//").unwrap().1;
    assert!(get(address, "/").starts_with("HTTP/1.1 200"));
    let signal = Command::new("kill").args(["-INT", &server.id().to_string()]).status().unwrap();
    assert!(signal.success());
    assert!(server.wait().unwrap().success());
}
