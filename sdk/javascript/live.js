/** The host of a component: the imports of its world. What the manifest does not ask for is not there. */

import { HostError } from "./failure.js";
import { HttpResponse } from "./types.js";

/** How much of a file is read or written at once. */
const CHUNK_BYTES = 64 * 1024;

export class LiveHost {
  #imports;

  constructor(imports) {
    this.#imports = imports;
  }

  /** Does it, and says in whose words the host refuses. */
  #ask(part, work) {
    const functions = this.#imports[part];
    if (functions === undefined) {
      throw new HostError(part, "denied", `plugin.toml does not ask for \`permissions.${part}\``);
    }
    try {
      return work(functions);
    } catch (error) {
      // The engine throws an error around the contract's case; anything else is a mistake of ours.
      const refusal = error?.payload;
      throw typeof refusal?.tag === "string" ? new HostError(part, refusal.tag, refusal.val) : error;
    }
  }

  log(level, message, fields = {}) {
    const pairs = Object.entries(fields).map(([name, value]) => [name, String(value)]);
    this.#imports.log.write(level, message, pairs);
  }

  info(message, fields) {
    this.log("info", message, fields);
  }

  warn(message, fields) {
    this.log("warn", message, fields);
  }

  config() {
    return JSON.parse(this.#imports.config.get());
  }

  nowMs() {
    return Number(this.#imports.system.nowMs());
  }

  random(length) {
    return Uint8Array.from(this.#imports.system.randomBytes(length));
  }

  secret(name) {
    return this.#ask("secrets", (secrets) => secrets.get(name));
  }

  hmac(name, encoding, algorithm, data) {
    return this.#ask("secrets", (secrets) => Uint8Array.from(secrets.hmac(name, encoding, algorithm, data)));
  }

  kvGet(key) {
    const value = this.#ask("kv", (kv) => kv.get(key));
    return value === null || value === undefined ? null : Uint8Array.from(value);
  }

  kvSet(key, value, ttlMs = null) {
    this.#ask("kv", (kv) => kv.set(key, value, ttlMs));
  }

  kvSetIfAbsent(key, value, ttlMs = null) {
    return this.#ask("kv", (kv) => kv.setIfAbsent(key, value, ttlMs));
  }

  kvDelete(key) {
    this.#ask("kv", (kv) => kv.delete(key));
  }

  blob(ref, bytesMax) {
    return this.#ask("blobs", (blobs) => {
      if (ref.size > bytesMax) throw new HostError("blobs", "too-large", ref.size);
      const reader = blobs.open(ref);
      const bytes = new Uint8Array(Number(ref.size));
      for (let at = 0; ; ) {
        const chunk = reader.read(CHUNK_BYTES);
        if (chunk.length === 0) return bytes.slice(0, at);
        if (at + chunk.length > bytes.length) throw new HostError("blobs", "too-large", at + chunk.length);
        bytes.set(chunk, at);
        at += chunk.length;
      }
    });
  }

  putBlob(mediaType, fileName, bytes) {
    return this.#ask("blobs", (blobs) => {
      const writer = blobs.create(mediaType, fileName ?? null);
      for (let at = 0; at < bytes.length; at += CHUNK_BYTES) writer.write(bytes.slice(at, at + CHUNK_BYTES));
      return blobs.finish(writer);
    });
  }

  http(request) {
    return new HttpResponse(this.#ask("http", (http) => http.send({ ...request })));
  }
}
