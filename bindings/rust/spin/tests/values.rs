//! Values, both ways, and calls.

mod common;

use common::{engine, Folder};
use spin_host::{Context, ErrorKind, Function, HandleKind, Value, Wit};

const TYPES: &str = "package a:b;
interface i {
  resource blob;
  enum color { red, green }
  flags many { a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6, b7, b8,
    b9, c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, d0, d1, d2 }
  record person { name: string, age: option<u8>, tags: list<string> }
  variant shape { none, circle(f32), box(tuple<u32, u32>) }
  f: func(a: bool, b: s8, c: u16, d: s64, e: u64, f: f32, g: f64, h: char, s: string,
    color: color, many: many, person: person, shape: shape, blob: borrow<blob>,
    bytes: list<u8>, three: list<u8, 3>, pair: tuple<u8, s32>, table: map<string, u32>,
    res: result<u8, string>, plain: result, opt: option<option<u8>>, nested: list<person>);
}
";

fn check(function: &Function, param: &str, value: impl Into<Value>) -> Result<String, String> {
    let value = value.into();
    let (_, kind) = function.params().into_iter().find(|(name, _)| name == param).unwrap();
    kind.check(&value).and_then(|()| kind.format(&value)).map_err(|error| {
        assert_eq!(error.kind(), ErrorKind::Invalid);
        error.to_string()
    })
}

fn types() -> Function {
    Wit::parse(TYPES, "t.wit").unwrap().function("f").unwrap()
}

fn ann() -> Value {
    let tags = vec!["x".to_owned(), "y".to_owned()];
    // Fields in another order than the type's.
    Value::record([("tags", tags.into()), ("name", "Ann".into()), ("age", Some(7u8).into())])
}

#[test]
fn every_kind_goes_to_c() {
    let f = types();
    let some = |value: Value| Some(Box::new(value));
    let cases: Vec<(&str, Value, &str)> = vec![
        ("a", true.into(), "true"),
        ("b", (-5i8).into(), "-5"),
        ("c", 65535u16.into(), "65535"),
        ("d", i64::MIN.into(), "-9223372036854775808"),
        ("e", u64::MAX.into(), "18446744073709551615"),
        ("f", 1.5f32.into(), "1.5"),
        ("g", (-0.25f64).into(), "-0.25"),
        ("h", 'é'.into(), "'é'"),
        ("s", "hé\"".into(), "\"hé\\\"\""),
        ("color", Value::Enum("green".into()), "green"),
        ("many", Value::Flags(vec!["d2".into(), "a1".into()]), "{a1, d2}"),
        ("person", ann(), "{name: \"Ann\", age: some(7), tags: [\"x\", \"y\"]}"),
        ("shape", Value::variant("none", None), "%none"),
        (
            "shape",
            Value::variant("box", Some(Value::Tuple(vec![1u32.into(), 2u32.into()]))),
            "box((1, 2))",
        ),
        ("bytes", (&[1u8, 2][..]).into(), "[1, 2]"),
        ("bytes", vec![1u8, 2].into(), "[1, 2]"),
        ("three", vec![1u8, 2, 3].into(), "[1, 2, 3]"),
        ("pair", Value::Tuple(vec![1u8.into(), (-1i32).into()]), "(1, -1)"),
        ("res", Value::Result(Ok(some(1u8.into()))), "ok(1)"),
        ("res", Value::Result(Err(some("no".into()))), "err(\"no\")"),
        ("plain", Value::Result(Err(None)), "err"),
        ("opt", Some(Some(3u8)).into(), "some(some(3))"),
        ("opt", Value::Option(None), "none"),
        ("nested", Value::List(vec![]), "[]"),
    ];
    for (param, value, text) in cases {
        assert_eq!(check(&f, param, value), Ok(text.to_owned()), "{param}");
    }
    let table = Value::Map(vec![("a".into(), 1u32.into())]);
    assert!(check(&f, "table", table).unwrap().contains("\"a\""));
    assert!(check(&f, "blob", Value::Handle(HandleKind::Borrow, 3)).is_ok());
}

#[test]
fn what_is_not_of_its_type_is_an_error_that_says_where() {
    let f = types();
    let person = |value| check(&f, "person", value).unwrap_err();
    assert!(person(Value::record([("name", "x".into())])).contains("\"age\" is missing"));
    let wrong = Value::record([
        ("name", "x".into()),
        ("age", Some("old").into()),
        ("tags", Value::List(vec![])),
    ]);
    assert!(person(wrong).contains("age"));
    assert!(person(Value::record([("nick", "x".into())])).contains("no field \"nick\""));
    assert!(person(1u32.into()).contains("person"));
    assert!(check(&f, "color", Value::Enum("blue".into())).unwrap_err().contains("\"blue\""));
    assert!(check(&f, "many", Value::Flags(vec!["e9".into()])).is_err());
    assert!(check(&f, "b", 5u8).is_err());
    assert!(check(&f, "three", vec![1u8]).is_err());
    assert!(check(&f, "pair", Value::Tuple(vec![1u8.into()])).is_err());
    assert!(check(&f, "shape", Value::variant("circle", None)).is_err());
    assert!(check(&f, "shape", Value::variant("none", Some(1u8.into()))).is_err());
    assert!(check(&f, "s", vec!["a"]).unwrap_err().contains("a list, not string"));
    let bad = Value::List(vec![ann(), "x".into()]);
    let text = check(&f, "nested", bad).unwrap_err();
    assert!(text.starts_with("element 1: "), "{text}");
}

