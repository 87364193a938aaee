//! The mirrors in spin-host-sys against the headers: a C program says what the compiler makes of
//! them, and the text of the headers which fields there are. Wants `cc`. SPIN_CFLAGS says where the
//! headers are; without it, those of the repository are taken.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::mem::size_of;
use std::path::{Path, PathBuf};
use std::process::Command;

use spin_host_sys::*;

/// "sizeof(x)" and so on, as C writes it, to the number that Rust has for it.
type Facts = BTreeMap<String, u64>;
/// Structs to their fields.
type Fields = Vec<(&'static str, Vec<&'static str>)>;

macro_rules! structs {
    ($facts:ident $fields:ident: $($name:ident { $($field:ident)* })*) => {$(
        $facts.insert(format!("sizeof({})", stringify!($name)), size_of::<$name>() as u64);
        $($facts.insert(
            format!("offsetof({}, {})", stringify!($name), c_name(stringify!($field))),
            std::mem::offset_of!($name, $field) as u64,
        );)*
        $fields.push((stringify!($name), vec![$(c_name(stringify!($field))),*]));
    )*};
}

macro_rules! numbers {
    ($facts:ident: $($name:ident)*) => {
        $($facts.insert(stringify!($name).to_owned(), $name.into());)*
    };
}

fn c_name(field: &'static str) -> &'static str {
    field.trim_start_matches("r#")
}

fn mirrored() -> (Facts, Fields) {
    let (mut facts, mut fields) = (Facts::new(), Fields::new());
    structs! { facts fields:
        spin_slice_t { ptr len }
        spin_position_t { line column offset has_offset }
        spin_allocator_t { alloc resize release user }
        spin_engine_options_t {
            size r#loop max_instances max_memory_bytes timeout_ms cache_dir disable_cache
            environment environment_len variables variables_len engine
        }
        spin_loader_options_t { size temp_dir direct_mounts locked bindle }
        spin_wit_options_t { size features features_len all_features }
        spin_redirect_t { kind bytes sink user fd }
        spin_pair_t { key value }
        spin_prepare_options_t {
            size args args_len environment environment_len r#in out err timeout_ms user
        }
        spin_trigger_type_t { size name open close configure start stop drain end withdraw }
        spin_trigger_options_t {
            size workers ignore_signals shutdown_timeout_ms engine configure ready user
        }
        spin_component_module_t { name bytes }
        spin_wasm_component_options_t { size modules modules_len definition_only }
        spin_component_item_t { size kind name function r#type }
        spin_http_options_t {
            size listen workers log_dir follow follow_len follow_all quiet ignore_signals
            max_header_bytes max_headers max_body_bytes max_connections request_timeout_ms
            idle_timeout_ms write_timeout_ms shutdown_timeout_ms engine configure ready user
        }
    }
    // A union inside: its members by hand.
    facts.insert("sizeof(spin_value_t)".into(), size_of::<spin_value_t>() as u64);
    let of = std::mem::offset_of!(spin_value_t, of);
    for member in ["boolean", "integer", "natural", "f32", "f64", "text"] {
        facts.insert(format!("offsetof(spin_value_t, of.{member})"), of as u64);
    }
    for (member, offset) in [
        ("list.items", std::mem::offset_of!(spin_value_list, items)),
        ("list.len", std::mem::offset_of!(spin_value_list, len)),
        ("variant.index", std::mem::offset_of!(spin_value_variant, index)),
        ("variant.payload", std::mem::offset_of!(spin_value_variant, payload)),
        ("flags.words", std::mem::offset_of!(spin_value_flags, words)),
        ("flags.len", std::mem::offset_of!(spin_value_flags, len)),
    ] {
        facts.insert(format!("offsetof(spin_value_t, of.{member})"), (of + offset) as u64);
    }
    numbers! { facts:
        SPIN_ERROR_INVALID SPIN_ERROR_USAGE SPIN_ERROR_NOT_FOUND SPIN_ERROR_DENIED
        SPIN_ERROR_EXISTS SPIN_ERROR_UNSUPPORTED SPIN_ERROR_LIMIT SPIN_ERROR_TIMEOUT SPIN_ERROR_IO
        SPIN_ERROR_NO_MEMORY SPIN_ERROR_TRAP SPIN_ERROR_EXIT SPIN_ERROR_CANCELLED
        SPIN_ERROR_INTERNAL
        SPIN_LOG_ERROR SPIN_LOG_WARN SPIN_LOG_INFO SPIN_LOG_DEBUG SPIN_LOG_TRACE
        SPIN_LOG_TEXT SPIN_LOG_JSON
        SPIN_COMPONENT_FUNCTION SPIN_COMPONENT_INSTANCE SPIN_COMPONENT_TYPE
        SPIN_COMPONENT_RESOURCE SPIN_COMPONENT_MODULE SPIN_COMPONENT_COMPONENT
        SPIN_TYPE_BOOL SPIN_TYPE_S8 SPIN_TYPE_U8 SPIN_TYPE_S16 SPIN_TYPE_U16 SPIN_TYPE_S32
        SPIN_TYPE_U32 SPIN_TYPE_S64 SPIN_TYPE_U64 SPIN_TYPE_F32 SPIN_TYPE_F64 SPIN_TYPE_CHAR
        SPIN_TYPE_STRING SPIN_TYPE_ERROR_CONTEXT SPIN_TYPE_LIST SPIN_TYPE_FIXED_LIST
        SPIN_TYPE_TUPLE SPIN_TYPE_RECORD SPIN_TYPE_VARIANT SPIN_TYPE_ENUM SPIN_TYPE_OPTION
        SPIN_TYPE_RESULT SPIN_TYPE_FLAGS SPIN_TYPE_OWN SPIN_TYPE_BORROW SPIN_TYPE_STREAM
        SPIN_TYPE_FUTURE SPIN_TYPE_MAP SPIN_TYPE_BYTES
    }
    (facts, fields)
}

fn flags() -> Vec<String> {
    if let Ok(flags) = std::env::var("SPIN_CFLAGS") {
        return flags.split_whitespace().map(str::to_owned).collect();
    }
    ["include", "build/third_party/wasmtime/include", "third_party/wasmtime/include"]
        .iter()
        .map(|folder| {
            let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
            format!("-I{}", root.join(folder).display())
        })
        .collect()
}

#[test]
fn sizes_offsets_and_numbers_are_those_of_the_headers() {
    let (facts, _) = mirrored();
    let mut program = "#include <stdio.h>\n#include <spin/spin.h>\nint main(void) {\n".to_owned();
    for what in facts.keys() {
        writeln!(program, "printf(\"{what}=%llu\\n\", (unsigned long long)({what}));").unwrap();
    }
    program.push_str("return 0; }\n");
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let source = folder.join(format!("layout-{}.c", std::process::id()));
    let binary = source.with_extension("bin");
    fs::write(&source, program).unwrap();
    let compiled = Command::new("cc")
        .args(["-std=gnu17", "-o"])
        .args([&binary, &source])
        .args(flags())
        .status()
        .expect("cc is there");
    assert!(compiled.success());
    let printed = Command::new(&binary).output().unwrap();
    fs::remove_file(&source).unwrap();
    fs::remove_file(&binary).unwrap();
    let printed = String::from_utf8(printed.stdout).unwrap();
    let theirs: Facts = printed
        .lines()
        .map(|line| line.rsplit_once('=').unwrap())
        .map(|(what, number)| (what.to_owned(), number.parse().unwrap()))
        .collect();
    assert_eq!(facts, theirs);
}

/// What a new field that fits into padding would not show in sizes.
#[test]
fn fields_are_those_of_the_headers() {
    let text = headers();
    for (name, fields) in mirrored().1 {
        let head = format!("typedef struct {} {{", name.trim_end_matches("_t"));
        let start = text.find(&head).unwrap_or_else(|| panic!("no {name}")) + head.len();
        let end = start + text[start..].find(&format!("}} {name};")).unwrap();
        let declared: Vec<&str> = text[start..end].split(';').filter_map(declared_name).collect();
        assert_eq!(fields, declared, "{name}");
    }
}

/// All headers, without their comments.
fn headers() -> String {
    let folder = flags()
        .iter()
        .filter_map(|flag| flag.strip_prefix("-I"))
        .map(|folder| Path::new(folder).join("spin"))
        .find(|folder| folder.join("error.h").exists())
        .expect("a folder of SPIN_CFLAGS holds spin/error.h");
    let mut text = String::new();
    for header in fs::read_dir(folder).unwrap() {
        text += &fs::read_to_string(header.unwrap().path()).unwrap();
    }
    without_comments(&text)
}

#[test]
fn functions_take_as_many_parameters_as_in_the_headers() {
    let (ours, theirs) = (include_str!("../../spin-sys/src/lib.rs"), headers());
    let names: Vec<&str> =
        ours.split("pub fn ").skip(1).map(|rest| &rest[..rest.find('(').unwrap()]).collect();
    assert!(names.len() > 60);
    for name in names {
        assert_eq!(parameters(ours, name), parameters(&theirs, name), "{name}");
    }
}

/// How many there are in the declaration of `name`, which comes first in `text`.
fn parameters(text: &str, name: &str) -> usize {
    let from = text.find(&format!("{name}(")).unwrap_or_else(|| panic!("no {name}"));
    let (mut depth, mut each, mut all) = (1, String::new(), Vec::new());
    for c in text[from + name.len() + 1..].chars() {
        depth += i32::from(c == '(') - i32::from(c == ')');
        if depth == 0 || (depth == 1 && c == ',') {
            all.push(std::mem::take(&mut each));
        } else {
            each.push(c);
        }
        if depth == 0 {
            break;
        }
    }
    all.iter().filter(|each| !["", "void"].contains(&each.trim())).count()
}

fn without_comments(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("/*") {
        out += before;
        rest = after.split_once("*/").map_or("", |(_, after)| after);
    }
    out + rest
}

/// The name in `const char *name` and in `void (*name)(int)`.
fn declared_name(declaration: &str) -> Option<&str> {
    let declaration = declaration.trim();
    let from = declaration.find("(*").map_or(declaration, |at| {
        let name = &declaration[at + 2..];
        &name[..name.find(')').unwrap_or(name.len())]
    });
    let word = |c: char| !(c.is_alphanumeric() || c == '_');
    from.rsplit(word).next().filter(|name| !name.is_empty())
}
