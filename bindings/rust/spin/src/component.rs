//! Components of the component model, and contexts for them with functions of Rust's.

use std::ffi::c_void;
use std::path::Path;
use std::ptr;
use std::sync::{Arc, Mutex};

use spin_host_sys as sys;

use crate::engine::RawOptions;
use crate::error::{Error, ErrorKind, Result};
use crate::value::{self, Value};
use crate::{ffi, log, Application, Context, EngineOptions, Function, Type};

/// How a component is read.
#[derive(Clone, Debug, Default)]
pub struct ComponentOptions {
    /// Core modules for imports of them, by name.
    pub modules: Vec<(String, Vec<u8>)>,
    /// It can be looked at, but not run; what nobody offers may be imported.
    pub definition_only: bool,
}

/// What is imported or exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum ItemKind {
    Function = sys::SPIN_COMPONENT_FUNCTION,
    Instance = sys::SPIN_COMPONENT_INSTANCE,
    Type = sys::SPIN_COMPONENT_TYPE,
    Resource = sys::SPIN_COMPONENT_RESOURCE,
    Module = sys::SPIN_COMPONENT_MODULE,
    Component = sys::SPIN_COMPONENT_COMPONENT,
}

/// An import or export. One in an instance is named with it: "wasi:io/poll@0.2.0#poll".
#[derive(Clone)]
pub struct Item<'a> {
    pub kind: ItemKind,
    pub name: String,
    /// Of a function.
    pub function: Option<Function>,
    /// Of a type.
    pub r#type: Option<Type<'a>>,
}

/// A component's binary, decoded and valid. Does not change; clones share it.
#[derive(Clone)]
pub struct Component {
    raw: Arc<Owned>,
}

struct Owned(*mut sys::spin_wasm_component_t);

// C's rule: does not change; any thread may read it.
unsafe impl Send for Owned {}
unsafe impl Sync for Owned {}

impl Drop for Owned {
    fn drop(&mut self) {
        unsafe { sys::spin_wasm_component_unref(self.0) }
    }
}

type ReadItem = unsafe extern "C" fn(
    *const sys::spin_wasm_component_t,
    usize,
    *mut sys::spin_component_item_t,
) -> bool;
type WriteText = unsafe extern "C" fn(
    *const sys::spin_wasm_component_t,
    *mut sys::spin_string_t,
) -> *mut sys::spin_error_t;

impl Component {
    /// Reads a file.
    pub fn load(path: impl AsRef<Path>, options: &ComponentOptions) -> Result<Self> {
        let path = ffi::c_path(path.as_ref())?;
        Self::read(options, |options, out| unsafe {
            sys::spin_wasm_component_load(path.as_ptr(), options, out)
        })
    }

    /// The same for the bytes of one.
    pub fn parse(bytes: &[u8], options: &ComponentOptions) -> Result<Self> {
        Self::read(options, |options, out| unsafe {
            sys::spin_wasm_component_parse(ffi::bytes(bytes), options, out)
        })
    }

    fn read(
        options: &ComponentOptions,
        reader: impl FnOnce(
            *const sys::spin_wasm_component_options_t,
            *mut *mut sys::spin_wasm_component_t,
        ) -> *mut sys::spin_error_t,
    ) -> Result<Self> {
        log::library_in_use();
        let modules: Vec<_> = (options.modules.iter())
            .map(|(name, bytes)| sys::spin_component_module_t {
                name: ffi::slice(name),
                bytes: ffi::bytes(bytes),
            })
            .collect();
        let options = sys::spin_wasm_component_options_t {
            size: std::mem::size_of::<sys::spin_wasm_component_options_t>(),
            modules: modules.as_ptr(),
            modules_len: modules.len(),
            definition_only: options.definition_only,
        };
        let mut out = ptr::null_mut();
        Error::check(reader(&options, &mut out))?;
        Ok(Self { raw: Arc::new(Owned(out)) })
    }

