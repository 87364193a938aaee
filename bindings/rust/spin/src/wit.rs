//! WIT: the functions that guests export, and their types.

use std::any::Any;
use std::marker::PhantomData;
use std::path::Path;
use std::ptr;
use std::sync::Arc;

use spin_host_sys as sys;

use crate::error::{Error, ErrorKind, Result};
use crate::value::{Lowered, Value};
use crate::{ffi, log};

/// Loaded and resolved WIT. Does not change; clones share it.
#[derive(Clone)]
pub struct Wit {
    raw: Arc<Owned>,
}

struct Owned(*mut sys::spin_wit_t);

// C's rule: does not change; any thread may read it.
unsafe impl Send for Owned {}
unsafe impl Sync for Owned {}

impl Drop for Owned {
    fn drop(&mut self) {
        unsafe { sys::spin_wit_free(self.0) }
    }
}

impl Wit {
    /// Loads a .wit file, or a folder with a package.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        log::library_in_use();
        let path = ffi::c_path(path.as_ref())?;
        let mut out = ptr::null_mut();
        Error::check(unsafe { sys::spin_wit_load(path.as_ptr(), ptr::null(), &mut out) })?;
        Ok(Self { raw: Arc::new(Owned(out)) })
    }

    /// The same for a text; `file` names it in errors.
    pub fn parse(text: &str, file: &str) -> Result<Self> {
        log::library_in_use();
        let file = ffi::c_string(file)?;
        let mut out = ptr::null_mut();
        Error::check(unsafe {
            sys::spin_wit_parse(ffi::slice(text), file.as_ptr(), ptr::null(), &mut out)
        })?;
        Ok(Self { raw: Arc::new(Owned(out)) })
    }

    /// Finds a function by its name, alone or with its interface: "echo",
    /// "wasi:clocks/wall-clock#now".
    pub fn function(&self, name: &str) -> Result<Function> {
        let mut out = ptr::null();
        Error::check(unsafe { sys::spin_wit_function(self.raw.0, ffi::slice(name), &mut out) })?;
        Ok(Function::new(out, self.raw.clone()))
    }
}

/// A function that guests export.
#[derive(Clone)]
pub struct Function {
    raw: *const sys::spin_function_t,
    _owner: Arc<dyn Any + Send + Sync>,
}

// As the Wit or Component that it keeps.
unsafe impl Send for Function {}
unsafe impl Sync for Function {}

impl Function {
    /// `raw` lives as long as `owner`.
    pub(crate) fn new(raw: *const sys::spin_function_t, owner: Arc<dyn Any + Send + Sync>) -> Self {
        Self { raw, _owner: owner }
    }

    pub(crate) fn as_ptr(&self) -> *const sys::spin_function_t {
        self.raw
    }

    pub fn name(&self) -> String {
        unsafe { ffi::slice_text(sys::spin_function_name(self.raw)) }
    }

    /// Names and types of the parameters.
    pub fn params(&self) -> Vec<(String, Type<'_>)> {
        unsafe {
            (0..sys::spin_function_param_count(self.raw))
                .map(|at| {
                    let name = ffi::slice_text(sys::spin_function_param_name(self.raw, at));
                    (name, Type::new(sys::spin_function_param_type(self.raw, at)))
                })
                .collect()
        }
    }

    /// `None`: it returns nothing.
    pub fn result(&self) -> Option<Type<'_>> {
        let raw = unsafe { sys::spin_function_result_type(self.raw) };
        (!raw.is_null()).then(|| Type::new(raw))
    }

    /// The arguments of a call, for C.
    pub(crate) fn lower<'a>(&self, args: &'a [Value]) -> Result<Lowered<'a>> {
        let params = self.params();
        if params.len() != args.len() {
            let (name, want, have) = (self.name(), params.len(), args.len());
            return Err(Error::new(
                ErrorKind::Invalid,
                format!("{name}: takes {want} arguments, not {have}"),
            ));
        }
        let mut lowered = Lowered::new(args.len());
        for ((name, kind), arg) in params.iter().zip(args) {
            lowered.push(*kind, arg).map_err(|reason| {
                let function = self.name();
                Error::new(ErrorKind::Invalid, format!("{function}: argument {name}: {reason}"))
            })?;
        }
        Ok(lowered)
    }
}

/// A type, which lives as long as its function or component.
#[derive(Clone, Copy)]
pub struct Type<'a> {
    raw: *const sys::spin_type_t,
    owner: PhantomData<&'a ()>,
}

impl<'a> Type<'a> {
    pub(crate) fn new(raw: *const sys::spin_type_t) -> Self {
        Self { raw, owner: PhantomData }
    }

    pub(crate) fn kind(self) -> sys::spin_type_kind_t {
        unsafe { sys::spin_type_kind(self.raw) }
    }

    /// As in WIT: `list<string>`; a declared type by its name.
    pub fn text(self) -> String {
        unsafe { ffi::slice_text(sys::spin_type_text(self.raw)) }
    }

    pub(crate) fn len(self) -> usize {
        unsafe { sys::spin_type_count(self.raw) }
    }

    pub(crate) fn name(self, index: usize) -> &'a str {
        unsafe { std::str::from_utf8(ffi::slice_bytes(sys::spin_type_name(self.raw, index))) }
            .unwrap_or("")
    }

    pub(crate) fn index_of(self, name: &str) -> Option<usize> {
        (0..self.len()).find(|&index| self.name(index) == name)
    }

    pub(crate) fn part(self, index: usize) -> Option<Self> {
        let raw = unsafe { sys::spin_type_part(self.raw, index) };
        (!raw.is_null()).then(|| Self::new(raw))
    }

    /// Whether `value` is one of this type. The error says which part is not.
    pub fn check(self, value: &Value) -> Result<()> {
        let lowered = self.lower(value)?;
        Error::check(unsafe { sys::spin_value_check(lowered.as_ptr(), self.raw) })
    }

    /// `value` as text: {name: "x", tags: [1, 2]}.
    pub fn format(self, value: &Value) -> Result<String> {
        let lowered = self.lower(value)?;
        let mut out = ffi::bytes(&[]);
        unsafe {
            Error::check(sys::spin_value_format(lowered.as_ptr(), self.raw, &mut out))?;
            let text = ffi::slice_text(out);
            sys::spin_string_clear(&mut out);
            Ok(text)
        }
    }

    pub(crate) fn lower(self, value: &Value) -> Result<Lowered<'_>> {
        let mut lowered = Lowered::new(1);
        lowered.push(self, value).map_err(|reason| Error::new(ErrorKind::Invalid, reason))?;
        Ok(lowered)
    }
}
