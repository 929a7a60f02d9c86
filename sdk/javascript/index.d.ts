/** Types of `yiwang-sdk`. The contract itself is in `sdk/wit`. */

/** Open bag of names and values. */
export type Attributes = [name: string, value: string][];

/** A file that the host keeps; its bytes stay there. */
export interface BlobRef {
  /** `sha256:` and 64 hexadecimal digits. */
  digest: string;
  size: number;
  mediaType: string;
  fileName: string | null;
}

/** The body of a request, a response or a part of a form. */
export type Payload =
  | { tag: "empty" }
  | { tag: "text"; val: string }
  | { tag: "bytes"; val: Uint8Array }
  | { tag: "blob"; val: BlobRef };

export interface Header {
  /** In lower case in what the host hands over. */
  name: string;
  value: string;
}

/** What the host knows about this call. */
export interface CallContext {
  /** Id of the configured channel. */
  channelId: string;
  tenant: string;
  /** The same over retries of a call. */
  callId: string;
  /** 1 for the first try. */
  attempt: number;
  /** Milliseconds since 1970. */
  nowMs: number;
  /** When the host stops the call. */
  deadlineMs: number;
  traceparent: string | null;
  /** BCP 47, e.g. `zh-CN`. */
  locale: string;
  attributes: Attributes;
}

/** What the host did not do. */
export type HostPart = "secrets" | "kv" | "blobs" | "http";

/** What a channel may ask of the world. A refusal is thrown as a `HostError`. */
export interface Host {
  /** A structured log line. Never personal data, never a secret. */
  log(level: "trace" | "debug" | "info" | "warn" | "error", message: string, fields?: Record<string, unknown>): void;
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  /** The channel's configuration, checked against the manifest's schema. */
  config<Config = Record<string, any>>(): Config;
  /** Milliseconds since 1970; `ctx.nowMs` is enough for most uses. */
  nowMs(): number;
  /** Random bytes, at most 64 KiB. */
  random(length: number): Uint8Array;
  /** A secret's value; manifest and administrator must say `reveal`. */
  secret(name: string): string;
  /** HMAC with a key that stays on the host. */
  hmac(name: string, encoding: "utf8" | "hex" | "base64", algorithm: "sha256" | "sha1", data: Uint8Array): Uint8Array;
  /** A value of this channel's small store. */
  kvGet(key: string): Uint8Array | null;
  /** Stores a value, for so many milliseconds or for good. */
  kvSet(key: string, value: Uint8Array, ttlMs?: number | null): void;
  /** Stores a value unless one is there; true: stored. */
  kvSetIfAbsent(key: string, value: Uint8Array, ttlMs?: number | null): boolean;
  kvDelete(key: string): void;
  /** The bytes of a file that was handed to this call or made by it. */
  blob(ref: BlobRef, bytesMax: number): Uint8Array;
  /** Keeps a file. */
  putBlob(mediaType: string, fileName: string | null, bytes: Uint8Array): BlobRef;
  /** Sends a request to a granted host. */
  http(request: OutgoingRequest): HttpResponse;
}

export interface Outcome {
  /** Sent when events and updates are durable. */
  response: HttpResponse;
  events?: Event[];
  /** What became of messages, where the provider reports it with other callbacks. */
  updates?: DeliveryUpdate[];
}

export interface Page {
  events?: Event[];
  /** What became of messages, where it is fetched. */
  updates?: DeliveryUpdate[];
  /** At most 4 KiB that only the plugin reads; the next call gets it. */
  cursor?: string | null;
  /** Call again at once. */
  more?: boolean;
  /** A wish for a longer pause. */
  nextAfterMs?: number | null;
}

/** A message to a person. */
export interface Notification {
  /** The same for every try. */
  idempotencyKey: string;
  recipient: {
    /** `openid`, `mobile`, `email`, `user-id`, `url`, … */
    kind: string;
    address: string;
    displayName: string | null;
  };
  /** Template of the channel; null: free text. */
  template: string | null;
  params: Record<string, any>;
  subject: string | null;
  body: string;
  bodyType: "text/plain" | "text/markdown" | "text/html" | (string & {});
  attachments: BlobRef[];
  attributes: Attributes;
}

