//! Texts and panics at the border to C.

use std::any::Any;
use std::ffi::{c_char, CStr, CString};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::path::Path;
use std::ptr;

use spin_host_sys as sys;

use crate::error::{Error, ErrorKind, Result};

/// The view of `text` for a call.
pub fn slice(text: &str) -> sys::spin_slice_t {
    bytes(text.as_bytes())
}

pub fn bytes(bytes: &[u8]) -> sys::spin_slice_t {
    sys::spin_slice_t { ptr: bytes.as_ptr(), len: bytes.len() }
}

/// # Safety
/// `slice` must be valid as long as `'a`.
pub unsafe fn slice_bytes<'a>(slice: sys::spin_slice_t) -> &'a [u8] {
    if slice.len == 0 {
        &[]
    } else {
        std::slice::from_raw_parts(slice.ptr, slice.len)
    }
}

/// # Safety
/// As `slice_bytes`. All texts of libspin are UTF-8; what is not is replaced.
pub unsafe fn slice_text(slice: sys::spin_slice_t) -> String {
    String::from_utf8_lossy(slice_bytes(slice)).into_owned()
}

/// # Safety
/// `text` is NULL or a string that is valid during the call.
pub unsafe fn text(text: *const c_char) -> String {
    if text.is_null() {
        String::new()
    } else {
        CStr::from_ptr(text).to_string_lossy().into_owned()
    }
}

/// # Safety
/// `text` is a constant of the library.
pub unsafe fn static_text(text: *const c_char) -> &'static str {
    CStr::from_ptr(text).to_str().unwrap_or("")
}

/// A string that C made for us, NULL or for spin_string_free.
pub unsafe fn take_string(string: *mut c_char) -> Option<String> {
    let copy = (!string.is_null()).then(|| text(string));
    sys::spin_string_free(string);
    copy
}

pub fn c_string(text: &str) -> Result<CString> {
    CString::new(text)
        .map_err(|_| Error::new(ErrorKind::Usage, format!("a text with a NUL in it: {text:?}")))
}

pub fn c_path(path: &Path) -> Result<CString> {
    use std::os::unix::ffi::OsStrExt;
    CString::new(path.as_os_str().as_bytes())
        .map_err(|_| Error::new(ErrorKind::Usage, format!("a path with a NUL in it: {path:?}")))
}

/// Keeps a list of C strings and the array of pointers to them.
pub struct CStrings {
    _texts: Vec<CString>,
    pointers: Vec<*const c_char>,
}

impl CStrings {
    pub fn new<S: AsRef<str>>(texts: &[S]) -> Result<Self> {
        let texts: Vec<CString> =
            texts.iter().map(|text| c_string(text.as_ref())).collect::<Result<_>>()?;
        let pointers = texts.iter().map(|text| text.as_ptr()).collect();
        Ok(Self { _texts: texts, pointers })
    }

    pub fn as_ptr(&self) -> *const *const c_char {
        if self.pointers.is_empty() {
            ptr::null()
        } else {
            self.pointers.as_ptr()
        }
    }

    pub fn len(&self) -> usize {
        self.pointers.len()
    }
}

/// Runs a callback: a panic in it must not unwind through C and becomes an error.
pub fn guarded<T>(what: &str, callback: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(callback)).unwrap_or_else(|panic| {
        let message = panic_text(&*panic).to_owned();
        // A payload may itself panic when it is dropped.
        std::mem::forget(panic);
        Err(Error::new(ErrorKind::Internal, format!("{what} panicked: {message}")))
    })
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    if let Some(text) = panic.downcast_ref::<&str>() {
        text
    } else if let Some(text) = panic.downcast_ref::<String>() {
        text
    } else {
        "(no message)"
    }
}
