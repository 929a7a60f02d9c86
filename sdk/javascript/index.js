/**
 * Write a channel of Yiwang in JavaScript or TypeScript: one object, and a fake host for unit tests.
 *
 * ```js
 * import { channel, HttpResponse } from "yiwang-sdk";
 *
 * export default channel({
 *   webhook(host, ctx, request) {
 *     host.info("somebody called");
 *     return { response: HttpResponse.text(200, "hello"), events: [] };
 *   },
 * });
 * ```
 *
 * All that a channel may ask of the world is in `host`, which each function is given first. Nothing here calls
 * the world by itself, so that a channel runs in a component and, with `yiwang-sdk/fake`, in Node.
 */

export { channel, Event, FormPart, HttpRequest, HttpResponse, OutgoingRequest, Problem } from "./types.js";
export { Failure, HostError } from "./failure.js";
export * as codec from "./codec.js";
export * as intake from "./intake.js";
export * as json from "./json.js";
export * as signature from "./signature.js";
export * as standardWebhooks from "./standard-webhooks.js";
