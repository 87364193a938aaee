//! The HTTP trigger: serves an application.

use std::path::PathBuf;
use std::ptr;
use std::time::Duration;

use spin_host_sys as sys;

use crate::engine::milliseconds;
use crate::error::{Error, Result};
use crate::ffi::{self, CStrings};
use crate::trigger::{Handle, Running, Stopper};
use crate::{Application, EngineOptions};

/// How to serve; 0 and `None` are the library's defaults.
#[derive(Clone, Debug, Default)]
pub struct HttpOptions {
    /// "host:port"; port 0 takes a free one. "127.0.0.1:3000".
    pub listen: Option<String>,
    /// Where the components' output goes.
    pub log_dir: Option<PathBuf>,
    /// Ids of components whose output is copied to the process's own.
    pub follow: Vec<String>,
    /// Copies nothing.
    pub quiet: bool,
    /// While it runs, SIGINT and SIGTERM stop it (and SIGHUP and SIGPIPE are ignored), for the
    /// whole process.
    pub handle_signals: bool,
    pub max_body_bytes: usize,
    pub max_connections: usize,
    pub request_timeout: Option<Duration>,
    pub shutdown_timeout: Option<Duration>,
    pub engine: EngineOptions,
}

/// A server that listens, and serves while it runs.
pub struct HttpServer {
    handle: Handle,
}

impl HttpServer {
    /// Opens the listening socket; connections wait until it runs.
    pub fn new(application: &Application, options: &HttpOptions) -> Result<Self> {
        let engine = options.engine.to_raw()?;
        let listen = options.listen.as_deref().map(ffi::c_string).transpose()?;
        let log_dir = options.log_dir.as_deref().map(ffi::c_path).transpose()?;
        let follow = CStrings::new(&options.follow)?;
        let raw = Box::new(sys::spin_http_options_t {
            size: std::mem::size_of::<sys::spin_http_options_t>(),
            listen: listen.as_ref().map_or(ptr::null(), |text| text.as_ptr()),
            workers: 0,
            log_dir: log_dir.as_ref().map_or(ptr::null(), |path| path.as_ptr()),
            follow: follow.as_ptr(),
            follow_len: follow.len(),
            follow_all: false,
            quiet: options.quiet,
            ignore_signals: !options.handle_signals,
            max_header_bytes: 0,
            max_headers: 0,
            max_body_bytes: options.max_body_bytes,
            max_connections: options.max_connections,
            request_timeout_ms: milliseconds(options.request_timeout),
            idle_timeout_ms: 0,
            write_timeout_ms: 0,
            shutdown_timeout_ms: milliseconds(options.shutdown_timeout),
            engine: &*engine.raw,
            configure: None,
            ready: None,
            user: ptr::null_mut(),
        });
        let mut out = ptr::null_mut();
        Error::check(unsafe { sys::spin_http_trigger_new(application.as_ptr(), &*raw, &mut out) })?;
        let kept = Box::new((raw, engine, listen, log_dir, follow));
        Ok(Self { handle: unsafe { Handle::new(out, kept) } })
    }

    /// "host:port" that it listens on, with the port that was taken.
    pub fn address(&self) -> String {
        unsafe { ffi::text(sys::spin_http_trigger_address(self.handle.as_ptr())) }
    }

    /// Ends a run from anywhere.
    pub fn stopper(&self) -> Stopper {
        self.handle.stopper()
    }

    /// Serves until it is stopped. Once.
    pub fn run(&mut self) -> Result<()> {
        self.handle.run()
    }

    /// Serves on a thread of its own.
    pub fn spawn(mut self) -> Running {
        Running::new(self.stopper(), move || self.run())
    }
}