const WORLD: &str = "package test:it@1.0.0;
interface api {
  record person { name: string, tags: list<u8>, age: option<u32> }
  variant choice { a(u32), b(f32), c(u64), d }
  enum hue { red, green, blue }
  resource thing { constructor(n: u32); get: func() -> u32; }
  echo: func(msg: string) -> string;
  people: func(all: list<person>) -> list<person>;
  choose: func(c: choice) -> choice;
  sum: func(a: s8, b: s16) -> s32;
  color: func() -> hue;
  nothing: func();
  absent: func();
  text: func() -> string;
  far: func() -> list<u64>;
}
world w { export api; }
";

#[test]
fn values_come_back_from_a_guest() {
    let folder = Folder::new("values");
    let application = folder.application("tests/engine/guests/abi_value.wasm", "type = \"x\"");
    let wit = Wit::parse(WORLD, "it.wit").unwrap();
    let context = Context::new(&application, &engine()).unwrap();
    let mut guest = context.prepare("guest").unwrap();
    let mut call = |name: &str, args: &[Value]| guest.call(&wit.function(name).unwrap(), args);

    assert_eq!(call("echo", &["hé".into()]).unwrap(), Some("hé".into()));
    assert_eq!(call("echo", &["".into()]).unwrap(), Some("".into()));
    let person = |name: &str, age: Option<u32>| {
        Value::record([
            ("name", name.into()),
            ("tags", Value::Bytes(vec![1, 2])),
            ("age", age.into()),
        ])
    };
    let people = Value::List(vec![person("Ann", Some(3)), person("", None)]);
    let back = call("people", std::slice::from_ref(&people)).unwrap().unwrap();
    assert_eq!(back, people);
    assert_eq!(back.items().unwrap()[0].field("name").unwrap().as_str(), Some("Ann"));
    for choice in [
        Value::variant("a", Some(7u32.into())),
        Value::variant("c", Some(u64::MAX.into())),
        Value::variant("d", None),
    ] {
        assert_eq!(call("choose", std::slice::from_ref(&choice)).unwrap(), Some(choice));
    }
    let sum = call("sum", &[(-3i8).into(), 300i16.into()]).unwrap().unwrap();
    assert_eq!((sum.as_i64(), sum), (Some(297), Value::S32(297)));
    assert_eq!(call("nothing", &[]).unwrap(), None);
    let thing = call("test:it/api@1.0.0#[constructor]thing", &[1u32.into()]);
    assert!(matches!(thing, Ok(Some(Value::Handle(HandleKind::Own, _)))), "{thing:?}");

    let mut fails = |name: &str, args: &[Value], kind, part: &str| {
        let error = guest.call(&wit.function(name).unwrap(), args).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(part), "{error}");
    };
    fails("color", &[], ErrorKind::Invalid, "guest");
    fails("text", &[], ErrorKind::Invalid, "UTF-8");
    fails("far", &[], ErrorKind::Trap, "far");
    fails("absent", &[], ErrorKind::NotFound, "absent");
    fails("echo", &[], ErrorKind::Invalid, "1 arguments, not 0");
    fails("echo", &[1u32.into()], ErrorKind::Invalid, "msg");
}

#[test]
fn traps_are_errors_and_the_process_stays() {
    let folder = Folder::new("traps");
    let application = folder.application("tests/engine/guests/trap.wasm", "type = \"x\"");
    let wit = Wit::parse(
        "package a:b; world w { export unreachable: func(); export divide: func(a: s32) -> s32;\n\
         export overflow: func(); }",
        "trap.wit",
    )
    .unwrap();
    let context = Context::new(&application, &engine()).unwrap();
    for (name, args) in
        [("unreachable", vec![]), ("divide", vec![Value::S32(0)]), ("overflow", vec![])]
    {
        let mut guest = context.prepare("guest").unwrap();
        let error = guest.call(&wit.function(name).unwrap(), &args).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Trap, "{error}");
        assert!(error.to_string().contains("guest"), "{error}");
    }
    let mut guest = context.prepare("guest").unwrap();
    let one = guest.call(&wit.function("divide").unwrap(), &[Value::S32(1)]).unwrap();
    assert_eq!(one, Some(Value::S32(1)));
}

