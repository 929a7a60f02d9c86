/** What a channel says when it cannot do what is asked, and what the host says when it does not. */

/** How the call ends; thrown by a channel. `kind` says how the host goes on. */
export class Failure extends Error {
  constructor(kind, code, message) {
    super(message);
    this.name = "Failure";
    this.kind = kind;
    this.code = code;
    this.retryAfterMs = null;
    this.attributes = [];
  }

  /** Will never succeed with this input. */
  static permanent(code, message) {
    return new Failure("permanent", code, message);
  }

  /** The caller's mistake, answered with this status (400 to 499). */
  static refused(status, code, message) {
    return Failure.permanent(code, message).with("http-status", String(status));
  }

  /** Nothing happened; try again. */
  static retryable(code, message) {
    return new Failure("retryable", code, message);
  }

  /** Nobody knows whether it happened. */
  static unknownOutcome(code, message) {
    return new Failure("unknown-outcome", code, message);
  }

  /** The configuration or a secret is wrong. */
  static misconfigured(code, message) {
    return new Failure("misconfigured", code, message);
  }

  /** Not before so many milliseconds. */
  after(retryAfterMs) {
    this.retryAfterMs = retryAfterMs ?? null;
    return this;
  }

  /** One more attribute. */
  with(name, value) {
    this.attributes.push([name, String(value)]);
    return this;
  }
}

/**
 * The host did not do what it was asked: `part` is `secrets`, `kv`, `blobs` or `http`, `tag` the case of the
 * contract (`denied`, `not-set`, `timeout`, …), `value` what the case carries.
 */
export class HostError extends Error {
  constructor(part, tag, value) {
    super(typeof value === "string" ? value : `${part}: ${tag}`);
    this.name = "HostError";
    this.part = part;
    this.tag = tag;
    this.value = value ?? null;
  }

  /**
   * What it means for the call, if the channel has nothing better to say. `provider` begins the code.
   */
  failure(provider = "channel") {
    const code = (what) => `${provider}.${what}`;
    if (this.part === "secrets") {
      return Failure.misconfigured("channel.secret-unusable", this.message);
    }
    switch (this.tag) {
      case "denied":
        return Failure.misconfigured(code("denied"), this.message);
      case "invalid-request":
        return Failure.permanent(code("invalid-request"), this.message);
      case "timeout":
        return this.value
          ? Failure.unknownOutcome(code("timeout"), "no answer in time")
          : Failure.retryable(code("unreachable"), "no connection in time");
      case "dns":
      case "connect":
      case "tls":
        return Failure.retryable(code("unreachable"), this.message);
      case "protocol":
        return Failure.unknownOutcome(code("protocol"), this.message);
      case "response-too-large":
        return Failure.unknownOutcome(code("answer"), "the answer is too large");
      default:
        return Failure.retryable("channel.store-unavailable", this.message);
    }
  }
}
