//! The log, in a process of its own: it is set once.

mod common;

use std::sync::mpsc;

use spin_host::{set_log, ErrorKind, LogLevel};

#[test]
fn records_arrive_and_the_log_is_set_first() {
    let (sender, records) = mpsc::channel();
    set_log(LogLevel::Debug, move |level, record| {
        let _ = sender.send((level, record.to_owned()));
        panic!("does not get out");
    })
    .unwrap();
    let again = set_log(LogLevel::Error, |_, _| ()).unwrap_err();
    assert_eq!(again.kind(), ErrorKind::Usage);

    // One of its patterns matches nothing, which is a warning.
    common::Folder::new("log").application("tests/engine/guests/add.wasm", "type = \"x\"");
    let records: Vec<_> = records.try_iter().collect();
    let warned = |(level, record): &(LogLevel, String)| {
        *level == LogLevel::Warn && record.contains("nothing-here*")
    };
    assert!(records.iter().any(warned), "{records:?}");
    assert!(records.iter().all(|(_, record)| !record.ends_with('\n')), "{records:?}");
}
