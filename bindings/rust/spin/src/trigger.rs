//! Triggers of one's own: what waits for events and calls components on them.

use std::any::Any;
use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::{c_void, CString};
use std::marker::PhantomData;
use std::ptr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::Duration;

use spin_host_sys as sys;

use crate::engine::milliseconds;
use crate::error::{Error, ErrorKind, Result};
use crate::ffi;
use crate::value::{self, Value};
use crate::{Application, EngineOptions, Function};

/// A trigger type. Its functions, and all callbacks that it hands out, are called on the thread
/// that runs the trigger. An error or a panic in one ends the run, which returns it.
pub trait Trigger: Send + 'static {
    /// Reads the settings. Those that nothing asked for are an error afterwards.
    fn open(&mut self, open: &Open<'_>) -> Result<()> {
        let _ = open;
        Ok(())
    }
    /// The components are ready: opens the sources of events.
    fn start(&mut self, worker: &Worker<'_>) -> Result<()>;
    /// No new events from now on; calls that are under way go on.
    fn stop(&mut self, worker: &Worker<'_>) {
        let _ = worker;
    }
}

/// How a trigger is run.
#[derive(Clone, Debug, Default)]
pub struct TriggerOptions {
    /// While it runs, SIGINT and SIGTERM stop it (and SIGHUP and SIGPIPE are ignored), for the
    /// whole process.
    pub handle_signals: bool,
    /// For what is under way when it is stopped. 30 s.
    pub shutdown_timeout: Option<Duration>,
    pub engine: EngineOptions,
}

// ── the handle that all triggers have ──────────────────────────────────────────────────────────

/// Where a `Stopper` finds the trigger; NULL when it is gone.
struct Target(*mut sys::spin_trigger_t);

// spin_trigger_stop may be called from any thread, and the lock keeps the trigger alive meanwhile.
unsafe impl Send for Target {}

/// Ends a run: what is under way is finished first; a second call gives it up. From any thread,
/// before, during and after the run.
#[derive(Clone)]
pub struct Stopper {
    target: Arc<Mutex<Target>>,
}

impl Stopper {
    pub fn stop(&self) {
        let target = lock(&self.target);
        if !target.0.is_null() {
            unsafe { sys::spin_trigger_stop(target.0) }
        }
    }
}

/// Nothing that is locked here is left half done by a panic.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poison| poison.into_inner())
}

pub(crate) struct Handle {
    raw: *mut sys::spin_trigger_t,
    stopper: Stopper,
    /// What C was told to keep.
    _kept: Box<dyn Any>,
}

// A trigger belongs to one thread at a time; what is kept does not care.
unsafe impl Send for Handle {}

impl Handle {
    /// # Safety
    /// `raw` is a trigger that nobody else frees.
    pub unsafe fn new(raw: *mut sys::spin_trigger_t, kept: Box<dyn Any>) -> Self {
        let stopper = Stopper { target: Arc::new(Mutex::new(Target(raw))) };
        Self { raw, stopper, _kept: kept }
    }

    pub fn as_ptr(&self) -> *mut sys::spin_trigger_t {
        self.raw
    }

    pub fn stopper(&self) -> Stopper {
        self.stopper.clone()
    }

    pub fn run(&mut self) -> Result<()> {
        Error::check(unsafe { sys::spin_trigger_run(self.raw) })
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        lock(&self.stopper.target).0 = ptr::null_mut();
        unsafe { sys::spin_trigger_free(self.raw) }
    }
}

/// A trigger that runs on a thread of its own. Dropped, it is stopped and waited for.
pub struct Running {
    stopper: Stopper,
    thread: Option<JoinHandle<Result<()>>>,
}

impl Running {
    pub(crate) fn new(stopper: Stopper, run: impl FnOnce() -> Result<()> + Send + 'static) -> Self {
        Self { stopper, thread: Some(std::thread::spawn(run)) }
    }

    pub fn stopper(&self) -> Stopper {
        self.stopper.clone()
    }

    /// Waits for the end of the run, which gives its error.
    pub fn join(mut self) -> Result<()> {
        self.wait()
    }

