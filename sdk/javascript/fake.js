/**
 * A host made of memory, for unit tests of a channel by plain `node --test`.
 *
 * It grants everything that was put into it and nothing else. It checks no manifest and no limit: the fixtures of
 * a plugin, run on the real component by the real host, do.
 */

import { createHash, createHmac } from "node:crypto";

import * as codec from "./codec.js";
import { HostError } from "./failure.js";
import { HttpRequest } from "./types.js";

/** 2024-06-04T14:30:00+08:00. */
export const NOW_MS = 1_717_482_600_000;

export class Host {
  /** What was sent. */
  sent = [];
  /** What was logged, as `level message`. */
  lines = [];
  #config;
  #secrets;
  #answers;
  #nowMs;
  #random = 0;
  #kv = new Map();
  #blobs = new Map();

  /** Answers are given in order: an `HttpResponse`, or a `HostError`, which is thrown. */
  constructor({ config = {}, secrets = {}, answers = [], nowMs = NOW_MS } = {}) {
    this.#config = config;
    this.#secrets = secrets;
    this.#answers = [...answers];
    this.#nowMs = nowMs;
  }

  /** Time goes on. */
  advance(ms) {
    this.#nowMs += ms;
  }

  /** A context for a call at the host's time. */
  context() {
    return {
      channelId: "test",
      tenant: "default",
      callId: "call-1",
      attempt: 1,
      nowMs: this.#nowMs,
      deadlineMs: this.#nowMs + 3000,
      traceparent: null,
      locale: "zh-CN",
      attributes: [["channel-title", "测试渠道"]],
    };
  }

  log(level, message) {
    this.lines.push(`${level} ${message}`);
  }

  info(message) {
    this.log("info", message);
  }

  warn(message) {
    this.log("warn", message);
  }

  config() {
    return structuredClone(this.#config);
  }

  nowMs() {
    return this.#nowMs;
  }

  random(length) {
    return Uint8Array.from({ length }, () => (this.#random = (this.#random + 1) & 255));
  }

  secret(name) {
    if (!(name in this.#secrets)) throw new HostError("secrets", "not-set");
    return this.#secrets[name];
  }

  hmac(name, encoding, algorithm, data) {
    const secret = this.secret(name);
    const keys = {
      utf8: () => codec.utf8(secret),
      hex: () => codec.hexDecode(secret),
      base64: () => codec.base64Decode(secret.replace(/^whsec_/, "")),
    };
    const key = keys[encoding]?.() ?? null;
    if (key === null) throw new HostError("secrets", "unsupported", `${name}: not in this encoding`);
    if (!["sha256", "sha1"].includes(algorithm)) throw new HostError("secrets", "unsupported", `${name}: no such algorithm`);
    return Uint8Array.from(createHmac(algorithm, key).update(data).digest());
  }

  kvGet(key) {
    const kept = this.#kv.get(key);
    return kept !== undefined && kept.until > this.#nowMs ? kept.value : null;
  }

  kvSet(key, value, ttlMs = null) {
    this.#kv.set(key, { value: Uint8Array.from(value), until: ttlMs === null ? Infinity : this.#nowMs + ttlMs });
  }

  kvSetIfAbsent(key, value, ttlMs = null) {
    const absent = this.kvGet(key) === null;
    if (absent) this.kvSet(key, value, ttlMs);
    return absent;
  }

  kvDelete(key) {
    this.#kv.delete(key);
  }

  blob(ref, bytesMax) {
    const bytes = this.#blobs.get(ref.digest);
    if (bytes === undefined) throw new HostError("blobs", "not-found");
    if (bytes.length > bytesMax) throw new HostError("blobs", "too-large", bytes.length);
    return bytes;
  }

  putBlob(mediaType, fileName, bytes) {
    const ref = blob(mediaType, fileName, bytes);
    this.#blobs.set(ref.digest, Uint8Array.from(bytes));
    return ref;
  }

  http(request) {
    this.sent.push(request);
    const answer = this.#answers.shift() ?? new HostError("http", "denied", `no answer is recorded for ${request.url}`);
    if (answer instanceof HostError) throw answer;
    return answer;
  }
}

/** A reference to these bytes. */
export function blob(mediaType, fileName, bytes) {
  const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  return { digest, size: bytes.length, mediaType, fileName: fileName ?? null };
}

/** A request without a body; `path` may carry a query. */
export function get(path, headers = {}) {
  const url = new URL(path, "http://channel");
  return new HttpRequest({
    method: "GET",
    path: url.pathname,
    query: [...url.searchParams],
    headers: Object.entries(headers).map(([name, value]) => ({ name: name.toLowerCase(), value: String(value) })),
    clientAddr: null,
    body: { tag: "empty" },
    form: [],
  });
}

/** A request with a text body. */
export function post(path, contentType, body, headers = {}) {
  const request = get(path, { "content-type": contentType, ...headers });
  request.method = "POST";
  request.body = { tag: "text", val: body };
  return request;
}

/** A request with a JSON body. */
export function postJson(path, value, headers = {}) {
  return post(path, "application/json", JSON.stringify(value), headers);
}
