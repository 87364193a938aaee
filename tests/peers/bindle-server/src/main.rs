//! The crate `bindle` holds the reference server and client as libraries, without programs. This
//! is the program, as thin as it can be:
//!
//!     bindle-peer serve ADDRESS FOLDER [--store file|embedded] [--keyring FILE]
//!                       [--htpasswd FILE] [--tls-cert FILE --tls-key FILE]
//!     bindle-peer push URL KEYRING STAGING-FOLDER NAME/VERSION    a standalone bindle
//!     bindle-peer fetch URL KEYRING NAME/VERSION FOLDER           as a standalone bindle
//!
//! `serve` prints "listening on ADDRESS" when it takes connections; the API is below /v1. A server
//! takes invoices from the creators in its keyring alone. Who fetches trusts those in the keyring
//! and the server's own key.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{bail, Context, Result};
use bindle::authn::{always::AlwaysAuthenticate, http_basic::HttpBasic};
use bindle::authz::{always::AlwaysAuthorize, anonymous_get::AnonymousGet};
use bindle::client::{tokens::NoToken, Client};
use bindle::provider::{embedded::EmbeddedProvider, file::FileProvider, Provider};
use bindle::search::StrictEngine;
use bindle::server::{server, TlsConfig};
use bindle::signature::{KeyRing, KeyRingLoader, SecretKeyFile};
use bindle::standalone::{StandaloneRead, StandaloneWrite};
use bindle::{SecretKeyEntry, SignatureRole, VerificationStrategy};

#[tokio::main]
async fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["serve", address, folder, options @ ..] => serve(address, folder, options).await,
        ["push", url, keyring, folder, id] => push(url, keyring, folder, id).await,
        ["fetch", url, keyring, id, folder] => fetch(url, keyring, id, folder).await,
        _ => bail!("usage: bindle-peer serve|push|fetch ..., see src/main.rs"),
    }
}

async fn serve(address: &str, folder: &str, options: &[&str]) -> Result<()> {
    let mut given = HashMap::new();
    for pair in options.chunks(2) {
        let [name, value] = pair else {
            bail!("{} needs a value", pair[0]);
        };
        given.insert(*name, *value);
    }
    let address: SocketAddr = address.parse().context("ADDRESS")?;
    tokio::spawn(announce(address));
    let index = StrictEngine::default();
    match given.get("--store").copied().unwrap_or("file") {
        "file" => {
            let store = FileProvider::new(folder, index.clone()).await;
            listen(address, store, index, &given).await
        }
        "embedded" => {
            let store = EmbeddedProvider::new(folder, index.clone()).await?;
            listen(address, store, index, &given).await
        }
        other => bail!("there is no store \"{other}\""),
    }
}

async fn listen<P>(
    address: SocketAddr,
    store: P,
    index: StrictEngine,
    given: &HashMap<&str, &str>,
) -> Result<()>
where
    P: Provider + Clone + Send + Sync + 'static,
{
    let keyring = match given.get("--keyring") {
        Some(path) => path.load().await.context("--keyring")?,
        None => KeyRing::default(),
    };
    let own = SecretKeyEntry::new("peer <peer@localhost>", vec![SignatureRole::Host]);
    let keys = SecretKeyFile {
        key: vec![own],
        ..SecretKeyFile::default()
    };
    let tls = match (given.get("--tls-cert"), given.get("--tls-key")) {
        (Some(cert), Some(key)) => Some(TlsConfig {
            cert_path: cert.into(),
            key_path: key.into(),
        }),
        _ => None,
    };
    let strategy = VerificationStrategy::default();
    match given.get("--htpasswd") {
        Some(file) => {
            let names = HttpBasic::from_file(file).await.context("--htpasswd")?;
            server(
                store,
                index,
                names,
                AnonymousGet,
                address,
                tls,
                keys,
                strategy,
                keyring,
            )
            .await
        }
        None => {
            server(
                store,
                index,
                AlwaysAuthenticate,
                AlwaysAuthorize,
                address,
                tls,
                keys,
                strategy,
                keyring,
            )
            .await
        }
    }
}

/// The library does not say when it listens.
async fn announce(address: SocketAddr) {
    while tokio::net::TcpStream::connect(address).await.is_err() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    println!("listening on {address}");
}

async fn client(url: &str, keyring: &str) -> Result<Client<NoToken>> {
    let mut keyring: KeyRing = keyring.load().await.context("KEYRING")?;
    let first = Client::new(url, NoToken, Arc::new(KeyRing::default()))?;
    let host = first.get_host_keys().await.context("the server's keys")?;
    keyring.key.extend(host.key);
    Ok(Client::new(url, NoToken, Arc::new(keyring))?)
}

async fn push(url: &str, keyring: &str, folder: &str, id: &str) -> Result<()> {
    let bindle = StandaloneRead::new(folder, id).await?;
    bindle.push(&client(url, keyring).await?).await?;
    println!("pushed {id}");
    Ok(())
}

async fn fetch(url: &str, keyring: &str, id: &str, folder: &str) -> Result<()> {
    let client = client(url, keyring).await?;
    let invoice: bindle::Invoice = client.get_invoice(id).await?.into();
    let mut parcels = HashMap::new();
    for parcel in invoice.parcel.iter().flatten() {
        let content = client.get_parcel(id, &parcel.label.sha256).await?;
        parcels.insert(parcel.label.sha256.clone(), std::io::Cursor::new(content));
    }
    let target = StandaloneWrite::new(folder, id).await?;
    target.write(invoice, parcels).await?;
    println!("fetched {}", target.path().display());
    Ok(())
}