    /// Stops it, and waits.
    pub fn stop(self) -> Result<()> {
        self.stopper.stop();
        self.join()
    }

    fn wait(&mut self) -> Result<()> {
        let Some(thread) = self.thread.take() else { return Ok(()) };
        thread
            .join()
            .unwrap_or_else(|_| Err(Error::new(ErrorKind::Internal, "the trigger's thread died")))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.thread.is_some() {
            self.stopper.stop();
            let _ = self.wait();
        }
    }
}

// ── a custom trigger ───────────────────────────────────────────────────────────────────────────

type Tick = Box<dyn FnMut(&Worker<'_>) -> Result<()>>;
type Posted = Box<dyn FnOnce(&Worker<'_>) -> Result<()> + Send>;
type Called = Box<dyn FnOnce(&Worker<'_>, Result<Option<Value>>) -> Result<()>>;

/// What the callbacks find behind C's `state`.
struct Core {
    trigger: Mutex<Box<dyn Trigger>>,
    failure: Mutex<Option<Error>>,
    post: Mutex<Post>,
    // Touched by the thread that runs the trigger alone. C has pointers to them, so they are not
    // Boxes here.
    ticks: RefCell<Vec<*mut Tick>>,
}

// `ticks`: see there; it is empty before and after a run.
unsafe impl Send for Core {}
unsafe impl Sync for Core {}

#[derive(Default)]
struct Post {
    /// NULL: there is no run to post to.
    worker: usize,
    last: usize,
    waiting: HashMap<usize, Posted>,
}

impl Core {
    /// Takes what a callback returned: the first failure ends the run.
    fn settle(&self, worker: *mut sys::spin_worker_t, result: Result<()>) {
        if let Err(error) = result {
            lock(&self.failure).get_or_insert(error);
            unsafe { sys::spin_trigger_stop(sys::spin_worker_trigger(worker)) }
        }
    }
}

/// A trigger of a type of one's own, made for an application.
pub struct CustomTrigger {
    // Before `core`, which its callbacks use.
    handle: Handle,
    core: Arc<Core>,
}

impl CustomTrigger {
    /// Opens `trigger` for `application`, whose manifest must say `type = name`.
    pub fn new(
        name: &str,
        trigger: impl Trigger,
        application: &Application,
        options: &TriggerOptions,
    ) -> Result<Self> {
        let core = Arc::new(Core {
            trigger: Mutex::new(Box::new(trigger)),
            failure: Mutex::new(None),
            post: Mutex::default(),
            ticks: RefCell::default(),
        });
        let name = ffi::c_string(name)?;
        let engine = options.engine.to_raw()?;
        let kind = Box::new(sys::spin_trigger_type_t {
            size: std::mem::size_of::<sys::spin_trigger_type_t>(),
            name: name.as_ptr(),
            open: Some(on_open),
            close: None,
            configure: None,
            start: Some(on_start),
            stop: Some(on_stop),
            drain: None,
            end: Some(on_end),
            withdraw: None,
        });
        let raw = Box::new(sys::spin_trigger_options_t {
            size: std::mem::size_of::<sys::spin_trigger_options_t>(),
            workers: 0,
            ignore_signals: !options.handle_signals,
            shutdown_timeout_ms: milliseconds(options.shutdown_timeout),
            engine: &*engine.raw,
            configure: None,
            ready: None,
            user: ptr::null_mut(),
        });
        let mut out = ptr::null_mut();
        let user = Arc::as_ptr(&core).cast_mut().cast();
        Error::check(unsafe {
            sys::spin_trigger_new(&*kind, user, application.as_ptr(), &*raw, &mut out)
        })?;
        let kept = Box::new((kind, raw, engine, name));
        Ok(Self { handle: unsafe { Handle::new(out, kept) }, core })
    }

    /// Ends a run from anywhere.
    pub fn stopper(&self) -> Stopper {
        self.handle.stopper()
    }

    /// Hands work to the thread that runs it, from anywhere.
    pub fn poster(&self) -> Poster {
        Poster { core: self.core.clone() }
    }

    /// Runs until it is stopped, or a callback fails. Once.
    pub fn run(&mut self) -> Result<()> {
        let ended = self.handle.run();
        match lock(&self.core.failure).take() {
            Some(failure) => Err(failure),
            None => ended,
        }
    }

    /// Runs on a thread of its own.
    pub fn spawn(mut self) -> Running {
        Running::new(self.stopper(), move || self.run())
    }
}

unsafe fn core<'a>(state: *mut c_void) -> &'a Core {
    &*state.cast::<Core>()
}

unsafe extern "C" fn on_open(
    trigger: *mut sys::spin_trigger_t,
    user: *mut c_void,
    state: *mut *mut c_void,
) -> *mut sys::spin_error_t {
    *state = user;
    let open = Open { trigger, of: PhantomData };
    let opened = ffi::guarded("open", || lock(&core(user).trigger).open(&open));
    opened.map_or_else(Error::into_raw, |()| ptr::null_mut())
}

unsafe extern "C" fn on_start(
    worker: *mut sys::spin_worker_t,
    state: *mut c_void,
) -> *mut sys::spin_error_t {
    let core = core(state);
    lock(&core.post).worker = worker as usize;
    let worker = Worker { raw: worker, core, thread: PhantomData };
    let started = ffi::guarded("start", || lock(&core.trigger).start(&worker));
    started.map_or_else(Error::into_raw, |()| ptr::null_mut())
}

unsafe extern "C" fn on_stop(raw: *mut sys::spin_worker_t, state: *mut c_void) {
    let core = core(state);
    let worker = Worker { raw, core, thread: PhantomData };
    let stopped = ffi::guarded("stop", || {
        lock(&core.trigger).stop(&worker);
        Ok(())
    });
    core.settle(raw, stopped);
}

unsafe extern "C" fn on_end(raw: *mut sys::spin_worker_t, state: *mut c_void) {
    let core = core(state);
    let waiting = {
        let mut post = lock(&core.post);
        post.worker = 0;
        std::mem::take(&mut post.waiting)
    };
    let ticks = core.ticks.take();
    let dropped = ffi::guarded("a callback's end", || {
        drop(waiting);
        ticks.into_iter().for_each(|tick| drop(Box::from_raw(tick)));
        Ok(())
    });
    core.settle(raw, dropped);
}

// ── settings ───────────────────────────────────────────────────────────────────────────────────

/// A trigger while it is opened.
pub struct Open<'a> {
    trigger: *mut sys::spin_trigger_t,
    of: PhantomData<&'a Core>,
}

impl Open<'_> {
    pub fn application(&self) -> Application {
        unsafe { Application::borrow_raw(sys::spin_trigger_application(self.trigger)) }
    }

    /// The application's trigger table.
    pub fn settings(&self) -> Settings<'_> {
        let raw = unsafe { sys::spin_trigger_settings(self.trigger) };
        Settings { raw, of: PhantomData }
    }

    /// A component's trigger table.
    pub fn component_settings(&self, id: &str) -> Result<Settings<'_>> {
        let raw = unsafe {
            let application = sys::spin_trigger_application(self.trigger);
            let component = sys::spin_application_component_by_id(application, ffi::slice(id));
            if component.is_null() {
                return Err(Error::new(ErrorKind::NotFound, format!("component {id:?}")));
            }
            sys::spin_trigger_component_settings(self.trigger, component)
        };
        Ok(Settings { raw, of: PhantomData })
    }
}

