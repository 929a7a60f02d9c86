import type { BlobRef, CallContext, Host as Asked, HostError, HttpRequest, HttpResponse, OutgoingRequest } from "./index.js";

/** 2024-06-04T14:30:00+08:00. */
export const NOW_MS: number;

/** A host made of memory. */
export class Host {
  constructor(given?: {
    config?: object;
    secrets?: Record<string, string>;
    answers?: (HttpResponse | HostError)[];
    nowMs?: number;
  });
  sent: OutgoingRequest[];
  lines: string[];
  advance(ms: number): void;
  context(): CallContext;
}
export interface Host extends Asked {}

export function blob(mediaType: string, fileName: string | null, bytes: Uint8Array): BlobRef;
export function get(path: string, headers?: Record<string, string>): HttpRequest;
export function post(path: string, contentType: string, body: string, headers?: Record<string, string>): HttpRequest;
export function postJson(path: string, value: unknown, headers?: Record<string, string>): HttpRequest;
