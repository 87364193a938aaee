//! By itself, as it looks at the size of the whole process.

mod common;

use std::fs;

use common::{engine, Folder};
use spin_host::{Context, Wit};

fn address_space() -> usize {
    let pages = fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').next().unwrap().parse().unwrap()
}

/// `mem::forget` is safe, and so must be what follows: C wants no instance left behind.
#[test]
fn an_instance_that_is_forgotten_goes_with_its_context() {
    let folder = Folder::new("forgotten");
    let echo = "examples/spin-timer-echo/guest/echo.wasm";
    let application = folder.application(echo, "type = \"x\"");
    let wit = Wit::parse("echo: function(msg: string) -> string", "it.wit").unwrap();
    let echo = wit.function("echo").unwrap();
    let round = || {
        let context = Context::new(&application, &engine()).unwrap();
        for _ in 0..3 {
            let mut instance = context.prepare("guest").unwrap();
            instance.call(&echo, &["x".into()]).unwrap();
            std::mem::forget(instance);
        }
    };
    round();
    let before = address_space();
    (0..10).for_each(|_| round());
    // An engine that stays keeps its share of the address space, which is a large one.
    assert!(address_space() < before + before / 2, "{before} became {}", address_space());
}
