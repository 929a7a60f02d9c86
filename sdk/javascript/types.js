/** Small conveniences on the data of the contract (`sdk/wit/types.wit`). They know nothing of any channel. */

import * as codec from "./codec.js";
import { Failure } from "./failure.js";
import * as json from "./json.js";

/** The bytes of a payload; none of a file on the host. */
function bytesOf(payload) {
  if (payload.tag === "text") return codec.utf8(payload.val);
  return payload.tag === "bytes" ? Uint8Array.from(payload.val) : new Uint8Array(0);
}

/** The text of a payload; null where it is not UTF-8. */
function textOf(payload) {
  return payload.tag === "text" ? payload.val : codec.fromUtf8(bytesOf(payload));
}

function headerOf(headers, name) {
  return headers.find((header) => header.name === name)?.value ?? null;
}

/** Gives back what it is given; for the sake of an editor that knows the types. */
export function channel(functions) {
  return functions;
}

/** A request that came in. */
export class HttpRequest {
  constructor(data) {
    Object.assign(this, data);
    this.form = data.form.map((part) => new FormPart(part));
  }

  /** The first header with this lower-case name, or null. */
  header(name) {
    return headerOf(this.headers, name);
  }

  /** The header with this lower-case name if it is there exactly once, or null. */
  onlyHeader(name) {
    const found = this.headers.filter((header) => header.name === name);
    return found.length === 1 ? found[0].value : null;
  }

  /** The first query value with this name, or null. */
  parameter(name) {
    return this.query.find(([key]) => key === name)?.[1] ?? null;
  }

  /** The media type of the body in lower case, without parameters; empty if there is none. */
  mediaType() {
    return (this.header("content-type") ?? "").split(";")[0].trim().toLowerCase();
  }

  /** The raw body; empty for a parsed multipart form. */
  bytes() {
    return bytesOf(this.body);
  }

  /** The body as text; null if it is not UTF-8. */
  text() {
    return textOf(this.body);
  }

  /** The body as JSON, read strictly; a SyntaxError says what is wrong. */
  json() {
    const text = this.text();
    if (text === null) throw new SyntaxError("it is not UTF-8");
    return json.parse(text);
  }

  /** The body as a JSON object; anything else is refused with 400 and this code. */
  object(code) {
    let value;
    try {
      value = this.json();
    } catch (error) {
      throw Failure.refused(400, code, error.message);
    }
    if (value === null || typeof value !== "object" || Array.isArray(value)) {
      throw Failure.refused(400, code, "it is no JSON object");
    }
    return value;
  }

  /** The value of the first form field with this name; null if there is none, or if it is a file. */
  field(name) {
    return this.form.find((part) => part.name === name)?.text() ?? null;
  }
}

/** One part of a form that the host has read. */
export class FormPart {
  constructor(data) {
    Object.assign(this, data);
  }

  /** The value of a field; null for a file. */
  text() {
    if (this.content.tag === "empty") return "";
    return this.content.tag === "text" ? this.content.val : null;
  }

  /** The file, kept by the host; null for a field. */
  file() {
    return this.content.tag === "blob" ? this.content.val : null;
  }
}

/** What a caller is answered, or what a provider answered. */
export class HttpResponse {
  constructor(data) {
    Object.assign(this, data);
  }

  /** No body. */
  static empty(status) {
    return new HttpResponse({ status, headers: [], body: { tag: "empty" } });
  }

  /** Plain text. */
  static text(status, text) {
    return HttpResponse.typed(status, "text/plain; charset=utf-8", text);
  }

  /** JSON. */
  static json(status, value) {
    return HttpResponse.typed(status, "application/json", JSON.stringify(value));
  }

  /** A body of this content type. */
  static typed(status, contentType, text) {
    return new HttpResponse({ status, headers: [], body: { tag: "text", val: text } }).with("content-type", contentType);
  }

  /** One more header. */
  with(name, value) {
    this.headers.push({ name, value: String(value) });
    return this;
  }

  /** The first header with this lower-case name, or null. */
  header(name) {
    return headerOf(this.headers, name);
  }

  /** The body as bytes; empty if it is a file on the host. */
  bytes() {
    return bytesOf(this.body);
  }

  /** The body as text; null if it is not UTF-8. */
  text() {
    return textOf(this.body);
  }

  /** The body as JSON, read strictly; a SyntaxError says what is wrong. */
  json() {
    return json.parse(this.text() ?? "");
  }
}

/** A request to a provider. */
export class OutgoingRequest {
  constructor(method, url) {
    this.method = method;
    this.url = url;
    this.headers = [];
    this.body = { tag: "empty" };
    this.form = [];
    this.timeoutMs = null;
    this.maxRedirects = 0;
    this.responseToBlob = false;
    this.maxResponseBytes = null;
  }

  /** One more header. */
  with(name, value) {
    this.headers.push({ name, value: String(value) });
    return this;
  }

  /** A JSON body. */
  withJson(value) {
    this.body = { tag: "text", val: JSON.stringify(value) };
    return this.with("content-type", "application/json");
  }

  /** How long it may take. */
  within(timeoutMs) {
    this.timeoutMs = timeoutMs;
    return this;
  }
}

/** What a channel hands over. */
export class Event {
  constructor(eventType, id, data) {
    this.id = id;
    this.eventType = eventType;
    this.subject = null;
    this.time = null;
    this.dataSchema = null;
    this.data = JSON.stringify(data);
    this.attachments = [];
    this.attributes = [];
  }

  /** One more attribute. */
  with(name, value) {
    this.attributes.push([name, String(value)]);
    return this;
  }

  /** Gathers all events with this key that come within the window into one. */
  inSession(key, windowMs) {
    return this.with("session", key).with("session-window-ms", windowMs);
  }
}

/** What is wrong with a configuration, at a JSON pointer. */
export class Problem {
  constructor(pointer, message) {
    this.pointer = pointer;
    this.message = message;
  }
}
