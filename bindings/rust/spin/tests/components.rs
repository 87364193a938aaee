//! Components of the component model.

mod common;

use std::cell::Cell;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use common::{engine, repository};
use spin_host::{
    Component, ComponentOptions, Context, ContextBuilder, Error, ErrorKind, HandleKind, Instance,
    ItemKind, Result, Value,
};

const RUN: &str = "tests/engine/components/run.wasm";
const TEXT: &str = "test:host/text@1.2.0";
const FILES: &str = "test:host/files@0.2.1";
const THINGS: &str = "test:it/things@1.0.0#";
const FIRST: u64 = 1 << 40;

fn load(path: &str) -> Component {
    Component::load(repository(path), &ComponentOptions::default()).unwrap()
}

fn assert_fails<T>(result: Result<T>, kind: ErrorKind, part: &str) {
    let error = result.err().expect("it fails");
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.to_string().contains(part), "{error}");
}

fn upper(args: &[Value]) -> Result<Option<Value>> {
    Ok(Some(args[0].as_str().unwrap().to_uppercase().into()))
}

/// What run.wasm imports; `dropped` are its files that were.
fn context(
    upper: impl FnMut(&[Value]) -> Result<Option<Value>> + Send + 'static,
    drop: impl FnMut(u64) + Send + 'static,
) -> Context {
    let mut builder = ContextBuilder::new(None, &engine()).unwrap();
    builder.add_component("it", &load(RUN)).unwrap();
    builder.define_function(TEXT, "upper", upper).unwrap();
    let later = |args: &[Value]| Ok(Some(Value::U32(args[0].as_i64().unwrap() as u32 + 1)));
    builder.define_function("test:host/text@1.4.2", "later", later).unwrap();
    let sizes = Arc::new(Mutex::new(Vec::new()));
    let opened = sizes.clone();
    builder
        .define_function(FILES, "open", move |args| {
            let mut opened = opened.lock().unwrap();
            opened.push(args[0].as_str().unwrap().len() as u64);
            Ok(Some(Value::Handle(HandleKind::Own, FIRST + opened.len() as u64 - 1)))
        })
        .unwrap();
    builder
        .define_function(FILES, "[method]file.size", move |args| match args[0] {
            Value::Handle(HandleKind::Borrow, number) => {
                Ok(Some(Value::U64(sizes.lock().unwrap()[(number - FIRST) as usize])))
            }
            _ => Err(Error::new(ErrorKind::Internal, "no handle")),
        })
        .unwrap();
    builder.define_resource(FILES, "file", drop).unwrap();
    builder.build().unwrap()
}

fn call(instance: &mut Instance<'_>, name: &str, arg: impl Into<Value>) -> Result<Option<Value>> {
    instance.call_export(name, &[arg.into()])
}

#[test]
fn a_component_can_be_looked_at() {
    let bytes = std::fs::read(repository(RUN)).unwrap();
    let it = Component::parse(&bytes, &ComponentOptions::default()).unwrap();
    let exports = it.exports();
    let find = |name: &str| exports.iter().find(|item| item.name == name).unwrap();
    let add = find("add").function.clone().unwrap();
    assert_eq!(find("hue").kind, ItemKind::Type);
    let green = find("hue").r#type.unwrap().format(&Value::Enum("green".into()));
    assert_eq!(green.unwrap(), "green");
    assert_eq!(find("test:it/things@1.0.0").kind, ItemKind::Instance);
    assert_eq!(find(&format!("{THINGS}thing")).kind, ItemKind::Resource);
    assert!(it.imports().iter().any(|item| item.name == format!("{TEXT}#upper")));
    assert!(it.wit().unwrap().contains("upper: func(s: string) -> string"));
    assert!(it.print().unwrap().contains("(component"));
    assert_fails(it.module("nothing"), ErrorKind::NotFound, "nothing");
    drop(exports);
    drop(it);
    assert_eq!((add.name().as_str(), add.params().len()), ("add", 2)); // it keeps the component
}