    /// All imports, those in instances after their instance.
    pub fn imports(&self) -> Vec<Item<'_>> {
        self.items(sys::spin_wasm_component_import)
    }

    /// All exports, those in instances after their instance.
    pub fn exports(&self) -> Vec<Item<'_>> {
        self.items(sys::spin_wasm_component_export)
    }

    fn items(&self, read: ReadItem) -> Vec<Item<'_>> {
        let mut items = Vec::new();
        let mut raw = sys::spin_component_item_t {
            size: std::mem::size_of::<sys::spin_component_item_t>(),
            kind: 0,
            name: ffi::bytes(&[]),
            function: ptr::null(),
            r#type: ptr::null(),
        };
        while unsafe { read(self.raw.0, items.len(), &mut raw) } {
            let owner = self.raw.clone();
            items.push(Item {
                kind: match raw.kind {
                    sys::SPIN_COMPONENT_FUNCTION => ItemKind::Function,
                    sys::SPIN_COMPONENT_INSTANCE => ItemKind::Instance,
                    sys::SPIN_COMPONENT_TYPE => ItemKind::Type,
                    sys::SPIN_COMPONENT_RESOURCE => ItemKind::Resource,
                    sys::SPIN_COMPONENT_MODULE => ItemKind::Module,
                    _ => ItemKind::Component,
                },
                name: unsafe { ffi::slice_text(raw.name) },
                function: (!raw.function.is_null()).then(|| Function::new(raw.function, owner)),
                r#type: (!raw.r#type.is_null()).then(|| Type::new(raw.r#type)),
            });
        }
        items
    }

    /// Its world as WIT.
    pub fn wit(&self) -> Result<String> {
        self.text(sys::spin_wasm_component_wit)
    }

    /// Its definitions as text, core modules in outline.
    pub fn print(&self) -> Result<String> {
        self.text(sys::spin_wasm_component_print)
    }

    fn text(&self, write: WriteText) -> Result<String> {
        let mut out = ffi::bytes(&[]);
        unsafe {
            Error::check(write(self.raw.0, &mut out))?;
            let text = ffi::slice_text(out);
            sys::spin_string_clear(&mut out);
            Ok(text)
        }
    }

    /// The bytes of a core module that it exports.
    pub fn module(&self, name: &str) -> Result<Vec<u8>> {
        let mut out = ffi::bytes(&[]);
        unsafe {
            let name = ffi::slice(name);
            Error::check(sys::spin_wasm_component_module(self.raw.0, name, &mut out))?;
            Ok(ffi::slice_bytes(out).to_vec())
        }
    }
}

// ── what guests may call ────────────────────────────────────────────────────────────────────────

type Answer = Box<dyn FnMut(&[Value]) -> Result<Option<Value>> + Send>;
type Failure = Arc<Mutex<Option<Error>>>;

struct HostFunction(Answer);

struct HostResource {
    drop: Box<dyn FnMut(u64) + Send>,
    failure: Failure,
}

/// Functions and resources at addresses that C has, and what a drop panicked with.
#[derive(Default)]
pub(crate) struct Host {
    functions: Vec<Definition<HostFunction>>,
    resources: Vec<Definition<HostResource>>,
    failure: Failure,
}

/// A box that C has the address of.
struct Definition<T>(*mut T);

// Only whoever has the context calls them, and they are Send themselves.
unsafe impl<T: Send> Send for Definition<T> {}

impl<T> Drop for Definition<T> {
    fn drop(&mut self) {
        drop(unsafe { Box::from_raw(self.0) });
    }
}

impl Host {
    pub(crate) fn failure(&self) -> Option<Error> {
        self.failure.lock().unwrap_or_else(|poison| poison.into_inner()).take()
    }
}

/// Begins a context: for an application, or for nothing but the components that are added.
pub struct ContextBuilder {
    raw: *mut sys::spin_engine_builder_t,
    options: Option<RawOptions>,
    host: Host,
}

// As the context that it becomes.
unsafe impl Send for ContextBuilder {}

impl ContextBuilder {
    pub fn new(application: Option<&Application>, options: &EngineOptions) -> Result<Self> {
        log::library_in_use();
        let options = options.to_raw()?;
        let application = application.map_or(ptr::null_mut(), Application::as_ptr);
        let mut raw = ptr::null_mut();
        unsafe {
            Error::check(sys::spin_engine_builder_new(application, &*options.raw, &mut raw))?;
            // A guest's stack would be small for Rust.
            sys::spin_component_define_on_loop(raw);
        }
        Ok(Self { raw, options: Some(options), host: Host::default() })
    }

