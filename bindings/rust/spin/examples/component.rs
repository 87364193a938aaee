//! Calls a component: `component [FILE [NAME]]`.

use std::path::Path;
use std::process::ExitCode;

use spin_host::{Component, ComponentOptions, ContextBuilder, EngineOptions, Error, Value};

// doc: greet
fn greet(path: &Path, name: &str) -> Result<Option<Value>, Error> {
    let component = Component::load(path, &ComponentOptions::default())?;
    for item in component.exports() {
        println!("{:?} {}", item.kind, item.name);
    }

    // Once: say what it may import, compile it.
    let mut builder = ContextBuilder::new(None, &EngineOptions::default())?;
    builder.add_component("greeter", &component)?;
    builder.define_function("example:app/host@1.0.0", "log", |args| {
        println!("{}", args[0].as_str().unwrap_or_default());
        Ok(None)
    })?;
    let context = builder.build()?;

    // For each event: a fresh instance, a call, the end.
    let mut instance = context.prepare("greeter")?;
    instance.call_export("test:guests/text@1.0.0#greet", &[name.into()])
}
// doc: end

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let plain = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../tests/component/guests/plain.wasm");
    let path = arguments.next().unwrap_or_else(|| plain.to_owned());
    match greet(Path::new(&path), &arguments.next().unwrap_or_else(|| "you".to_owned())) {
        Ok(answer) => {
            println!("{}", answer.as_ref().and_then(Value::as_str).unwrap_or_default());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("Error: {error}");
            ExitCode::from(error.kind().exit_code() as u8)
        }
    }
}
