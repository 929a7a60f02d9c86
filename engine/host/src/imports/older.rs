//! The imports under the names that older versions of the contract give them. Their types have not changed since;
//! each function is the one of today.

use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, Resource, ResourceType};

use super::blobs::{Reader, Writer};
use crate::bindings::yiwang::channel as import;
use crate::call::CallState;
use crate::contract::Contract;

/// Links one function of an interface to the method of the same trait.
macro_rules! link {
    ($instance:ident, $name:literal, $interface:ident :: $trait:ident :: $method:ident ($($arg:ident: $type:ty),*)) => {
        $instance.func_wrap_async($name, |mut store: StoreContextMut<'_, CallState>, ($($arg,)*): ($($type,)*)| {
            Box::new(async move {
                Ok((import::$interface::$trait::$method(store.data_mut(), $($arg),*).await?,))
            })
        })?;
    };
}

/// Links all of them.
pub(super) fn add_to_linker(linker: &mut Linker<CallState>, contract: Contract) -> wasmtime::Result<()> {
    linker.instance(&contract.interface("types"))?;
    let mut log = linker.instance(&contract.interface("log"))?;
    log.func_wrap_async(
        "write",
        |mut store: StoreContextMut<'_, CallState>,
         (level, message, fields): (import::log::Level, String, Vec<(String, String)>)| {
            Box::new(async move { import::log::Host::write(store.data_mut(), level, message, fields).await })
        },
    )?;
    let mut config = linker.instance(&contract.interface("config"))?;
    link!(config, "get", config::Host::get());
    let mut secrets = linker.instance(&contract.interface("secrets"))?;
    link!(secrets, "get", secrets::Host::get(name: String));
    link!(secrets, "hmac", secrets::Host::hmac(name: String, encoding: String, algorithm: String, data: Vec<u8>));
    let mut system = linker.instance(&contract.interface("system"))?;
    link!(system, "now-ms", system::Host::now_ms());
    link!(system, "monotonic-ns", system::Host::monotonic_ns());
    link!(system, "random-bytes", system::Host::random_bytes(len: u32));
    let mut kv = linker.instance(&contract.interface("kv"))?;
    link!(kv, "get", kv::Host::get(key: String));
    link!(kv, "set", kv::Host::set(key: String, value: Vec<u8>, ttl_ms: Option<u64>));
    link!(kv, "set-if-absent", kv::Host::set_if_absent(key: String, value: Vec<u8>, ttl_ms: Option<u64>));
    link!(kv, "delete", kv::Host::delete(key: String));
    blobs(linker, contract)?;
    let mut http = linker.instance(&contract.interface("http"))?;
    link!(http, "send", http::Host::send(request: import::http::Request));
    Ok(())
}

fn blobs(linker: &mut Linker<CallState>, contract: Contract) -> wasmtime::Result<()> {
    let mut blobs = linker.instance(&contract.interface("blobs"))?;
    blobs.resource_async("reader", ResourceType::host::<Reader>(), |mut store, rep| {
        Box::new(
            async move { import::blobs::HostReader::drop(store.data_mut(), Resource::new_own(rep)).await },
        )
    })?;
    blobs.resource_async("writer", ResourceType::host::<Writer>(), |mut store, rep| {
        Box::new(
            async move { import::blobs::HostWriter::drop(store.data_mut(), Resource::new_own(rep)).await },
        )
    })?;
    link!(blobs, "[method]reader.read", blobs::HostReader::read(reader: Resource<Reader>, max: u32));
    link!(blobs, "[method]reader.skip", blobs::HostReader::skip(reader: Resource<Reader>, len: u64));
    link!(blobs, "[method]writer.write", blobs::HostWriter::write(writer: Resource<Writer>, chunk: Vec<u8>));
    link!(blobs, "open", blobs::Host::open(blob: import::types::BlobRef));
    link!(blobs, "create", blobs::Host::create(media_type: String, file_name: Option<String>));
    link!(blobs, "finish", blobs::Host::finish(writer: Resource<Writer>));
    Ok(())
}