/// Loads from outside of its memory, where there is a guard page: a SIGSEGV.
const OUT_OF_BOUNDS: &[u8] = b"\0asm\x01\0\0\0\x01\x05\x01\x60\0\x01\x7f\x03\x02\x01\0\
    \x05\x03\x01\0\x01\x07\x10\x02\x06memory\x02\0\x03oob\0\0\
    \x0a\x0d\x01\x0b\0\x41\xff\xff\xff\xff\x07\x28\x02\0\x0b";

#[test]
fn a_segmentation_fault_of_a_guest_is_a_trap() {
    let folder = Folder::new("oob");
    let guest = folder.path().join("oob.wasm");
    std::fs::write(&guest, OUT_OF_BOUNDS).unwrap();
    let application = folder.application(guest.to_str().unwrap(), "type = \"x\"");
    let wit = Wit::parse("package a:b; world w { export oob: func() -> s32; }", "o.wit").unwrap();
    let context = Context::new(&application, &engine()).unwrap();
    for _ in 0..3 {
        let mut guest = context.prepare("guest").unwrap();
        let error = guest.call(&wit.function("oob").unwrap(), &[]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Trap, "{error}");
    }
}

#[test]
fn two_engines_at_once_do_not_see_each_other() {
    let threads: Vec<_> = ["left", "right"]
        .into_iter()
        .map(|name| {
            std::thread::spawn(move || {
                let folder = Folder::new(name);
                let application =
                    folder.application("tests/engine/guests/abi_value.wasm", "type = \"x\"");
                let echo = Wit::parse(WORLD, "it.wit").unwrap().function("echo").unwrap();
                let context = Context::new(&application, &engine()).unwrap();
                for round in 0..200 {
                    let message = format!("{name} {round}");
                    let mut guest = context.prepare("guest").unwrap();
                    let back = guest.call(&echo, &[message.as_str().into()]).unwrap();
                    assert_eq!(back, Some(message.into()));
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
}

const ECHO: &str = "examples/spin-timer-echo/guest/echo.wasm";

#[test]
fn rare_types_go_through_a_guest() {
    let folder = Folder::new("rare");
    let application = folder.application("tests/engine/guests/abi_value.wasm", "type = \"x\"");
    let context = Context::new(&application, &engine()).unwrap();
    let mut guest = context.prepare("guest").unwrap();
    let bits: Vec<String> = (0..40).map(|bit| format!("bit{bit}")).collect();
    let mut through = |kind: &str, value: Value| {
        let wit = format!(
            "package a:b; interface i {{ resource thing; flags many {{ {} }} }} world w {{ \
             use i.{{thing, many}}; export plain: func(x: list<{kind}>) -> list<{kind}>; }}",
            bits.join(", ")
        );
        let plain = Wit::parse(&wit, "it.wit").unwrap().function("plain").unwrap();
        let back = guest.call(&plain, &[Value::List(vec![value.clone(), value])]).unwrap();
        back.unwrap().items().unwrap()[1].clone()
    };
    let flags = ["bit0", "bit31", "bit32", "bit39"];
    for (kind, value) in [
        (
            "map<u64, string>",
            Value::Map(vec![(u64::MAX.into(), "".into()), (0u64.into(), "\u{1f600} é".into())]),
        ),
        ("list<u16, 3>", vec![1u16, 2, 3].into()),
        ("list<u8, 3>", vec![1u8, 2, 3].into()),
        ("many", Value::Flags(flags.map(String::from).to_vec())),
        ("f64", f64::NEG_INFINITY.into()),
        ("string", "".into()),
        ("list<u8>", Value::Bytes(Vec::new())),
        ("own<thing>", Value::Handle(HandleKind::Own, 7)),
        ("option<own<thing>>", Value::Option(None)),
        ("tuple<char, s64>", Value::Tuple(vec!['\u{10ffff}'.into(), i64::MIN.into()])),
        ("map<string, list<string>>", Value::Map(vec![("".into(), vec![""].into())])),
    ] {
        assert_eq!(through(kind, value.clone()), value, "{kind}");
    }
    assert!(matches!(through("f32", f32::NAN.into()), Value::F32(it) if it.is_nan()));
}

#[test]
fn a_mebibyte_goes_through_a_guest_fast() {
    let folder = Folder::new("mebibyte");
    let application = folder.application(ECHO, "type = \"x\"");
    let context = Context::new(&application, &engine()).unwrap();
    let wit = Wit::parse("echo: function(msg: list<u8>) -> list<u8>", "it.wit").unwrap();
    let echo = wit.function("echo").unwrap();
    let big = vec![7u8; 1 << 20];
    let start = std::time::Instant::now();
    for _ in 0..10 {
        let back = context.prepare("guest").unwrap().call(&echo, &[Value::Bytes(big.clone())]);
        let Ok(Some(Value::Bytes(back))) = back else { panic!("{back:?}") };
        assert_eq!(back, [b"ECHO: ", &big[..]].concat());
    }
    assert!(start.elapsed() < std::time::Duration::from_secs(10)); // by elements it would take longer
}
