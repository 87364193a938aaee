//! What the tests share.
#![allow(dead_code)]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use spin_host::{Application, EngineOptions};

pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..").join(path)
}

pub fn engine() -> EngineOptions {
    EngineOptions { disable_cache: true, max_instances: 10, ..Default::default() }
}

/// A folder that goes away.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        static LAST: AtomicU32 = AtomicU32::new(0);
        let number = LAST.fetch_add(1, Ordering::Relaxed);
        let name = format!("{name}-{}-{number}", std::process::id());
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// An application with one component, "guest".
    pub fn application(&self, guest: &str, trigger: &str) -> Application {
        Application::load(self.manifest(guest, trigger)).unwrap()
    }

    pub fn manifest(&self, guest: &str, trigger: &str) -> PathBuf {
        fs::copy(repository(guest), self.0.join("guest.wasm")).unwrap();
        let manifest = self.0.join("spin.toml");
        let text = format!(
            "spin_version = \"1\"\nname = \"app\"\nversion = \"1.2.3\"\n\
             trigger = {{ {trigger} }}\n\
             [[component]]\nid = \"guest\"\nsource = \"guest.wasm\"\n\
             files = [\"nothing-here*\"]\n[component.trigger]\nEXTRA"
        );
        // The HTTP trigger wants one.
        let extra = if trigger.contains("http") { "route = \"/...\"\n" } else { "" };
        let text = text.replace("EXTRA", extra);
        fs::write(&manifest, text).unwrap();
        manifest
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
