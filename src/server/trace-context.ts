import { randomFillSync } from "node:crypto";

/** Where a request stands in a trace: W3C Trace Context, https://www.w3.org/TR/trace-context/. */
export interface TraceContext {
  /** 32 lower-case hexadecimal digits, the same for all that one request of a user sets off. */
  traceId: string;
  /** 16 digits: the daemon's own part of the trace. */
  spanId: string;
  /** The caller's span; null where the trace begins here. */
  parentId: string | null;
  /** Two digits; the last bit says that the caller records the trace. */
  flags: string;
}

const header = /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-.*)?$/;
const longestHeader = 512;

/** Continues the trace of a `traceparent` header; begins one where there is none to continue. */
export function continueTrace(given: string | string[] | undefined): TraceContext {
  const parent = typeof given === "string" ? parse(given) : null;
  if (parent === null) {
    const random = randomHex(24);
    const traceId = random.slice(0, 32);
    return { traceId, spanId: random.slice(32), parentId: null, flags: "00" };
  }
  return { ...parent, spanId: randomHex(8) };
}

/** The value of `traceparent` that names the daemon's own span. */
export function traceparentOf({ traceId, spanId, flags }: TraceContext): string {
  return `00-${traceId}-${spanId}-${flags}`;
}

function parse(text: string): Omit<TraceContext, "spanId"> | null {
  if (text.length > longestHeader) return null;
  const [, version, traceId = "", parentId = "", flags = "", rest] = header.exec(text) ?? [];
  if (version === undefined || version === "ff") return null;
  // Later versions may append fields; version 00 has none.
  if (version === "00" && rest !== undefined) return null;
  if (/^0+$/.test(traceId) || /^0+$/.test(parentId)) return null;
  // Only the two bits that are defined are passed on: sampled, and a trace id that is random.
  return { traceId, parentId, flags: `0${Number.parseInt(flags, 16) & 3}` };
}

const pool = Buffer.alloc(4096);
let used = pool.length;

/** Random bytes are drawn for many requests at once: one call to the system costs a microsecond. */
function randomHex(bytes: number): string {
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += bytes;
  return pool.toString("hex", used - bytes, used);
}
