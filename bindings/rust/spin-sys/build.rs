//! Finds libspin: SPIN_LIB_DIR (a folder that holds it), SPIN_PREFIX (an installation), what
//! pkg-config knows, and last the release build of the repository that this crate lies in.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    for name in ["SPIN_LIB_DIR", "SPIN_PREFIX", "PKG_CONFIG_PATH"] {
        println!("cargo:rerun-if-env-changed={name}");
    }
    println!("cargo:rerun-if-changed=build.rs");
    match find() {
        Some(folder) => {
            println!("cargo:rustc-link-search=native={}", folder.display());
            println!("cargo:lib_dir={}", folder.display());
        }
        None => println!("cargo:warning=libspin was not found: set SPIN_PREFIX"),
    }
    println!("cargo:rustc-link-lib=dylib=spin");
}

fn find() -> Option<PathBuf> {
    // What is named must be right: nothing else is tried then.
    if let Some(folder) = env::var_os("SPIN_LIB_DIR") {
        return holds_library(PathBuf::from(folder));
    }
    if let Some(prefix) = env::var_os("SPIN_PREFIX") {
        let prefix = PathBuf::from(prefix);
        return ["lib", "lib64", "lib/x86_64-linux-gnu", "lib/aarch64-linux-gnu"]
            .iter()
            .find_map(|lib| holds_library(prefix.join(lib)));
    }
    pkg_config().or_else(|| {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
        holds_library(repository.join("build/release"))
    })
}

fn pkg_config() -> Option<PathBuf> {
    let found = Command::new("pkg-config").args(["--variable=libdir", "spin"]).output().ok()?;
    let folder = String::from_utf8(found.stdout).ok()?;
    if !found.status.success() || folder.trim().is_empty() {
        return None;
    }
    holds_library(PathBuf::from(folder.trim()))
}

fn holds_library(folder: PathBuf) -> Option<PathBuf> {
    folder.join("libspin.so").exists().then(|| folder.canonicalize().unwrap_or(folder))
}