#[test]
fn errors_have_kind_and_position() {
    let bytes = std::fs::read(repository(RUN)).unwrap();
    let options = ComponentOptions::default();
    let error = Component::parse(&bytes[..bytes.len() - 1], &options).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.position().unwrap().offset.is_some());
    assert_fails(Component::load("/nowhere.wasm", &options), ErrorKind::NotFound, "nowhere");
    let mut builder = ContextBuilder::new(None, &engine()).unwrap();
    let looked_at = ComponentOptions { definition_only: true, ..options };
    let definition = Component::load(repository(RUN), &looked_at).unwrap();
    assert_fails(builder.add_component("it", &definition), ErrorKind::Usage, "");
    builder.add_component("it", &load(RUN)).unwrap();
    assert_fails(builder.add_component("it", &load(RUN)), ErrorKind::Usage, "it");
    assert_fails(builder.build().map(|_| ()), ErrorKind::Invalid, "does not offer");
    drop(ContextBuilder::new(None, &engine()).unwrap()); // never built
}

fn one(v: Value, list: Vec<u16>, r: Value, fl: &[&str], oo: Value) -> Value {
    Value::record([
        ("b", true.into()),
        ("s8", i8::MIN.into()),
        ("u8", u8::MAX.into()),
        ("s16", i16::MIN.into()),
        ("u16", u16::MAX.into()),
        ("s32", i32::MIN.into()),
        ("u32", u32::MAX.into()),
        ("s64", i64::MIN.into()),
        ("u64", u64::MAX.into()),
        ("f32", (-1.5f32).into()),
        ("f64", 0.1.into()),
        ("c", 'é'.into()),
        ("text", "héllo\0".into()),
        ("bytes", Value::Bytes(vec![0, 255])),
        ("list", list.into()),
        ("pair", Value::Tuple(vec!["a".into(), 7u32.into()])),
        ("v", v),
        ("e", Value::Enum("dark-blue".into())),
        ("o", Some("here").into()),
        ("oo", oo),
        ("r", r),
        ("fl", Value::Flags(fl.iter().map(|name| (*name).to_owned()).collect())),
    ])
}

#[test]
fn every_kind_goes_through_guest_and_host() {
    let boxed = |value: Value| Some(Box::new(value));
    let values = Value::List(vec![
        one(
            Value::variant("text", Some("x".into())),
            vec![1, 2],
            Value::Result(Err(boxed("no".into()))),
            &["read", "run-it"],
            Value::Option(boxed(Value::Option(None))),
        ),
        one(
            Value::variant("none", None),
            vec![],
            Value::Result(Ok(boxed(3u32.into()))),
            &[],
            Value::Option(None),
        ),
    ]);
    let mut builder = ContextBuilder::new(None, &engine()).unwrap();
    builder.add_component("it", &load("tests/engine/components/values.wasm")).unwrap();
    let calls = Arc::new(AtomicU64::new(0));
    let counted = calls.clone();
    builder
        .define_function("", "pass", move |args| {
            counted.fetch_add(1, Ordering::Relaxed);
            Ok(Some(args[0].clone()))
        })
        .unwrap();
    let context = builder.build().unwrap();
    let mut instance = context.prepare("it").unwrap();
    for _ in 0..20 {
        for name in ["echo", "pass"] {
            let answer = instance.call_export(name, std::slice::from_ref(&values)).unwrap();
            assert_eq!(answer.as_ref(), Some(&values));
        }
    }
    assert_eq!(calls.load(Ordering::Relaxed), 20);
}

#[test]
fn functions_of_the_host_are_called() {
    let context = context(upper, |_| ());
    let mut it = context.prepare("it").unwrap();
    assert_eq!(call(&mut it, "shout", "naïve 🎈").unwrap(), Some("NAÏVE 🎈".into()));
    assert_eq!(call(&mut it, "wait", 6u32).unwrap(), Some(7u32.into()));
    assert_eq!(call(&mut it, "keep", "x").unwrap(), None);
    assert_fails(it.call_export("adt", &[]), ErrorKind::NotFound, "did you mean \"add\"");
    assert_fails(call(&mut it, "add", 1u32), ErrorKind::Invalid, "takes 2 arguments, not 1");
    assert_fails(call(&mut it, "shout", 1u32), ErrorKind::Invalid, "string");
    assert_fails(it.call_export("fail", &[]), ErrorKind::Trap, "component \"it\"");
}

