//! What libspin was asked for is given back when its owners are dropped: in a process of its own,
//! since it counts the library's allocations.

mod common;

use std::ffi::c_void;
use std::ptr;
use std::sync::atomic::{AtomicIsize, Ordering};
use std::time::Duration;

use common::{engine, Folder};
use spin_host::{Context, CustomTrigger, Error, Trigger, TriggerOptions, Value, Wit, Worker};
use spin_host_sys as sys;

static ALIVE: AtomicIsize = AtomicIsize::new(0);

extern "C" {
    fn malloc(size: usize) -> *mut c_void;
    fn realloc(at: *mut c_void, size: usize) -> *mut c_void;
    fn free(at: *mut c_void);
}

unsafe extern "C" fn alloc(size: usize, _: *mut c_void) -> *mut c_void {
    ALIVE.fetch_add(1, Ordering::SeqCst);
    malloc(size)
}

unsafe extern "C" fn resize(at: *mut c_void, size: usize, _: *mut c_void) -> *mut c_void {
    ALIVE.fetch_add(at.is_null().into(), Ordering::SeqCst);
    realloc(at, size)
}

unsafe extern "C" fn release(at: *mut c_void, _: *mut c_void) {
    ALIVE.fetch_sub((!at.is_null()).into(), Ordering::SeqCst);
    free(at)
}

struct Once;

impl Trigger for Once {
    fn start(&mut self, worker: &Worker<'_>) -> Result<(), Error> {
        let echo =
            Wit::parse("echo: function(msg: string) -> string", "e.wit")?.function("echo")?;
        worker.every(Duration::from_millis(5), move |worker| {
            worker.post(|_| Ok(()))?;
            worker.call("guest", &echo, &["x".into()], |worker, answer| {
                assert_eq!(answer?, Some("ECHO: x".into()));
                worker.stop();
                Ok(())
            })
        })
    }
}

fn everything() {
    let folder = Folder::new("leaks");
    let application =
        folder.application("examples/spin-timer-echo/guest/echo.wasm", "type = \"timer\"");
    application.to_json().unwrap();
    let wit = Wit::parse("echo: function(msg: string) -> string", "echo.wit").unwrap();
    let echo = wit.function("echo").unwrap();
    drop(wit.function("ech").map(|_| ()).unwrap_err());
    let context = Context::new(&application, &engine()).unwrap();
    let mut guest = context.prepare("guest").unwrap();
    guest.call(&echo, &["x".into()]).unwrap();
    guest.call(&echo, &[Value::U8(1)]).unwrap_err();
    drop(guest);
    drop(context.prepare("nobody").map(|_| ()).unwrap_err());
    let options = TriggerOptions { engine: engine(), ..Default::default() };
    CustomTrigger::new("timer", Once, &application, &options).unwrap().run().unwrap();
    drop(CustomTrigger::new("timer", Once, &application, &options).unwrap());
}

#[test]
fn all_is_given_back() {
    let counting = sys::spin_allocator_t {
        alloc: Some(alloc),
        resize: Some(resize),
        release: Some(release),
        user: ptr::null_mut(),
    };
    unsafe { sys::spin_allocator_set(&counting) }
    let error = Error::new(spin_host::ErrorKind::Io, "counted");
    assert!(ALIVE.load(Ordering::SeqCst) > 0);
    drop(error);
    assert_eq!(ALIVE.load(Ordering::SeqCst), 0);
    everything();
    let first = ALIVE.load(Ordering::SeqCst);
    everything();
    assert_eq!(ALIVE.load(Ordering::SeqCst), first, "more after each round");
    assert_eq!(first, 0);
}
