//! The log of libspin, which is silent until somebody asks for it.

use std::ffi::c_void;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::ptr;
use std::sync::{Mutex, OnceLock};

use spin_host_sys as sys;

use crate::error::{Error, ErrorKind, Result};
use crate::ffi;

/// From rare and grave to frequent and detailed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u32)]
pub enum LogLevel {
    Error = sys::SPIN_LOG_ERROR,
    Warn = sys::SPIN_LOG_WARN,
    Info = sys::SPIN_LOG_INFO,
    Debug = sys::SPIN_LOG_DEBUG,
    Trace = sys::SPIN_LOG_TRACE,
}

type Sink = Box<dyn Fn(LogLevel, &str) + Send + Sync>;

static SINK: OnceLock<Sink> = OnceLock::new();
static LIBRARY_IN_USE: Mutex<bool> = Mutex::new(false);

/// Hands every record up to `level` to `sink`, without its line end: once in a process, and before
/// anything else of this crate is used, since the library reads its settings without a lock.
/// Records come from the threads that log, several at the same time. A panic in `sink` is dropped.
/// Errors: [`ErrorKind::Usage`] when it is too late.
pub fn set_log(
    level: LogLevel,
    sink: impl Fn(LogLevel, &str) + Send + Sync + 'static,
) -> Result<()> {
    let used = LIBRARY_IN_USE.lock().unwrap_or_else(|poison| poison.into_inner());
    if *used || SINK.set(Box::new(sink)).is_err() {
        return Err(Error::new(ErrorKind::Usage, "the log is set once, before all other calls"));
    }
    unsafe {
        sys::spin_log_configure(Some(record), ptr::null_mut(), level as u32, sys::SPIN_LOG_TEXT);
    }
    Ok(())
}

/// From here on the log stays as it is.
pub(crate) fn library_in_use() {
    *LIBRARY_IN_USE.lock().unwrap_or_else(|poison| poison.into_inner()) = true;
}

unsafe extern "C" fn record(level: u32, text: sys::spin_slice_t, _user: *mut c_void) {
    let level = match level {
        sys::SPIN_LOG_ERROR => LogLevel::Error,
        sys::SPIN_LOG_WARN => LogLevel::Warn,
        sys::SPIN_LOG_INFO => LogLevel::Info,
        sys::SPIN_LOG_DEBUG => LogLevel::Debug,
        _ => LogLevel::Trace,
    };
    if let Some(sink) = SINK.get() {
        let text = String::from_utf8_lossy(ffi::slice_bytes(text));
        let _ = catch_unwind(AssertUnwindSafe(|| sink(level, text.trim_end())))
            .map_err(std::mem::forget);
    }
}
