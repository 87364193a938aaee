//! A trigger of a new type, "timer": on every interval it calls `echo` in the application's first
//! component and prints what comes back: `timer_echo [MANIFEST] [--ticks N]`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use spin_host::{
    Application, CustomTrigger, Error, ErrorKind, Function, Open, Trigger, TriggerOptions, Value,
    Wit, Worker,
};

struct Timer {
    echo: Function,
    ticks: u32,
    component: String,
    interval: Duration,
}

impl Trigger for Timer {
    fn open(&mut self, open: &Open<'_>) -> Result<(), Error> {
        let settings = open.settings();
        let first = open.application().component_ids().into_iter().next();
        self.component = first.ok_or_else(|| settings.error("type", "needs a component to run"))?;
        self.interval = settings.duration("interval")?.unwrap_or(Duration::from_secs(1));
        if self.interval.is_zero() {
            return Err(settings.error("interval", "must be more than zero"));
        }
        settings.integer("ticks", 1..=i64::MAX)?; // known, but it is the command line that counts here
        Ok(())
    }

    fn start(&mut self, worker: &Worker<'_>) -> Result<(), Error> {
        let (echo, component, last) = (self.echo.clone(), self.component.clone(), self.ticks);
        let mut tick = 0;
        worker.every(self.interval, move |worker| {
            tick += 1;
            let message = Value::from(format!("tick {tick}"));
            let is_last = tick == last;
            worker.call(&component, &echo, &[message], move |worker, answer| {
                match answer {
                    Ok(text) => println!("{}", text.as_ref().and_then(Value::as_str).unwrap_or("")),
                    // A component that fails does not end the trigger.
                    Err(error) => eprintln!("Error: tick: {error}"),
                }
                if is_last {
                    worker.stop();
                }
                Ok(())
            })
        })
    }
}

fn run() -> Result<(), Error> {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../examples/spin-timer-echo");
    let mut manifest: PathBuf = example.join("spin.toml");
    let mut ticks = 5;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        if argument == "--ticks" {
            let number = arguments.next().and_then(|number| number.parse().ok());
            ticks = number
                .filter(|&number| number > 0)
                .ok_or_else(|| Error::new(ErrorKind::Usage, "--ticks wants a number from 1"))?;
        } else {
            manifest = argument.into();
        }
    }
    let timer = Timer {
        echo: Wit::load(example.join("echo.wit"))?.function("echo")?,
        ticks,
        component: String::new(),
        interval: Duration::ZERO,
    };
    let application = Application::load(manifest)?;
    let options = TriggerOptions { handle_signals: true, ..Default::default() };
    CustomTrigger::new("timer", timer, &application, &options)?.run()
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Error: {error}");
            ExitCode::from(error.kind().exit_code() as u8)
        }
    }
}
