//! Execution contexts: an application's components, compiled, to be called.

use std::cell::{Cell, RefCell};
use std::ffi::CString;
use std::path::PathBuf;
use std::ptr;
use std::sync::Arc;
use std::time::Duration;

use spin_host_sys as sys;

use crate::component::{ContextBuilder, Host};
use crate::error::{Error, ErrorKind, Result};
use crate::ffi::{self, CStrings};
use crate::value::{self, Value};
use crate::{Application, Function};

/// How guests are run; 0 and `None` are the library's defaults.
#[derive(Clone, Debug, Default)]
pub struct EngineOptions {
    /// Instances alive at one time. 1000.
    pub max_instances: u32,
    /// Of one instance. 256 MiB.
    pub max_memory_bytes: u64,
    /// Of one call, waiting included. A minute.
    pub timeout: Option<Duration>,
    /// Where compiled modules are kept. `~/.cache/spin`.
    pub cache_dir: Option<PathBuf>,
    /// Compile at every start.
    pub disable_cache: bool,
    /// For every component, in front of its own.
    pub environment: Vec<(String, String)>,
    /// Values of the application's variables; they win over the process's environment.
    pub variables: Vec<(String, String)>,
}

/// The options as C has them, with what they point to.
pub(crate) struct RawOptions {
    pub raw: Box<sys::spin_engine_options_t>,
    _cache_dir: Option<CString>,
    _environment: CStrings,
    _variables: CStrings,
}

pub(crate) fn milliseconds(duration: Option<Duration>) -> u64 {
    // Zero would be the default, and a fraction is not nothing.
    duration.map_or(0, |it| u64::try_from(it.as_millis()).unwrap_or(u64::MAX).max(1))
}

/// "name=value" for each.
fn joined(pairs: &[(String, String)]) -> Result<CStrings> {
    let texts: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    CStrings::new(&texts)
}

impl EngineOptions {
    pub(crate) fn to_raw(&self) -> Result<RawOptions> {
        let cache_dir = self.cache_dir.as_deref().map(ffi::c_path).transpose()?;
        let environment = joined(&self.environment)?;
        let variables = joined(&self.variables)?;
        Ok(RawOptions {
            raw: Box::new(sys::spin_engine_options_t {
                size: std::mem::size_of::<sys::spin_engine_options_t>(),
                r#loop: ptr::null_mut(),
                max_instances: self.max_instances,
                max_memory_bytes: self.max_memory_bytes,
                timeout_ms: milliseconds(self.timeout),
                cache_dir: cache_dir.as_ref().map_or(ptr::null(), |path| path.as_ptr()),
                disable_cache: self.disable_cache,
                environment: environment.as_ptr(),
                environment_len: environment.len(),
                variables: variables.as_ptr(),
                variables_len: variables.len(),
                engine: ptr::null_mut(),
            }),
            _cache_dir: cache_dir,
            _environment: environment,
            _variables: variables,
        })
    }
}

/// An application's components, compiled and ready, with a loop of their own. May go to another
/// thread while it has no instances, and belongs to one at a time.
pub struct Context {
    raw: ptr::NonNull<sys::spin_execution_context_t>,
    _options: RawOptions,
    /// Those that were not dropped, which may also be forgotten ones. Takes the `Sync` from it.
    live: RefCell<Vec<ptr::NonNull<sys::spin_instance_t>>>,
    /// What guests may call.
    host: Host,
    /// In the middle of a call, which those functions must not begin again.
    inside: Cell<bool>,
}

// Nothing of it stays with the thread that made it. Its instances borrow it, and as it is not Sync
// they are not Send: while there is one, it stays.
unsafe impl Send for Context {}

impl Context {
    /// Compiles (or takes from the cache) all components; the errors name the one that fails.
    pub fn new(application: &Application, options: &EngineOptions) -> Result<Self> {
        ContextBuilder::new(Some(application), options)?.build()
    }