#[test]
fn what_they_return_traps_the_guest() {
    let denied = context(|_| Err(Error::new(ErrorKind::Denied, "not %s you")), |_| ());
    let mut it = denied.prepare("it").unwrap();
    assert_fails(call(&mut it, "shout", "x"), ErrorKind::Trap, "not %s you");
    let two = [1u32.into(), 2u32.into()];
    assert_fails(it.call_export("add", &two), ErrorKind::Trap, "cannot enter");
    let answer = denied.prepare("it").unwrap().call_export("add", &two);
    assert_eq!(answer.unwrap(), Some(3u32.into()));
    let panics = context(|_| panic!("oh no"), |_| ());
    let answer = call(&mut panics.prepare("it").unwrap(), "shout", "x");
    assert_fails(answer, ErrorKind::Trap, "panicked: oh no");
    for wrong in [None, Some(Value::U8(5)), Some(Value::Option(None))] {
        let context = context(move |_| Ok(wrong.clone()), |_| ());
        let answer = call(&mut context.prepare("it").unwrap(), "shout", "x");
        assert_fails(answer, ErrorKind::Trap, "upper");
    }
}

#[test]
fn they_can_not_use_their_context() {
    thread_local!(static CONTEXT: Cell<Option<&'static Context>> = const { Cell::new(None) });
    let it = context(
        |args| {
            let context = CONTEXT.get().unwrap();
            assert_fails(context.prepare("it").map(|_| ()), ErrorKind::Usage, "in the middle");
            Ok(Some(args[0].clone()))
        },
        |_| (),
    );
    let it: &'static Context = Box::leak(Box::new(it));
    CONTEXT.set(Some(it));
    assert_eq!(call(&mut it.prepare("it").unwrap(), "shout", "x").unwrap(), Some("x".into()));
}

#[test]
fn resources_of_the_host_are_dropped() {
    let dropped = Arc::new(Mutex::new(Vec::new()));
    let told = dropped.clone();
    let context = context(upper, move |number| told.lock().unwrap().push(number));
    let mut it = context.prepare("it").unwrap();
    assert_eq!(call(&mut it, "measure", "abc").unwrap(), Some(3u64.into()));
    call(&mut it, "keep", "left").unwrap();
    assert_eq!(*dropped.lock().unwrap(), [FIRST]);
    drop(it);
    assert_eq!(*dropped.lock().unwrap(), [FIRST, FIRST + 1]);
}

#[test]
fn a_panic_of_a_drop_is_an_error() {
    let context = context(upper, |_| panic!("it does not let go"));
    let mut it = context.prepare("it").unwrap();
    assert_fails(call(&mut it, "measure", "abc"), ErrorKind::Internal, "it does not let go");
}

#[test]
fn resources_of_the_guest_are_handles() {
    let context = context(upper, |_| ());
    let mut it = context.prepare("it").unwrap();
    let name = |rest: &str| format!("{THINGS}{rest}");
    let mut make = |number: u32| match call(&mut it, &name("[constructor]thing"), number).unwrap() {
        Some(Value::Handle(HandleKind::Own, handle)) => handle,
        other => panic!("{other:?}"),
    };
    let (first, second) = (make(30), make(5));
    let thing = Value::Handle(HandleKind::Own, first);
    let value = call(&mut it, &name("[method]thing.value"), thing.clone());
    assert_eq!(value.unwrap(), Some(30u32.into()));
    call(&mut it, &name("swallow"), thing).unwrap();
    it.drop_handle(second).unwrap();
    let dropped = it.call_export(&name("dropped"), &[]);
    assert_eq!(dropped.unwrap(), Some(35u32.into()));
    for handle in [second, 12345, (1 << 32) + second] {
        assert_fails(it.drop_handle(handle), ErrorKind::Invalid, "not a handle");
    }
}

#[test]
fn closures_go_with_the_context() {
    let kept = Arc::new(());
    let (function, resource) = (kept.clone(), kept.clone());
    let built = context(
        move |args| {
            let _ = &function;
            upper(args)
        },
        move |_| {
            let _ = &resource;
        },
    );
    assert_eq!(Arc::strong_count(&kept), 3);
    let worker =
        std::thread::spawn(move || call(&mut built.prepare("it").unwrap(), "shout", "x").unwrap());
    assert_eq!(worker.join().unwrap(), Some("X".into()));
    assert_eq!(Arc::strong_count(&kept), 1);
}

#[test]
fn the_example_runs() {
    let tests = std::env::current_exe().unwrap();
    let example = tests.parent().unwrap().parent().unwrap().join("examples/component");
    let run = Command::new(example).output().unwrap();
    let printed = String::from_utf8(run.stdout).unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    assert_eq!(printed.lines().last(), Some("Hello, you!"));
    assert!(printed.contains("Function test:guests/text@1.0.0#greet"), "{printed}");
}