export type DeliveryState = "accepted" | "sent" | "delivered" | "read" | "failed";

export interface Receipt {
  /** The provider's id; later delivery reports name it. */
  providerId?: string | null;
  state: DeliveryState;
  attributes?: Attributes;
}

export interface Health {
  status: "up" | "degraded" | "down";
  message?: string;
  details?: Attributes;
}

export interface DeliveryUpdate {
  providerId: string;
  state: DeliveryState;
  /** RFC 3339. */
  time?: string | null;
  /** Why, of `failed`. */
  failure?: Failure | null;
  attributes?: Attributes;
}

/** A channel. Each call runs in a fresh instance: nothing is kept but what `host.kvSet` stores. */
export interface Channel {
  /** Checks beyond the manifest's schema; runs without any grant. */
  validateConfig?(config: Record<string, any>): Problem[];
  /** At most once a minute. */
  checkHealth?(host: Host, ctx: CallContext): Health;
  /** A request came in. */
  webhook?(host: Host, ctx: CallContext, request: HttpRequest): Outcome;
  /** What is new since `cursor`? */
  poll?(host: Host, ctx: CallContext, cursor: string | null, eventsMax: number): Page;
  /** A message leaves. */
  send?(host: Host, ctx: CallContext, notification: Notification): Receipt;
  /** The provider reports what became of messages. */
  deliveryCallback?(
    host: Host,
    ctx: CallContext,
    request: HttpRequest,
  ): { response: HttpResponse; updates?: DeliveryUpdate[] };
}

export function channel<C extends Channel>(functions: C): C;

export class HttpRequest {
  /** Upper case. */
  method: string;
  /** Below the channel's address, percent-encoded as received. */
  path: string;
  query: Attributes;
  headers: Header[];
  clientAddr: string | null;
  body: Payload;
  form: FormPart[];
  header(name: string): string | null;
  onlyHeader(name: string): string | null;
  parameter(name: string): string | null;
  mediaType(): string;
  bytes(): Uint8Array;
  text(): string | null;
  json(): any;
  /** The body as a JSON object; anything else is refused with 400 and this code. */
  object(code: string): Record<string, any>;
  field(name: string): string | null;
}

export class FormPart {
  name: string;
  content: Payload;
  text(): string | null;
  file(): BlobRef | null;
}

export class HttpResponse {
  status: number;
  headers: Header[];
  body: Payload;
  static empty(status: number): HttpResponse;
  static text(status: number, text: string): HttpResponse;
  static json(status: number, value: unknown): HttpResponse;
  static typed(status: number, contentType: string, text: string): HttpResponse;
  with(name: string, value: string | number): this;
  header(name: string): string | null;
  bytes(): Uint8Array;
  text(): string | null;
  json(): any;
}

export class OutgoingRequest {
  constructor(method: string, url: string);
  method: string;
  url: string;
  headers: Header[];
  body: Payload;
  form: { name: string; content: Payload }[];
  timeoutMs: number | null;
  maxRedirects: number;
  responseToBlob: boolean;
  maxResponseBytes: number | null;
  with(name: string, value: string | number): this;
  withJson(value: unknown): this;
  within(timeoutMs: number): this;
}

export class Event {
  constructor(eventType: string, id: string, data: object);
  id: string;
  eventType: string;
  subject: string | null;
  /** RFC 3339; the host fills it in. */
  time: string | null;
  dataSchema: string | null;
  /** JSON. */
  data: string;
  attachments: BlobRef[];
  attributes: Attributes;
  with(name: string, value: string | number): this;
  inSession(key: string, windowMs: number): this;
}

export class Problem {
  constructor(pointer: string, message: string);
  pointer: string;
  message: string;
}

export type FailureKind = "retryable" | "permanent" | "unknown-outcome" | "misconfigured";

