//! Applications: what a manifest describes.

use std::ffi::c_char;
use std::path::Path;
use std::ptr;

use spin_host_sys as sys;

use crate::error::{Error, Result};
use crate::{ffi, log};

/// A loaded application. Does not change; clones share it.
pub struct Application {
    raw: ptr::NonNull<sys::spin_application_t>,
}

// C's rule: any thread may read it, and take or drop references.
unsafe impl Send for Application {}
unsafe impl Sync for Application {}

impl Application {
    /// Loads a manifest, or the `spin.toml` of a folder.
    pub fn load(manifest: impl AsRef<Path>) -> Result<Self> {
        log::library_in_use();
        let path = ffi::c_path(manifest.as_ref())?;
        let mut out = ptr::null_mut();
        Error::check(unsafe { sys::spin_loader_load_file(path.as_ptr(), ptr::null(), &mut out) })?;
        Ok(unsafe { Self::from_raw(out) })
    }

    /// Loads what another process has loaded and handed on: the locked file at `path`, or, for a
    /// trigger that `spin up` starts, the one that SPIN_LOCKED_URL names.
    pub fn load_locked(path: Option<&Path>) -> Result<Self> {
        log::library_in_use();
        let path = path.map(ffi::c_path).transpose()?;
        let path = path.as_ref().map_or(ptr::null(), |path| path.as_ptr());
        let mut out = ptr::null_mut();
        Error::check(unsafe { sys::spin_loader_load_locked(path, &mut out) })?;
        Ok(unsafe { Self::from_raw(out) })
    }

    /// Takes the reference `raw`, which must not be NULL.
    unsafe fn from_raw(raw: *mut sys::spin_application_t) -> Self {
        Self { raw: ptr::NonNull::new_unchecked(raw) }
    }

    /// One more reference to what is borrowed.
    pub(crate) unsafe fn borrow_raw(raw: *mut sys::spin_application_t) -> Self {
        Self::from_raw(sys::spin_application_ref(raw))
    }

    pub(crate) fn as_ptr(&self) -> *mut sys::spin_application_t {
        self.raw.as_ptr()
    }

    pub fn name(&self) -> String {
        unsafe { ffi::slice_text(sys::spin_application_name(self.as_ptr())) }
    }

    pub fn version(&self) -> String {
        unsafe { ffi::slice_text(sys::spin_application_version(self.as_ptr())) }
    }

    pub fn description(&self) -> String {
        unsafe { ffi::slice_text(sys::spin_application_description(self.as_ptr())) }
    }

    /// The manifest that it was loaded from.
    pub fn origin(&self) -> String {
        unsafe { ffi::slice_text(sys::spin_application_origin(self.as_ptr())) }
    }

    /// "http", "redis", or the name of a trigger of somebody's own.
    pub fn trigger_type(&self) -> String {
        unsafe { ffi::slice_text(sys::spin_application_trigger_type(self.as_ptr())) }
    }

    /// The ids of its components, in the manifest's order.
    pub fn component_ids(&self) -> Vec<String> {
        unsafe {
            (0..sys::spin_application_component_count(self.as_ptr()))
                .map(|index| sys::spin_application_component(self.as_ptr(), index))
                .map(|component| ffi::slice_text(sys::spin_component_id(component)))
                .collect()
        }
    }

    /// The manifest's trigger table, as JSON.
    pub fn trigger_json(&self) -> Result<String> {
        json(|out| unsafe { sys::spin_application_trigger_json(self.as_ptr(), out) })
    }

    /// A component's trigger table, as JSON; `None` where there is no such component.
    pub fn component_trigger_json(&self, id: &str) -> Result<Option<String>> {
        let component =
            unsafe { sys::spin_application_component_by_id(self.as_ptr(), ffi::slice(id)) };
        if component.is_null() {
            return Ok(None);
        }
        json(|out| unsafe { sys::spin_component_trigger_json(component, out) }).map(Some)
    }

    /// The whole application under the manifest's names, as JSON.
    pub fn to_json(&self) -> Result<String> {
        json(|out| unsafe { sys::spin_application_to_json(self.as_ptr(), out) })
    }

    /// The locked form, for [`Application::load_locked`] in another process.
    pub fn to_locked(&self) -> Result<String> {
        json(|out| unsafe { sys::spin_application_to_locked(self.as_ptr(), out) })
    }
}

fn json(ask: impl FnOnce(*mut *mut c_char) -> *mut sys::spin_error_t) -> Result<String> {
    let mut out = ptr::null_mut();
    Error::check(ask(&mut out))?;
    Ok(unsafe { ffi::take_string(out) }.unwrap_or_default())
}

impl Clone for Application {
    fn clone(&self) -> Self {
        unsafe { Self::borrow_raw(self.as_ptr()) }
    }
}

impl Drop for Application {
    fn drop(&mut self) {
        unsafe { sys::spin_application_unref(self.as_ptr()) }
    }
}