    pub(crate) fn of(
        raw: ptr::NonNull<sys::spin_execution_context_t>,
        options: RawOptions,
        host: Host,
    ) -> Self {
        let (live, inside) = (RefCell::default(), Cell::new(false));
        Self { raw, _options: options, live, host, inside }
    }

    /// Runs what may call functions of the host, and has their panics.
    fn enter<T>(&self, run: impl FnOnce() -> Result<T>) -> Result<T> {
        if self.inside.replace(true) {
            return Err(Error::new(ErrorKind::Usage, "the context is in the middle of this call"));
        }
        let result = run();
        self.inside.set(false);
        self.host.failure().map_or(result, Err)
    }

    /// A fresh instance of a component, for one event.
    pub fn prepare(&self, component: &str) -> Result<Instance<'_>> {
        let mut out = ptr::null_mut();
        self.enter(|| {
            Error::check(unsafe {
                sys::spin_execution_context_prepare_component(
                    self.raw.as_ptr(),
                    ffi::slice(component),
                    ptr::null(),
                    &mut out,
                )
            })
        })?;
        let raw = unsafe { ptr::NonNull::new_unchecked(out) };
        self.live.borrow_mut().push(raw);
        Ok(Instance { raw, context: self })
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        unsafe {
            for forgotten in self.live.take() {
                sys::spin_instance_free(forgotten.as_ptr());
            }
            sys::spin_execution_context_free(self.raw.as_ptr());
        }
    }
}

/// An instance of a component.
pub struct Instance<'a> {
    raw: ptr::NonNull<sys::spin_instance_t>,
    context: &'a Context,
}

impl Instance<'_> {
    /// Calls an export and waits for its end. `None`: it returns nothing.
    pub fn call(&mut self, function: &Function, args: &[Value]) -> Result<Option<Value>> {
        let raw = self.raw.as_ptr();
        self.call_by(function, args, |args, len, out| unsafe {
            sys::spin_value_call(raw, function.as_ptr(), args, len, out)
        })
    }

    /// The same for an export of a component of the component model: "greet", or
    /// "ns:pkg/iface@1.0.0#greet".
    pub fn call_export(&mut self, name: &str, args: &[Value]) -> Result<Option<Value>> {
        let (raw, mut out) = (self.raw.as_ptr(), ptr::null());
        Error::check(unsafe { sys::spin_component_function(raw, ffi::slice(name), &mut out) })?;
        // It lives as long as the context.
        self.call_by(&Function::new(out, Arc::new(())), args, |args, len, out| unsafe {
            sys::spin_component_call(raw, ffi::slice(name), args, len, out)
        })
    }

    /// Gives up a handle of a resource that the component implements: its destructor runs.
    pub fn drop_handle(&mut self, handle: u64) -> Result<()> {
        let raw = self.raw.as_ptr();
        self.context.enter(|| Error::check(unsafe { sys::spin_component_drop(raw, handle) }))
    }

    fn call_by(
        &mut self,
        function: &Function,
        args: &[Value],
        call: impl FnOnce(
            *const sys::spin_value_t,
            usize,
            *mut sys::spin_value_t,
        ) -> *mut sys::spin_error_t,
    ) -> Result<Option<Value>> {
        let lowered = function.lower(args)?;
        let kind = function.result();
        let mut result = std::mem::MaybeUninit::<sys::spin_value_t>::zeroed();
        let out = if kind.is_some() { result.as_mut_ptr() } else { ptr::null_mut() };
        self.context.enter(|| Error::check(call(lowered.as_ptr(), lowered.len(), out)))?;
        let Some(kind) = kind else { return Ok(None) };
        let lifted = unsafe { value::lift(out, kind) };
        unsafe { sys::spin_value_clear(out) };
        lifted.map(Some).map_err(|reason| Error::new(ErrorKind::Internal, reason))
    }
}

impl Drop for Instance<'_> {
    fn drop(&mut self) {
        self.context.live.borrow_mut().retain(|each| *each != self.raw);
        unsafe { sys::spin_instance_free(self.raw.as_ptr()) }
    }
}
