//! Execution contexts: an application's components, compiled, to be called.

use std::cell::RefCell;
use std::ffi::CString;
use std::path::PathBuf;
use std::ptr;
use std::time::Duration;

use spin_host_sys as sys;

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
}

// Nothing of it stays with the thread that made it. Its instances borrow it, and as it is not Sync
// they are not Send: while there is one, it stays.
unsafe impl Send for Context {}

impl Context {
    /// Compiles (or takes from the cache) all components; the errors name the one that fails.
    pub fn new(application: &Application, options: &EngineOptions) -> Result<Self> {
        let options = options.to_raw()?;
        let mut builder = ptr::null_mut();
        let mut out = ptr::null_mut();
        unsafe {
            Error::check(sys::spin_engine_builder_new(
                application.as_ptr(),
                &*options.raw,
                &mut builder,
            ))?;
            // Takes the builder in every case.
            Error::check(sys::spin_engine_builder_build(builder, &mut out))?;
            Ok(Self {
                raw: ptr::NonNull::new_unchecked(out),
                _options: options,
                live: RefCell::default(),
            })
        }
    }

    /// A fresh instance of a component, for one event.
    pub fn prepare(&self, component: &str) -> Result<Instance<'_>> {
        let mut out = ptr::null_mut();
        Error::check(unsafe {
            sys::spin_execution_context_prepare_component(
                self.raw.as_ptr(),
                ffi::slice(component),
                ptr::null(),
                &mut out,
            )
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
        let lowered = function.lower(args)?;
        let kind = function.result();
        let mut result = std::mem::MaybeUninit::<sys::spin_value_t>::zeroed();
        let out = if kind.is_some() { result.as_mut_ptr() } else { ptr::null_mut() };
        Error::check(unsafe {
            sys::spin_value_call(
                self.raw.as_ptr(),
                function.as_ptr(),
                lowered.as_ptr(),
                lowered.len(),
                out,
            )
        })?;
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