/// A table of settings. Each reader gives `None` where the setting is not there; what is of another
/// type or out of range is an error with its place in the manifest.
pub struct Settings<'a> {
    raw: *mut sys::spin_settings_t,
    of: PhantomData<&'a Core>,
}

impl Settings<'_> {
    pub fn text(&self, key: &str) -> Result<Option<String>> {
        let mut out = sys::spin_slice_t { ptr: ptr::null(), len: 0 };
        let found = self.read(key, |raw, key| unsafe {
            sys::spin_settings_text(raw, key.as_ptr(), false, &mut out)
        })?;
        Ok(found.then(|| unsafe { ffi::slice_text(out) }))
    }

    pub fn boolean(&self, key: &str) -> Result<Option<bool>> {
        let mut out = false;
        let found = self.read(key, |raw, key| unsafe {
            sys::spin_settings_boolean(raw, key.as_ptr(), false, &mut out)
        })?;
        Ok(found.then_some(out))
    }

    pub fn integer(&self, key: &str, range: std::ops::RangeInclusive<i64>) -> Result<Option<i64>> {
        let mut out = 0;
        let found = self.read(key, |raw, key| unsafe {
            let (min, max) = (*range.start(), *range.end());
            sys::spin_settings_integer(raw, key.as_ptr(), false, min, max, &mut out)
        })?;
        Ok(found.then_some(out))
    }

    /// "250ms", "1s", "5m", "2h", or a whole number of seconds.
    pub fn duration(&self, key: &str) -> Result<Option<Duration>> {
        let mut out = 0;
        let found = self.read(key, |raw, key| unsafe {
            sys::spin_settings_duration_ms(raw, key.as_ptr(), false, &mut out)
        })?;
        Ok(found.then(|| Duration::from_millis(out)))
    }

    /// Any setting, as JSON.
    pub fn json(&self, key: &str) -> Result<Option<String>> {
        let key = ffi::c_string(key)?;
        let mut out = ptr::null_mut();
        Error::check(unsafe { sys::spin_settings_json(self.raw, key.as_ptr(), &mut out) })?;
        Ok(unsafe { ffi::take_string(out) })
    }

    /// An error about a setting, at its place: also for one that is missing.
    pub fn error(&self, key: &str, message: &str) -> Error {
        let texts = ffi::c_string(key).and_then(|key| Ok((key, ffi::c_string(message)?)));
        let checked = texts.and_then(|(key, message)| {
            Error::check(unsafe {
                sys::spin_settings_error(self.raw, key.as_ptr(), c"%s".as_ptr(), message.as_ptr())
            })
        });
        checked.err().unwrap_or_else(|| Error::new(ErrorKind::Invalid, message))
    }

    fn read(
        &self,
        key: &str,
        ask: impl FnOnce(*mut sys::spin_settings_t, &CString) -> *mut sys::spin_error_t,
    ) -> Result<bool> {
        let found = self.json(key)?.is_some();
        Error::check(ask(self.raw, &ffi::c_string(key)?))?;
        Ok(found)
    }
}

