/**
 * The bridge from a channel to the exports of its component. The builder writes a module that hands the imports
 * of the plugin's own world to `exported`; authors do not call it.
 */

import { Failure, HostError } from "./failure.js";
import { LiveHost } from "./live.js";
import { HttpRequest } from "./types.js";

/** Exported interfaces of the contract, and the function of a channel that stands behind each. */
const PARTS = { webhook: "webhook", poller: "poll", sender: "send", "delivery-callback": "deliveryCallback" };

/**
 * The implementations of what the manifest provides. `imports` are the interfaces of the world, by their names.
 */
export function exported(channel, provides, imports) {
  if (channel === null || typeof channel !== "object") {
    throw new TypeError("the module must `export default channel({ … })`");
  }
  for (const part of provides) {
    const name = PARTS[part];
    if (typeof channel[name] !== "function") {
      throw new TypeError(`plugin.toml provides \`${part}\`, and the channel has no function \`${name}\``);
    }
  }
  const host = new LiveHost(imports);
  surroundings(imports);
  const run = (work) => guarded(imports, work);
  return {
    lifecycle: {
      validateConfig: (config) => run(() => channel.validateConfig?.(JSON.parse(config)) ?? []),
      checkHealth: (ctx) =>
        run(() => ({ status: "up", message: "", details: [], ...channel.checkHealth?.(host, ctx) })),
    },
    webhook: {
      handle: (ctx, request) => run(() => outcome(channel.webhook(host, ctx, new HttpRequest(request)), "events", "updates")),
    },
    poller: {
      poll: (ctx, cursor, eventsMax) => run(() => page(channel.poll(host, ctx, cursor ?? null, eventsMax))),
    },
    sender: {
      send: (ctx, notification) =>
        run(() => receipt(channel.send(host, ctx, { ...notification, params: JSON.parse(notification.params) }))),
    },
    deliveryCallback: {
      handle: (ctx, request) =>
        run(() => outcome(channel.deliveryCallback(host, ctx, new HttpRequest(request)), "updates")),
    },
  };
}

function outcome(given, ...lists) {
  if (typeof given?.then === "function") throw new TypeError("a channel's functions are not `async`");
  const all = Object.fromEntries(lists.map((list) => [list, given[list] ?? []]));
  if (all.updates) all.updates = all.updates.map(update);
  return { ...given, ...all };
}

function update(given) {
  return { time: null, failure: null, attributes: [], ...given };
}

function page(given) {
  return { cursor: null, more: false, nextAfterMs: null, ...outcome(given, "events", "updates") };
}

function receipt(given) {
  return { providerId: null, attributes: [], ...given };
}

/**
 * A failure becomes the failure of the contract. What else is thrown is the channel's mistake: its words go to
 * the log, and the call ends there.
 */
function guarded(imports, work) {
  try {
    return work();
  } catch (error) {
    const failure = error instanceof HostError ? error.failure() : error;
    if (failure instanceof Failure) {
      const { kind, code, message, retryAfterMs, attributes } = failure;
      throw { kind, code, message, retryAfterMs, attributes };
    }
    const [message, stack] = [String(error?.message ?? error), String(error?.stack ?? "")];
    imports.log.write("error", `${error?.name ?? "thrown"}: ${message}`, [["at", stack.slice(0, 2000)]]);
    throw error;
  }
}

/** What JavaScript expects around it: a clock, chance and a console, all of them the host's. */
function surroundings({ system, log }) {
  const Native = Date;
  globalThis.Date = class Date extends Native {
    constructor(...parts) {
      if (parts.length === 0) super(Number(system.nowMs()));
      else super(...parts);
    }

    static now() {
      return Number(system.nowMs());
    }
  };
  Math.random = () => {
    const bytes = system.randomBytes(7);
    // 53 bits, as many as a number has.
    return Array.from(bytes).reduce((sum, byte, at) => sum + (at === 6 ? byte & 31 : byte) * 2 ** (8 * at), 0) / 2 ** 53;
  };
  const said = (level) => (...words) => {
    const text = (word) => (typeof word === "string" ? word : word instanceof Error ? String(word) : JSON.stringify(word));
    log.write(level, words.map(text).join(" "), []);
  };
  globalThis.console = {
    trace: said("trace"),
    debug: said("debug"),
    log: said("info"),
    info: said("info"),
    warn: said("warn"),
    error: said("error"),
  };
}
