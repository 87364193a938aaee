//! Runs applications made of WebAssembly components, by libspin: serves them over HTTP, calls their
//! functions, and makes triggers of one's own in Rust.
//!
//! ```no_run
//! use spin_host::{Application, HttpOptions, HttpServer};
//!
//! fn main() -> Result<(), spin_host::Error> {
//!     let application = Application::load("examples/hello/spin.toml")?;
//!     let mut server = HttpServer::new(&application, &HttpOptions::default())?;
//!     println!("http://{}", server.address());
//!     server.run()
//! }
//! ```
//!
//! Threads: an [`Application`], a [`Wit`] and a [`Function`] may be shared. A [`Context`] and a
//! trigger may be handed to another thread but not shared; the instances of a context stay where it
//! is. A [`Stopper`] and a [`Poster`] work from any thread.

mod application;
mod component;
mod engine;
mod error;
mod ffi;
mod http;
mod log;
mod trigger;
mod value;
mod wit;

pub use application::Application;
pub use component::{Component, ComponentOptions, ContextBuilder, Item, ItemKind};
pub use engine::{Context, EngineOptions, Instance};
pub use error::{Error, ErrorKind, Link, Result};
pub use http::{HttpOptions, HttpServer};
pub use log::{set_log, LogLevel};
pub use trigger::{
    CustomTrigger, Open, Poster, Running, Settings, Stopper, Trigger, TriggerOptions, Worker,
};
pub use value::{HandleKind, Value};
pub use wit::{Function, Type, Wit};

/// The version of the library, and of the WebAssembly engine in it.
pub fn version() -> (&'static str, &'static str) {
    unsafe {
        let (library, engine) =
            (spin_host_sys::spin_version(), spin_host_sys::spin_engine_version());
        (ffi::static_text(library), ffi::static_text(engine))
    }
}
