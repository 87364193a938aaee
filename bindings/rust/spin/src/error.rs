//! Errors of libspin, and those of callbacks on their way into it.

use std::ffi::CString;
use std::fmt;
use std::ptr;

use spin_host_sys as sys;

use crate::ffi;

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, by kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    Invalid,
    Usage,
    NotFound,
    Denied,
    Exists,
    Unsupported,
    Limit,
    Timeout,
    Io,
    NoMemory,
    Trap,
    Exit,
    Cancelled,
    Internal,
    /// Of a newer library.
    Other(u32),
}

const KINDS: [ErrorKind; 14] = [
    ErrorKind::Invalid,
    ErrorKind::Usage,
    ErrorKind::NotFound,
    ErrorKind::Denied,
    ErrorKind::Exists,
    ErrorKind::Unsupported,
    ErrorKind::Limit,
    ErrorKind::Timeout,
    ErrorKind::Io,
    ErrorKind::NoMemory,
    ErrorKind::Trap,
    ErrorKind::Exit,
    ErrorKind::Cancelled,
    ErrorKind::Internal,
];

impl ErrorKind {
    /// The number in C.
    pub fn number(self) -> u32 {
        match self {
            Self::Other(number) => number,
            kind => KINDS.iter().position(|&each| each == kind).map_or(0, |at| at as u32 + 1),
        }
    }

    fn from_number(number: u32) -> Self {
        let index = (number as usize).wrapping_sub(1);
        KINDS.get(index).copied().unwrap_or(Self::Other(number))
    }

    /// The exit code of a program that ends by an error of this kind.
    pub fn exit_code(self) -> i32 {
        unsafe { sys::spin_error_exit_code(self.number()) }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(unsafe { ffi::static_text(sys::spin_error_kind_name(self.number())) })
    }
}

/// One link of an error's chain: what was being done, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    pub message: String,
    pub file: Option<String>,
    /// From 1, columns in bytes; 0: unknown.
    pub line: u32,
    pub column: u32,
    /// In a binary.
    pub offset: Option<u64>,
}

/// An error with its chain of causes. Displayed it is the whole chain, from what was asked for down
/// to the reason; so it has no `source`.
pub struct Error {
    raw: ptr::NonNull<sys::spin_error_t>,
}

// C's rule: any thread may read an error that no other thread frees.
unsafe impl Send for Error {}
unsafe impl Sync for Error {}

impl Error {
    /// An error of one's own, for what a callback returns.
    pub fn new(kind: ErrorKind, message: impl AsRef<str>) -> Self {
        let message = CString::new(message.as_ref().replace('\0', "\\0")).unwrap_or_default();
        let raw = unsafe { sys::spin_error_new(kind.number(), c"%s".as_ptr(), message.as_ptr()) };
        Self { raw: ptr::NonNull::new(raw).expect("spin_error_new never gives NULL") }
    }

    /// What a function of C returned: NULL is success.
    pub(crate) fn check(raw: *mut sys::spin_error_t) -> Result<()> {
        ptr::NonNull::new(raw).map_or(Ok(()), |raw| Err(Self { raw }))
    }

    /// For C, which frees it.
    pub(crate) fn into_raw(self) -> *mut sys::spin_error_t {
        let raw = self.raw.as_ptr();
        std::mem::forget(self);
        raw
    }

    pub fn kind(&self) -> ErrorKind {
        ErrorKind::from_number(unsafe { sys::spin_error_kind(self.raw.as_ptr()) })
    }

    /// The message of the outermost link alone.
    pub fn message(&self) -> String {
        unsafe { ffi::text(sys::spin_error_message(self.raw.as_ptr())) }
    }

    /// The chain, outermost first.
    pub fn links(&self) -> Vec<Link> {
        let mut links = Vec::new();
        let mut at: *const sys::spin_error_t = self.raw.as_ptr();
        while !at.is_null() {
            unsafe {
                let (file, position) = (sys::spin_error_file(at), sys::spin_error_position(at));
                links.push(Link {
                    message: ffi::text(sys::spin_error_message(at)),
                    file: (!file.is_null()).then(|| ffi::text(file)),
                    line: position.line,
                    column: position.column,
                    offset: position.has_offset.then_some(position.offset),
                });
                at = sys::spin_error_cause(at);
            }
        }
        links
    }

    /// The first link that says where in a source the error is.
    pub fn position(&self) -> Option<Link> {
        self.links().into_iter().find(|link| link.line != 0 || link.offset.is_some())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        unsafe {
            let len = sys::spin_error_format(self.raw.as_ptr(), ptr::null_mut(), 0);
            let mut buffer = vec![0u8; len + 1];
            sys::spin_error_format(self.raw.as_ptr(), buffer.as_mut_ptr().cast(), buffer.len());
            buffer.pop();
            f.write_str(&String::from_utf8_lossy(&buffer))
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Error").field(&self.kind()).field(&self.to_string()).finish()
    }
}

impl std::error::Error for Error {}

/// So that `?` works on the standard library's errors in callbacks.
impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        let kind = match error.kind() {
            std::io::ErrorKind::NotFound => ErrorKind::NotFound,
            std::io::ErrorKind::PermissionDenied => ErrorKind::Denied,
            std::io::ErrorKind::TimedOut => ErrorKind::Timeout,
            _ => ErrorKind::Io,
        };
        Self::new(kind, error.to_string())
    }
}

impl Drop for Error {
    fn drop(&mut self) {
        unsafe { sys::spin_error_free(self.raw.as_ptr()) }
    }
}