    /// Adds a component, to be prepared by that name.
    pub fn add_component(&mut self, name: &str, component: &Component) -> Result<()> {
        let component = component.raw.0;
        Error::check(unsafe {
            sys::spin_engine_builder_add_component(self.raw, ffi::slice(name), component)
        })
    }

    /// Offers `function` to guests as `name` of `interface` ("ns:pkg/iface@1.0.0"; "": the
    /// component's own import). Its error, or panic, traps the guest.
    pub fn define_function(
        &mut self,
        interface: &str,
        name: &str,
        function: impl FnMut(&[Value]) -> Result<Option<Value>> + Send + 'static,
    ) -> Result<()> {
        let kept = Definition(Box::into_raw(Box::new(HostFunction(Box::new(function)))));
        let user = kept.0.cast();
        self.host.functions.push(kept);
        let (interface, name) = (ffi::slice(interface), ffi::slice(name));
        Error::check(unsafe {
            sys::spin_component_define_function(self.raw, interface, name, Some(answer), user)
        })
    }

    /// Offers a resource. Its handles are numbers that the functions choose; `drop` is called with
    /// one when a guest has dropped its last handle, or has ended.
    pub fn define_resource(
        &mut self,
        interface: &str,
        name: &str,
        drop: impl FnMut(u64) + Send + 'static,
    ) -> Result<()> {
        let resource = HostResource { drop: Box::new(drop), failure: self.host.failure.clone() };
        let kept = Definition(Box::into_raw(Box::new(resource)));
        let user = kept.0.cast();
        self.host.resources.push(kept);
        let (interface, name) = (ffi::slice(interface), ffi::slice(name));
        let drop: sys::spin_component_drop_fn = Some(let_go);
        Error::check(unsafe {
            sys::spin_component_define_resource(self.raw, interface, name, ptr::null(), drop, user)
        })
    }

    /// Compiles (or takes from the cache) all components; the errors name the one that fails.
    pub fn build(mut self) -> Result<Context> {
        let mut out = ptr::null_mut();
        // Takes the builder in every case.
        let raw = std::mem::replace(&mut self.raw, ptr::null_mut());
        Error::check(unsafe { sys::spin_engine_builder_build(raw, &mut out) })?;
        let host = std::mem::take(&mut self.host);
        let options = self.options.take().expect("a builder has options until it is built");
        Ok(Context::of(unsafe { ptr::NonNull::new_unchecked(out) }, options, host))
    }
}

impl Drop for ContextBuilder {
    fn drop(&mut self) {
        unsafe { sys::spin_engine_builder_free(self.raw) }
    }
}

unsafe extern "C" fn answer(
    call: *mut sys::spin_host_call_t,
    function: *const sys::spin_function_t,
    args: *const sys::spin_value_t,
    _args_len: usize,
    result: *mut sys::spin_value_t,
    user: *mut c_void,
) -> *mut sys::spin_error_t {
    let host = &mut *user.cast::<HostFunction>();
    let answered = ffi::guarded("a function of the host", || {
        let function = Function::new(function, Arc::new(()));
        let wrong = |reason| Error::new(ErrorKind::Invalid, reason);
        let mut values = Vec::new();
        for (at, (_, kind)) in function.params().into_iter().enumerate() {
            values.push(value::lift(args.add(at), kind).map_err(wrong)?);
        }
        match (host.0(&values)?, function.result()) {
            (Some(value), Some(kind)) => {
                *result = value::copy_for(call, &*kind.lower(&value)?.as_ptr()).map_err(wrong)?;
                Ok(())
            }
            (None, None) => Ok(()),
            (None, Some(kind)) => Err(wrong(format!("nothing, not {}", kind.text()))),
            (Some(_), None) => Err(wrong(format!("{} returns nothing", function.name()))),
        }
    });
    answered.map_or_else(Error::into_raw, |()| ptr::null_mut())
}

unsafe extern "C" fn let_go(_: *mut sys::spin_instance_t, number: u64, user: *mut c_void) {
    let resource = &mut *user.cast::<HostResource>();
    let dropped = ffi::guarded("the drop of a resource", || {
        (resource.drop)(number);
        Ok(())
    });
    if let Err(error) = dropped {
        *resource.failure.lock().unwrap_or_else(|poison| poison.into_inner()) = Some(error);
    }
}