export class Failure extends Error {
  constructor(kind: FailureKind, code: string, message: string);
  kind: FailureKind;
  /** Short, stable, for machines: `desk.no-text`. */
  code: string;
  retryAfterMs: number | null;
  attributes: Attributes;
  static permanent(code: string, message: string): Failure;
  static refused(status: number, code: string, message: string): Failure;
  static retryable(code: string, message: string): Failure;
  static unknownOutcome(code: string, message: string): Failure;
  static misconfigured(code: string, message: string): Failure;
  after(retryAfterMs: number | null): this;
  with(name: string, value: string | number): this;
}

export class HostError extends Error {
  constructor(part: HostPart, tag: string, value?: unknown);
  part: HostPart;
  tag: string;
  value: unknown;
  failure(provider?: string): Failure;
}

export namespace codec {
  function utf8(text: string): Uint8Array;
  function fromUtf8(bytes: Uint8Array): string | null;
  function base64Encode(bytes: Uint8Array): string;
  function base64Decode(text: string): Uint8Array | null;
  function hex(bytes: Uint8Array): string;
  function hexDecode(text: string): Uint8Array | null;
  function same(left: Uint8Array, right: Uint8Array): boolean;
  function sha256(input: Uint8Array | string): Uint8Array;
  function sha256Hex(input: Uint8Array | string): string;
}

export namespace json {
  const DEPTH_MAX: number;
  function parse(text: string): any;
}

export namespace signature {
  interface Key {
    /** Names of secrets; any of them may have signed. */
    secrets: string[];
    encoding?: "utf8" | "hex" | "base64";
    algorithm?: "sha256" | "sha1";
  }
  function matches(
    host: Host,
    key: Key,
    data: Uint8Array | string,
    given: Uint8Array | null | (Uint8Array | null)[],
  ): boolean;
  function check(
    host: Host,
    request: HttpRequest,
    key: Key & { header: string; prefix?: string },
    data?: Uint8Array | string,
  ): void;
  function checkAge(seconds: string | null, nowMs: number, toleranceSecs?: number): void;
}

export namespace standardWebhooks {
  const TOLERANCE_SECS: number;
  function sign(host: Host, secret: string, id: string, timestampSecs: number, body: Uint8Array | string): string;
  function verify(host: Host, secrets: string[], request: HttpRequest, nowMs: number): string;
}

export namespace intake {
  const RECEIVED: string;
  const FEEDBACK: string;
  const TITLE_CHARS_MAX: number;
  const CONTENT_CHARS_MAX: number;
  type Kind = "consult" | "help" | "complaint" | "report" | "suggestion" | "praise";
  type Urgency = "general" | "urgent" | "emergency";
  /** As `sdk/schema/intake-received.v1.json` describes it. */
  interface Intake {
    externalId: string;
    kind: Kind;
    title?: string | null;
    content: string;
    channel?: string | null;
    category?: string[] | null;
    /** RFC 3339 with offset. */
    occurredAt?: string | null;
    address?: string | null;
    region?: string | null;
    location?: { lat: number; lon: number; crs: "WGS84" | "GCJ-02" | "CGCS2000" | "BD-09" } | null;
    petitioner?: {
      name?: string | null;
      phone?: string | null;
      openid?: string | null;
      anonymous?: boolean;
      confidential?: boolean;
    } | null;
    urgency?: Urgency | null;
    /** Files that are still at the provider. */
    attachments?: { provider: string; ref: string; url?: string; mediaType?: string; fileName?: string }[];
    /** Whatever else the channel knows. */
    extra?: Record<string, unknown> | null;
  }
  /** As `sdk/schema/intake-feedback.v1.json` describes it. */
  interface Feedback {
    caseNo: string;
    satisfied: boolean;
    score?: number | null;
    reason?: string | null;
    openid?: string | null;
  }
  function received(intake: Intake, more?: { id?: string; blobs?: BlobRef[] }): Event;
  function feedback(id: string, verdict: Feedback): Event;
  function kindOf(text: string | null | undefined): Kind | null;
  function urgencyOf(text: string | null | undefined): Urgency | null;
  function titleOf(content: string): string;
  function clean(text: string): string;
  function length(text: string): number;
  function isCaseNo(text: string): boolean;
}