// ── worker ─────────────────────────────────────────────────────────────────────────────────────

/// A running trigger, as its callbacks see it. Stays on its thread.
pub struct Worker<'a> {
    raw: *mut sys::spin_worker_t,
    core: &'a Core,
    thread: PhantomData<*mut ()>,
}

impl Worker<'_> {
    pub fn application(&self) -> Application {
        unsafe {
            let trigger = sys::spin_worker_trigger(self.raw);
            Application::borrow_raw(sys::spin_trigger_application(trigger))
        }
    }

    /// Calls `tick` every `interval`, until the trigger stops.
    pub fn every(
        &self,
        interval: Duration,
        tick: impl FnMut(&Worker<'_>) -> Result<()> + 'static,
    ) -> Result<()> {
        let tick: *mut Tick = Box::into_raw(Box::new(Box::new(tick)));
        // A fraction of a millisecond is not nothing.
        let interval = if interval.is_zero() { 0 } else { milliseconds(Some(interval)) };
        let error =
            unsafe { sys::spin_worker_every(self.raw, interval, Some(on_tick), tick.cast()) };
        if error.is_null() {
            self.core.ticks.borrow_mut().push(tick);
        } else {
            drop(unsafe { Box::from_raw(tick) });
        }
        Error::check(error)
    }

    /// One event: calls `function` in a fresh instance of `component` and hands `called` what it
    /// returned, maybe before this returns. Calls that are under way when the trigger gives up get
    /// an error of kind [`ErrorKind::Cancelled`]. After an error of this itself `called` is dropped.
    pub fn call(
        &self,
        component: &str,
        function: &Function,
        args: &[Value],
        called: impl FnOnce(&Worker<'_>, Result<Option<Value>>) -> Result<()> + 'static,
    ) -> Result<()> {
        let lowered = function.lower(args)?;
        let call =
            Box::into_raw(Box::new(Call { function: function.clone(), called: Box::new(called) }));
        let error = unsafe {
            sys::spin_worker_call(
                self.raw,
                ffi::slice(component),
                ptr::null(),
                function.as_ptr(),
                lowered.as_ptr(),
                lowered.len(),
                Some(on_called),
                call.cast(),
            )
        };
        if !error.is_null() {
            drop(unsafe { Box::from_raw(call) });
        }
        Error::check(error)
    }

    /// Hands work to this thread, from any.
    pub fn post(
        &self,
        work: impl FnOnce(&Worker<'_>) -> Result<()> + Send + 'static,
    ) -> Result<()> {
        post(self.core, Box::new(work))
    }

    /// Ends the run.
    pub fn stop(&self) {
        unsafe { sys::spin_trigger_stop(sys::spin_worker_trigger(self.raw)) }
    }
}

struct Call {
    function: Function,
    called: Called,
}

/// The worker of a callback, and its core.
unsafe fn worker<'a>(raw: *mut sys::spin_worker_t) -> Worker<'a> {
    let state = sys::spin_trigger_state(sys::spin_worker_trigger(raw));
    Worker { raw, core: core(state), thread: PhantomData }
}

unsafe extern "C" fn on_tick(raw: *mut sys::spin_worker_t, user: *mut c_void) {
    let worker = worker(raw);
    // Not entered twice: nothing turns the loop from inside it.
    let tick = &mut *user.cast::<Tick>();
    let ticked = ffi::guarded("a timer's callback", || tick(&worker));
    worker.core.settle(raw, ticked);
}

unsafe extern "C" fn on_called(
    raw: *mut sys::spin_worker_t,
    error: *mut sys::spin_error_t,
    result: *const sys::spin_value_t,
    user: *mut c_void,
) {
    let worker = worker(raw);
    let Call { function, called } = *Box::from_raw(user.cast::<Call>());
    let ended = Error::check(error).and_then(|()| match function.result() {
        Some(kind) if !result.is_null() => value::lift(result, kind)
            .map(Some)
            .map_err(|reason| Error::new(ErrorKind::Internal, reason)),
        _ => Ok(None),
    });
    let told = ffi::guarded("a call's callback", || called(&worker, ended));
    worker.core.settle(raw, told);
}

/// Hands work to the thread that runs a trigger.
#[derive(Clone)]
pub struct Poster {
    core: Arc<Core>,
}

impl Poster {
    /// Has `work` done there, soon and in order. Errors: [`ErrorKind::Cancelled`] where the trigger
    /// does not run. What was not done when it ends is dropped.
    pub fn post(
        &self,
        work: impl FnOnce(&Worker<'_>) -> Result<()> + Send + 'static,
    ) -> Result<()> {
        post(&self.core, Box::new(work))
    }
}

fn post(core: &Core, work: Posted) -> Result<()> {
    // Held during the call, so that the worker does not end meanwhile.
    let mut post = lock(&core.post);
    if post.worker == 0 {
        return Err(Error::new(ErrorKind::Cancelled, "the trigger does not run"));
    }
    post.last += 1;
    let number = post.last;
    let worker = post.worker as *mut sys::spin_worker_t;
    Error::check(unsafe { sys::spin_worker_post(worker, Some(on_post), number as *mut c_void) })?;
    post.waiting.insert(number, work);
    Ok(())
}

unsafe extern "C" fn on_post(raw: *mut sys::spin_worker_t, user: *mut c_void) {
    let worker = worker(raw);
    let work = lock(&worker.core.post).waiting.remove(&(user as usize));
    if let Some(work) = work {
        let done = ffi::guarded("posted work", || work(&worker));
        worker.core.settle(raw, done);
    }
}
